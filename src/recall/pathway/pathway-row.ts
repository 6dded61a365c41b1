// A line of the log: one operation on one trace; pure, so that replay and live use agree.
import type { Pathway, PathwaySource } from "#contracts/pathway.ts";
import { keyOf } from "./key-table.ts";

export interface PathwayScope {
  readonly tenant: string;
  readonly agent: string;
  readonly task_class: string;
}

export type CountedOp = "outcome" | "merge";

/** An outcome or a merge as it stands in a `counts` row. */
export interface CountedItem {
  readonly op: CountedOp;
  readonly at: string;
  readonly trace_id: string;
  readonly success?: boolean;
}

export interface PathwayRow extends PathwayScope {
  readonly op: "add" | "revise" | "update" | "merge" | "outcome" | "retire" | "counts";
  readonly at: string;
  readonly pathway_id: string;
  readonly trace_id: string;
  /** Of `add`, `revise`, and of `update` where it changed. */
  readonly content?: unknown;
  readonly hash?: string;
  /** All there are after this row; absent: as before. */
  readonly tags?: readonly string[];
  readonly sources?: readonly PathwaySource[];
  readonly derived_from?: readonly string[];
  readonly session_id?: string;
  /** Of `revise`: the version before. */
  readonly replaces?: string;
  readonly success?: boolean;
  readonly reason?: string;
  /** Of `counts`: what compaction wrote as one row, oldest first. */
  readonly items?: readonly CountedItem[];
}

const OPS = new Set(["add", "revise", "update", "merge", "outcome", "retire", "counts"]);

/** What is wrong with a line that is JSON; undefined: it is a row. */
export function rowProblem(row: Partial<PathwayRow>): string | undefined {
  if (typeof row !== "object" || row === null) return "it is no object";
  if (!OPS.has(row.op ?? "")) return "its op is not known";
  for (const field of ["at", "tenant", "agent", "task_class", "pathway_id", "trace_id"] as const) {
    if (typeof row[field] !== "string") return `${field} is no text`;
  }
  if (keyOf(row.pathway_id!) === undefined) return "pathway_id is no id";
  if (!Number.isFinite(Date.parse(row.at!))) return "at is no time";
  const whole = row.op === "add" || row.op === "revise";
  if (whole || row.content !== undefined) {
    if (row.content === undefined) return "it has no content";
    if (typeof row.hash !== "string" || keyOf(row.hash) === undefined) return "its hash is none";
  }
  if (row.op === "revise" && keyOf(row.replaces ?? "") === undefined) return "replaces is no id";
  if (row.op === "outcome" && typeof row.success !== "boolean") return "success is not there";
  // Both or none: what a trace is tagged with and comes from stands in one row.
  if (!whole && (row.tags === undefined) !== (row.sources === undefined)) return "it is half";
  if (row.op === "counts" && !Array.isArray(row.items)) return "items are not there";
  return undefined;
}

/** Whether a row says nothing but that something was counted. */
export function isCount(row: PathwayRow): boolean {
  if (row.op === "counts" || row.op === "outcome") return true;
  return row.op === "merge" && row.tags === undefined;
}

/** The operations of a row: itself, or those that were folded into it. */
export function operationsOf(row: PathwayRow): PathwayRow[] {
  if (row.op !== "counts") return [row];
  const { tenant, agent, task_class, pathway_id } = row;
  return (row.items ?? []).map((item) => ({ ...item, tenant, agent, task_class, pathway_id }));
}

export function scopeKey({ tenant, agent, task_class }: PathwayScope): string {
  return JSON.stringify([tenant, agent, task_class]);
}

export function scopeOf({ tenant, agent, task_class }: PathwayScope): PathwayScope {
  return { tenant, agent, task_class };
}

/** Equal spans are the same evidence, whatever trust they were given. */
function spanKey({ source, offset, line, hash }: PathwaySource): string {
  return JSON.stringify([source, offset ?? null, line ?? null, hash ?? null]);
}

const SOURCES_MAX = 64;

/**
 * Both lists as one: a span once, with the trust it was given last; the first 64 spans stay.
 * `fresh`: whether there is a span that was not there before.
 */
export function joinSources(
  before: readonly PathwaySource[],
  more: readonly PathwaySource[],
): { sources: PathwaySource[]; fresh: boolean; changed: boolean } {
  const by_span = new Map(before.map((one) => [spanKey(one), one]));
  let changed = false;
  let fresh = false;
  for (const one of more) {
    const known = by_span.get(spanKey(one));
    if (known === undefined) {
      fresh = true;
      if (by_span.size >= SOURCES_MAX) continue;
    } else if (known.trust === one.trust) continue;
    changed = true;
    by_span.set(spanKey(one), one);
  }
  return { sources: [...by_span.values()], fresh, changed };
}

/** What nobody named a source for is neither trusted nor distrusted. */
const TRUST_UNKNOWN = 0.5;

/** Trust in a trace: that of its best source. */
export function trustOf(sources: readonly PathwaySource[]): number {
  return sources.length === 0 ? TRUST_UNKNOWN : Math.max(...sources.map((one) => one.trust));
}

/** Expected share of successes, with one of each taken as seen before (Laplace). */
export function utilityOf(successes: number, failures: number): number {
  return (successes + 1) / (successes + failures + 2);
}

export type PathwayStatus = Pathway["status"];
