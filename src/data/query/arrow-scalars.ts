// Single JSON values as the integers that Arrow stores: days, microseconds, unscaled decimals.
import { LakehouseError } from "#kernel/problem.ts";

function notA(what: string, value: unknown): LakehouseError {
  return new LakehouseError("rejected", `${JSON.stringify(value)} has no Arrow form as ${what}`, {
    reason: "unsupported_format",
    hint: "cast the column to VARCHAR, or ask for another format",
  });
}

export function toWholeBig(value: unknown): bigint {
  if (typeof value === "number" && Number.isInteger(value)) return BigInt(value);
  if (typeof value === "string" && /^-?\d+$/.test(value)) return BigInt(value);
  throw notA("a 64 bit integer", value);
}

const DATE = /^([+-]?\d{4,7})-(\d\d)-(\d\d)(?: \(BC\))?$/;
const INT32_MAX = 2_147_483_647;

/** `2024-02-29` (or `0044-03-15 (BC)`) as days since 1970; infinities as DuckDB keeps them. */
export function toDays(value: unknown): number {
  const text = String(value);
  if (text.length === 10 && text.charCodeAt(4) === 0x2d) {
    const ms = Date.parse(text);
    if (!Number.isNaN(ms)) return ms / 86_400_000;
  }
  const parts = DATE.exec(text);
  if (parts !== null) return daysOf(parts, text);
  if (text === "infinity") return INT32_MAX;
  if (text === "-infinity") return -INT32_MAX;
  throw notA("a date", value);
}

/** The proleptic Gregorian calendar in whole numbers: Date stops before Arrow does. */
function daysOf(parts: RegExpExecArray, text: string): number {
  const year = text.endsWith("(BC)") ? 1 - Number(parts[1]) : Number(parts[1]);
  const month = Number(parts[2]);
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const year_of_era = shifted - era * 400;
  const day_of_year =
    Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + Number(parts[3]) - 1;
  const leap_days = Math.floor(year_of_era / 4) - Math.floor(year_of_era / 100);
  return era * 146_097 + year_of_era * 365 + leap_days + day_of_year - 719_468;
}

const TIME = /^(\d\d):(\d\d):(\d\d)(?:\.(\d+))?$/;
const INT64_MAX = 9_223_372_036_854_775_807n;

/** `12:34:56.789` as microseconds since midnight. */
export function toTimeMicros(value: unknown): bigint {
  const parts = TIME.exec(String(value));
  if (parts === null) throw notA("a time of day", value);
  return BigInt(microsOf(parts));
}

function microsOf(parts: RegExpExecArray): number {
  const seconds = Number(parts[1]) * 3600 + Number(parts[2]) * 60 + Number(parts[3]);
  return seconds * 1_000_000 + Number((parts[4] ?? "").slice(0, 6).padEnd(6, "0"));
}

const PLAIN = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/;

/** `2024-02-29T12:00:00.5` with or without Z as microseconds since 1970. */
export function toMicros(value: unknown): bigint {
  const text = String(value);
  if (PLAIN.test(text) && (text.length === 19 || text.charCodeAt(19) === 0x5a)) {
    return BigInt(Date.parse(`${text.slice(0, 19)}Z`)) * 1000n;
  }
  if (text === "infinity") return INT64_MAX;
  if (text === "-infinity") return -INT64_MAX;
  const era = text.includes("(BC)") ? " (BC)" : "";
  const bare = text.replace(" (BC)", "").replace(/(?:Z|\+00(?::?00)?)$/, "");
  const cut = Math.max(bare.indexOf("T"), bare.indexOf(" "));
  const date = DATE.exec(bare.slice(0, cut) + era);
  const time = TIME.exec(bare.slice(cut + 1));
  if (cut < 0 || date === null || time === null) throw notA("a timestamp", value);
  return BigInt(daysOf(date, date[0])) * 86_400_000_000n + BigInt(microsOf(time));
}

const POWERS = Array.from({ length: 16 }, (_, at) => 10 ** at);
const DECIMAL = /^(-?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;

/** `12.5` with scale 2 as 1250n. More places than the scale has would be lost: an error. */
export function toUnscaled(value: unknown, scale: number): bigint {
  if (typeof value === "number" && scale < POWERS.length) {
    // A number of at most 15 digits: the nearest whole one is exact, if all of it fits a double.
    const whole = Math.round(value * POWERS[scale]!);
    if (Math.abs(whole) < 1e15 && whole / POWERS[scale]! === value) {
      return BigInt(whole);
    }
  }
  const parts = DECIMAL.exec(String(value));
  if (parts === null) throw notA("a decimal", value);
  const [, sign, whole, fraction = "", exponent = "0"] = parts;
  const zeros = scale + Number(exponent) - fraction.length;
  const digits = `${whole}${fraction}`;
  if (zeros < 0 && !/^0*$/.test(digits.slice(zeros))) throw notA("a decimal of its scale", value);
  const kept = zeros < 0 ? digits.slice(0, zeros) : digits + "0".repeat(zeros);
  const unscaled = BigInt(kept === "" ? "0" : kept);
  return sign === "-" ? -unscaled : unscaled;
}

const WIDE_MAX = 1n << 127n;

/** A 128 bit integer, least word first. */
export function writeWide(words: BigInt64Array, at: number, value: bigint): void {
  if (value >= WIDE_MAX || value < -WIDE_MAX) throw notA("a decimal of 128 bits", String(value));
  words[at * 2] = BigInt.asIntN(64, value);
  words[at * 2 + 1] = value >> 64n;
}
