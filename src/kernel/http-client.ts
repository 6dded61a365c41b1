// HTTP out: our own exchanges for what is whole and unencrypted, else undici, on Bun its fetch as
// long as it has room. Bodies are forwarded as bytes, never held whole; no proxy is ever used.
import { availableParallelism } from "node:os";
import type { Dispatcher } from "undici";
import type { ByteStream } from "./contract.ts";
import {
  createExchange,
  createLossJudge,
  wasSent,
  wasUnheard,
  type DispatchRequest,
  type ExchangeHandler,
  type SendExchange,
  type WholeRequestBody,
} from "./http-dispatch.ts";
import { createFetchSender, type FetchBody } from "./http-fetch.ts";
import { createHttp1Dispatch } from "./http1-agent.ts";
import { BadAnswerError } from "./http1-response.ts";
import { LIMITS } from "./limits.ts";
import { LakehouseError } from "./problem.ts";

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | ByteStream | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Until the answer's headers; 0 or absent = as long as the signal lets it. */
  readonly timeout_ms?: number | undefined;
  /** A short answer is waited for whole: its body is then of `wholeBody`, and costs less. */
  readonly whole?: boolean | undefined;
  /** Until the connection stands, TLS included; as in `LIMITS` when absent. Not for Bun's fetch. */
  readonly connect_timeout_ms?: number | undefined;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Must be read to its end or returned early; both free the connection. */
  readonly body: ByteStream;
}

export type HttpRequester = (request: HttpRequest) => Promise<HttpResponse>;

/** True when running on Bun, whose own fetch is the fast client. */
export function onBun(): boolean {
  return "Bun" in globalThis;
}

export interface RequesterOptions {
  /** Whether plain HTTP goes by Bun's fetch too, and not by exchanges of our own. */
  readonly fetch_plain: boolean;
}

/**
 * Sends a request. Network failures are `unavailable`, reason `unreachable` (`mayHaveBeenSent`
 * tells which of them the other side may have worked for); abort is `cancelled`. Bun's fetch has a
 * thread of its own, which is worth its price where it has a core to itself (docs/decisions/0042),
 * and is taken as long as it has room.
 */
export const httpRequest = createHttpRequester({
  fetch_plain: onBun() && availableParallelism() > 1,
});

/** `httpRequest` whatever machine this is. */
export function createHttpRequester({ fetch_plain }: RequesterOptions): HttpRequester {
  function send(request: HttpRequest, signal: AbortSignal | undefined): Promise<HttpResponse> {
    const { method, url, headers = {}, body = null } = request;
    const whole_bytes_max = request.whole === true ? READ_AT_ONCE_BYTES : 0;
    const asked = { method, url, headers, signal, whole_bytes_max };
    const connect_ms = request.connect_timeout_ms ?? LIMITS.connect_timeout_ms;
    if (isWhole(body)) {
      const is_own = !fetch_plain && url.startsWith("http://");
      if (is_own || (onBun() && !byFetch.hasRoom())) {
        return ownSenders.of(connect_ms)({ ...asked, body });
      }
    }
    if (onBun()) return byFetch.send({ ...asked, body: fetchBody(body) });
    const known = senders.get(connect_ms);
    if (known !== undefined) return known({ ...asked, body });
    return senders.make(connect_ms).then((made) => made({ ...asked, body }));
  }

  return async (request) => {
    const { signal, timeout_ms } = request;
    const limit = timeout_ms ? startLimit(timeout_ms) : undefined;
    const either =
      limit === undefined || signal === undefined
        ? (signal ?? limit?.signal)
        : AbortSignal.any([signal, limit.signal]);
    try {
      return await send(request, either);
    } catch (error) {
      throw outwardError(request, limit?.signal, error);
    } finally {
      // From here on only the caller's signal ends the body: a stream may take as long as it likes.
      limit?.clear();
    }
  };
}

function isWhole(body: RequestBody): body is WholeRequestBody {
  return body === null || typeof body === "string" || body instanceof Uint8Array;
}

type RequestBody = WholeRequestBody | ByteStream;

function startLimit(timeout_ms: number): { signal: AbortSignal; clear(): void } {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), Math.min(timeout_ms, 0x7fffffff));
  return { signal: limit.signal, clear: () => clearTimeout(timer) };
}

const byFetch = createFetchSender();

/** By connect timeout: there are as many as the settings name, one or two. */
const ownSenders = createOwnSenders();

function createOwnSenders() {
  const made = new Map<number, SendExchange<WholeRequestBody>>();
  return {
    of(connect_timeout_ms: number): SendExchange<WholeRequestBody> {
      let send = made.get(connect_timeout_ms);
      if (send === undefined) {
        send = createExchange(createHttp1Dispatch({ connect_timeout_ms }));
        made.set(connect_timeout_ms, send);
      }
      return send;
    },
  };
}

/**
 * By connect timeout too. Each is made with the first request that needs it; asking the module
 * loader each time takes as long as one. Its own, not the one that Node's fetch has: that is an
 * older undici behind an adapter.
 */
const senders = createSenders();

function createSenders() {
  const made = new Map<number, SendExchange<RequestBody>>();
  return {
    get: (connect_ms: number) => made.get(connect_ms),
    async make(connectTimeout: number): Promise<SendExchange<RequestBody>> {
      const { Agent } = await import("undici");
      // Somebody may have made it meanwhile.
      const known = made.get(connectTimeout);
      if (known !== undefined) return known;
      const agent = new Agent({ headersTimeout: 0, bodyTimeout: 0, connectTimeout });
      const losses = createLossJudge();
      const send = createExchange(
        (asked: DispatchRequest<RequestBody>, handler: ExchangeHandler) => {
          const { method, body, headers, ...place } = asked;
          const options = {
            ...place,
            method: method as Dispatcher.HttpMethod,
            headers: headers as Record<string, string>,
            body: body as string | null,
          };
          let sent_ms: number | undefined;
          agent.dispatch(options, {
            ...handler,
            // As it is written: the connection stands.
            onRequestStart(control) {
              sent_ms = performance.now();
              handler.onRequestStart(control);
            },
            onResponseStart(control, status, raw) {
              losses.answered(asked.origin);
              handler.onResponseStart(control, status, plainHeaders(raw));
            },
            onResponseError(control, error) {
              if (sent_ms !== undefined) losses.judge(error, asked.origin, sent_ms);
              handler.onResponseError(control, error);
            },
          });
        },
      );
      made.set(connectTimeout, send);
      return send;
    },
  };
}

function plainHeaders(
  raw: Readonly<Record<string, string | string[] | undefined>>,
): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const name of Object.keys(raw)) {
    const value = raw[name];
    if (value !== undefined) headers[name] = typeof value === "string" ? value : value.join(", ");
  }
  return headers;
}

/**
 * A short body that tells its length is read without a web stream, which costs as much again. Only
 * where it is wanted whole: of one that breaks off, a stream gives what came before the break.
 */
const READ_AT_ONCE_BYTES = 256 * 1024;

function fetchBody(body: RequestBody): FetchBody {
  if (!isWhole(body)) return toReadableStream(body);
  return body as string | Uint8Array<ArrayBuffer> | null;
}

function outwardError(
  request: HttpRequest,
  limit: AbortSignal | undefined,
  error: unknown,
): LakehouseError {
  if (error instanceof LakehouseError) return error;
  if (request.signal?.aborted) {
    return new LakehouseError("cancelled", "the call was cancelled by its caller", {
      cause: error,
    });
  }
  // What is no URL is not told: it may hold a secret.
  const origin = URL.parse(request.url)?.origin ?? "an address that is no URL";
  if (limit?.aborted) {
    const message = `${origin} did not answer within ${request.timeout_ms} ms`;
    return new LakehouseError("deadline_exceeded", message, { reason: "no_answer", cause: error });
  }
  const { code, message } = error as Error & { code?: string | number };
  // That of a DOMException is a number, and says nothing.
  const why = error instanceof BadAnswerError || typeof code !== "string" ? message : code;
  const what = wasSent(error) ? "was lost before it had answered" : "cannot be reached";
  return new LakehouseError("unavailable", `${origin} ${what} (${why})`, {
    reason: "unreachable",
    cause: error,
  });
}

/**
 * Of an error that `httpRequest` threw: whether the request had left, so that the other side may
 * have carried it out. False where no connection came to stand, and where one that was used again
 * turned out to be closed.
 */
export function mayHaveBeenSent(error: LakehouseError): boolean {
  return wasSent(error.cause);
}

/**
 * Of an error that `httpRequest` threw: whether an idle connection was used that its server had
 * closed, which tells nothing of whether it is there.
 */
export function wasLostUnheard(error: LakehouseError): boolean {
  return wasUnheard(error.cause);
}

/** A pull-driven web stream over an async iterable; cancelling it ends the iterable. */
export function toReadableStream(source: ByteStream): ReadableStream<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = await iterator.next();
        if (next.done) controller.close();
        else controller.enqueue(next.value);
      },
      async cancel() {
        await iterator.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}

/** The whole body as bytes; over `bytes_max` it is `too_large` and reading stops. */
export async function collectBytes(
  body: ByteStream,
  bytes_max: number = LIMITS.json_body_bytes_max,
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > bytes_max) {
      throw new LakehouseError("too_large", `the body is larger than ${bytes_max} bytes`);
    }
    chunks.push(chunk);
  }
  return chunks.length === 1
    ? Buffer.from(chunks[0]!.buffer, chunks[0]!.byteOffset, size)
    : Buffer.concat(chunks);
}
