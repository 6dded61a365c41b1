// What a contract asks of each worker, and whether a worker meets it: one judge for validator,
// prompt and lift set.
import { lower, same } from "./plain-text.ts";
import { sameName } from "./name-form.ts";
import {
  allowanceOf,
  isActive,
  payOf,
  reliabilityOf,
  textOf,
  type WorkerRow,
} from "./roster-values.ts";
import { AVAILABLE } from "./terms.ts";
import type { Want } from "./want.ts";
import {
  certificationOf,
  looseShiftsIn,
  looseStateOf,
  placeOf,
  sameCity,
  sameRole,
  sameState,
  shiftOf,
  shiftsIn,
  SHIFT_VALUES,
} from "./want-values.ts";
import { workerIdOf } from "./worker-ids.ts";
import { hasExperience } from "./worker-notes.ts";

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
function equals(
  field: "role" | "city" | "state" | "shift",
  what: string,
  fits: (expected: string, actual: string) => boolean,
): Check {
  return {
    name: field,
    faultOf(want, worker) {
      const expected = want[field];
      const actual = textOf(worker, field);
      if (expected === undefined || fits(expected, actual)) return undefined;
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
    if (isActive(worker)) return undefined;
    const message = `${who(worker)} is ${actual || "of unknown status"}, not active`;
    return { kind: "policy", field: "status", message, expected: "active", actual: actual || null };
  },
};

const NOT_BLACKLISTED: Check = {
  name: "blacklisted",
  faultOf(_want, worker) {
    const allowance = allowanceOf(worker);
    if (allowance === "allowed") return undefined;
    const is_told = allowance === "blacklisted";
    const actual = textOf(worker, "blacklisted");
    const said = actual === "" ? "says nothing" : `says "${actual}"`;
    const message = is_told
      ? `${who(worker)} is blacklisted`
      : `the roster ${said} on whether ${who(worker)} is blacklisted; right would be false or no`;
    return {
      kind: "policy",
      field: "blacklisted",
      message,
      expected: false,
      actual: is_told || actual || null,
    };
  },
};

const DERIVED: readonly DerivedCheck[] = [
  derived(
    "place_ok",
    "not_city",
    (want, worker) => isReadableCity(want.not_city!, worker) && !isIn(want.not_city!, worker),
    (want, worker) =>
      isReadableCity(want.not_city!, worker)
        ? `is in ${want.not_city!}, which the contract rules out`
        : `has a city that cannot be read: "${textOf(worker, "city")}"; the contract rules out ` +
          want.not_city!,
  ),
  derived(
    "shift_ok",
    "not_shift",
    (want, worker) => worksOther(want.not_shift!, textOf(worker, "shift")),
    (want, worker) =>
      `works the shift "${textOf(worker, "shift") || "unknown"}", the contract rules out ` +
      want.not_shift!,
  ),
  derived(
    "certified",
    "certification",
    (want, worker) => holds(worker, want.certification!),
    (want, worker) =>
      `does not hold "${want.certification!}", only: ${textOf(worker, "certifications") || "none"}`,
  ),
  derived(
    "reliable",
    "min_reliability",
    (want, worker) => (reliabilityOf(worker) ?? Number.NaN) >= want.min_reliability!,
    (want, worker) =>
      unreadable(worker, "reliability", reliabilityOf(worker), "0.85 or 85%") ??
      `has reliability ${textOf(worker, "reliability") || "?"}, below ${want.min_reliability!}`,
  ),
  derived(
    "available",
    "available",
    (want, worker) => isFree(want.available!, textOf(worker, "availability")),
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
    (want, worker) => (payOf(worker) ?? Number.NaN) <= want.max_pay!,
    (want, worker) =>
      unreadable(worker, "pay", payOf(worker), "18.50 or $1,200.00") ??
      `asks for ${textOf(worker, "pay") || "unknown"} an hour, more than ${want.max_pay!}`,
  ),
  derived(
    "not_excluded",
    "exclude",
    (want, worker) => !want.exclude!.some((one) => isNamed(one, worker)),
    () => "is excluded by the contract",
  ),
];

/** In the order in which a validator names them: what is cheapest to see first. */
export const CHECKS: readonly Check[] = [
  equals("role", "works as", sameRole),
  equals("city", "is in", sameCity),
  equals("state", "is in", sameState),
  ACTIVE,
  NOT_BLACKLISTED,
  equals("shift", "works the shift", worksShift),
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

function who(worker: WorkerRow): string {
  return `${textOf(worker, "worker_id") || "the worker"} (${textOf(worker, "name") || "no name"})`;
}

/** What to say of a value that is there and cannot be read; undefined when it can. */
function unreadable(
  worker: WorkerRow,
  field: string,
  value: number | undefined,
  right: string,
): string | undefined {
  if (value !== undefined) return undefined;
  return `has a ${field} that cannot be read: "${textOf(worker, field)}"; right would be ${right}`;
}

/** A place with its state ("Columbus, OH") is only that one. A state nobody knows may be it. */
function isIn(place: string, worker: WorkerRow): boolean {
  const { city, state } = placeOf(place) ?? { city: place, state: undefined };
  if (!sameCity(city, bareCity(worker))) return false;
  const actual = textOf(worker, "state") || (placeOf(bareCity(worker))?.state ?? "");
  const known = looseStateOf(actual);
  return state === undefined || known === undefined || sameState(state, known);
}

export function worksShift(shift: string, actual: string): boolean {
  return shift === actual || shiftsIn(actual).includes(shiftOf(shift) ?? lower(shift));
}

/** For a shift that is ruled out: who works any, in turns, or nobody can read when, may work it. */
function worksOther(shift: string, actual: string): boolean {
  const parts = looseShiftsIn(actual);
  const is_read = parts.length > 0 && parts.every((part) => SHIFT_VALUES.includes(part));
  return is_read && !parts.includes(shiftOf(shift) ?? lower(shift)) && !worksShift(shift, actual);
}

const DISTRICT = /\s*\(([^()]*)\)$/;
const ZIP = /\s+\d{5}(?:-\d{4})?$/;

/** The city without a part of it and without its zip: "Detroit (Downtown)", "Detroit 48201". */
function bareCity(worker: WorkerRow): string {
  return textOf(worker, "city").replace(DISTRICT, "").replace(ZIP, "");
}

/** One place, and nothing that may be another: "Toledo/Dayton" is in both. */
function isReadableCity(ruled_out: string, worker: WorkerRow): boolean {
  const city = bareCity(worker);
  const district = DISTRICT.exec(textOf(worker, "city"))?.[1] ?? "";
  const place = placeOf(ruled_out)?.city ?? ruled_out;
  if (lower(district).includes(lower(place))) return false;
  return [city, district].every((text) => !SEVERAL.test(text)) && city !== "";
}

const SEVERAL = /[/;&|+()?\d]|\b(?:or|and)\b/i;

function holds(worker: WorkerRow, certification: string): boolean {
  const wanted = lower(certificationOf(certification));
  const held = textOf(worker, "certifications").split(";");
  return held.some((one) => lower(certificationOf(one)) === wanted);
}

function isFree(available: string, actual: string): boolean {
  const serving = Object.hasOwn(AVAILABLE, available) ? AVAILABLE[available]! : [];
  return serving.some((one) => same(one, actual));
}

/** By id, or by name with or without its accents. */
function isNamed(excluded: string, worker: WorkerRow): boolean {
  const id = workerIdOf(excluded);
  if (id !== undefined) return id === (workerIdOf(textOf(worker, "worker_id")) ?? "");
  return sameName(excluded, textOf(worker, "name"));
}
