// Conditions on one column or partition field, and whether a range of values may meet them.
import type { Cell, Predicate } from "#contracts/table-nouns.ts";
import { whole, type Whole } from "./iso-times.ts";
import { transformRaw, type Transform } from "./partitioning.ts";
import { compareRaw, rawOf, type Primitive, type Raw } from "./raw-values.ts";
import { firstCodePoints } from "./single-values.ts";

/** A value with its neighbours that an engine may take for the same (float against double). */
interface Near {
  readonly low: Raw;
  readonly high: Raw;
}

export type Condition =
  | { readonly op: "lt" | "lte" | "gt" | "gte"; readonly value: Raw }
  | { readonly op: "in"; readonly values: readonly Near[] }
  | { readonly op: "not_in"; readonly values: readonly Raw[] }
  | { readonly op: "starts_with"; readonly value: string }
  | { readonly op: "is_null" | "not_null" };

/** What is known of the values of some rows; a bound that is not there is not known. */
export interface ValueRange {
  readonly lower: Raw | undefined;
  readonly upper: Raw | undefined;
  readonly may_null: boolean;
  /** There may be a value that is not null. */
  readonly may_value: boolean;
  /** NaN stands outside the bounds. */
  readonly may_nan: boolean;
}

/** The condition of a predicate; undefined: it says nothing we could use of this type. */
export function conditionOf(predicate: Predicate, type: Primitive): Condition | undefined {
  switch (predicate.op) {
    case "is_null":
    case "not_null":
      return { op: predicate.op };
    case "in":
    case "not_in":
      return membership(predicate.op, predicate.values, type);
    case "eq":
      return membership("in", [predicate.value], type);
    case "ne":
      return membership("not_in", [predicate.value], type);
    case "starts_with": {
      const { value } = predicate;
      const usable = type.kind === "string" && typeof value === "string" && value.isWellFormed();
      return usable ? { op: "starts_with", value } : undefined;
    }
    default: {
      const near = nearOf(predicate.value, type);
      if (near === undefined) return undefined;
      const upwards = predicate.op === "gt" || predicate.op === "gte";
      return { op: predicate.op, value: upwards ? near.low : near.high };
    }
  }
}

function membership(
  op: "in" | "not_in",
  cells: readonly Cell[],
  type: Primitive,
): Condition | undefined {
  const values: Near[] = [];
  for (const cell of cells) {
    const near = nearOf(cell, type);
    if (near === undefined) return undefined;
    values.push(near);
  }
  if (op === "in") return { op, values };
  return { op, values: values.filter(({ low, high }) => low === high).map(({ low }) => low) };
}

function nearOf(cell: Cell, type: Primitive): Near | undefined {
  const raw = rawOf(type, cell);
  if (raw === undefined || Number.isNaN(raw)) return undefined;
  if (typeof raw === "string" && !raw.isWellFormed()) return undefined;
  if (type.kind !== "float") return { low: raw, high: raw };
  const [wide, narrow] = [Number(raw), Math.fround(Number(raw))];
  return { low: Math.min(wide, narrow), high: Math.max(wide, narrow) };
}

/** Whether a row within the range may meet the condition. */
export function mayMatch(condition: Condition, range: ValueRange): boolean {
  const { lower, upper, may_nan } = range;
  if (condition.op === "is_null") return range.may_null;
  if (!range.may_value) return false;
  switch (condition.op) {
    case "not_null":
      return true;
    case "lt":
      return lower === undefined || compareRaw(lower, condition.value) < 0;
    case "lte":
      return lower === undefined || compareRaw(lower, condition.value) <= 0;
    // NaN is greater than all numbers to SQL engines.
    case "gt":
      return may_nan || upper === undefined || compareRaw(upper, condition.value) > 0;
    case "gte":
      return may_nan || upper === undefined || compareRaw(upper, condition.value) >= 0;
    case "in":
      return condition.values.some(
        ({ low, high }) =>
          (lower === undefined || compareRaw(lower, high) <= 0) &&
          (upper === undefined || compareRaw(upper, low) >= 0),
      );
    case "not_in":
      return !isOneOf(range, condition.values);
    case "starts_with":
      return mayStartWith(range, condition.value);
  }
}

/** Whether all rows have the same value, and it is one of these. */
function isOneOf({ lower, upper, may_nan }: ValueRange, values: readonly Raw[]): boolean {
  if (may_nan || lower === undefined || upper === undefined) return false;
  return compareRaw(lower, upper) === 0 && values.some((one) => compareRaw(one, lower) === 0);
}

function mayStartWith({ lower, upper }: ValueRange, prefix: string): boolean {
  if (upper !== undefined && compareRaw(upper, prefix) < 0) return false;
  if (lower === undefined || compareRaw(lower, prefix) <= 0) return true;
  return String(lower).startsWith(prefix);
}

/**
 * What a condition on a column says of its transformed values: whatever row meets the first, its
 * transformed value meets the second. Undefined: nothing.
 */
export function project(
  condition: Condition,
  transform: Transform,
  type: Primitive,
): Condition | undefined {
  const { kind } = transform;
  if (kind === "void") return undefined;
  if (kind === "identity") return condition;
  switch (condition.op) {
    case "is_null":
    case "not_null":
      return condition;
    case "not_in":
      return undefined;
    case "in": {
      const values = condition.values.map(({ low }) => widened(transform, type, low));
      return values.every((one) => one !== undefined) ? { op: "in", values } : undefined;
    }
    case "starts_with":
      return projectPrefix(condition.value, transform);
    default:
      return kind === "bucket" ? undefined : projectBound(condition, transform, type);
  }
}

/** All these transforms keep the order of values. */
function projectBound(
  { op, value }: Extract<Condition, { value: Raw; op: "lt" | "lte" | "gt" | "gte" }>,
  transform: Transform,
  type: Primitive,
): Condition | undefined {
  const strict = op === "lt" || op === "gt";
  const bound = strict ? neighbour(value, op === "lt" ? -1n : 1n) : value;
  const image = widened(transform, type, bound);
  if (image === undefined) return undefined;
  return op === "lt" || op === "lte"
    ? { op: "lte", value: image.high }
    : { op: "gte", value: image.low };
}

/** `x < 5` of whole numbers is `x <= 4`, which keeps fewer days and hours. */
function neighbour(value: Raw, step: bigint): Raw {
  return typeof value === "number" || typeof value === "bigint"
    ? whole(BigInt(value) + step)
    : value;
}

const TIMES: readonly string[] = ["year", "month", "day", "hour"];

/** The transformed value, with what early writers made of it. */
function widened(transform: Transform, type: Primitive, raw: Raw): Near | undefined {
  const low = transformRaw(transform, type, raw);
  if (wraps(transform, type, low) || wraps(transform, type, raw)) return undefined;
  // Before 1970 they rounded towards zero: one more than the spec has it.
  const early = TIMES.includes(transform.kind) && typeof low === "number" && low < 0;
  return { low, high: early ? low + 1 : low };
}

/**
 * Truncated below the least number, a value becomes one near the greatest: what is up there may
 * stand for either.
 */
export function wraps({ kind, size }: Transform, type: Primitive, raw: Raw | undefined): boolean {
  if (kind !== "truncate" || (type.kind !== "int" && type.kind !== "long")) return false;
  if (raw === undefined) return false;
  const limit = type.kind === "int" ? 2n ** 31n : 2n ** 63n;
  const value = BigInt(raw as Whole);
  return value >= limit - BigInt(size) || value < BigInt(size) - limit;
}

function projectPrefix(prefix: string, { kind, size }: Transform): Condition | undefined {
  if (kind !== "truncate") return undefined;
  const cut = firstCodePoints(prefix, size);
  if (cut === prefix) return { op: "starts_with", value: prefix };
  return { op: "in", values: [{ low: cut, high: cut }] };
}
