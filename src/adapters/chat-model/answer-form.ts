// In which form a provider answers, and when there is no more to wait for.
import type { ByteStream } from "#kernel/contract.ts";
import type { HttpResponse } from "#kernel/http-client.ts";
import { failingBody } from "#kernel/whole-body.ts";
import { leave } from "#ports/provider-http.ts";

/** Whether it says that it is an event stream. Media types have no case (RFC 9110 §8.3.1). */
export function saysEvents({ headers }: HttpResponse): boolean {
  const type = headers["content-type"];
  if (type === undefined) return false;
  return type.startsWith(EVENTS) || type.toLowerCase().includes(EVENTS);
}

const EVENTS = "text/event-stream";

/**
 * The answer, and whether it is one JSON document where events were asked for: by its type, and
 * where that is another than events, by how it begins.
 */
export async function documentOrEvents(
  response: HttpResponse,
): Promise<{ readonly is_document: boolean; readonly response: HttpResponse }> {
  if (saysEvents(response)) return { is_document: false, response };
  const type = response.headers["content-type"]?.toLowerCase();
  if (type?.includes("application/json") === true) return { is_document: true, response };
  const source = response.body[Symbol.asyncIterator]();
  const begin: Uint8Array[] = [];
  let text = "";
  const decoder = new TextDecoder();
  try {
    while (text === "") {
      const step = await source.next();
      if (step.done === true) break;
      begin.push(step.value);
      text = decoder.decode(step.value, { stream: true }).trimStart();
    }
  } catch (error) {
    // Its reader is told as of any break.
    return { is_document: false, response: { ...response, body: failingBody(error as Error) } };
  }
  const body = resumed(begin, source);
  return { is_document: text.startsWith("{"), response: { ...response, body } };
}

/** What was read, and then the rest. */
function resumed(begin: Uint8Array[], source: AsyncIterator<Uint8Array>): ByteStream {
  const pieces: AsyncIterableIterator<Uint8Array> = {
    next() {
      const value = begin.shift();
      if (value === undefined) return source.next();
      return Promise.resolve({ done: false, value });
    },
    async return() {
      await source.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => pieces,
  };
  return pieces;
}

/** What comes behind the reason of an answer (its cost, and the stream's end) is soon there. */
const REST_WAIT_MS = 2_000;

export interface RestLimit {
  /** From now on the rest is waited for only so long; then the body ends. Safe to call again. */
  start(): void;
  /** For good: it is over, or its reason was no end, and more may be said after any time. */
  stop(): void;
}

/** For an answer that is whole: a server may leave its connection open and say nothing more. */
export function createRestLimit({ body }: HttpResponse): RestLimit {
  let timer: NodeJS.Timeout | undefined;
  return {
    start: () => void (timer ??= setTimeout(leave, REST_WAIT_MS, body)),
    stop: () => clearTimeout(timer),
  };
}
