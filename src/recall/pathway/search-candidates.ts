// What words and meaning each bring to a search, and both as one number.
import { mixedScore } from "#ports/hit-score.ts";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { PathwaySettings } from "./pathway-settings.ts";
import type { LogState } from "./pathway-store.ts";
import type { ScopeState } from "./trace-table.ts";
import { SCAN_ROWS_MAX, signsOf } from "./sign-table.ts";
import type { VectorRows } from "./vector-rows.ts";
import { createBest } from "./word-index.ts";

export interface Candidate {
  readonly doc: number;
  readonly lexical: number | null;
  readonly cosine: number | null;
  /** 0 to 1. */
  readonly relevance: number;
}

export interface Asked {
  readonly query_text: string;
  /** Absent: words only. */
  readonly query: Float32Array | undefined;
  /** Cosine between unrelated texts to the query's model. */
  readonly background: number;
  readonly rows: VectorRows | undefined;
  readonly mode: "mixed" | "lexical" | "dense";
  readonly wanted: (doc: number) => boolean;
}

/** Blocks looked through before others have their turn: about a millisecond. */
const BLOCKS_AT_ONCE = 32;

/** Candidates of a scope, in no order. */
export async function findCandidates(
  { table, words }: LogState,
  scope: ScopeState,
  asked: Asked,
  settings: PathwaySettings,
): Promise<Candidate[]> {
  const { query, rows, wanted, background } = asked;
  const n = settings.candidates_max;
  const lexical = new Map<number, number>();
  if (asked.mode !== "dense") {
    for (const { doc, score } of words.best(scope.number, asked.query_text, n, wanted)) {
      lexical.set(doc, score);
    }
  }
  // The half goes by the query and its scope: inverse document frequencies are small where there
  // are few traces, and one that says exactly what is asked is as good there as among a million.
  const bm25_half = words.ideal(scope.number, asked.query_text) * settings.words_half;
  if (query === undefined || rows === undefined) {
    const scale = { semantic_weight: 0, bm25_half };
    return Array.from(lexical, ([doc, score]) => {
      const relevance = mixedScore({ cosine: null, background, bm25: score }, scale);
      return { doc, lexical: score, cosine: null, relevance };
    });
  }
  const docs = new Set([...lexical.keys(), ...(await nearest(table, scope, asked, n))]);
  const measured = [...docs].filter((doc) => table.docs.vector.values[doc]! >= 0);
  const vectors = measured.map((doc) => table.docs.vector.values[doc]!);
  const cosines = await rows.cosines(vectors, query);
  const dense = new Map(measured.map((doc, at) => [doc, cosines[at]!]));
  const semantic_weight = asked.mode === "dense" ? 1 : settings.dense_weight;
  const scale = { semantic_weight, bm25_half };
  return Array.from(docs, (doc) => {
    const [bm25, cosine] = [lexical.get(doc) ?? null, dense.get(doc) ?? null];
    const relevance = mixedScore({ cosine, background, bm25 }, scale);
    return { doc, lexical: bm25, cosine, relevance };
  });
}

/** Docs of the scope whose vectors differ from the query in the fewest signs. */
async function nearest(
  table: LogState["table"],
  scope: ScopeState,
  { query, rows, wanted }: Asked,
  n: number,
): Promise<number[]> {
  const signs = signsOf(query!);
  const best = createBest(n);
  const block = new Int32Array(SCAN_ROWS_MAX);
  const found = new Int32Array(SCAN_ROWS_MAX * 2);
  // Most rows are further than the worst that is kept: the scan passes over them by itself.
  let bound = query!.length;
  const { count } = scope;
  for (let from = 0, blocks = 1; from < count; from += SCAN_ROWS_MAX, blocks++) {
    if (blocks % BLOCKS_AT_ONCE === 0) await nextTurn();
    const traces = scope.traces.values;
    const docs = table.columns.doc.values;
    const vectors = table.docs.vector.values;
    const size = Math.min(SCAN_ROWS_MAX, count - from);
    for (let at = 0; at < size; at++) block[at] = vectors[docs[traces[from + at]!]!]!;
    const kept = rows!.within(block, size, signs, bound, found);
    for (let at = 0; at < kept; at++) {
      const distance = found[at * 2 + 1]!;
      const doc = docs[traces[from + found[at * 2]!]!]!;
      if (!best.takes(doc, -distance) || !wanted(doc)) continue;
      best.put(doc, -distance);
      bound = -best.lowest() || bound;
    }
  }
  return best.list().map(({ doc }) => doc);
}
