// Gathers searches of one index that wait at the same time into one message to the worker.
import type { Neighbours } from "#ports/vector-index.ts";
import type { SearchItem } from "./usearch-messages.ts";
import type { WorkerLink } from "./usearch-link.ts";

export interface SearchBatcher {
  search(
    queries: Float32Array,
    count: number,
    k: number,
    expansion: number,
  ): Promise<readonly Neighbours[]>;
}

/** While so many messages are with the worker, further searches wait and join the next one. */
const MESSAGES_MAX = 2;
/** Query rows of one message. */
const ROWS_MAX = 256;

interface Waiting {
  readonly item: SearchItem;
  readonly queries: Float32Array;
}

export function createSearchBatcher(link: WorkerLink, index: number): SearchBatcher {
  let waiting: Waiting[] = [];
  let under_way = 0;
  let scheduled = false;

  function schedule(): void {
    if (scheduled || under_way >= MESSAGES_MAX || waiting.length === 0) return;
    scheduled = true;
    // After the microtasks of this turn: what was asked together is sent together.
    queueMicrotask(flush);
  }

  function flush(): void {
    scheduled = false;
    while (under_way < MESSAGES_MAX && waiting.length > 0) {
      let rows = 0;
      let taken = 0;
      // Shared out over the messages that may go, so that the thread works on one of them while
      // the answers of the other are dealt with here.
      const share = Math.ceil(waiting.length / (MESSAGES_MAX - under_way));
      while (taken < share && (taken === 0 || rows < ROWS_MAX)) {
        rows += waiting[taken++]!.item.count;
      }
      const batch = waiting.slice(0, taken);
      waiting = waiting.slice(taken);
      send(batch);
    }
  }

  function send(batch: readonly Waiting[]): void {
    const length = batch.reduce((sum, { queries }) => sum + queries.length, 0);
    const queries = new Float32Array(length);
    let at = 0;
    for (const one of batch) {
      queries.set(one.queries, at);
      at += one.queries.length;
    }
    under_way++;
    const items = batch.map(({ item }) => item);
    link.post({ kind: "search", index, items, queries }, [queries.buffer], () => {
      under_way--;
      schedule();
    });
  }

  return {
    async search(queries, count, k, expansion) {
      if (count === 0) return [];
      return link.expect<readonly Neighbours[]>((id) => {
        waiting.push({ item: { id, k, expansion, count }, queries });
        schedule();
      });
    },
  };
}
