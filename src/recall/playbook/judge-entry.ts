// The three decisions on one entry: follow its workflow, put its answer forward, or give it as is.
import type { Decision, Facts, Playbook, PlaybookMatch } from "#contracts/playbook.ts";
import type { AskedQuery, Comparison } from "./compare-queries.ts";
import { transferProbability } from "./form-likeness.ts";
import { trackFactor } from "./gate-confidence.ts";
import { learnedThreshold, utilityOf } from "./outcome-bounds.ts";
import { pairProbability } from "./pair-probability.ts";
import { movingWords, namePlace, pointingWords } from "./passing-words.ts";
import { isPlainlySame } from "./plain-text.ts";
import { compareWording } from "./plain-wording.ts";
import type { QueryDifference } from "./query-difference.ts";
import { COMPARED_WORDS_MAX, normaliseQuery, readWords } from "./query-words.ts";
import type { RecordedQuery } from "./scope-index.ts";
import { stemSet, weightedOverlap, type WordWeight } from "./word-weights.ts";

export interface JudgeOptions {
  readonly confidence_min: number;
  readonly transfer_min: number;
  readonly reuse_min: number;
  readonly error_budget: number;
  readonly half_life_days: number;
  readonly now_ms: number;
}

/** A hard difference leaves this share of the likeness. */
const DIFFERENT_FACTOR = 0.01;

/** An entry beside the query asked: everything but what other entries have to do with it. */
export interface Draft {
  readonly recorded: RecordedQuery;
  readonly comparison: Comparison;
  readonly playbook: Playbook;
  readonly differences: readonly QueryDifference[];
  readonly confidence: number;
  readonly threshold: number;
  readonly utility: number;
  readonly transfer: number;
}

export function draftOf(
  asked: AskedQuery,
  comparison: Comparison,
  playbook: Playbook,
  weight: WordWeight,
  options: JudgeOptions,
): Draft {
  const { recorded } = comparison;
  const likeness = comparison.verbatim_only ? 0 : comparison.likeness;
  const differences = [
    ...comparison.differences,
    ...factDifferences(asked.facts, playbook.facts),
    ...(likeness < options.confidence_min
      ? []
      : notForDifferences(asked, comparison, playbook, weight)),
  ];
  const confirmed_ms = Date.parse(playbook.updated_at);
  const track = trackFactor({ ...playbook, confirmed_ms }, options.now_ms, options.half_life_days);
  const confidence = likeness * track * (differences.length > 0 ? DIFFERENT_FACTOR : 1);
  const { task_class: told, routed } = asked;
  const of_form = transferProbability(
    comparison.form,
    told ?? routed?.task_class,
    playbook.task_class,
    told === null ? routed?.trust : 1,
  );
  return {
    recorded,
    comparison,
    playbook,
    differences,
    confidence,
    threshold: learnedThreshold(playbook.observed, options.confidence_min, options.error_budget),
    utility: utilityOf(playbook),
    transfer: comparison.verbatim ? Math.max(of_form, confidence) : of_form,
  };
}

/** Facts that both sides know and that are not the same. */
function factDifferences(asked: Facts, recorded: Facts): QueryDifference[] {
  return Object.entries(recorded)
    .filter(([name, value]) => asked[name] !== undefined && asked[name] !== value)
    .map(([name, value]) => ({
      kind: `fact ${name}`,
      query: String(asked[name]),
      recorded: String(value),
    }));
}

/** Facts that the entry depends on and that nobody told: it speaks, but is not reused. */
function missingFacts(asked: AskedQuery, { facts }: Playbook): string[] {
  return Object.keys(facts).filter((name) => asked.facts[name] === undefined);
}

/** Words in common from which on a query that is known to be another one can be meant. */
const NOT_FOR_OVERLAP = 0.5;

/** Known not to be meant: this very query, or one closer to it in words than to the entry's. */
function notForDifferences(
  asked: AskedQuery,
  { lexical }: Comparison,
  { not_for, query_text }: Playbook,
  weight: WordWeight,
): QueryDifference[] {
  const known = not_for.find((text) => {
    if (normaliseQuery(text) === asked.normal) return true;
    const overlap = weightedOverlap(asked.stems, stemSet(readWords(text)), weight);
    return overlap > lexical && overlap >= NOT_FOR_OVERLAP;
  });
  if (known === undefined) return [];
  return [{ kind: "not for", query: known.slice(0, 200), recorded: query_text.slice(0, 200) }];
}

/** Nothing that the entry itself says keeps its answer from being put forward. */
export function isAble(draft: Draft, confidence_min: number): boolean {
  return (
    !draft.comparison.verbatim_only &&
    draft.playbook.status === "active" &&
    draft.differences.length === 0 &&
    draft.confidence >= confidence_min &&
    draft.comparison.likeness >= draft.threshold
  );
}

/** The match as it is answered. `compare_pair`: also word against word, which takes a while. */
export function judgeDraft(
  asked: AskedQuery,
  draft: Draft,
  speaking: RecordedQuery | undefined,
  compare_pair: boolean,
  options: JudgeOptions,
): PlaybookMatch {
  const { comparison, playbook, differences, confidence } = draft;
  const { semantic, lexical } = comparison;
  const applied = isAble(draft, options.confidence_min) && draft.recorded === speaking;
  const reason = boostReason(asked, draft, applied, options);
  const same = sameProbability(asked, comparison, compare_pair || applied);
  const boost = { probability: confidence, decided: applied, reason };
  return {
    playbook,
    semantic,
    lexical,
    differences: [...differences],
    confidence,
    same,
    threshold: draft.threshold,
    utility: draft.utility,
    decisions: {
      transfer: transferDecision(asked, draft, applied, options),
      boost,
      reuse: reuseDecision(asked, draft, same, applied, options),
    },
    applied,
    reason,
  };
}

function sameProbability(
  asked: AskedQuery,
  { verbatim, recorded }: Comparison,
  compare_pair: boolean,
): number | null {
  if (verbatim) return 1;
  return compare_pair ? (pairProbability(asked.words, recorded.words) ?? null) : null;
}

function boostReason(
  asked: AskedQuery,
  draft: Draft,
  applied: boolean,
  { confidence_min }: JudgeOptions,
): string {
  const { comparison, playbook, differences, confidence, threshold } = draft;
  const sure = `confidence ${confidence.toFixed(2)}`;
  if (playbook.status === "contradicted") return "not applied: the entry was contradicted";
  if (comparison.verbatim_only) {
    return `not applied: queries of more than ${COMPARED_WORDS_MAX} words are compared verbatim only`;
  }
  if (differences.length > 0) {
    const list = differences.map(describe).join("; ");
    return `not applied: asks for something else (${list})`;
  }
  if (confidence < confidence_min) return `not applied: ${sure} is below ${confidence_min}`;
  if (comparison.likeness < threshold) {
    const like = `likeness ${comparison.likeness.toFixed(2)}`;
    return `not applied: ${like} is below ${threshold.toFixed(2)}, raised by reported bad hits`;
  }
  if (!applied) return `not applied: another recorded query is closer (${sure})`;
  const missing = missingFacts(asked, playbook);
  const unsaid = missing.length === 0 ? "" : `; facts not given: ${missing.join(", ")}`;
  return `applied: ${comparison.verbatim ? "the same query" : "means the same"}, ${sure}${unsaid}`;
}

function describe({ kind, query, recorded }: QueryDifference): string {
  return `${kind}: ${quoted(query)} against ${quoted(recorded)}`;
}

function quoted(text: string): string {
  return text === "" ? "nothing" : `"${text}"`;
}

/** The same task is of the same kind, whatever its form. */
function transferDecision(
  asked: AskedQuery,
  draft: Draft,
  applied: boolean,
  options: JudgeOptions,
): Decision {
  const { comparison, playbook, confidence } = draft;
  const { transfer_min } = options;
  const kind = kindTold(asked, playbook);
  const probability = applied ? Math.max(draft.transfer, confidence) : draft.transfer;
  const live = playbook.status === "active" && !comparison.verbatim_only;
  const decided = live && (applied || probability >= transfer_min);
  const sure = `probability ${probability.toFixed(2)}`;
  if (!live) return { probability, decided, reason: "no: its workflow is not to be followed" };
  const reason = decided
    ? `yes: the same kind of task, ${sure}`
    : `no: ${sure} that it is the same kind of task is below ${transfer_min}`;
  return { probability, decided, reason: `${reason}${kind}` };
}

/** What the class of a query that was worked out had to do with it. */
function kindTold({ routed }: AskedQuery, { task_class }: Playbook): string {
  if (routed === undefined || task_class === null) return "";
  const [own, in_scope] = [task_class === routed.task_class, routed.in_scope.toFixed(2)];
  const read = `most like "${routed.task_class}", ${in_scope} that it is of any kind known here`;
  return `; ${read}; this entry is of ${own ? "the same" : `"${task_class}"`}`;
}

/** What each doubt leaves of the probability that the answer may be given as it is. */
const DOUBT = {
  words: 0.1,
  order: 0.5,
  letters: 0.5,
  facts: 0.1,
  expired: 0.1,
  passing: 0.2,
} as const;

function reuseDecision(
  asked: AskedQuery,
  { comparison, playbook, confidence }: Draft,
  same: number | null,
  applied: boolean,
  options: JudgeOptions,
): Decision {
  const doubts: string[] = [];
  let probability = confidence;
  const doubt = (reason: string, factor: number) => {
    doubts.push(reason);
    probability *= factor;
  };
  if (applied && !isPlainlySame(asked.text, playbook.query_text)) {
    const wording = comparison.wording ?? compareWording(asked.words, comparison.recorded.words);
    const over = [...wording.only_left, ...wording.only_right];
    if (over.length > 0) {
      doubt(`words without a counterpart: ${over.slice(0, 6).join(", ")}`, DOUBT.words);
    } else if (!wording.in_order) {
      doubt("the same words stand in another order", DOUBT.order * (same ?? 0));
    } else {
      doubt("the same words, but not letter by letter", DOUBT.letters);
    }
  }
  const missing = missingFacts(asked, playbook);
  if (missing.length > 0) doubt(`depends on facts not given: ${missing.join(", ")}`, DOUBT.facts);
  const { expires_at } = playbook;
  if (expires_at !== null && Date.parse(expires_at) <= options.now_ms) {
    doubt(`the answer expired at ${expires_at}`, DOUBT.expired);
  }
  const pointing = pointingWords(asked.words);
  if (pointing.length > 0 && !namePlace(playbook.facts)) {
    doubt(`what is meant by ${pointing.slice(0, 4).join(", ")} is not known`, DOUBT.passing);
  }
  const moving = movingWords(asked.words);
  if (moving.length > 0 && expires_at === null) {
    const words = moving.slice(0, 4).join(", ");
    doubt(`changes with time (${words}) and does not say how long it holds`, DOUBT.passing);
  }
  if (!applied) doubts.unshift("not the same task");
  else if (doubts.length === 0 && probability < options.reuse_min) {
    doubts.push(`probability ${probability.toFixed(2)} is below ${options.reuse_min}`);
  }
  const decided = doubts.length === 0;
  const reason = decided
    ? `yes: the same task and facts, probability ${probability.toFixed(2)}`
    : `no: ${doubts.join("; ")}`;
  return { probability, decided, reason };
}
