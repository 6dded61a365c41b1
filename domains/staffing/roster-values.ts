// Values of a row of the roster, read strictly: what cannot be read is told, never guessed.
import { legible, lower } from "./plain-text.ts";

/** A row of the roster, or the metadata of a hit. */
export type WorkerRow = Readonly<Record<string, unknown>>;

/** Whether a worker may be placed; `unknown`: the roster does not say, or not readably. */
export type Allowance = "allowed" | "blacklisted" | "unknown";

const NO = new Set(["false", "no", "f", "n", "0"]);
const YES = new Set(["true", "yes", "t", "y", "1"]);
const NUMBER = /^(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d+)?$|^\.\d+$/;

/** Only a plain no means allowed: an empty entry is somebody nobody looked at. */
export function allowanceOf(worker: WorkerRow): Allowance {
  const value = worker["blacklisted"];
  if (value === false) return "allowed";
  if (value === true) return "blacklisted";
  const text = lower(rawText(value));
  return NO.has(text) ? "allowed" : YES.has(text) ? "blacklisted" : "unknown";
}

export function isActive(worker: WorkerRow): boolean {
  const status = textOf(worker, "status");
  return status === "active" || lower(status) === "active";
}

/** Dollars an hour ("$1,200.50"); NaN when it is missing, undefined when it cannot be read. */
export function payOf(worker: WorkerRow): number | undefined {
  return amountOf(worker["pay"], (text) => text.replace(/^\$\s?/, ""));
}

/** 0 to 1 ("0.85", "85%"); NaN when it is missing, undefined when it cannot be read. */
export function reliabilityOf(worker: WorkerRow): number | undefined {
  const percent = /\s?%$/;
  const value = worker["reliability"];
  const is_percent = typeof value === "string" && percent.test(legible(value).trim());
  const number = amountOf(value, (text) => text.replace(percent, ""));
  const share = number === undefined ? undefined : is_percent ? number / 100 : number;
  return share === undefined || share > 1 ? undefined : share;
}

function amountOf(value: unknown, bare: (text: string) => string): number | undefined {
  if (typeof value === "number") return value >= 0 && Number.isFinite(value) ? value : undefined;
  const text = legible(rawText(value)).trim();
  if (text === "") return Number.NaN;
  const digits = bare(text);
  return NUMBER.test(digits) ? Number(digits.replaceAll(",", "")) : undefined;
}

/** Text of a field; numbers as they print, missing values as "". */
export function textOf(row: WorkerRow, field: string): string {
  const value = row[field];
  return typeof value === "string" ? value.trim() : typeof value === "number" ? String(value) : "";
}

function rawText(value: unknown): string {
  return value === null || value === undefined
    ? ""
    : typeof value === "string"
      ? value
      : typeof value === "number" || typeof value === "bigint" || typeof value === "boolean"
        ? String(value)
        : JSON.stringify(value);
}
