// The recorded queries of one scope, found by meaning (exact scan) and by words.
import { createTaskRouter, type RoutedNeighbour, type TaskRouter } from "./task-router.ts";
import { createVectorRows } from "./vector-rows.ts";
import type { RequestReader } from "#ports/domain-pack.ts";
import { COMPARED_WORDS_MAX, normaliseQuery, readWords, type QueryWord } from "./query-words.ts";
import { createWordWeights, stemSet, type WordWeight } from "./word-weights.ts";

/** A distinct recorded query and the entries that answer it. */
export interface RecordedQuery {
  readonly normal: string;
  readonly text: string;
  readonly words: readonly QueryWord[];
  readonly stems: ReadonlySet<string>;
  /** What a domain reads in it; undefined when none does, or it is compared verbatim only. */
  readonly reading: string | undefined;
  readonly playbook_ids: Set<string>;
  /** Task class → entries of that class. */
  readonly classes: Map<string, Set<string>>;
}

export interface ScopeIndex {
  readonly weight: WordWeight;
  /** Learns from the queries whose entries have a task class. */
  readonly router: TaskRouter;
  add(
    query_text: string,
    playbook_id: string,
    vector: Float32Array | undefined,
    task_class?: string | null,
  ): void;
  remove(query_text: string, playbook_id: string): void;
  /** Gives an entry that was added another class. */
  reclassify(query_text: string, playbook_id: string, task_class: string | null): void;
  size(): number;
  /** Queries that have no vector yet. */
  pending(): RecordedQuery[];
  /** Gives a query its vector; without effect when it has one or was removed meanwhile. */
  embedded(query: RecordedQuery, vector: Float32Array): void;
  /** Cosine to a vector of length 1; 0 for a query that was not embedded. */
  cosine(query: RecordedQuery, vector: Float32Array): number;
  exact(query_text: string): RecordedQuery | undefined;
  /** Queries in which a domain reads just this. */
  reading(reading: string): RecordedQuery[];
  /** The n queries of greatest cosine; vectors are of length 1. */
  nearest(vector: Float32Array, n: number): RecordedQuery[];
  /** `nearest`, and the classes of the nearest queries that have one, in one scan. */
  around(
    vector: Float32Array,
    n: { readonly queries: number; readonly classed: number },
  ): { nearest: RecordedQuery[]; neighbours: RoutedNeighbour[] };
  /** The n queries that share the weightiest words. */
  sharing(stems: ReadonlySet<string>, n: number): RecordedQuery[];
}

/** Stems that stand in more queries than this are not followed: they tell too little. */
const POSTINGS_MAX = 5_000;

export function createScopeIndex(readRequest: RequestReader): ScopeIndex {
  const queries = new Map<string, RecordedQuery>();
  const by_stem = new Map<string, Set<RecordedQuery>>();
  const by_reading = new Map<string, Set<RecordedQuery>>();
  const weights = createWordWeights();
  const rows = createVectorRows<RecordedQuery>();
  const pending = new Set<RecordedQuery>();
  const router = createTaskRouter();

  function routed(query: RecordedQuery, task_class: string, how: "add" | "remove"): void {
    const vector = rows.get(query);
    if (vector === undefined) return;
    router[how]({ task_class, stems: query.words.map((word) => word.stem), vector });
  }

  function open(normal: string, text: string): RecordedQuery {
    const query = recordedQuery(normal, text, readRequest);
    queries.set(normal, query);
    pending.add(query);
    if (query.reading !== undefined) {
      const list = by_reading.get(query.reading) ?? new Set();
      by_reading.set(query.reading, list.add(query));
    }
    weights.add(query.stems);
    for (const stem of query.stems) {
      const list = by_stem.get(stem) ?? new Set();
      by_stem.set(stem, list.add(query));
    }
    return query;
  }

  function close(query: RecordedQuery): void {
    queries.delete(query.normal);
    pending.delete(query);
    rows.delete(query);
    if (query.reading !== undefined) {
      const list = by_reading.get(query.reading);
      list?.delete(query);
      if (list?.size === 0) by_reading.delete(query.reading);
    }
    weights.remove(query.stems);
    for (const stem of query.stems) {
      const list = by_stem.get(stem);
      list?.delete(query);
      if (list?.size === 0) by_stem.delete(stem);
    }
  }

  function embedded(query: RecordedQuery, vector: Float32Array): void {
    if (!pending.delete(query)) return;
    rows.add(query, vector);
    for (const task_class of query.classes.keys()) routed(query, task_class, "add");
  }

  function classify(query: RecordedQuery, task_class: string, playbook_id: string): void {
    const entries = query.classes.get(task_class) ?? new Set();
    query.classes.set(task_class, entries.add(playbook_id));
    if (entries.size === 1) routed(query, task_class, "add");
  }

  function declassify(query: RecordedQuery, playbook_id: string): void {
    for (const [task_class, entries] of query.classes) {
      if (!entries.delete(playbook_id) || entries.size > 0) continue;
      query.classes.delete(task_class);
      routed(query, task_class, "remove");
    }
  }

  return {
    weight: weights.weight,
    router,
    embedded,
    cosine: rows.dot,
    add(query_text, playbook_id, vector, task_class = null) {
      const normal = normaliseQuery(query_text);
      const query = queries.get(normal) ?? open(normal, query_text);
      query.playbook_ids.add(playbook_id);
      if (task_class !== null) classify(query, task_class, playbook_id);
      if (vector !== undefined) embedded(query, vector);
    },
    remove(query_text, playbook_id) {
      const query = queries.get(normaliseQuery(query_text));
      if (!query?.playbook_ids.delete(playbook_id)) return;
      declassify(query, playbook_id);
      if (query.playbook_ids.size === 0) close(query);
    },
    reclassify(query_text, playbook_id, task_class) {
      const query = queries.get(normaliseQuery(query_text));
      if (!query?.playbook_ids.has(playbook_id)) return;
      declassify(query, playbook_id);
      if (task_class !== null) classify(query, task_class, playbook_id);
    },
    size: () => queries.size,
    pending: () => [...pending],
    exact: (query_text) => queries.get(normaliseQuery(query_text)),
    reading: (reading) => [...(by_reading.get(reading) ?? [])],
    nearest(vector, n) {
      const best = createBest(n);
      rows.scan(vector, best.offer);
      return best.list();
    },
    around(vector, n) {
      const [all, classed] = [createBest(n.queries), createBest(n.classed)];
      rows.scan(vector, (query, cosine) => {
        all.offer(query, cosine);
        if (query.classes.size > 0) classed.offer(query, cosine);
      });
      const neighbours = classed
        .pairs()
        .flatMap(({ query, value: cosine }) =>
          [...query.classes.keys()].map((task_class) => ({ task_class, cosine })),
        );
      return { nearest: all.list(), neighbours };
    },
    sharing(stems, n) {
      const shared = new Map<RecordedQuery, number>();
      for (const stem of stems) {
        const list = by_stem.get(stem);
        if (list === undefined || list.size > POSTINGS_MAX) continue;
        const weight = weights.weight(stem);
        for (const query of list) shared.set(query, (shared.get(query) ?? 0) + weight);
      }
      const best = createBest(n);
      for (const [query, weight] of shared) best.offer(query, weight);
      return best.list();
    },
  };
}

function recordedQuery(normal: string, text: string, readRequest: RequestReader): RecordedQuery {
  const words = readWords(text);
  const stems = stemSet(words);
  const reading = words.length > COMPARED_WORDS_MAX ? undefined : readRequest(text);
  return { normal, text, words, stems, reading, playbook_ids: new Set(), classes: new Map() };
}

/** One index for each scope; a scope without queries has none. */
export function createScopeIndexes(readRequest: RequestReader) {
  const scopes = new Map<string, ScopeIndex>();
  interface Key {
    readonly scope: string;
    readonly query_text: string;
    readonly playbook_id: string;
    readonly task_class?: string | null;
  }
  return {
    get: (scope: string) => scopes.get(scope),
    size: () => scopes.size,
    add(entry: Key, vector: Float32Array | undefined): void {
      const index = scopes.get(entry.scope) ?? createScopeIndex(readRequest);
      scopes.set(entry.scope, index);
      index.add(entry.query_text, entry.playbook_id, vector, entry.task_class);
    },
    reclassify(entry: Key): void {
      const { query_text, playbook_id, task_class = null } = entry;
      scopes.get(entry.scope)?.reclassify(query_text, playbook_id, task_class);
    },
    remove(entry: Key): void {
      const index = scopes.get(entry.scope);
      index?.remove(entry.query_text, entry.playbook_id);
      if (index?.size() === 0) scopes.delete(entry.scope);
    },
  };
}

/** Keeps the n best offers, in one pass. */
function createBest(n: number) {
  const kept: { query: RecordedQuery; value: number }[] = [];
  return {
    offer(query: RecordedQuery, value: number): void {
      if (n === 0 || (kept.length === n && value <= kept[n - 1]!.value)) return;
      let at = kept.length;
      while (at > 0 && kept[at - 1]!.value < value) at--;
      kept.splice(at, 0, { query, value });
      if (kept.length > n) kept.pop();
    },
    list: () => kept.map((it) => it.query),
    pairs: () => kept,
  };
}
