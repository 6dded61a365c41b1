// What every adapter asks of a list of changes before it tries them.
import { LakehouseError } from "#kernel/problem.ts";
import type { PointerChange } from "#ports/pointer-store.ts";

/** A record named twice would make the outcome depend on the order: `invalid`. */
export function checkChanges(changes: readonly PointerChange[]): void {
  const named = new Set<string>();
  for (const { space, name } of changes) {
    const id = JSON.stringify([space, name]);
    if (named.has(id)) {
      throw new LakehouseError("invalid", `the pointer ${space}/${name} is named twice`, {
        reason: "pointer_named_twice",
      });
    }
    named.add(id);
  }
}
