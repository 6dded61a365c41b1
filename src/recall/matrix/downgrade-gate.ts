// Whether a weak model does for this kind of task: decided by how often it was accepted so far.

export interface ModelTrials {
  readonly model: string;
  /** A playbook was applied to the task. */
  readonly remembered: boolean;
  readonly trials: number;
  readonly accepted: number;
}

export interface DowngradeQuestion {
  readonly task_class: string;
  /** The model that would be asked. */
  readonly model: string;
  /** Preferred first. */
  readonly weak_models: readonly string[];
  /** Whether memory speaks for this task; undefined: not known. */
  readonly remembered: boolean | undefined;
  /** false: retrieval found nothing for it; undefined: not looked. */
  readonly relevant: boolean | undefined;
}

export interface DowngradeRule {
  readonly acceptance_min: number;
  readonly trials_min: number;
}

export interface Acceptance {
  readonly model: string;
  readonly trials: number;
  readonly accepted: number;
  /** Lower end of the 95 % Wilson interval; 0 without trials. */
  readonly lower: number;
  /** Counted are tasks with memory, without it, or both. */
  readonly counted: "remembered" | "not_remembered" | "all";
}

export type DowngradeWhy =
  | "acceptance_holds"
  | "already_weak"
  | "no_weak_model"
  | "nothing_relevant"
  | "not_measured"
  | "acceptance_too_low";

export interface DowngradeDecision {
  readonly decision: "downgrade" | "keep";
  /** The model to ask. */
  readonly model: string;
  readonly why: DowngradeWhy;
  readonly reason: string;
  readonly evidence: readonly Acceptance[];
}

/**
 * The first weak model whose acceptance on this class of task is `acceptance_min` or more even at
 * the lower end of its 95 % Wilson interval (E. B. Wilson, JASA 22, 1927), over the tasks in the
 * same situation (with memory, without it) when there are enough of them, else over all without
 * memory: memory makes tasks easier, so tasks without it never promise too much. In doubt the
 * model stays.
 */
export function decideDowngrade(
  question: DowngradeQuestion,
  measured: readonly ModelTrials[],
  rule: DowngradeRule,
): DowngradeDecision {
  const { task_class, model, weak_models } = question;
  const keep = (why: DowngradeWhy, reason: string, evidence: readonly Acceptance[] = []) =>
    ({ decision: "keep", model, why, reason, evidence }) as const;
  if (weak_models.some((weak) => isSameModel(weak, model))) {
    return keep("already_weak", `${model} is a weak model: it is never downgraded further`);
  }
  if (weak_models.length === 0) {
    return keep("no_weak_model", "no weak model is named ([models] weak_models)");
  }
  if (question.relevant === false) {
    return keep("nothing_relevant", "nothing relevant was found for this task to go by");
  }
  const evidence = weak_models.map((weak) => acceptanceOf(weak, question, measured, rule));
  const good = evidence.find(
    (one) => one.trials >= rule.trials_min && one.lower >= rule.acceptance_min,
  );
  if (good !== undefined) {
    const reason = `${told(good, task_class)}: at least ${rule.acceptance_min} is asked for`;
    return { decision: "downgrade", model: good.model, why: "acceptance_holds", reason, evidence };
  }
  const best = evidence.toSorted((a, b) => b.lower - a.lower || b.trials - a.trials)[0]!;
  if (evidence.every((one) => one.trials < rule.trials_min)) {
    const reason = `${told(best, task_class)}: too few to judge, ${rule.trials_min} are needed`;
    return keep("not_measured", reason, evidence);
  }
  const reason = `${told(best, task_class)}: less than the ${rule.acceptance_min} asked for`;
  return keep("acceptance_too_low", reason, evidence);
}

function acceptanceOf(
  model: string,
  { remembered }: DowngradeQuestion,
  measured: readonly ModelTrials[],
  { trials_min }: DowngradeRule,
): Acceptance {
  const own = measured.filter((one) => isSameModel(one.model, model));
  const withMemory = sum(own.filter((one) => one.remembered));
  const without = sum(own.filter((one) => !one.remembered));
  if (remembered === true && withMemory.trials >= trials_min) {
    return { model, ...withMemory, lower: wilsonLower(withMemory), counted: "remembered" };
  }
  if (remembered !== undefined) {
    return { model, ...without, lower: wilsonLower(without), counted: "not_remembered" };
  }
  const all = sum(own);
  return { model, ...all, lower: wilsonLower(all), counted: "all" };
}

function sum(rows: readonly ModelTrials[]): { trials: number; accepted: number } {
  return {
    trials: rows.reduce((total, row) => total + row.trials, 0),
    accepted: rows.reduce((total, row) => total + row.accepted, 0),
  };
}

const Z = 1.959_963_984_540_054;

export function wilsonLower({ trials, accepted }: { trials: number; accepted: number }): number {
  if (trials === 0) return 0;
  const rate = accepted / trials;
  const z2 = Z * Z;
  const centre = rate + z2 / (2 * trials);
  const spread = Z * Math.sqrt((rate * (1 - rate)) / trials + z2 / (4 * trials * trials));
  return Math.max(0, (centre - spread) / (1 + z2 / trials));
}

function told({ model, trials, accepted, lower, counted }: Acceptance, task_class: string): string {
  const which = { remembered: " with memory", not_remembered: " without memory", all: "" }[counted];
  const bound = trials === 0 ? "" : ` (at least ${lower.toFixed(2)} with 95 % confidence)`;
  return `${model} was accepted in ${accepted} of ${trials} ${task_class} tasks${which}${bound}`;
}

/** Logs name a model with its provider or without. */
export function isSameModel(a: string, b: string): boolean {
  return a === b || a.endsWith(`/${b}`) || b.endsWith(`/${a}`);
}
