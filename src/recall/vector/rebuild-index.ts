// Writing a new generation while the index goes on: a snapshot, or a fresh graph when much is dead.
import { LakehouseError } from "#kernel/problem.ts";
import { writeEntry, type Generation } from "./index-entry.ts";
import { compactTable, snapshotOf, type TableSnapshot } from "./item-table-file.ts";
import type { IndexCore } from "./live-index.ts";
import { applyRow, type IndexState } from "./log-rows.ts";

export interface Rebuild {
  run(): Promise<void>;
  /** Starts one in the background when the log has grown large. */
  ifDue(): void;
  /** Waits for one that is under way when the log has grown to twice what starts one. */
  room(): Promise<void>;
  /** Gives up one that is under way; what it has done so far is of no effect. */
  stop(): Promise<void>;
}

/** The log of a large index may grow to this share of its items, so that rebuilds stay rare. */
const LOG_SHARE = 0.25;
/** … but not over so many times `log_items_max`. */
const LOG_GROWTH_MAX = 10;
/** Writers that outrun a rebuild wait from so many times what starts one. */
const LOG_WAIT = 2;

interface Taken {
  readonly snapshot: TableSnapshot;
  /** The state the snapshot was taken of. */
  readonly state: IndexState;
  /** What goes into the generation: the state itself, or a fresh one without its dead. */
  readonly source: Promise<IndexState>;
  readonly saving: Promise<void>;
  readonly log_items: number;
}

export function createRebuild(core: IndexCore): Rebuild {
  let under_way: Promise<void> | undefined;
  let failed_at_items = 0;
  const stopped = Promise.withResolvers<never>();
  // Nobody may be waiting when it is rejected.
  stopped.promise.catch(() => undefined);

  function run(): Promise<void> {
    under_way ??= rebuild(core, stopped.promise).finally(() => (under_way = undefined));
    return under_way;
  }

  /** Whether the log, without `forgiven` items, has so many times what starts a rebuild. */
  function isOver(times: number, forgiven: number): boolean {
    const { log_items_max, log_bytes_max } = core.needs.settings;
    const share = core.states.current.table.size * LOG_SHARE;
    const items_max = Math.max(log_items_max, Math.min(share, log_items_max * LOG_GROWTH_MAX));
    const items = core.log_items - forgiven;
    return items > items_max * times || core.logs.bytes() > log_bytes_max * times;
  }

  return {
    run,
    async room() {
      // One that fails leaves the log as it is; whoever waits goes on, and the next is tried then.
      if (under_way !== undefined && isOver(LOG_WAIT, 0)) await under_way.catch(() => undefined);
    },
    ifDue() {
      const { log } = core.needs;
      const due = isOver(1, failed_at_items) && core.log_items > failed_at_items;
      if (!due || under_way !== undefined || core.stopping) return;
      run().then(
        () => void (failed_at_items = 0),
        (error: unknown) => {
          failed_at_items = core.log_items;
          if (core.stopping) return;
          log.error({ index: core.entry.index, err: error }, "could not write a generation");
        },
      );
    },
    async stop() {
      stopped.reject(new LakehouseError("cancelled", "vector is being stopped"));
      await under_way?.catch(() => undefined);
    },
  };
}

async function rebuild(core: IndexCore, stopped: Promise<never>): Promise<void> {
  const { needs } = core;
  const { index } = core.entry;
  const call = needs.startCall();
  const started = performance.now();
  const vectors_path = await needs.generations.stage(call);
  let taking: Promise<Taken> | undefined;
  const log_from = await core.logs.rotate(() => {
    // Asked for in the same moment in which the new log takes over: all that stands in the old
    // logs is applied before, nothing of the new one is.
    taking = core.inTurn(async () => take(core, vectors_path));
  });
  const taken = await taking!;
  const former = core.entry;
  const fresh = await Promise.race([taken.source, stopped]);
  const compacted = fresh !== taken.state;
  try {
    const generation = await Promise.race([
      writeGeneration(core, taken, fresh, vectors_path),
      stopped,
    ]);
    const entry = { ...former, generation, log_from };
    await writeEntry(needs.dirOf(index), entry);
    core.entry = entry;
    if (compacted) await core.inTurn(() => switchTo(core, fresh));
  } catch (error) {
    if (compacted) await fresh.vectors.close().catch(() => undefined);
    throw error;
  }
  core.log_items -= taken.log_items;
  await core.logs.removeBelow(log_from);
  if (former.generation !== null) await needs.generations.remove(former.generation.prefix, call);
  const ms = Math.round(performance.now() - started);
  const generation = core.entry.generation?.number;
  needs.log.info({ index, generation, compacted, ms }, "wrote a generation");
}

async function writeGeneration(
  core: IndexCore,
  taken: Taken,
  fresh: IndexState,
  vectors_path: string,
): Promise<Generation> {
  const compacted = fresh !== taken.state;
  return core.needs.generations.write(
    {
      index: core.entry.index,
      number: (core.entry.generation?.number ?? 0) + 1,
      table: fresh.table,
      snapshot: compacted ? snapshotOf(fresh.table) : taken.snapshot,
      vectors_path,
      saving: compacted ? fresh.vectors.save(vectors_path) : taken.saving,
    },
    core.needs.startCall(),
  );
}

/** Runs in its turn: what is asked of the engine here comes before all later changes. */
function take(core: IndexCore, vectors_path: string): Taken {
  const state = core.states.current;
  const snapshot = snapshotOf(state.table);
  core.applied_offset = -1;
  const dead = state.table.slots - state.table.size;
  const compact = dead > state.table.slots * core.needs.settings.dead_share_max;
  const saving = compact ? Promise.resolve() : state.vectors.save(vectors_path);
  const source = compact ? compactState(core, state, snapshot) : Promise.resolve(state);
  saving.catch(() => undefined);
  source.catch(() => undefined);
  return { snapshot, state, source, saving, log_items: core.log_items };
}

async function compactState(
  core: IndexCore,
  state: IndexState,
  snapshot: TableSnapshot,
): Promise<IndexState> {
  const living = new Float64Array(snapshot.alive.reduce((sum, one) => sum + one, 0));
  let count = 0;
  for (const [slot, alive] of snapshot.alive.entries()) if (alive === 1) living[count++] = slot;
  const vectors = state.vectors.subset(
    living,
    Float64Array.from(living, (_, at) => at),
  );
  vectors.catch(() => undefined);
  const table = await compactTable(state.table, living, core.options);
  return { table, vectors: await vectors };
}

/** Brings a fresh state up to date with what was applied meanwhile, and lets searches use it. */
async function switchTo(core: IndexCore, fresh: IndexState): Promise<void> {
  for await (const { row, offset } of core.logs.current.read()) {
    if (offset > core.applied_offset) break;
    await applyRow(fresh, row);
  }
  core.states.replace(fresh);
}
