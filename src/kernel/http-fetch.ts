// HTTP out by Bun's fetch, which works in a thread of its own and has room for so many at a time.
import type { ByteStream } from "./contract.ts";
import { createLossJudge, isShort, type Exchange, type ExchangeAnswer } from "./http-dispatch.ts";
import { emptyBody, failingBody, wholeBody } from "./whole-body.ts";

/**
 * Bun lets 256 be in flight in the whole process, whoever is asked; more would wait, so that one
 * silent server held up all others. The rest is for bodies that are streams, which none else sends.
 */
const IN_FLIGHT_MAX = 192;

export type FetchBody = string | Uint8Array<ArrayBuffer> | ReadableStream | null;

export interface FetchSender {
  /** False: it is time to take another client, if there is one. */
  hasRoom(): boolean;
  send(asked: Exchange<FetchBody>): Promise<ExchangeAnswer>;
}

export function createFetchSender(): FetchSender {
  const losses = createLossJudge();
  let in_flight = 0;
  const over = () => void in_flight--;

  async function ask(asked: Exchange<FetchBody>): Promise<ExchangeAnswer> {
    const origin = originOf(asked.url);
    const sent_ms = performance.now();
    let response: Response;
    try {
      response = await fetch(asked.url, fetchInit(asked));
    } catch (error) {
      over();
      if (mayHaveLeft(error as Error)) losses.judge(error as Error, origin, sent_ms);
      throw error;
    }
    losses.answered(origin);
    const { status } = response;
    const headers = Object.fromEntries(response.headers);
    if (isShort(headers, asked.whole_bytes_max)) {
      const body = await response.text().then(wholeBody, failingBody);
      over();
      return { status, headers, body };
    }
    if (response.body !== null) return { status, headers, body: toldBody(response.body, over) };
    over();
    return { status, headers, body: emptyBody() };
  }

  return {
    hasRoom: () => in_flight < IN_FLIGHT_MAX,
    send(asked) {
      in_flight++;
      return ask(asked);
    },
  };
}

/** What Bun knows of beside the standard. */
interface BunFetchInit extends RequestInit {
  /** False: none, whatever the environment says; `null` and "" would ask it. */
  readonly proxy: false;
  readonly decompress: boolean;
  /** False: none; else 5 minutes without a byte end it, however patient its caller is. */
  readonly timeout: false;
}

/** As undici does it: bytes come as they were sent, straight from whoever is asked. */
function fetchInit({ method, headers, body, signal }: Exchange<FetchBody>): BunFetchInit {
  return {
    method,
    headers: { "accept-encoding": "identity", ...headers },
    body,
    signal: signal ?? null,
    redirect: "manual",
    proxy: false,
    decompress: false,
    timeout: false,
  };
}

/** The body's pieces; `over` is told once it is read, left or broken. */
function toldBody(body: ReadableStream<Uint8Array>, over: () => void): ByteStream {
  const reader = body.getReader();
  // One promise for each body; looking at each piece would take one for each of them.
  reader.closed.then(over, over);
  const pieces: AsyncIterableIterator<Uint8Array> = {
    next: () => reader.read() as Promise<IteratorResult<Uint8Array>>,
    async return() {
      // One that failed cannot be left any more.
      await reader.cancel().catch(() => undefined);
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => pieces,
  };
  return pieces;
}

/** Failures before anything is sent: no such host, nobody there, no trust. */
const BEFORE_SENDING: ReadonlySet<string | undefined> = new Set([
  undefined,
  "EADDRNOTAVAIL",
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "ETIMEDOUT",
]);
const OF_NAMES_AND_TRUST = /^(EAI|ERR_TLS|ERR_INVALID|UNABLE_TO)_|CERT/;

function mayHaveLeft({ code }: NodeJS.ErrnoException): boolean {
  return !BEFORE_SENDING.has(code) && !OF_NAMES_AND_TRUST.test(code!);
}

function originOf(url: string): string {
  const end = url.indexOf("/", "https://".length);
  return end < 0 ? url : url.slice(0, end);
}
