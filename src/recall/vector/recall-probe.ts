// How many of the true nearest items the graph finds: measured on an index's own queries.
import type { Call } from "#kernel/call.ts";
import { throwIfOver } from "#kernel/call.ts";
import { isoTime, type Clock } from "#kernel/clock.ts";
import type { Client } from "#kernel/contract.ts";
import type { embed } from "#contracts/embed.ts";
import type { RecallProbe } from "#contracts/vector.ts";
import type { IndexEntry } from "./index-entry.ts";
import type { LiveIndex } from "./live-index.ts";
import type { IndexState } from "./log-rows.ts";
import { embedTexts } from "./text-vectors.ts";
import { graphWidth, searchVectors } from "./vector-search.ts";
import type { VectorSettings } from "./vector-settings.ts";

/** Query vectors that are kept of each index, the last ones. */
const KEPT_QUERIES = 256;

export interface RecallProbes {
  /** Remembers what an index was searched with. */
  note(entry: IndexEntry, vector: Float32Array): void;
  run(live: LiveIndex, options: ProbeOptions, call: Call): Promise<RecallProbe>;
  /** The last probe of this index, as it was made then. */
  last(entry: Pick<IndexEntry, "index" | "created_at">): RecallProbe | undefined;
  forget(index: string): void;
}

export interface ProbeOptions {
  readonly queries: number;
  readonly k: number;
  readonly expansion: number | undefined;
}

interface Kept {
  readonly created_at: string;
  readonly queries: Float32Array[];
  next: number;
  probe: RecallProbe | undefined;
}

/**
 * Compares search through the graph with an exact comparison with every item. Queries are the last
 * ones that were asked; where there are too few, texts of items that are spread over the index.
 */
export function createRecallProbes(
  client: Client<typeof embed>,
  settings: VectorSettings,
  clock: Clock,
): RecallProbes {
  const kept = new Map<string, Kept>();

  function keptOf({ index, created_at }: Pick<IndexEntry, "index" | "created_at">): Kept {
    const found = kept.get(index);
    if (found?.created_at === created_at) return found;
    const fresh = { created_at, queries: [], next: 0, probe: undefined };
    kept.set(index, fresh);
    return fresh;
  }

  return {
    note(entry, vector) {
      const own = keptOf(entry);
      own.queries[own.next] = vector;
      own.next = (own.next + 1) % KEPT_QUERIES;
    },
    async run(live, options, call) {
      const own = keptOf(live.entry);
      const asked = own.queries.slice(0, options.queries);
      const texts = textsOf(live, options.queries - asked.length);
      const rows = texts.length === 0 ? undefined : await embedRows(client, live, texts, call);
      const queries = rows === undefined ? asked : [...asked, ...rows];
      const measured = await live.use((state) => measure(state, queries, options, settings, call));
      const { size: items } = live.table;
      const expansion = options.expansion ?? graphWidth(items, settings);
      own.probe = { ...measured, k: options.k, expansion, items, at: isoTime(clock) };
      return own.probe;
    },
    last: (entry) => (kept.has(entry.index) ? keptOf(entry).probe : undefined),
    forget: (index) => void kept.delete(index),
  };
}

/** Texts of items at even steps through the index; none where vectors are the caller's own. */
function textsOf({ entry, table }: LiveIndex, count: number): string[] {
  if (entry.embedder === null || count <= 0) return [];
  const texts: string[] = [];
  const step = Math.max(1, table.slots / count);
  for (let at = 0; at < table.slots && texts.length < count; at += step) {
    const slot = Math.floor(at);
    const text = table.isAlive(slot) ? table.texts.get(slot) : null;
    if (text !== null) texts.push(text);
  }
  return texts;
}

async function embedRows(
  client: Client<typeof embed>,
  { entry }: LiveIndex,
  texts: readonly string[],
  call: Call,
): Promise<Float32Array[]> {
  const rows = await embedTexts(client, entry, texts, texts.length, call);
  const { dimension } = entry;
  return texts.map((_, at) => rows.slice(at * dimension, (at + 1) * dimension));
}

async function measure(
  state: IndexState,
  queries: readonly Float32Array[],
  { k, expansion }: ProbeOptions,
  settings: VectorSettings,
  call: Call,
): Promise<Pick<RecallProbe, "recall" | "queries" | "graph_ms" | "exact_ms">> {
  const slots: number[] = [];
  for (let slot = 0; slot < state.table.slots; slot++) {
    if (state.table.isAlive(slot)) slots.push(slot);
  }
  const all = Uint32Array.from(slots);
  let [found, wanted, graph_ms, exact_ms] = [0, 0, 0, 0];
  for (const vector of queries) {
    throwIfOver(call);
    const started = performance.now();
    const near = await searchVectors(
      state,
      { vector, k, expansion, selection: undefined },
      settings,
    );
    const between = performance.now();
    const exact = await state.vectors.searchAmong(vector, all, k);
    graph_ms += between - started;
    exact_ms += performance.now() - between;
    // By distance, so that one of several equally near items is as good as another.
    const limit = exact.distances.at(-1) ?? 0;
    wanted += exact.keys.length;
    found += near.items.filter((item) => item.distance <= limit + 1e-6).length;
  }
  const n = Math.max(1, queries.length);
  const recall = wanted === 0 ? null : Math.min(1, found / wanted);
  return { recall, queries: queries.length, graph_ms: graph_ms / n, exact_ms: exact_ms / n };
}
