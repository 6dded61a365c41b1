// Where in an artifact a validator's error is: its list, an item of the list, or beside it.

export type ErrorPlace =
  | { readonly in: "list" }
  | { readonly in: "item"; readonly position: number; readonly field: string | undefined }
  | { readonly in: "base" };

const NEVER_SET = new Set(["__proto__", "constructor", "prototype"]);

/** Reads `picks.0.id`, `picks[0].id`, `picks`, `picks.length`, `place.name`. */
export function errorPlace(field: string, list_field: string | null): ErrorPlace {
  const [first, second, ...rest] = pathOf(field);
  if (list_field === null || first !== list_field) return { in: "base" };
  if (second === undefined || !/^\d+$/.test(second)) return { in: "list" };
  const inner = rest.length > 0 ? rest.join(".") : undefined;
  return { in: "item", position: Number(second), field: inner };
}

/** Sets a value in place when the path leads through plain objects; else changes nothing. */
export function setAtPath(target: Record<string, unknown>, path: string, value: unknown): void {
  const steps = pathOf(path);
  const last = steps.pop();
  if (last === undefined || last === "" || [...steps, last].some((s) => NEVER_SET.has(s))) return;
  let current = target;
  for (const step of steps) {
    const next = Object.hasOwn(current, step) ? current[step] : undefined;
    if (typeof next !== "object" || next === null) return;
    current = next as Record<string, unknown>;
  }
  current[last] = value;
}

function pathOf(field: string): string[] {
  return field.replaceAll(/\[(\d+)\]/g, ".$1").split(".");
}
