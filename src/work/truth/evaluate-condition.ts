// Whether a condition holds over a context: yes, no, or why that cannot be told (Kleene's logic).
import { assert } from "#kernel/assert.ts";
import { canonicalJson } from "#kernel/ids.ts";
import type { TruthCondition } from "#contracts/truth.ts";
import type { Matcher, Matchers } from "./linear-pattern.ts";

export type Truth =
  | { readonly holds: boolean }
  | {
      readonly holds: undefined;
      /** Which field is missing or of another type. */
      readonly reason: string;
    };

/** `matchers` has all patterns of the condition. */
export function evaluateCondition(
  condition: TruthCondition,
  context: unknown,
  matchers: Matchers,
): Truth {
  switch (condition.kind) {
    case "always":
      return { holds: true };
    case "not": {
      const inner = evaluateCondition(condition.condition, context, matchers);
      return inner.holds === undefined ? inner : { holds: !inner.holds };
    }
    case "all":
      return together(condition.conditions, context, matchers, false);
    case "any":
      return together(condition.conditions, context, matchers, true);
    case "field_empty":
      return isEmpty(condition.path, context);
    default: {
      const field = fieldAt(condition.path, context);
      if (!field.found) return unknown(field.reason);
      return compare(condition, field.value, matchers);
    }
  }
}

/** One that decides is enough; else one that is not known leaves the whole unknown. */
function together(
  conditions: readonly TruthCondition[],
  context: unknown,
  matchers: Matchers,
  deciding: boolean,
): Truth {
  let open: Truth | undefined;
  for (const one of conditions) {
    const truth = evaluateCondition(one, context, matchers);
    if (truth.holds === deciding) return truth;
    if (truth.holds === undefined) open ??= truth;
  }
  return open ?? { holds: !deciding };
}

type FieldCondition = Extract<
  TruthCondition,
  { kind: "field_equals" | "field_greater" | "field_matches" | "field_in" }
>;

function compare(condition: FieldCondition, value: unknown, matchers: Matchers): Truth {
  const { path } = condition;
  switch (condition.kind) {
    case "field_equals":
      return sameAs(path, value, condition.value);
    case "field_in": {
      const each = condition.values.map((one) => sameAs(path, value, one));
      const found = each.find((one) => one.holds === true);
      // Null can be held against anything: it does not hide that the other values cannot.
      const others = each.filter((_, at) => condition.values[at] !== null);
      return found ?? others.find((one) => one.holds === false) ?? others[0] ?? each[0]!;
    }
    case "field_greater":
      return typeof value === "number"
        ? { holds: value > condition.value }
        : unknown(`${path} is ${typeOf(value)}, not a number`);
    case "field_matches":
      if (typeof value !== "string") return unknown(`${path} is ${typeOf(value)}, not text`);
      return matches(path, value, matchers.get(condition.pattern));
  }
}

function matches(path: string, text: string, matcher: Matcher | undefined): Truth {
  assert(matcher !== undefined, `the pattern on ${path} was not compiled`);
  const holds = matcher(text);
  return holds === undefined ? unknown(`${path} is too long to be matched`) : { holds };
}

/** Null is a value like any other; two other types cannot be held against each other. */
function sameAs(path: string, value: unknown, wanted: unknown): Truth {
  const [is, want] = [typeOf(value), typeOf(wanted)];
  if (is === want || value === null || wanted === null) {
    // 0 and -0 are one number there.
    return { holds: canonicalJson(value) === canonicalJson(wanted) };
  }
  return unknown(`${path} is ${is}, not ${want}`);
}

/** Null, "", [], {} and a field that its object does not have are empty; 0 and false are not. */
function isEmpty(path: string, context: unknown): Truth {
  const field = fieldAt(path, context);
  if (!field.found) return field.absent ? { holds: true } : unknown(field.reason);
  const { value } = field;
  if (value === null || value === undefined || value === "") return { holds: true };
  return { holds: typeof value === "object" && Object.keys(value).length === 0 };
}

type Field =
  | { readonly found: true; readonly value: unknown }
  | { readonly found: false; readonly absent: boolean; readonly reason: string };

/** Own fields only: what every object inherits was not said by anybody. */
function fieldAt(path: string, context: unknown): Field {
  const steps = path.split(".");
  let value = context;
  for (const [index, step] of steps.entries()) {
    const at = steps.slice(0, index).join(".") || "the context";
    if (typeof value !== "object" || value === null) {
      return { found: false, absent: false, reason: `${at} is ${typeOf(value)}, not an object` };
    }
    if (Array.isArray(value) && !/^\d+$/.test(step)) {
      return { found: false, absent: false, reason: `${at} is a list, not an object` };
    }
    if (!Object.hasOwn(value, step)) {
      const absent = index === steps.length - 1;
      return { found: false, absent, reason: `${at} has no ${step}` };
    }
    value = (value as Record<string, unknown>)[step];
  }
  return { found: true, value };
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "a list" : typeof value;
}

function unknown(reason: string): Truth {
  return { holds: undefined, reason };
}
