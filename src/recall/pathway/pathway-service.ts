// pathway: versioned traces of what was tried and how it went, found again within their scope.
import type { Call } from "#kernel/call.ts";
import type { Clock } from "#kernel/clock.ts";
import type { Client, Handlers } from "#kernel/contract.ts";
import { makeDurableDir } from "#kernel/durable-dir.ts";
import { endingIterator } from "#kernel/ending-iterator.ts";
import type { Service } from "#kernel/lifecycle.ts";
import type { Log } from "#kernel/log.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { embed } from "#contracts/embed.ts";
import type { pathwayContract } from "#contracts/pathway.ts";
import { createBackgroundEmbedding, type BackgroundEmbedding } from "./background-embedding.ts";
import { exportRows, importRows, rowCount } from "./export-rows.ts";
import { writeFolded } from "./fold-rows.ts";
import { createPathwayChanges, type PathwayChanges } from "./pathway-changes.ts";
import { traceOrThrow } from "./pathway-form.ts";
import { createSearch } from "./pathway-search.ts";
import type { PathwaySettings } from "./pathway-settings.ts";
import { openPathwayStore, readPathway, type PathwayStore } from "./pathway-store.ts";
import { historyOf, listPathways, statsOf } from "./read-pathways.ts";
import { createRecallGuard } from "./recall-guard.ts";
import { verifyLog } from "./verify-log.ts";

export interface PathwayNeeds {
  readonly embed: Client<typeof embed>;
  /** Folder that this service owns. */
  readonly dir: string;
  readonly log: Log;
  readonly clock: Clock;
}

type Contract = typeof pathwayContract;

export interface PathwayService extends Service<Contract> {
  /** Resolves when what was added so far is embedded, or embedding failed. */
  embedded(): Promise<void>;
}

/** Opens the log, replays it and answers; embedding goes on behind it. */
export async function createPathway(
  needs: PathwayNeeds,
  settings: PathwaySettings,
): Promise<PathwayService> {
  const { dir, log, clock } = needs;
  await makeDurableDir(dir);
  const waiting: number[] = [];
  let embedding: BackgroundEmbedding | undefined;
  const store = await openPathwayStore({
    dir,
    log,
    settings,
    onDoc: (doc) => (embedding === undefined ? waiting.push(doc) : embedding.add(doc)),
  });
  if (settings.dense) {
    embedding = openEmbedding(needs, store, settings);
    for (const doc of waiting) embedding.add(doc);
  }
  waiting.length = 0;
  const guard = createRecallGuard(settings.recalls_kept, settings.recall_window_ms, clock.now);
  const parts = { store, guard, clock, settings, embedding };
  const changes = createPathwayChanges(parts);
  return {
    handlers: {
      ...changing(changes),
      ...reading(store, embedding),
      ...keeping(store),
      search: createSearch(parts),
    },
    async health() {
      const { table, corrupt_lines } = store.state;
      const { backlog = 0, last_error = null } = embedding?.figures() ?? {};
      const figures = { traces: table.count, scopes: table.scopes.length, corrupt_lines, backlog };
      if (last_error === null) return { status: "ok", figures };
      return { status: "degraded", figures: { ...figures, reason: `not embedded: ${last_error}` } };
    },
    embedded: async () => embedding?.settled(),
    async stop() {
      await embedding?.stop();
      await store.close();
    },
  };
}

function openEmbedding(
  { embed: client, dir, log }: PathwayNeeds,
  store: PathwayStore,
  settings: PathwaySettings,
): BackgroundEmbedding {
  const hashOf = (doc: number) => store.state.table.hashes.keyAt(doc);
  const textOf = async (doc: number) => {
    const text = await store.textOf(doc);
    return text === undefined ? undefined : { hash: hashOf(doc), text };
  };
  const embedded = (doc: number, row: number) => store.state.table.setVector(doc, row);
  const needs = { client, dir, log, textOf, embedded, hashOf };
  return createBackgroundEmbedding(needs, {
    batch_items: settings.embed_batch_items,
    retry_ms: settings.embed_retry_ms,
    resident_bytes: settings.vectors_resident_bytes,
    stop_ms: settings.stop_embed_ms,
  });
}

type Changing = "add" | "bulk" | "update" | "revise" | "retire" | "outcome";

function changing(changes: PathwayChanges): Pick<Handlers<Contract>, Changing> {
  return {
    add: (input, call) => changes.add(input, call),
    async bulk({ items, ...scope }, call) {
      // All at once: what waits for the disk together is synced together.
      const results = await Promise.all(items.map((item) => addOne(changes, scope, item, call)));
      const count = (result: string) => results.filter((one) => one.result === result).length;
      const [added, merged] = [count("added"), count("merged")];
      return { added, merged, unchanged: count("unchanged"), refused: count("refused"), results };
    },
    update: (input, call) => changes.update(input, call),
    revise: (input, call) => changes.revise(input, call),
    retire: (input, call) => changes.retire(input, call),
    outcome: (input, call) => changes.outcome(input, call),
  };
}

type AddInput = Parameters<PathwayChanges["add"]>[0];
type AddScope = Pick<AddInput, "tenant" | "agent" | "task_class">;

/** One of many: what is wrong with it is said of it, and the others go on. */
async function addOne(
  changes: PathwayChanges,
  scope: AddScope,
  item: Omit<AddInput, keyof AddScope>,
  call: Call,
) {
  try {
    const { pathway, result } = await changes.add({ ...scope, ...item }, call);
    return { result, pathway_id: pathway.pathway_id, reason: null };
  } catch (error) {
    // That nothing can be written is no matter of one item.
    if (!(error instanceof LakehouseError) || error.code === "unavailable") throw error;
    const { pathway_id } = error.extra;
    const id = typeof pathway_id === "string" ? pathway_id : null;
    return { result: "refused" as const, pathway_id: id, reason: error.reason };
  }
}

type Reading = "get" | "history" | "list" | "stats" | "scopes";

function reading(
  store: PathwayStore,
  embedding: BackgroundEmbedding | undefined,
): Pick<Handlers<Contract>, Reading> {
  return {
    get: (input) =>
      store.using((state) =>
        readPathway(state, traceOrThrow(state.table, input, input.pathway_id)),
      ),
    history: (input) => store.using((state) => historyOf(state, input)),
    list: (input) => store.using((state) => listPathways(state, input)),
    stats: async (input) => statsOf(store.state, input, embedding),
    scopes: async () => ({
      scopes: store.state.table.scopes.map(({ scope, count, active }) => ({
        ...scope,
        traces: count,
        active,
      })),
    }),
  };
}

type Keeping = "export" | "import" | "compact" | "verify";

function keeping(store: PathwayStore): Pick<Handlers<Contract>, Keeping> {
  return {
    async export(scope) {
      const { state, release } = store.hold();
      const rows = rowCount(state, scope);
      return { rows, body: endingIterator(exportRows(state, scope, rows), release) };
    },
    import: ({ body, ...scope }) => importRows(store, scope, body),
    compact: () =>
      store.exclusive(async ({ replace }) => {
        const before = store.state;
        const bytes_before = before.jsonl.size();
        const rows_before = before.table.rows.count;
        const path = `${store.path}.compacted`;
        const rows_after = await writeFolded(before, path);
        await replace(path);
        return { rows_before, rows_after, bytes_before, bytes_after: store.state.jsonl.size() };
      }),
    verify: () => store.exclusive(() => verifyLog(store.state)),
  };
}
