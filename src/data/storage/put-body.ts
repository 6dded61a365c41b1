// A body on its way in: of the length that was said, and over when nobody waits for the call.
import { cancelledError, throwIfOver, type Call } from "#kernel/call.ts";
import type { ByteStream } from "#kernel/contract.ts";
import { LakehouseError } from "#kernel/problem.ts";

/** The same bytes; throws when the call is over or when length and `content_length` differ. */
export async function* guardBody(
  body: ByteStream,
  content_length: number | undefined,
  call: Call,
): AsyncGenerator<Uint8Array> {
  const source = body[Symbol.asyncIterator]();
  let size = 0;
  let ended = false;
  try {
    for (;;) {
      throwIfOver(call);
      const step = await beforeEnd(source.next(), call);
      if (step.done === true) break;
      size += step.value.length;
      if (content_length !== undefined && size > content_length)
        throw differs(content_length, size);
      yield step.value;
    }
    ended = true;
    if (content_length !== undefined && size < content_length) throw differs(content_length, size);
  } finally {
    // Not awaited: a source that hangs would hang its ending too.
    if (!ended) void Promise.resolve(source.return?.()).catch(() => undefined);
  }
}

function differs(said: number, size: number): LakehouseError {
  return new LakehouseError("invalid", `the body has ${size} bytes or more, not the ${said} said`, {
    reason: "length_differs",
  });
}

function beforeEnd<T>(step: Promise<T>, call: Call): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const giveUp = () => {
      settle();
      reject(cancelledError(call));
    };
    const timer = setTimeout(giveUp, Math.min(call.deadline_ms - Date.now(), 0x7fffffff));
    const settle = () => {
      clearTimeout(timer);
      call.signal.removeEventListener("abort", giveUp);
    };
    call.signal.addEventListener("abort", giveUp, { once: true });
    step.then(resolve, reject).finally(settle);
  });
}
