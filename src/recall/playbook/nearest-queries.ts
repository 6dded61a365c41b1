// The recorded queries that come closest to a query, whether or not they may speak for it.
import { FITTED_BACKGROUND, fittedCosine } from "./cosine-scale.ts";
import { COMPARED_WORDS_MAX, normaliseQuery, readWords } from "./query-words.ts";
import { framedStems } from "./request-frames.ts";
import type { RecordedQuery, ScopeIndex } from "./scope-index.ts";
import { wordingLikeness, type WordedText } from "./wording-likeness.ts";
import { stemSet } from "./word-weights.ts";

/** Wordings are compared this far. */
const COMPARED_LETTERS_MAX = 1_000;

export interface NearTo {
  readonly text: string;
  readonly vector: Float32Array;
  /** Cosine of unrelated texts to the embedder; absent: that of the one fitted for. */
  readonly background?: number;
}

export interface NearQuery extends WordedText {
  readonly recorded: RecordedQuery;
}

/** Candidates by meaning, as found, and `n` more by shared words; in no order. */
export function nearQueries(
  index: ScopeIndex,
  asked: NearTo,
  nearest: readonly RecordedQuery[],
  n: number,
): NearQuery[] {
  const words = readWords(asked.text);
  const { background = FITTED_BACKGROUND } = asked;
  const exact = index.exact(asked.text);
  const found = new Set([...(exact === undefined ? [] : [exact]), ...nearest]);
  if (words.length <= COMPARED_WORDS_MAX) {
    for (const query of index.sharing(stemSet(words), n)) found.add(query);
  }
  return [...found].map((recorded) => ({
    recorded,
    stems: framedStems(recorded.text.slice(0, COMPARED_LETTERS_MAX)),
    cosine: fittedCosine(Math.min(1, index.cosine(recorded, asked.vector)), background),
  }));
}

export interface RankedQuery extends NearQuery {
  /** About 0 to 1; 1 is the same text. */
  readonly likeness: number;
}

/** Best first; the same text stands before all others. */
export function rankQueries(asked_text: string, found: readonly NearQuery[]): RankedQuery[] {
  const stems = framedStems(asked_text.slice(0, COMPARED_LETTERS_MAX));
  const normal = normaliseQuery(asked_text);
  const likeness = wordingLikeness(stems, found);
  return found
    .map((near, at) => ({
      ...near,
      likeness: near.recorded.normal === normal ? 1 : Math.min(ALMOST_SAME, likeness[at]!),
    }))
    .toSorted(
      (a, b) => b.likeness - a.likeness || (a.recorded.normal < b.recorded.normal ? -1 : 1),
    );
}

/** Other texts stay below the same text. */
const ALMOST_SAME = 0.9999;
