// Builds or refreshes the index of a corpus: only what changed is indexed, what is gone is removed.
import { join } from "node:path";
import { assert } from "#kernel/assert.ts";
import { throwIfOver, type Call } from "#kernel/call.ts";
import { isoTime, type Clock } from "#kernel/clock.ts";
import type { Client } from "#kernel/contract.ts";
import { toLakehouseError } from "#kernel/problem.ts";
import type { IndexInfo, vector } from "#contracts/vector.ts";
import type { CorpusItem, ItemSource } from "./corpus-items.ts";
import { indexOf, infoOf, type CorpusRecord, type CorpusRegistry } from "./corpus-registry.ts";
import { readManifest, removeManifest, writeManifest, type ItemManifest } from "./item-manifest.ts";

export interface BuildParts {
  readonly vector: Client<typeof vector>;
  readonly registry: CorpusRegistry;
  readonly dir: string;
  readonly clock: Clock;
  readonly batch_items: number;
}

export interface BuildPlan {
  readonly corpus: string;
  readonly summary: string;
  readonly id_prefix: string;
  /** For SQL filters over the items; null when SQL cannot select among them. */
  readonly index_source: { readonly dataset: string; readonly id_column: string } | null;
  /** Another source begins with an empty index; otherwise items are compared one by one. */
  readonly fresh_when_other: boolean;
  readonly source_hash: string;
  readonly snapshot_id: string | null;
  readonly items: ItemSource;
}

interface Progress {
  readonly phase: "indexing" | "done";
  readonly items_done: number;
  readonly items_total: number;
  readonly items_per_s: number;
  readonly corpus: ReturnType<typeof infoOf> | null;
}

/**
 * Answers progress after each batch and the corpus at the end. It may be stopped and repeated: from
 * before the index is touched until all is done the registry calls the corpus unfinished and there
 * is no manifest, so that the next build goes by its source alone.
 */
export async function* buildCorpus(
  parts: BuildParts,
  plan: BuildPlan,
  call: Call,
  is_repeat = false,
): AsyncGenerator<Progress> {
  const path = manifestPath(parts.dir, plan.corpus);
  const known = parts.registry.get(plan.corpus);
  // The first rows are read before anything is made, so that a bad source changes nothing.
  const batches = plan.items.batches(call)[Symbol.asyncIterator]();
  let next = await batches.next();
  const trusted = known !== undefined && (await isIntact(parts, known, call));
  const manifest: ItemManifest = trusted ? await readManifest(path) : new Map();
  await parts.registry.building(plan.corpus, isoTime(parts.clock));
  await removeManifest(path);
  const fresh = await openIndex(parts, plan, known, call);
  const before: ItemManifest = fresh ? new Map() : manifest;
  const after: ItemManifest = new Map();
  const meter = createMeter(parts.clock, plan.items.total);

  for (; next.done !== true; next = await batches.next()) {
    const batch = next.value;
    throwIfOver(call);
    const changed = batch.filter((item) => before.get(item.id) !== item.hash);
    for (const item of batch) after.set(item.id, item.hash);
    for (let at = 0; at < changed.length; at += parts.batch_items) {
      const items = changed.slice(at, at + parts.batch_items);
      await upsert(parts, plan.corpus, items, call);
      if (at + parts.batch_items < changed.length) {
        yield meter.progress(after.size - changed.length + at + items.length);
      }
    }
    yield meter.progress(after.size);
  }
  await removeVanished(parts, plan.corpus, before, after, call);
  const stats = await parts.vector.stats({ index: indexOf(plan.corpus) }, call);
  // Other items as well: left by a build that was stopped midway.
  if (stats.items !== after.size) {
    assert(!is_repeat, "a corpus that was built from nothing holds what its source holds");
    await parts.vector.drop({ index: indexOf(plan.corpus) }, call);
    yield* buildCorpus(parts, plan, call, true);
    return;
  }
  await writeManifest(path, after);
  const record = recordOf(parts, plan, after.size, stats.created_at);
  await parts.registry.built(record);
  yield { ...meter.progress(after.size), phase: "done", corpus: infoOf(record) };
}

/** Whether the index is the one that the last build filled, and no build has broken off since. */
export async function isIntact(
  { registry, vector: client }: Pick<BuildParts, "registry" | "vector">,
  known: CorpusRecord,
  call: Call,
): Promise<boolean> {
  if (registry.isUnfinished(known.corpus)) return false;
  const stats = await client.stats({ index: indexOf(known.corpus) }, call).catch(unlessAbsent);
  return (
    stats !== undefined &&
    stats.broken === undefined &&
    stats.items === known.items &&
    stats.created_at === known.index_created_at
  );
}

function unlessAbsent(thrown: unknown): undefined {
  if (toLakehouseError(thrown).reason !== "no_such_index") throw thrown;
}

export function manifestPath(dir: string, corpus: string): string {
  return join(dir, "items", `${corpus}.jsonl`);
}

/** Makes the index where there is none; true when it is empty. Another source starts afresh. */
async function openIndex(
  { vector: client }: BuildParts,
  plan: BuildPlan,
  known: CorpusRecord | undefined,
  call: Call,
): Promise<boolean> {
  const { index_source, id_prefix, corpus } = plan;
  const index = indexOf(corpus);
  const from = index_source === null ? null : { ...index_source, id_prefix };
  const request = { index, kind: "corpus", source: from, properties: { corpus } };
  const other_source = known !== undefined && known.source_hash !== plan.source_hash;
  if (other_source && plan.fresh_when_other) await client.drop({ index }, call);
  try {
    return (await client.create(request, call)).items === 0;
  } catch (thrown) {
    if (toLakehouseError(thrown).reason !== "index_differs") throw thrown;
    await client.drop({ index }, call);
    await client.create(request, call);
    return true;
  }
}

async function upsert(
  { vector: client }: BuildParts,
  corpus: string,
  items: readonly CorpusItem[],
  call: Call,
): Promise<void> {
  const rows = items.map(({ id, text, metadata }) => ({ id, text, metadata }));
  await client.upsert({ index: indexOf(corpus), items: rows }, call);
}

const REMOVE_BATCH = 10_000;

async function removeVanished(
  { vector: client }: BuildParts,
  corpus: string,
  before: ItemManifest,
  after: ItemManifest,
  call: Call,
): Promise<void> {
  const gone = [...before.keys()].filter((id) => !after.has(id));
  for (let at = 0; at < gone.length; at += REMOVE_BATCH) {
    const ids = gone.slice(at, at + REMOVE_BATCH);
    await client.remove({ index: indexOf(corpus), ids }, call);
  }
}

function recordOf(
  { clock }: BuildParts,
  plan: BuildPlan,
  items: number,
  index_created_at: IndexInfo["created_at"],
): CorpusRecord {
  return {
    corpus: plan.corpus,
    summary: plan.summary,
    items,
    dataset: plan.index_source?.dataset ?? null,
    id_prefix: plan.id_prefix,
    built_snapshot_id: plan.snapshot_id,
    built_at: isoTime(clock),
    source_hash: plan.source_hash,
    index_created_at,
  };
}

function createMeter(clock: Clock, items_total: number) {
  const started_ms = clock.now();
  return {
    progress(items_done: number): Progress {
      const seconds = Math.max(0.001, (clock.now() - started_ms) / 1_000);
      const total = Math.max(items_total, items_done);
      const items_per_s = Math.round(items_done / seconds);
      return { phase: "indexing", items_done, items_total: total, items_per_s, corpus: null };
    },
  };
}
