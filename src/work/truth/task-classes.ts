// The names of task classes: those of the domains' kinds, and a rule's class that nobody has.
import type { DomainPack } from "#ports/domain-pack.ts";
import { nearestName } from "#kernel/check-input.ts";
import type { KnownRule } from "./truth-rules.ts";

export interface TaskClasses {
  /** `domain.kind` of a bare kind; any other name as it is. */
  fullName(task_class: string): string;
  /** Whether a domain has it. */
  has(task_class: string): boolean;
  /** The name nearest to it, if one is near. */
  nearest(task_class: string): string | undefined;
}

/** Work is judged under the class `<domain>.<kind>` of its validator (two never share a kind). */
export function createTaskClasses(packs: readonly DomainPack[]): TaskClasses {
  const full_names = new Map<string, string>();
  for (const { name, validators } of packs) {
    for (const kind of Object.keys(validators)) full_names.set(kind, `${name}.${kind}`);
  }
  const known = new Set(full_names.values());
  const fullName = (task_class: string) =>
    known.has(task_class) ? task_class : (full_names.get(task_class) ?? task_class);
  return {
    fullName,
    has: (task_class) => known.has(fullName(task_class)),
    nearest(task_class) {
      const kind = nearestName(task_class.slice(task_class.lastIndexOf(".") + 1), [
        ...full_names.keys(),
      ]);
      return kind === undefined ? undefined : full_names.get(kind);
    },
  };
}

export const EVERY_CLASS = "*";

/** Rules of a class that no domain has: nothing that the house does is held against them. */
export function rulesOfNobody(rules: readonly KnownRule[], classes: TaskClasses): KnownRule[] {
  return rules.filter(({ task_class }) => task_class !== EVERY_CLASS && !classes.has(task_class));
}
