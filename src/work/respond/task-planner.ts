// Which domain and kind a task belongs to, and what it asks for: the first kind that can plan it.
import { nearestName } from "#kernel/check-input.ts";
import { sha256Hex } from "#kernel/ids.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { DomainPack, TaskKind, TaskPlan } from "#ports/domain-pack.ts";

export interface PlannedTask {
  readonly task_class: string;
  readonly domain: string;
  readonly kind: TaskKind;
  readonly plan: TaskPlan;
  readonly sig_hash: string;
}

interface KnownKind {
  readonly domain: string;
  readonly name: string;
  readonly kind: TaskKind;
}

/**
 * The plan of a task, or undefined when no kind (or not the one that was named) makes it its
 * business. Throws `not_found` (no_such_kind) when a kind is named that no domain has.
 */
export function planTask(
  packs: readonly DomainPack[],
  task: string,
  context: Readonly<Record<string, unknown>>,
  kind: string | undefined,
): PlannedTask | undefined {
  const known = packs.flatMap((pack) =>
    Object.entries(pack.tasks).map(([name, one]) => ({ domain: pack.name, name, kind: one })),
  );
  for (const one of kind === undefined ? known : named(known, kind)) {
    const plan = one.kind.plan(task, context);
    if (plan === undefined) continue;
    const task_class = `${one.domain}.${one.name}`;
    const sig_hash = sha256Hex(`${task_class}\n${plan.signature}`);
    return { task_class, domain: one.domain, kind: one.kind, plan, sig_hash };
  }
  return undefined;
}

/** Hash of a task that no domain plans: its words, case and spacing aside. */
export function unplannedHash(task: string): string {
  return sha256Hex(`\n${task.trim().toLowerCase().replaceAll(/\s+/g, " ")}`);
}

function named(known: readonly KnownKind[], kind: string): KnownKind[] {
  const found = known.filter((one) => one.name === kind || `${one.domain}.${one.name}` === kind);
  if (found.length > 0) return found;
  const names = known.map((one) => one.name);
  const nearest = nearestName(kind.slice(kind.lastIndexOf(".") + 1), names);
  const suggestion = nearest === undefined ? "" : `, did you mean "${nearest}"?`;
  throw new LakehouseError("not_found", `there is no task kind "${kind}"${suggestion}`, {
    reason: "no_such_kind",
    hint: names.length === 0 ? "no domain is loaded" : `known kinds: ${names.join(", ")}`,
  });
}
