// An entry and what each operation makes of it; pure, so that replay and live use agree.
import type { Playbook } from "#contracts/playbook.ts";
import { normaliseQuery } from "./query-words.ts";

export type PlaybookOp = "record" | "outcome" | "retire" | "contradict";

/** A line of the log: the operation and the whole entry after it. */
export interface PlaybookRow extends Playbook {
  readonly op: PlaybookOp;
  readonly at: string;
  readonly reason?: string;
  readonly success?: boolean;
}

export type RecordInput = Pick<
  Playbook,
  "query_text" | "answer_id" | "answer_corpus" | "score" | "tags" | "scope"
>;

/** Entries with equal keys are one entry: same scope, query (normalised), corpus and answer. */
export function mergeKey(entry: Omit<RecordInput, "score" | "tags">): string {
  const query = normaliseQuery(entry.query_text);
  return JSON.stringify([entry.scope, query, entry.answer_corpus, entry.answer_id]);
}

export function newEntry(input: RecordInput, id: string, at: string, trace_id: string): Playbook {
  return {
    playbook_id: id,
    ...input,
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

/** The same query and answer again: more evidence, the latest score; a contradiction stands. */
export function mergedEntry(entry: Playbook, input: RecordInput, at: string): Playbook {
  return {
    ...entry,
    score: input.score,
    tags: [...new Set([...entry.tags, ...input.tags])].slice(0, 64),
    evidence: entry.evidence + 1,
    updated_at: at,
  };
}

/** Only a success confirms: a failure must not make an old entry young again. */
export function entryAfterOutcome(entry: Playbook, success: boolean, at: string): Playbook {
  return success
    ? { ...entry, successes: entry.successes + 1, updated_at: at }
    : { ...entry, failures: entry.failures + 1 };
}

export function entryWithStatus(
  entry: Playbook,
  status: "retired" | "contradicted",
  reason: string,
): Playbook {
  return { ...entry, status, status_reason: reason === "" ? null : reason };
}

/** The entry of a log row; undefined when the row does not hold one. */
export function entryOfRow(row: Partial<PlaybookRow>): Playbook | undefined {
  const { op, at, reason, success, ...entry } = row;
  void [op, at, reason, success];
  const whole =
    typeof entry.playbook_id === "string" &&
    typeof entry.scope === "string" &&
    typeof entry.query_text === "string" &&
    typeof entry.answer_id === "string" &&
    typeof entry.answer_corpus === "string" &&
    typeof entry.score === "number" &&
    ["active", "contradicted", "retired"].includes(entry.status ?? "");
  return whole ? (entry as Playbook) : undefined;
}
