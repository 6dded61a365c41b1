// The figures of a demo, worked out of what happened.
import type { LiftReport, Rate } from "#contracts/lift.ts";
import type { TaskResult } from "./scenario-run.ts";

export interface AcceptanceRow {
  readonly form: string;
  readonly tasks: number;
  /** Accepted at the first, second, third attempt; later; never. */
  readonly at: readonly [number, number, number];
  readonly later: number;
  readonly exhausted: number;
  readonly refused: number;
  /** Tasks to which something remembered was applied. */
  readonly remembered: number;
  readonly mean_iterations: number | null;
  readonly mean_ms: number;
}

export interface DemoFigures {
  readonly acceptance: readonly AcceptanceRow[];
  readonly phantoms: readonly string[];
  readonly accepted_ids: number;
  /** Look-alikes to which a playbook of the very task they resemble was applied. */
  readonly false_boosts: { hits: number; of: number };
  /** Off-topic tasks answered with an honest "nothing relevant". */
  readonly honest_refusals: { hits: number; of: number };
  readonly lift: LiftReport;
  readonly steps: readonly {
    readonly name: string;
    readonly ms: number;
    readonly detail: string;
  }[];
  readonly who: string;
}

const FORMS = [
  ["cold", "day 1, new requests"],
  ["verbatim", "day 2, the same words"],
  ["paraphrase", "day 2, other words"],
  ["lookalike", "day 2, look-alikes"],
  ["off_topic", "day 2, not our business"],
] as const;

export function acceptanceRows(results: readonly TaskResult[]): AcceptanceRow[] {
  return FORMS.flatMap(([form, title]) => {
    const own = results.filter((result) => result.task.form === form);
    return own.length === 0 ? [] : [acceptanceRow(title, own)];
  });
}

function acceptanceRow(form: string, own: readonly TaskResult[]): AcceptanceRow {
  const accepted = own.filter((result) => result.status === "accepted");
  const at = (n: number) => accepted.filter((result) => result.iterations === n).length;
  const sum = (of: readonly TaskResult[], value: (result: TaskResult) => number) =>
    of.reduce((total, result) => total + value(result), 0);
  return {
    form,
    tasks: own.length,
    at: [at(1), at(2), at(3)],
    later: accepted.filter((result) => result.iterations > 3).length,
    exhausted: own.filter((result) => result.status === "max_iter_exhausted").length,
    refused: own.filter((result) => result.status === "nothing_relevant").length,
    remembered: own.filter((result) => result.applied.length > 0).length,
    mean_iterations:
      accepted.length === 0 ? null : sum(accepted, (one) => one.iterations) / accepted.length,
    mean_ms: sum(own, (one) => one.duration_ms) / own.length,
  };
}

/** A look-alike was misled when a playbook recorded for its origin was applied to it. */
export function countFalseBoosts(results: readonly TaskResult[]): { hits: number; of: number } {
  const taught = new Map<string, Set<string>>();
  for (const { task, recorded } of results) {
    const origin = task.origin ?? task.task_id;
    const known = taught.get(origin) ?? new Set();
    if (task.form !== "lookalike") for (const id of recorded) known.add(id);
    taught.set(origin, known);
  }
  const lookalikes = results.filter((result) => result.task.form === "lookalike");
  const misled = lookalikes.filter(({ task, applied }) =>
    applied.some((id) => taught.get(task.origin ?? "")?.has(id)),
  );
  return { hits: misled.length, of: lookalikes.length };
}

export function countRefusals(results: readonly TaskResult[]): { hits: number; of: number } {
  const off_topic = results.filter((result) => result.task.form === "off_topic");
  const refused = off_topic.filter((result) => result.status === "nothing_relevant");
  return { hits: refused.length, of: off_topic.length };
}

/** "93.3 % (56 of 60)" */
export function share(rate: Pick<Rate, "hits" | "of">): string {
  if (rate.of === 0) return "–";
  return `${((100 * rate.hits) / rate.of).toFixed(1)} % (${rate.hits} of ${rate.of})`;
}
