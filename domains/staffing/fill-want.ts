// What a contract asks of each worker, and whether a worker meets it: one judge for validator,
// prompt and lift set.
import type { Want } from "./want.ts";
import { AVAILABLE } from "./terms.ts";
import { hasExperience } from "./worker-notes.ts";

/** A row of the roster, or the metadata of a hit. */
export type WorkerRow = Readonly<Record<string, unknown>>;

export interface Fault {
  readonly kind: "consistency" | "policy";
  /** A field of the worker, or a derived one (see `derivedFields`). */
  readonly field: string;
  readonly message: string;
  readonly expected: string | boolean;
  readonly actual: string | boolean | null;
}

interface Check {
  readonly name: string;
  faultOf(want: Want, worker: WorkerRow): Fault | undefined;
}

interface DerivedCheck extends Check {
  readonly asked_by: keyof Want;
}

/** A check that a field of the worker equals what is wanted. */
function equals(field: "role" | "city" | "state" | "shift", what: string): Check {
  return {
    name: field,
    faultOf(want, worker) {
      const expected = want[field];
      const actual = textOf(worker, field);
      if (expected === undefined || same(expected, actual)) return undefined;
      const found = `${who(worker)} ${what} ${actual || "unknown"}`;
      const message = `${found}, the contract asks for ${expected}`;
      return { kind: "consistency", field, message, expected, actual: actual || null };
    },
  };
}

/** A check whose outcome is a derived yes-or-no field of the candidate. */
function derived(
  field: string,
  asked_by: keyof Want,
  holds: (want: Want, worker: WorkerRow) => boolean,
  message: (want: Want, worker: WorkerRow) => string,
): DerivedCheck {
  const kind = asked_by === "certification" || asked_by === "exclude" ? "policy" : "consistency";
  return {
    name: field,
    asked_by,
    faultOf(want, worker) {
      if (want[asked_by] === undefined || holds(want, worker)) return undefined;
      const said = `${who(worker)} ${message(want, worker)}`;
      return { kind, field, message: said, expected: true, actual: false };
    },
  };
}

const ACTIVE: Check = {
  name: "status",
  faultOf(_want, worker) {
    const actual = textOf(worker, "status");
    if (actual === "active") return undefined;
    const message = `${who(worker)} is ${actual || "of unknown status"}, not active`;
    return { kind: "policy", field: "status", message, expected: "active", actual: actual || null };
  },
};

const NOT_BLACKLISTED: Check = {
  name: "blacklisted",
  faultOf(_want, worker) {
    if (!isTrue(worker["blacklisted"])) return undefined;
    const message = `${who(worker)} is blacklisted`;
    return { kind: "policy", field: "blacklisted", message, expected: false, actual: true };
  },
};

const DERIVED: readonly DerivedCheck[] = [
  derived(
    "place_ok",
    "not_city",
    (want, worker) => !same(want.not_city!, textOf(worker, "city")),
    (want) => `is in ${want.not_city!}, which the contract rules out`,
  ),
  derived(
    "shift_ok",
    "not_shift",
    (want, worker) => !same(want.not_shift!, textOf(worker, "shift")),
    (want) => `works the ${want.not_shift!} shift, which the contract rules out`,
  ),
  derived(
    "certified",
    "certification",
    (want, worker) => listOf(worker).includes(lower(want.certification!)),
    (want, worker) =>
      `does not hold "${want.certification!}", only: ${textOf(worker, "certifications") || "none"}`,
  ),
  derived(
    "reliable",
    "min_reliability",
    (want, worker) => numberOf(worker, "reliability") >= want.min_reliability!,
    (want, worker) =>
      `has reliability ${textOf(worker, "reliability") || "?"}, below ${want.min_reliability!}`,
  ),
  derived(
    "available",
    "available",
    (want, worker) => AVAILABLE[want.available!]?.includes(textOf(worker, "availability")) ?? false,
    (want, worker) =>
      `is "${textOf(worker, "availability") || "unknown"}", the contract needs ${want.available!}`,
  ),
  derived(
    "experienced",
    "experience",
    (want, worker) => hasExperience(textOf(worker, "notes"), want.experience!),
    (want) => `has no noted experience with ${want.experience!}`,
  ),
  derived(
    "affordable",
    "max_pay",
    (want, worker) => numberOf(worker, "pay") <= want.max_pay!,
    (want, worker) =>
      `asks for ${textOf(worker, "pay") || "unknown"} an hour, more than ${want.max_pay!}`,
  ),
  derived(
    "not_excluded",
    "exclude",
    (want, worker) =>
      !want.exclude!.some(
        (one) => same(one, textOf(worker, "worker_id")) || same(one, textOf(worker, "name")),
      ),
    () => "is excluded by the contract",
  ),
];

/** In the order in which a validator names them: what is cheapest to see first. */
export const CHECKS: readonly Check[] = [
  equals("role", "works as"),
  equals("city", "is in"),
  equals("state", "is in"),
  ACTIVE,
  NOT_BLACKLISTED,
  equals("shift", "works the shift"),
  ...DERIVED,
];

/** The first thing a worker does not meet, or undefined when all is met. */
export function firstFault(want: Want, worker: WorkerRow): Fault | undefined {
  for (const check of CHECKS) {
    const fault = check.faultOf(want, worker);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** Yes-or-no fields of a candidate, for what the request asks beyond plain fields. */
export function derivedFields(want: Want, worker: WorkerRow): Record<string, boolean> {
  const fields: Record<string, boolean> = {};
  for (const check of DERIVED) {
    if (want[check.asked_by] === undefined) continue;
    fields[check.name] = check.faultOf(want, worker) === undefined;
  }
  return fields;
}

/** Text of a field; numbers as they print, missing values as "". */
export function textOf(row: WorkerRow, field: string): string {
  const value = row[field];
  return typeof value === "string" ? value.trim() : typeof value === "number" ? String(value) : "";
}

export function same(one: string, other: string): boolean {
  return one === other || lower(one) === lower(other);
}

function lower(text: string): string {
  return text.trim().toLowerCase().replaceAll(/\s+/g, " ");
}

function who(worker: WorkerRow): string {
  return `${textOf(worker, "worker_id") || "the worker"} (${textOf(worker, "name") || "no name"})`;
}

function listOf(worker: WorkerRow): string[] {
  return textOf(worker, "certifications").split(";").map(lower);
}

/** NaN when it is missing, so that no bound is met. */
function numberOf(worker: WorkerRow, field: string): number {
  const value = worker[field];
  return typeof value === "number" ? value : Number.parseFloat(textOf(worker, field));
}

export function isTrue(value: unknown): boolean {
  return value === true || value === "true" || value === 1;
}
