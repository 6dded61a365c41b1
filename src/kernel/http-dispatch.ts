// One exchange on a dispatcher (ours, or undici's): the body's pieces go straight to their reader,
// without a Node stream around them, which costs more than the exchange itself.
import type { ByteStream } from "./contract.ts";
import { offAbort, onAbort } from "./early-end.ts";
import { failingBody, wholeBody } from "./whole-body.ts";

export type WholeRequestBody = string | Uint8Array | null;

export interface DispatchRequest<Body> {
  readonly method: string;
  /** Scheme and authority. */
  readonly origin: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Body;
}

/** What whoever reads an answer may do with its connection. */
export interface ExchangeControl {
  readonly paused: boolean;
  pause(): void;
  resume(): void;
  /** Leaves the exchange, and with it the connection. */
  abort(error: Error): void;
}

/** Told of one exchange, in this order; `onResponseError` may end it at any time. */
export interface ExchangeHandler {
  onRequestStart(control: ExchangeControl): void;
  onResponseStart(
    control: ExchangeControl,
    status: number,
    headers: Readonly<Record<string, string>>,
  ): void;
  onResponseData(control: ExchangeControl, piece: Uint8Array): void;
  onResponseEnd(): void;
  onResponseError(control: ExchangeControl | undefined, error: Error): void;
}

export type Dispatch<Body> = (request: DispatchRequest<Body>, handler: ExchangeHandler) => void;

export interface Exchange<Body> {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Body;
  readonly signal: AbortSignal | undefined;
  /**
   * An answer that says it is no longer than this is waited for whole, and its body is of
   * `wholeBody`; 0: never.
   */
  readonly whole_bytes_max: number;
}

export interface ExchangeAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ByteStream;
}

/** Bytes that may wait for their reader before the sender is made to wait. */
const WAITING_BYTES_MAX = 64 * 1024;

/** Resolves with the answer's headers. An abort rejects with an error named `AbortError`. */
export type SendExchange<Body> = (asked: Exchange<Body>) => Promise<ExchangeAnswer>;

/** Addresses whose parts are kept: few are asked again and again. */
const PLACES_KEPT_MAX = 1_000;

interface Place {
  readonly origin: string;
  readonly path: string;
}

export function createExchange<Body>(dispatch: Dispatch<Body>): SendExchange<Body> {
  const places = new Map<string, Place>();
  return (asked) => {
    let place = places.get(asked.url);
    if (place === undefined) {
      const { origin, pathname, search } = new URL(asked.url);
      place = { origin, path: pathname + search };
      if (places.size >= PLACES_KEPT_MAX) places.clear();
      places.set(asked.url, place);
    }
    return exchange(dispatch, place, asked);
  };
}

function exchange<Body>(
  dispatch: Dispatch<Body>,
  place: Place,
  asked: Exchange<Body>,
): Promise<ExchangeAnswer> {
  return new Promise((resolve, reject) => {
    const { signal } = asked;
    if (signal?.aborted === true) {
      reject(abortError(signal.reason));
      return;
    }
    let controller: ExchangeControl | undefined;
    let failure: Error | undefined;
    let taking: Taking | undefined;
    const leave = () => {
      failure = abortError(signal?.reason);
      // Until then the request waits for a connection.
      if (controller === undefined) leftUnsent(failure);
      if (taking === undefined) controller?.abort(failure);
      else taking.abort(failure);
      reject(failure);
    };
    const settled = () => {
      if (signal !== undefined) offAbort(signal, leave);
    };
    if (signal !== undefined) onAbort(signal, leave);
    const handler: ExchangeHandler = {
      onRequestStart(given) {
        controller = given;
        if (failure !== undefined) given.abort(failure);
      },
      onResponseStart(given, status, headers) {
        // An early hint (103) and the like come before the answer itself.
        if (status < 200) return;
        const answered = (body: ByteStream) => resolve({ status, headers, body });
        taking = isShort(headers, asked.whole_bytes_max)
          ? takeWhole(given, settled, answered)
          : takePieces(given, settled, answered);
      },
      onResponseData: (_controller, chunk) => taking?.push(chunk),
      onResponseEnd: () => taking?.finish(undefined),
      onResponseError(_controller, error) {
        if (taking === undefined) settled();
        else taking.finish(error);
        reject(error);
      },
    };
    const { method, headers, body } = asked;
    try {
      dispatch({ method, origin: place.origin, path: place.path, headers, body }, handler);
    } catch (error) {
      settled();
      reject(error as Error);
    }
  });
}

/** Whether an answer says that it is no longer than this, and that its bytes are its text. */
export function isShort(headers: Readonly<Record<string, string>>, bytes_max: number): boolean {
  const length = Number(headers["content-length"] ?? Number.NaN);
  return length <= bytes_max && headers["content-encoding"] === undefined;
}

const SENT: unique symbol = Symbol("lost after the request was sent");

/** Says of a failure that the other side may have had the request: it is not for asking again. */
export function lostAfterSending(error: Error): Error {
  return Object.assign(error, { [SENT]: true });
}

/** Whether the other side may have carried the request out, though its answer did not come. */
export function wasSent(error: unknown): boolean {
  return error instanceof Error && (error as { [SENT]?: boolean })[SENT] === true;
}

const STALE: unique symbol = Symbol("lost on a connection that was closed before");

/** Says of a failure that its server had closed the connection while nobody used it. */
export function lostUnheard(error: Error): Error {
  return Object.assign(error, { [STALE]: true });
}

/** Whether the other side had done with the connection before the request came. */
export function wasUnheard(error: unknown): boolean {
  return error instanceof Error && (error as { [STALE]?: boolean })[STALE] === true;
}

const UNSENT: unique symbol = Symbol("left before anything was sent");

/** Said of the reason that the exchange was left for, where its giver finds it. */
export function leftUnsent({ cause }: Error): void {
  if (cause instanceof Error) Object.assign(cause, { [UNSENT]: true });
}

/**
 * Of why a request was aborted, an error for this one alone: whether nothing of it had left yet.
 * False also where its client does not say.
 */
export function wasLeftUnsent(reason: unknown): boolean {
  return reason instanceof Error && (reason as { [UNSENT]?: boolean })[UNSENT] === true;
}

const STALE_MIN_MS = 100;
const STALE_MAX_MS = 1_000;

/**
 * A server that closes an idle connection as a request leaves on it is heard within a round trip,
 * and connecting took one at least; what is lost later was being worked on. In milliseconds.
 */
export function staleWithin(connecting_ms: number): number {
  return Math.min(STALE_MAX_MS, Math.max(STALE_MIN_MS, 2 * connecting_ms));
}

/** For clients that do not say how long connecting took: a round trip around the world. */
const STALE_UNTOLD_MS = 300;

/** Tells what was lost on its way from what may have arrived, for clients that do not say. */
export interface LossJudge {
  /** The origin has answered: its next exchange may be on a connection that was used before. */
  answered(origin: string): void;
  /** Marks the error: whether the connection may have been closed before the request came. */
  judge(error: Error, origin: string, sent_ms: number): void;
}

const ORIGINS_KEPT_MAX = 1_000;

export function createLossJudge(): LossJudge {
  /** Until when a loss may be of a connection that was closed; Infinity: none was lost yet. */
  const known = new Map<string, number>();
  return {
    answered(origin) {
      if (known.size >= ORIGINS_KEPT_MAX) known.clear();
      known.set(origin, Infinity);
    },
    judge(error, origin, sent_ms) {
      // All that go stale do at once: what is lost later, before an answer, was on a new one.
      const now_ms = performance.now();
      const until_ms = known.get(origin) ?? 0;
      if (until_ms === Infinity) known.set(origin, now_ms + STALE_UNTOLD_MS);
      const is_stale = sent_ms < until_ms && now_ms - sent_ms < STALE_UNTOLD_MS;
      if (is_stale) lostUnheard(error);
      else lostAfterSending(error);
    },
  };
}

/** One body on its way from the socket. */
interface Taking {
  push(piece: Uint8Array): void;
  /** The connection has no more of it. */
  finish(error: Error | undefined): void;
  /** Nobody wants the rest of it. */
  abort(error: Error): void;
}

type OnBody = (body: ByteStream) => void;

/** A short body is handed over once it is there; what breaks off on the way fails its reader. */
function takeWhole(controller: ExchangeControl, onEnd: () => void, answered: OnBody): Taking {
  const pieces: Uint8Array[] = [];
  let over = false;
  function finish(error: Error | undefined): void {
    if (over) return;
    over = true;
    onEnd();
    answered(error === undefined ? wholeBody(textOf(pieces)) : failingBody(error));
  }
  return {
    push: (piece) => void pieces.push(piece),
    finish,
    abort(error) {
      if (over) return;
      finish(error);
      controller.abort(error);
    },
  };
}

function textOf(pieces: readonly Uint8Array[]): string {
  const [first] = pieces;
  if (first === undefined) return "";
  const bytes = pieces.length === 1 ? first : Buffer.concat(pieces);
  const buffer = Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return buffer.toString("utf8");
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
function takePieces(controller: ExchangeControl, onEnd: () => void, answered: OnBody): Taking {
  const waiting: Uint8Array[] = [];
  let waiting_bytes = 0;
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
    controller.abort(error);
  }

  function take(): Promise<IteratorResult<Uint8Array>> {
    const piece = waiting.shift();
    if (piece !== undefined) {
      waiting_bytes -= piece.length;
      if (controller.paused === true && waiting_bytes < WAITING_BYTES_MAX) controller.resume();
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

  answered(pieces);
  return {
    abort,
    finish,
    push(piece) {
      if (over) return;
      if (reader !== undefined) {
        const read = reader;
        reader = undefined;
        read.resolve({ done: false, value: piece });
        return;
      }
      waiting.push(piece);
      waiting_bytes += piece.length;
      if (waiting_bytes >= WAITING_BYTES_MAX) controller.pause();
    },
  };
}
