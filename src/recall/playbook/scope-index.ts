// The recorded queries of one scope, found by meaning (exact scan) and by words.
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
}

export interface ScopeIndex {
  readonly weight: WordWeight;
  add(query_text: string, playbook_id: string, vector: Float32Array | undefined): void;
  remove(query_text: string, playbook_id: string): void;
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
    if (pending.delete(query)) rows.add(query, vector);
  }

  return {
    weight: weights.weight,
    embedded,
    cosine: rows.dot,
    add(query_text, playbook_id, vector) {
      const normal = normaliseQuery(query_text);
      const query = queries.get(normal) ?? open(normal, query_text);
      query.playbook_ids.add(playbook_id);
      if (vector !== undefined) embedded(query, vector);
    },
    remove(query_text, playbook_id) {
      const query = queries.get(normaliseQuery(query_text));
      if (query?.playbook_ids.delete(playbook_id) && query.playbook_ids.size === 0) close(query);
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
  return { normal, text, words, stems, reading, playbook_ids: new Set() };
}

/** One index for each scope; a scope without queries has none. */
export function createScopeIndexes(readRequest: RequestReader) {
  const scopes = new Map<string, ScopeIndex>();
  type Key = { readonly scope: string; readonly query_text: string; readonly playbook_id: string };
  return {
    get: (scope: string) => scopes.get(scope),
    size: () => scopes.size,
    add(entry: Key, vector: Float32Array | undefined): void {
      const index = scopes.get(entry.scope) ?? createScopeIndex(readRequest);
      scopes.set(entry.scope, index);
      index.add(entry.query_text, entry.playbook_id, vector);
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
      if (kept.length === n && value <= kept[n - 1]!.value) return;
      let at = kept.length;
      while (at > 0 && kept[at - 1]!.value < value) at--;
      kept.splice(at, 0, { query, value });
      if (kept.length > n) kept.pop();
    },
    list: () => kept.map((it) => it.query),
  };
}
