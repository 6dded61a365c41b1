// The state that searches use, replaced as a whole; the old one is closed after its last search.
import type { IndexState } from "./log-rows.ts";

export interface StateHolder {
  readonly current: IndexState;
  use<T>(work: (state: IndexState) => Promise<T>): Promise<T>;
  replace(next: IndexState): void;
  /** Resolves when the engine has closed the state; its texts go after the last search. */
  close(): Promise<void>;
}

/** Lets go of threads, memory and files. */
export async function closeState({ table, vectors }: IndexState): Promise<void> {
  // An engine that has died already cannot and need not be closed.
  await vectors.close().catch(() => undefined);
  table.close();
}

export function createStateHolder(first: IndexState): StateHolder {
  let current = { state: first, users: 0, retired: false };

  async function closeIfDone(slot: typeof current): Promise<void> {
    if (slot.retired && slot.users === 0) await closeState(slot.state);
  }

  return {
    get current() {
      return current.state;
    },
    async use(work) {
      const slot = current;
      slot.users++;
      try {
        return await work(slot.state);
      } finally {
        slot.users--;
        await closeIfDone(slot);
      }
    },
    replace(next) {
      const former = current;
      current = { state: next, users: 0, retired: false };
      former.retired = true;
      void closeIfDone(former);
    },
    async close() {
      current.retired = true;
      // Searches under way end with an error; the texts stay readable until the last has ended.
      await current.state.vectors.close().catch(() => undefined);
      await closeIfDone(current);
    },
  };
}
