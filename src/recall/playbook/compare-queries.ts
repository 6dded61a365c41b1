// How one recorded query compares with the query asked, before any entry of it is judged.
import type { Facts } from "#contracts/playbook.ts";
import type { RequestReader } from "#ports/domain-pack.ts";
import { FITTED_BACKGROUND, fittedCosine } from "./cosine-scale.ts";
import { formLikeness } from "./form-likeness.ts";
import { lengthGap, likenessProbability } from "./gate-confidence.ts";
import { compareWording, type Wording } from "./plain-wording.ts";
import type { QueryDifference } from "./query-difference.ts";
import { COMPARED_WORDS_MAX, normaliseQuery, readWords, type QueryWord } from "./query-words.ts";
import { requestDifferences } from "./request-gate.ts";
import type { RoutedClass } from "./routed-class.ts";
import type { RecordedQuery, ScopeIndex } from "./scope-index.ts";
import type { TypedGate } from "./typed-gate.ts";
import { stemSet, weightedOverlap } from "./word-weights.ts";

/** What is compared with the recorded queries. */
export interface AskedQuery {
  readonly text: string;
  readonly normal: string;
  readonly words: readonly QueryWord[];
  readonly stems: ReadonlySet<string>;
  readonly vector: Float32Array;
  /** What a domain reads in it; undefined when none does, or it is compared verbatim only. */
  readonly reading: string | undefined;
  /** Kind of task as it was told; null when it was not. */
  readonly task_class: string | null;
  /** Kind of task as it was worked out; only where none was told. */
  readonly routed?: RoutedClass;
  /** What is known beside the words. */
  readonly facts: Facts;
  /** Cosine of unrelated texts to the embedder. */
  readonly background: number;
}

export interface AskedDetails {
  readonly task_class?: string | null | undefined;
  readonly facts?: Facts;
  /** Absent: that of the embedder that the likeness was fitted for. */
  readonly background?: number;
}

export function askQuery(
  text: string,
  vector: Float32Array,
  readRequest: RequestReader,
  { task_class, facts = {}, background = FITTED_BACKGROUND }: AskedDetails = {},
): AskedQuery {
  const words = readWords(text);
  const reading = words.length > COMPARED_WORDS_MAX ? undefined : readRequest(text);
  const read = { words, stems: stemSet(words), reading };
  const details = { task_class: task_class ?? null, facts, background };
  return { text, normal: normaliseQuery(text), vector, ...read, ...details };
}

/** Likeness of queries in which a domain reads the same request: code read both, so it counts. */
const SAME_READING_LIKENESS = 0.95;

/** Likeness of queries that say the same but for politeness, articles and plain synonyms. */
const SAME_WORDING_LIKENESS = 0.97;

/** Below this overlap no rewording by rule makes one query of the other. */
const WORDING_LEXICAL_MIN = 0.3;

export interface Comparison {
  readonly recorded: RecordedQuery;
  readonly verbatim: boolean;
  readonly semantic: number;
  readonly lexical: number;
  /** Likeness of the form, 0 to 1. */
  readonly form: number;
  readonly likeness: number;
  /** What is left over of the two beside politeness; null where it was not compared. */
  readonly wording: Wording | null;
  readonly differences: readonly QueryDifference[];
  /** One of the two is too long for anything but a comparison letter by letter. */
  readonly verbatim_only: boolean;
}

/**
 * The gate is asked only where its answer can matter: the same reading, or a likeness from which
 * on the entry might be applied. Below that it is the likeness that speaks against it.
 */
export function compareQueries(
  asked: AskedQuery,
  recorded: RecordedQuery,
  index: ScopeIndex,
  gate: TypedGate,
  confidence_min: number,
): Comparison {
  const same = {
    recorded,
    verbatim: true,
    semantic: 1,
    lexical: 1,
    form: 1,
    likeness: 1,
    wording: null,
  };
  if (recorded.normal === asked.normal) return { ...same, differences: [], verbatim_only: false };
  const semantic = Math.min(1, index.cosine(recorded, asked.vector));
  const lexical = weightedOverlap(asked.stems, recorded.stems, index.weight);
  const length_gap = lengthGap(asked.words.length, recorded.words.length);
  const fitted = fittedCosine(semantic, asked.background);
  const estimate = likenessProbability({ semantic: fitted, lexical, length_gap });
  const wording =
    lexical < WORDING_LEXICAL_MIN ? null : compareWording(asked.words, recorded.words);
  const likeness = isSame(wording) ? Math.max(SAME_WORDING_LIKENESS, estimate) : estimate;
  const form = formLikeness(stemsOf(asked.words), stemsOf(recorded.words));
  const figures = {
    recorded,
    verbatim: false,
    semantic,
    lexical,
    form,
    wording,
    verbatim_only: false,
  };
  if (Math.max(asked.words.length, recorded.words.length) > COMPARED_WORDS_MAX) {
    return { ...figures, likeness, differences: [], verbatim_only: true };
  }
  if (asked.reading !== undefined && recorded.reading !== undefined) {
    const read = requestDifferences(asked.reading, recorded.reading);
    if (read.length > 0) return { ...figures, likeness, differences: read };
    const differences = gate(asked.words, recorded.words, "alike");
    return { ...figures, differences, likeness: SAME_READING_LIKENESS };
  }
  const read = asked.reading === undefined && recorded.reading === undefined ? "none" : "one";
  const differences = likeness < confidence_min ? [] : gate(asked.words, recorded.words, read);
  return { ...figures, likeness, differences };
}

function isSame(wording: Wording | null): boolean {
  if (wording === null || !wording.in_order || wording.length === 0) return false;
  return wording.only_left.length === 0 && wording.only_right.length === 0;
}

/** The first words are enough for whatever is read from it. */
function stemsOf(words: readonly QueryWord[]): string[] {
  return words.slice(0, 60).map((word) => word.stem);
}
