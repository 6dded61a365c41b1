// Which conditions of a statement may leave files out, given what type each column has.
import type { Predicate } from "#contracts/table-nouns.ts";
import type { Column } from "#contracts/nouns.ts";
import type { Cell, ColumnCondition } from "#ports/table-engine.ts";

/**
 * A condition comes from the text alone, so `'05'` may be compared with a number, `5` with a text,
 * `'1.25'` with a decimal of one place. It leaves files out only where the engine's comparison and
 * that of file bounds cannot differ; values are then as Iceberg's single-value form has them.
 */
export function fittingConditions(
  conditions: readonly ColumnCondition[],
  columns: readonly Column[],
): Predicate[] {
  const fitting: Predicate[] = [];
  for (const condition of conditions) {
    const wanted = condition.column.toLowerCase();
    const named = columns.filter(({ name }) => name.toLowerCase() === wanted);
    if (named.length !== 1) continue;
    const predicate = fit(condition, named[0]!);
    if (predicate !== undefined) fitting.push(predicate);
  }
  return fitting;
}

function fit(condition: ColumnCondition, { name, type }: Column): Predicate | undefined {
  if ("values" in condition) {
    const { op } = condition;
    if (condition.values.length === 0) return undefined;
    const values = condition.values.map((value) => toBound(value, type));
    if (values.some((value) => value === undefined)) return undefined;
    return { op, column: name, values: values as Cell[] };
  }
  if (!("value" in condition)) return { op: condition.op, column: name };
  const { op } = condition;
  if (op === "starts_with" && type !== "string") return undefined;
  if (type === "uuid" && op !== "eq") return undefined;
  const value = toBound(condition.value, type);
  return value === undefined ? undefined : { op, column: name, value };
}

/** The value as a bound of the type; undefined where the two comparisons could differ. */
function toBound(value: Cell, type: string): Cell | undefined {
  if (value === null) return undefined;
  const scale = /^decimal\((\d+),\s*(\d+)\)$/.exec(type);
  if (scale !== null) return toDecimal(value, Number(scale[1]), Number(scale[2]));
  return BOUND_OF[type]?.(value);
}

const BOUND_OF: Readonly<Record<string, (value: Cell) => Cell | undefined>> = {
  boolean: (value) => (typeof value === "boolean" ? value : undefined),
  int: toWhole,
  long: toWhole,
  float: toDouble,
  double: toDouble,
  string: (value) => (typeof value === "string" ? value : undefined),
  date: (value) => matching(value, /^\d{4}-\d\d-\d\d$/),
  time: (value) => matching(value, /^\d\d:\d\d:\d\d(\.\d{1,6})?$/),
  timestamp: (value) => toTimestamp(value, ""),
  timestamptz: (value) => {
    const plain = typeof value === "string" ? value.replace(/(?:Z|\+00:00)$/, "") : value;
    return toTimestamp(plain, "+00:00");
  },
  uuid: (value) => matching(value, /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/),
};

function matching(value: Cell, pattern: RegExp): string | undefined {
  return typeof value === "string" && pattern.test(value) ? value : undefined;
}

/** A text with a fraction would be rounded first; beyond 2^53 the engine may compare doubles. */
function toWhole(value: Cell): Cell | undefined {
  if (typeof value === "number") return Number.isSafeInteger(value) ? value : undefined;
  const text = matching(value, /^-?\d{1,18}$/);
  if (text === undefined) return undefined;
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text).toString();
}

function toDouble(value: Cell): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  const text = matching(value, /^-?\d{1,15}(\.\d{1,15})?$/);
  return text === undefined ? undefined : Number(text);
}

/** Within 15 digits a double tells decimals apart; a text with more places would be rounded. */
function toDecimal(value: Cell, precision: number, scale: number): Cell | undefined {
  const text = typeof value === "number" ? String(value) : value;
  if (typeof text !== "string") return undefined;
  const parts = /^-?(\d{1,15})(?:\.(\d{1,15}))?$/.exec(text);
  if (parts === null) return undefined;
  const places = parts[2]?.length ?? 0;
  if (typeof value === "number" ? precision > 15 || places > 15 : places > scale) return undefined;
  return text;
}

function toTimestamp(value: Cell, zone: string): string | undefined {
  const text = matching(value, /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d:\d\d(\.\d{1,6})?)?$/);
  if (text === undefined) return undefined;
  return `${text.length === 10 ? `${text}T00:00:00` : text.replace(" ", "T")}${zone}`;
}
