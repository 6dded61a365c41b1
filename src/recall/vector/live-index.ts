// One open index: changes in order through its log, searches on a state that stays together.
import { setImmediate as nextTurn } from "node:timers/promises";
import { createKeyedLock } from "#kernel/keyed-lock.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { configOf, type IndexEntry } from "./index-entry.ts";
import { openIndexLogs, type IndexLogs } from "./index-logs.ts";
import {
  createItemTable,
  type ItemTable,
  type TableItem,
  type TableOptions,
} from "./item-table.ts";
import type { IndexNeeds } from "./index-needs.ts";
import {
  applyRemove,
  applyRow,
  applyUpsert,
  upsertRow,
  type IndexState,
  type LogRow,
} from "./log-rows.ts";
import { createRebuild } from "./rebuild-index.ts";
import { closeState, createStateHolder } from "./state-holder.ts";

export interface LiveIndex {
  readonly entry: IndexEntry;
  /** The items as they are now. */
  readonly table: ItemTable;
  readonly figures: { readonly items: number; readonly log_items: number };
  /** Runs a search on a state that is not closed before it ends. */
  use<T>(work: (state: IndexState) => Promise<T>): Promise<T>;
  /** Durable and to be found when it resolves. One vector row for each item. */
  upsert(items: readonly TableItem[], vectors: Float32Array): Promise<void>;
  /** How many there were. */
  remove(ids: readonly string[]): Promise<number>;
  /** A new generation; joins one that is being written. */
  rebuild(): Promise<void>;
  close(): Promise<void>;
}

/** Items of one row of the log: what is written, synced and added to the graph in one go. */
const ROW_ITEMS_MAX = 256;
const ROW_BYTES_MAX = 8 * 1024 * 1024;

/** What is shared by the parts of an open index. */
export interface IndexCore {
  entry: IndexEntry;
  readonly needs: IndexNeeds;
  readonly logs: IndexLogs;
  readonly states: ReturnType<typeof createStateHolder>;
  readonly options: TableOptions;
  log_items: number;
  /** Offset in the current log of the last row that was applied; -1: none. */
  applied_offset: number;
  stopping: boolean;
  /** Runs changes of the state one after the other. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
}

/** Loads the generation and replays the log. Throws `unavailable` when either is damaged. */
export async function openLiveIndex(needs: IndexNeeds, entry: IndexEntry): Promise<LiveIndex> {
  const { settings } = needs;
  const options = {
    lexical: entry.lexical,
    k1: settings.bm25_k1,
    b: settings.bm25_b,
    texts_on_disk_min_items: settings.memory_mapped_min_items,
  };
  const config = configOf(entry, settings);
  const state: IndexState =
    entry.generation === null
      ? { table: createItemTable(options), vectors: await needs.engine.create(config) }
      : await needs.generations.read(entry.generation, config, options, needs.startCall());
  let log_items = 0;
  const logs = await openIndexLogs(needs.dirOf(entry.index), entry.log_from, async (row) => {
    log_items += await applyRow(state, row);
  }).catch(async (error: unknown) => {
    await closeState(state);
    throw error;
  });
  const lock = createKeyedLock();
  const core: IndexCore = {
    entry,
    needs,
    logs,
    states: createStateHolder(state),
    options,
    log_items,
    // What has been replayed is in the state, but a rebuild always begins with a new log.
    applied_offset: -1,
    stopping: false,
    inTurn: (work) => lock.run("", work),
  };
  return liveIndex(core);
}

function liveIndex(core: IndexCore): LiveIndex {
  const rebuild = createRebuild(core);

  /** Appends at once, so that the order of rows in the log is the order of turns. */
  async function write<T>(
    row: LogRow,
    items: number,
    apply: (state: IndexState) => Promise<T>,
  ): Promise<T> {
    if (core.stopping) throw new LakehouseError("unavailable", "vector is being stopped");
    const durable = core.logs.current.append(row);
    // Its failure is told in its turn.
    durable.catch(() => undefined);
    const result = await core.inTurn(async () => {
      const offset = await durable;
      const value = await apply(core.states.current);
      core.applied_offset = offset;
      core.log_items += items;
      return value;
    });
    rebuild.ifDue();
    return result;
  }

  return {
    get entry() {
      return core.entry;
    },
    get table() {
      return core.states.current.table;
    },
    get figures() {
      return { items: core.states.current.table.size, log_items: core.log_items };
    },
    use: core.states.use,
    async upsert(items, vectors) {
      const { dimension } = core.entry;
      let before: Promise<void> = Promise.resolve();
      for (let at = 0; at < items.length;) {
        await rebuild.room();
        const end = rowEnd(items, at, dimension);
        const some = items.slice(at, end);
        const rows = vectors.slice(at * dimension, end * dimension);
        const row = upsertRow(some, rows);
        const written = write(row, some.length, (state) => applyUpsert(state, some, rows));
        // One row is written and synced while the one before it goes into the graph.
        written.catch(() => undefined);
        await before;
        await nextTurn();
        before = written;
        at = end;
      }
      await before;
    },
    remove: (ids) => write({ op: "remove", ids }, ids.length, (state) => applyRemove(state, ids)),
    rebuild: rebuild.run,
    async close() {
      core.stopping = true;
      await rebuild.stop();
      await core.logs.close();
      await core.inTurn(async () => undefined);
      await core.states.close();
    },
  };
}

function rowEnd(items: readonly TableItem[], from: number, dimension: number): number {
  let bytes = 0;
  let end = from;
  while (end < items.length && end - from < ROW_ITEMS_MAX) {
    bytes += (items[end]!.text?.length ?? 0) * 3 + dimension * 6;
    if (end > from && bytes > ROW_BYTES_MAX) break;
    end++;
  }
  return end;
}
