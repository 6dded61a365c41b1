// The state that searches use, replaced as a whole; the old one is closed after its last search.
import type { IndexState } from "./log-rows.ts";

export interface StateHolder {
  readonly current: IndexState;
  use<T>(work: (state: IndexState) => Promise<T>): Promise<T>;
  replace(next: IndexState): void;
}

export function createStateHolder(first: IndexState): StateHolder {
  let current = { state: first, users: 0, retired: false };

  async function closeIfDone(slot: typeof current): Promise<void> {
    // An engine that has died already cannot and need not be closed.
    if (slot.retired && slot.users === 0) await slot.state.vectors.close().catch(() => undefined);
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
  };
}
