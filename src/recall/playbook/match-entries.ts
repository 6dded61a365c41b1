// Decides which recorded entries may speak for a query, and says why in words.
import type { Playbook, PlaybookMatch } from "#contracts/playbook.ts";
import type { RequestReader } from "#ports/domain-pack.ts";
import { lengthGap, likenessProbability, trackFactor } from "./gate-confidence.ts";
import type { QueryDifference } from "./query-difference.ts";
import { requestDifferences } from "./request-gate.ts";
import { COMPARED_WORDS_MAX, normaliseQuery, readWords, type QueryWord } from "./query-words.ts";
import type { RecordedQuery, ScopeIndex } from "./scope-index.ts";
import type { TypedGate } from "./typed-gate.ts";
import { stemSet, weightedOverlap } from "./word-weights.ts";

export interface MatchOptions {
  readonly confidence_min: number;
  readonly shown_min: number;
  readonly half_life_days: number;
  readonly candidates_max: number;
  readonly now_ms: number;
  readonly k: number;
  readonly corpora: ReadonlySet<string> | undefined;
}

/** What is compared with the recorded queries. */
export interface AskedQuery {
  readonly text: string;
  readonly normal: string;
  readonly words: readonly QueryWord[];
  readonly stems: ReadonlySet<string>;
  readonly vector: Float32Array;
  /** What a domain reads in it; undefined when none does, or it is compared verbatim only. */
  readonly reading: string | undefined;
}

export function askQuery(
  text: string,
  vector: Float32Array,
  readRequest: RequestReader,
): AskedQuery {
  const words = readWords(text);
  const reading = words.length > COMPARED_WORDS_MAX ? undefined : readRequest(text);
  return { text, normal: normaliseQuery(text), words, stems: stemSet(words), vector, reading };
}

/** Likeness of queries in which a domain reads the same request: code read both, so it counts. */
const SAME_READING_LIKENESS = 0.95;

/** A hard difference leaves this share of the likeness. */
const DIFFERENT_FACTOR = 0.01;

/** How one recorded query compares with the query asked. */
interface Comparison {
  readonly recorded: RecordedQuery;
  readonly semantic: number;
  readonly lexical: number;
  readonly likeness: number;
  readonly differences: readonly QueryDifference[];
  /** One of the two is too long for anything but a comparison letter by letter. */
  readonly verbatim_only?: boolean;
}

/**
 * The k most confident entries. Only the entries of one recorded query are applied: the most
 * confident; what another, less alike query was answered with is shown but does not speak.
 */
export function matchEntries(
  asked: AskedQuery,
  index: ScopeIndex,
  entryOf: (playbook_id: string) => Playbook | undefined,
  gate: TypedGate,
  options: MatchOptions,
): PlaybookMatch[] {
  const candidates = findCandidates(asked, index, options.candidates_max);
  const drafts = candidates
    .map((recorded) => compare(asked, recorded, index, gate, options.confidence_min))
    .filter((comparison) => comparison.likeness >= options.shown_min)
    .flatMap((comparison) => draftMatches(comparison, entryOf, options));
  drafts.sort(byConfidence);
  const able = drafts.find(
    ({ match, verbatim_only }) =>
      !verbatim_only &&
      match.playbook.status === "active" &&
      match.differences.length === 0 &&
      match.confidence >= options.confidence_min,
  );
  return drafts
    .slice(0, options.k)
    .map((draft) => decide(draft, able?.recorded, options.confidence_min));
}

function findCandidates(asked: AskedQuery, index: ScopeIndex, n: number): RecordedQuery[] {
  const exact = index.exact(asked.text);
  const found = new Set(exact === undefined ? [] : [exact]);
  for (const query of index.nearest(asked.vector, n)) found.add(query);
  if (asked.words.length <= COMPARED_WORDS_MAX) {
    for (const query of index.sharing(asked.stems, n)) found.add(query);
  }
  if (asked.reading !== undefined) {
    for (const query of index.reading(asked.reading).slice(0, n)) found.add(query);
  }
  return [...found];
}

/**
 * The gate is asked only where its answer can matter: the same reading, or a likeness from which
 * on the entry might be applied. Below that it is the likeness that speaks against it.
 */
function compare(
  asked: AskedQuery,
  recorded: RecordedQuery,
  index: ScopeIndex,
  gate: TypedGate,
  confidence_min: number,
): Comparison {
  if (recorded.normal === asked.normal) {
    return { recorded, semantic: 1, lexical: 1, likeness: 1, differences: [] };
  }
  const semantic = Math.min(1, index.cosine(recorded, asked.vector));
  const lexical = weightedOverlap(asked.stems, recorded.stems, index.weight);
  const length_gap = lengthGap(asked.words.length, recorded.words.length);
  const likeness = likenessProbability({ semantic, lexical, length_gap });
  const figures = { recorded, semantic, lexical };
  if (Math.max(asked.words.length, recorded.words.length) > COMPARED_WORDS_MAX) {
    return { ...figures, likeness, differences: [], verbatim_only: true };
  }
  if (asked.reading !== undefined && recorded.reading !== undefined) {
    const read = requestDifferences(asked.reading, recorded.reading);
    if (read.length > 0) return { ...figures, likeness, differences: read };
    const differences = gate(asked.words, recorded.words, true);
    return { ...figures, differences, likeness: SAME_READING_LIKENESS };
  }
  const differences = likeness < confidence_min ? [] : gate(asked.words, recorded.words);
  return { ...figures, likeness, differences };
}

interface Draft {
  readonly recorded: RecordedQuery;
  readonly verbatim_only: boolean;
  readonly match: PlaybookMatch;
}

function draftMatches(
  comparison: Comparison,
  entryOf: (playbook_id: string) => Playbook | undefined,
  options: MatchOptions,
): Draft[] {
  const { recorded, semantic, lexical, differences, verbatim_only = false } = comparison;
  const likeness = verbatim_only ? 0 : comparison.likeness;
  const drafts: Draft[] = [];
  for (const playbook_id of recorded.playbook_ids) {
    const playbook = entryOf(playbook_id);
    if (playbook === undefined || playbook.status === "retired") continue;
    if (options.corpora !== undefined && !options.corpora.has(playbook.answer_corpus)) continue;
    const confirmed_ms = Date.parse(playbook.updated_at);
    const track = trackFactor(
      { ...playbook, confirmed_ms },
      options.now_ms,
      options.half_life_days,
    );
    const gated = differences.length > 0 ? DIFFERENT_FACTOR : 1;
    drafts.push({
      recorded,
      verbatim_only,
      match: {
        playbook,
        semantic,
        lexical,
        differences: [...differences],
        confidence: likeness * track * gated,
        applied: false,
        reason: "",
      },
    });
  }
  return drafts;
}

function byConfidence(a: Draft, b: Draft): number {
  return (
    b.match.confidence - a.match.confidence ||
    b.match.playbook.score - a.match.playbook.score ||
    (b.match.playbook.updated_at < a.match.playbook.updated_at ? -1 : 1)
  );
}

function decide(
  { recorded, match, verbatim_only }: Draft,
  speaking: RecordedQuery | undefined,
  confidence_min: number,
): PlaybookMatch {
  const { playbook, differences, confidence } = match;
  const sure = `confidence ${confidence.toFixed(2)}`;
  if (playbook.status === "contradicted") {
    return { ...match, reason: `not applied: the entry was contradicted` };
  }
  if (verbatim_only) {
    const words = `queries of more than ${COMPARED_WORDS_MAX} words`;
    return { ...match, reason: `not applied: ${words} are compared verbatim only` };
  }
  if (differences.length > 0) {
    const list = differences.map(describe).join("; ");
    return { ...match, reason: `not applied: asks for something else (${list})` };
  }
  if (confidence < confidence_min) {
    return { ...match, reason: `not applied: ${sure} is below ${confidence_min}` };
  }
  if (recorded !== speaking) {
    return { ...match, reason: `not applied: another recorded query is closer (${sure})` };
  }
  const how = match.semantic === 1 && match.lexical === 1 ? "the same query" : "means the same";
  return { ...match, applied: true, reason: `applied: ${how}, ${sure}` };
}

function describe({ kind, query, recorded }: QueryDifference): string {
  return `${kind}: ${quoted(query)} against ${quoted(recorded)}`;
}

function quoted(text: string): string {
  return text === "" ? "nothing" : `"${text}"`;
}
