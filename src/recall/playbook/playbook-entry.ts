// An entry and what each operation makes of it; pure, so that replay and live use agree.
import type { Playbook } from "#contracts/playbook.ts";
import type { Observed } from "./outcome-bounds.ts";
import { normaliseQuery } from "./query-words.ts";

export type PlaybookOp = "record" | "outcome" | "retire" | "contradict";

/** A line of the log: the operation and the whole entry after it. */
export interface PlaybookRow extends Playbook {
  readonly op: PlaybookOp;
  readonly at: string;
  readonly reason?: string;
  readonly success?: boolean;
  /** The query that an outcome is about, where it is known. */
  readonly applied_to?: string;
}

type Given = "query_text" | "answer_id" | "answer_corpus" | "score" | "tags" | "scope";
type Known = "task_class" | "facts" | "not_for";

export type RecordInput = Pick<Playbook, Given | Known> & { readonly ttl_ms?: number | undefined };

/** Examples and outcomes kept with an entry; the oldest go first. */
const NOT_FOR_MAX = 32;
const OBSERVED_MAX = 64;

type Keyed = "scope" | "query_text" | "answer_corpus" | "answer_id" | "facts";

/** Entries with equal keys are one: same scope, query (normalised), corpus, answer and facts. */
export function mergeKey(entry: Pick<RecordInput, Keyed>): string {
  const query = normaliseQuery(entry.query_text);
  const facts = Object.entries(entry.facts).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const key: unknown[] = [entry.scope, query, entry.answer_corpus, entry.answer_id];
  return JSON.stringify(facts.length === 0 ? key : [...key, facts]);
}

export function newEntry(input: RecordInput, id: string, at: string, trace_id: string): Playbook {
  const { ttl_ms, ...given } = input;
  return {
    playbook_id: id,
    ...given,
    expires_at: expiryOf(ttl_ms, at),
    observed: [],
    status: "active",
    status_reason: null,
    evidence: 1,
    successes: 0,
    failures: 0,
    recorded_at: at,
    updated_at: at,
    trace_id,
  };
}

/** Likeness of an entry's own query; that of every other text is below. */
const OWN_LIKENESS = 1;

/**
 * The same query and answer again: more evidence, the latest score. Whoever records it says that
 * it is right now: a bad hit on the query itself no longer keeps it silent, but stays counted.
 */
export function mergedEntry(entry: Playbook, input: RecordInput, at: string): Playbook {
  const own = normaliseQuery(entry.query_text);
  const not_for = entry.not_for.filter((text) => normaliseQuery(text) !== own);
  return {
    ...entry,
    score: input.score,
    tags: [...new Set([...entry.tags, ...input.tags])].slice(0, 64),
    task_class: input.task_class ?? entry.task_class,
    // The latest recording says how long the answer holds.
    expires_at: expiryOf(input.ttl_ms, at),
    not_for: [...new Set([...not_for, ...input.not_for])].slice(-NOT_FOR_MAX),
    observed: entry.observed.filter((it) => it.success || it.likeness < OWN_LIKENESS),
    evidence: entry.evidence + 1,
    updated_at: at,
  };
}

function expiryOf(ttl_ms: number | undefined, at: string): string | null {
  if (ttl_ms === undefined) return null;
  const end_ms = Math.min(Date.parse(at) + ttl_ms, MAX_TIME_MS);
  return new Date(end_ms).toISOString();
}

/** The last instant that has an ISO form of four digits. */
const MAX_TIME_MS = Date.parse("9999-12-31T23:59:59.999Z");

/** The query that an entry was applied to, and how like it was. */
export interface AppliedTo {
  readonly query_text: string;
  readonly likeness: number;
}

/**
 * Only a success confirms: a failure must not make an old entry young again. With the query known
 * the entry learns from it: its threshold, and of a failure when not to use it.
 */
export function entryAfterOutcome(
  entry: Playbook,
  success: boolean,
  at: string,
  applied?: AppliedTo,
): Playbook {
  const counted = success
    ? { ...entry, successes: entry.successes + 1, updated_at: at }
    : { ...entry, failures: entry.failures + 1 };
  if (applied === undefined) return counted;
  const seen: Observed = { likeness: applied.likeness, success };
  const bad = success ? [] : [applied.query_text];
  return {
    ...counted,
    observed: [...entry.observed, seen].slice(-OBSERVED_MAX),
    not_for: [...new Set([...entry.not_for, ...bad])].slice(-NOT_FOR_MAX),
  };
}

export function entryWithStatus(
  entry: Playbook,
  status: "retired" | "contradicted",
  reason: string,
): Playbook {
  return { ...entry, status, status_reason: reason === "" ? null : reason };
}

/** What rows of version 0.1 do not say. */
const NOT_YET_KNOWN = { task_class: null, facts: {}, expires_at: null, not_for: [], observed: [] };

/** The entry of a log row; undefined when the row does not hold one. */
export function entryOfRow(row: Partial<PlaybookRow>): Playbook | undefined {
  const { op, at, reason, success, applied_to, ...entry } = row;
  void [op, at, reason, success, applied_to];
  const whole =
    typeof entry.playbook_id === "string" &&
    typeof entry.scope === "string" &&
    typeof entry.query_text === "string" &&
    typeof entry.answer_id === "string" &&
    typeof entry.answer_corpus === "string" &&
    typeof entry.score === "number" &&
    ["active", "contradicted", "retired"].includes(entry.status ?? "");
  return whole ? { ...NOT_YET_KNOWN, ...(entry as Playbook) } : undefined;
}
