// Answers whose reader stops reading are ended: what makes them may hold what others wait for.
import type { ByteStream } from "./contract.ts";
import { startIdleWait, stopWait, type Wait } from "./long-wait.ts";
import { LakehouseError } from "./problem.ts";

/** A large piece may be on its way to a slow reader for longer: 16 kB/s are no standstill. */
const READ_BYTES_PER_MS = 16;

/**
 * The same pieces. When nobody asks for the next one within `stall_ms` of the last (longer after
 * large ones), `body` is left; a reader who comes back then gets `cancelled`, for what it has is
 * not the whole.
 */
export function endedUnread(
  body: ByteStream,
  stall_ms: number,
): AsyncIterableIterator<Uint8Array, undefined> {
  const source = body[Symbol.asyncIterator]();
  let wait: Wait | undefined;
  let is_given_up = false;
  let is_left = false;
  /** A piece is with the reader: since when, and for how long it may be. */
  let is_out = false;
  let handed_ms = 0;
  let limit_ms = 0;

  /** One wait for many pieces: most readers are back long before it is over. */
  function look(): void {
    wait = undefined;
    if (!is_out) return;
    const left_ms = handed_ms + limit_ms - performance.now();
    if (left_ms > 1) wait = startIdleWait(left_ms, look);
    else {
      is_given_up = true;
      void Promise.resolve(source.return?.()).catch(() => undefined);
    }
  }

  function stop(): void {
    if (wait !== undefined) stopWait(wait);
    wait = undefined;
    is_out = false;
  }

  function handOut(item: IteratorResult<Uint8Array>) {
    if (item.done === true) {
      stop();
      return { done: true, value: undefined } as const;
    }
    // A reader may leave while it waits for this piece: nothing would stop a limit begun now.
    if (is_left) return item;
    is_out = true;
    handed_ms = performance.now();
    limit_ms = stall_ms + item.value.length / READ_BYTES_PER_MS;
    wait ??= startIdleWait(stall_ms, look);
    return item;
  }

  function fail(error: unknown): never {
    stop();
    throw error;
  }

  const pieces: AsyncIterableIterator<Uint8Array, undefined> = {
    next() {
      is_out = false;
      if (is_given_up) return Promise.reject(unread(stall_ms));
      return source.next().then(handOut, fail);
    },
    async return() {
      is_left = true;
      stop();
      if (!is_given_up) await source.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => pieces,
  };
  return pieces;
}

function unread(stall_ms: number): LakehouseError {
  return new LakehouseError("cancelled", `nobody read on for ${stall_ms} ms`);
}
