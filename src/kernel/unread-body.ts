// Answers whose reader stops reading are ended: what makes them may hold what others wait for.
import type { ByteStream } from "./contract.ts";
import { startIdleWait, stopWait, type Wait } from "./long-wait.ts";
import { LakehouseError } from "./problem.ts";

/**
 * The same pieces. When nobody asks for the next one within `stall_ms` of the last, `body` is left;
 * a reader who comes back then gets `cancelled`, for what it has is not the whole.
 */
export function endedUnread(
  body: ByteStream,
  stall_ms: number,
): AsyncIterableIterator<Uint8Array, undefined> {
  const source = body[Symbol.asyncIterator]();
  let wait: Wait | undefined;
  let is_given_up = false;
  let is_left = false;

  function giveUp(): void {
    is_given_up = true;
    void Promise.resolve(source.return?.()).catch(() => undefined);
  }

  function stop(): void {
    if (wait !== undefined) stopWait(wait);
    wait = undefined;
  }

  function handOut(item: IteratorResult<Uint8Array>) {
    if (item.done === true) return { done: true, value: undefined } as const;
    // A reader may leave while it waits for this piece: nothing would stop a limit begun now.
    stop();
    if (!is_left) wait = startIdleWait(stall_ms, giveUp);
    return item;
  }

  const pieces: AsyncIterableIterator<Uint8Array, undefined> = {
    next() {
      stop();
      if (is_given_up) return Promise.reject(unread(stall_ms));
      return source.next().then(handOut);
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
