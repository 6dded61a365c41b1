// From the reports of the runs to the rows of the page: value, interval, count and verdict.
import type { EvalReport, LiftReport, Rate } from "#contracts/lift.ts";
import { rateOf } from "#improve/lift/rates.ts";
import type { RunReport, RunResult } from "./retrieval-sets.ts";
import type { FigureSource, RetrievalTarget } from "./retrieval-targets.ts";

export type Verdict = "met" | "missed" | "reported" | "not run";

export interface RetrievalRow extends RetrievalTarget {
  readonly verdict: Verdict;
  /** null: not run, or nothing to count. */
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly n: number;
  /** By how much the target was missed; 0 otherwise. */
  readonly missed_by: number;
  /** Whether the interval reaches the target though the figure misses it. */
  readonly is_within: boolean;
  /** Why there is no figure. */
  readonly why: string | null;
}

type Measured = Pick<RetrievalRow, "value" | "low" | "high" | "n">;

/** Pure: every target in order, also those that nothing was measured for. */
export function retrievalRows(
  targets: readonly RetrievalTarget[],
  results: readonly RunResult[],
): RetrievalRow[] {
  const by_run = new Map(results.map((result) => [result.run, result]));
  return targets.map((target) => {
    const result = by_run.get(target.run);
    const report = result?.report ?? null;
    if (report === null) return unmeasured(target, result?.not_run ?? "not asked for");
    const measured = measuredOf(report, target);
    if (measured.value === null) return unmeasured(target, "nothing to count");
    return { ...target, ...measured, ...verdictOf(target, measured), why: null };
  });
}

function unmeasured(target: RetrievalTarget, why: string): RetrievalRow {
  const nothing = { value: null, low: null, high: null, n: 0, missed_by: 0, is_within: false };
  return { ...target, ...nothing, verdict: "not run", why };
}

function measuredOf(report: RunReport, source: FigureSource): Measured {
  return report.schema === "lift.v1" ? ofLift(report, source) : ofEval(report, source);
}

function ofLift(report: LiftReport, { figure }: FigureSource): Measured {
  const { rate: value, low, high, of } = report[figure as "verbatim_lift"] satisfies Rate;
  return { value, low, high, n: of };
}

function ofEval(report: EvalReport, { mode, figure }: FigureSource): Measured {
  const figures = report.by_mode[mode ?? ""] ?? {};
  const value = figures[figure] ?? null;
  const n = figures[`${figure}, n`] ?? report.queries;
  if (value === null) return { value, low: null, high: null, n };
  const { low, high } = meanInterval(value, n);
  return {
    value,
    low: figures[`${figure}, low`] ?? low,
    high: figures[`${figure}, high`] ?? high,
    n,
  };
}

/**
 * An interval that is at least as wide as the true one: a mean m of values from 0 to 1 varies at
 * most as a share of m hits does (variance ≤ m (1 − m)), so Wilson's interval of that share holds.
 */
function meanInterval(mean: number, n: number): Pick<Measured, "low" | "high"> {
  const { low, high } = rateOf(mean * n, n);
  return { low, high };
}

/** Figures are compared as measured, without allowance for their interval. */
function verdictOf(
  { target, is_at_most = false }: RetrievalTarget,
  { value, low, high }: Measured,
): Pick<RetrievalRow, "verdict" | "missed_by" | "is_within"> {
  if (target === null || value === null) {
    return { verdict: "reported", missed_by: 0, is_within: false };
  }
  const missed_by = Math.max(0, is_at_most ? value - target : target - value);
  if (missed_by === 0) return { verdict: "met", missed_by, is_within: false };
  const is_within = is_at_most ? (low ?? value) <= target : (high ?? value) >= target;
  return { verdict: "missed", missed_by, is_within };
}
