// One exchange on undici's dispatcher: the body's pieces go straight to their reader, without a
// Node stream around them, which costs more than the exchange itself.
import type { Agent, Dispatcher } from "undici";
import type { ByteStream } from "./contract.ts";

export interface Exchange {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | ByteStream | null;
  readonly signal: AbortSignal | undefined;
}

export interface ExchangeAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ByteStream;
}

/** Bytes that may wait for their reader before the sender is made to wait. */
const WAITING_BYTES_MAX = 64 * 1024;

/** Resolves with the answer's headers. An abort rejects with an error named `AbortError`. */
export type SendExchange = (asked: Exchange) => Promise<ExchangeAnswer>;

/** Addresses whose parts are kept: few are asked again and again. */
const PLACES_KEPT_MAX = 1_000;

interface Place {
  readonly origin: string;
  readonly path: string;
}

export function createExchange(agent: Agent): SendExchange {
  const places = new Map<string, Place>();
  return (asked) => {
    let place = places.get(asked.url);
    if (place === undefined) {
      const { origin, pathname, search } = new URL(asked.url);
      place = { origin, path: pathname + search };
      if (places.size >= PLACES_KEPT_MAX) places.clear();
      places.set(asked.url, place);
    }
    return exchange(agent, place, asked);
  };
}

function exchange(agent: Agent, place: Place, asked: Exchange): Promise<ExchangeAnswer> {
  return new Promise((resolve, reject) => {
    const { signal } = asked;
    const body = createPieces(settled);
    const leave = () => {
      const error = abortError(signal?.reason);
      body.abort(error);
      reject(error);
    };
    function settled(): void {
      signal?.removeEventListener("abort", leave);
    }
    if (signal?.aborted === true) {
      reject(abortError(signal.reason));
      return;
    }
    signal?.addEventListener("abort", leave, { once: true });
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: (controller) => body.begin(controller),
      onResponseStart(_controller, status, raw) {
        // An early hint (103) and the like come before the answer itself.
        if (status < 200) return;
        resolve({ status, headers: plainHeaders(raw), body: body.pieces });
      },
      onResponseData: (_controller, chunk) => body.push(chunk),
      onResponseEnd: () => body.finish(undefined),
      onResponseError(_controller, error) {
        body.finish(error);
        reject(error);
      },
    };
    const options = {
      origin: place.origin,
      path: place.path,
      method: asked.method as Dispatcher.HttpMethod,
      headers: asked.headers as Record<string, string>,
      body: asked.body as string | null,
      headersTimeout: 0,
      bodyTimeout: 0,
    };
    try {
      agent.dispatch(options, handler);
    } catch (error) {
      settled();
      reject(error as Error);
    }
  });
}

function plainHeaders(raw: Readonly<Record<string, string | string[] | undefined>>) {
  const headers: Record<string, string> = {};
  for (const name of Object.keys(raw)) {
    const value = raw[name];
    if (value !== undefined) headers[name] = typeof value === "string" ? value : value.join(", ");
  }
  return headers;
}

/** As web APIs name it; made by hand, since a DOMException costs as much as a small request. */
function abortError(cause: unknown): Error {
  const error = new Error("the request was aborted", { cause });
  error.name = "AbortError";
  return error;
}

interface Reader {
  resolve(step: IteratorResult<Uint8Array>): void;
  reject(error: Error): void;
}

const DONE: IteratorResult<Uint8Array> = { done: true, value: undefined };

/** The pieces of one body, from the socket to one reader; `onEnd` is told once it is over. */
function createPieces(onEnd: () => void) {
  const waiting: Uint8Array[] = [];
  let waiting_bytes = 0;
  let controller: Dispatcher.DispatchController | undefined;
  let reader: Reader | undefined;
  let over = false;
  let failure: Error | undefined;

  function finish(error: Error | undefined): void {
    if (over) return;
    over = true;
    failure = error;
    onEnd();
    const read = reader;
    reader = undefined;
    if (error === undefined) read?.resolve(DONE);
    else read?.reject(error);
  }

  function abort(error: Error): void {
    if (over) return;
    finish(error);
    waiting.length = 0;
    controller?.abort(error);
  }

  function take(): Promise<IteratorResult<Uint8Array>> {
    const piece = waiting.shift();
    if (piece !== undefined) {
      waiting_bytes -= piece.length;
      if (controller?.paused === true && waiting_bytes < WAITING_BYTES_MAX) controller.resume();
      return Promise.resolve({ done: false, value: piece });
    }
    if (over) return failure === undefined ? Promise.resolve(DONE) : Promise.reject(failure);
    return new Promise((resolve, reject) => {
      reader = { resolve, reject };
    });
  }

  const pieces: AsyncIterableIterator<Uint8Array> = {
    next: take,
    return() {
      // What has come whole leaves its connection to the next exchange.
      waiting.length = 0;
      if (over) failure = undefined;
      else abort(abortError("nobody reads on"));
      return Promise.resolve(DONE);
    },
    [Symbol.asyncIterator]: () => pieces,
  };

  return {
    pieces,
    abort,
    finish,
    begin(given: Dispatcher.DispatchController) {
      controller = given;
      if (over) given.abort(failure ?? abortError("nobody reads on"));
    },
    push(piece: Uint8Array) {
      if (over) return;
      if (reader !== undefined) {
        const read = reader;
        reader = undefined;
        read.resolve({ done: false, value: piece });
        return;
      }
      waiting.push(piece);
      waiting_bytes += piece.length;
      if (waiting_bytes >= WAITING_BYTES_MAX) controller?.pause();
    },
  };
}
