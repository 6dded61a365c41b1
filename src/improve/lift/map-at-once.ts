// Asks for many things, some at a time, and keeps the answers in order.
import { throwIfOver, type Call } from "#kernel/call.ts";

/** Answers in the order of the items; `onDone` hears how many are there. */
export async function mapAtOnce<T, R>(
  items: readonly T[],
  at_once: number,
  ask: (item: T, at: number) => Promise<R>,
  onDone: (done: number) => void,
  call: Call,
): Promise<R[]> {
  const answers: R[] = Array.from({ length: items.length });
  let next = 0;
  let done = 0;
  async function work(): Promise<void> {
    while (next < items.length) {
      const at = next++;
      throwIfOver(call);
      answers[at] = await ask(items[at]!, at);
      onDone(++done);
    }
  }
  await Promise.all(Array.from({ length: at_once }, work));
  return answers;
}
