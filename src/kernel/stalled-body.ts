// Bodies whose sender falls silent are given up: it would hold its place for ever.
import type { ByteStream } from "./contract.ts";
import { LakehouseError } from "./problem.ts";

/** The same bytes; throws `stalled()` when the next ones take longer than `stall_ms`. */
export async function* withoutStalls(
  body: ByteStream,
  stall_ms: number,
  stalled: () => Error,
): ByteStream {
  const source = body[Symbol.asyncIterator]();
  let give_up: ((error: Error) => void) | undefined;
  let waiting = false;
  // One timer for all reads: it is set back, not made anew, with each.
  const timer = setTimeout(() => waiting && give_up?.(stalled()), stall_ms);
  let ended = false;
  try {
    for (;;) {
      const step = await new Promise<IteratorResult<Uint8Array>>((resolve, reject) => {
        give_up = reject;
        waiting = true;
        timer.refresh();
        source.next().then(resolve, reject);
      });
      waiting = false;
      if (step.done === true) break;
      yield step.value;
    }
    ended = true;
  } finally {
    clearTimeout(timer);
    // Not awaited: a source that hangs would hang its ending too.
    if (!ended) void Promise.resolve(source.return?.()).catch(() => undefined);
  }
}

/** What a caller of our own routes is told, if it still listens. */
export function bodyStalled(): LakehouseError {
  return new LakehouseError("invalid", "the request body stopped coming", {
    reason: "body_stalled",
  });
}
