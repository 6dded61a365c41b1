// One search of one index, by vectors, by words or by both.
import type { Metadata } from "#contracts/nouns.ts";
import type { VectorHit } from "#contracts/vector.ts";
import { assert } from "#kernel/assert.ts";
import type { IndexState } from "./log-rows.ts";
import { mixScores, type MixedItem } from "./mixed-scores.ts";
import type { Selection } from "./selection.ts";
import { topSlots } from "./top-slots.ts";
import { searchVectors } from "./vector-search.ts";
import type { VectorSettings } from "./vector-settings.ts";

export interface SearchRequest {
  readonly mode: "vector" | "lexical" | "mixed";
  readonly k: number;
  /** Needed for `vector` and `mixed`. */
  readonly vector: Float32Array | undefined;
  /** Needed for `lexical` and `mixed`. */
  readonly text: string | undefined;
  readonly expansion: number | undefined;
  readonly selection: Selection | undefined;
  readonly metric: "cos" | "ip" | "l2sq";
  readonly with_text: boolean;
}

export interface SearchAnswer {
  readonly hits: VectorHit[];
  readonly method: "graph" | "exact" | "lexical" | "mixed";
}

interface Found {
  readonly slot: number;
  readonly score: number;
  readonly distance: number | null;
  readonly vector: number | null;
  readonly lexical: number | null;
}

/** Best first; of equal scores the item that was put in first. */
export async function searchIndex(
  state: IndexState,
  request: SearchRequest,
  settings: VectorSettings,
): Promise<SearchAnswer> {
  const { mode, metric, with_text } = request;
  const toHit = (found: Found) => hitOf(state, found, with_text);
  if (mode === "lexical") {
    return { hits: byWords(state, request, request.k).map(toHit), method: "lexical" };
  }
  const { vector, k, expansion, selection } = request;
  assert(vector !== undefined, `a ${mode} search needs a vector`);
  if (mode === "mixed") {
    const mixed = await byBoth(state, request, vector, settings);
    return { hits: mixed.map(toHit), method: "mixed" };
  }
  const near = await searchVectors(state, { vector, k, expansion, selection }, settings);
  const hits = near.items.map(({ slot, distance }) => {
    const score = similarityOf(metric, distance);
    return toHit({ slot, score, distance, vector: score, lexical: null });
  });
  return { hits, method: near.method };
}

/** What grows with nearness: the cosine, or minus the distance. */
export function similarityOf(metric: SearchRequest["metric"], distance: number): number {
  return metric === "cos" ? 1 - distance : -distance;
}

function byWords(state: IndexState, request: SearchRequest, k: number): Found[] {
  const { text, selection } = request;
  assert(state.table.lexical !== undefined && text !== undefined, "a search by words needs both");
  const { scores, slots } = state.table.lexical.score(text);
  return topSlots(slots, scores, k, selection?.mask).map(({ slot, score }) => ({
    slot,
    score,
    distance: null,
    vector: null,
    lexical: score,
  }));
}

/**
 * Candidates are the best by vector and the best by words; each gets both scores, which are scaled
 * to 0..1 over the candidates and weighted.
 */
async function byBoth(
  state: IndexState,
  request: SearchRequest,
  vector: Float32Array,
  settings: VectorSettings,
): Promise<Found[]> {
  const { k, expansion, selection, metric, text } = request;
  const wide = Math.max(k, settings.mixed_candidates);
  const near = await searchVectors(state, { vector, k: wide, expansion, selection }, settings);
  const distances = new Map(near.items.map(({ slot, distance }) => [slot, distance]));
  const words = byWords(state, request, wide);
  const missing = words.map(({ slot }) => slot).filter((slot) => !distances.has(slot));
  if (missing.length > 0) {
    const { keys, distances: found } = await state.vectors.searchAmong(
      vector,
      missing,
      missing.length,
    );
    for (const [at, slot] of keys.entries()) distances.set(slot, found[at]!);
  }
  // The scores are scratch space, so they are read without waiting in between.
  const { scores } = state.table.lexical!.score(text!);
  const items: MixedItem[] = [];
  for (const [slot, distance] of distances) {
    if (!state.table.isAlive(slot)) continue;
    items.push({ slot, vector: similarityOf(metric, distance), lexical: scores[slot]! });
  }
  const ranked = mixScores(items, settings.vector_weight).slice(0, k);
  return ranked.map((one) => ({ ...one, distance: distances.get(one.slot)! }));
}

function hitOf({ table }: IndexState, found: Found, with_text: boolean): VectorHit {
  const { slot, score, distance, vector, lexical } = found;
  return {
    id: table.idOf(slot),
    score,
    distance,
    text: with_text ? table.texts.get(slot) : null,
    metadata: table.columns.get(slot) as Metadata,
    components: { vector, lexical },
  };
}
