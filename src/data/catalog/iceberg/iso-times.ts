// Dates and times between ISO 8601 text and the numbers Iceberg stores: days and microseconds.

/** A whole number: `bigint` only where a `number` would not be exact. */
export type Whole = number | bigint;

const DAY_MICROS = 86_400_000_000;
const DATE = /^([+-]?\d{4,9})-(\d\d)-(\d\d)$/;
const TIME = /^(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?$/;
const STAMP = /^([^T ]+?)(?:[T ]([\d:.]+))?(Z|[+-]\d\d(?::?\d\d)?)?$/;

/** A whole number that is a `number` where that is exact. */
export function whole(value: bigint): Whole {
  const short = Number(value);
  return Number.isSafeInteger(short) ? short : value;
}

/** Days since 1970-01-01 of a proleptic Gregorian date; undefined: not a date. */
export function daysOf(text: string): number | undefined {
  const match = DATE.exec(text);
  if (match === null) return undefined;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (month < 1 || month > 12 || day < 1 || day > monthLength(year, month)) return undefined;
  return daysFromCivil(year, month, day);
}

/** `2017-11-16`; years outside 0 to 9999 have a sign, as in ISO 8601. */
export function printDays(days: number): string {
  const { year, month, day } = civilFromDays(days);
  return `${printYear(year)}-${two(month)}-${two(day)}`;
}

/** Microseconds since midnight; undefined: not a time, or finer than microseconds. */
export function timeMicrosOf(text: string): number | undefined {
  const match = TIME.exec(text);
  if (match === null) return undefined;
  const [hour, minute, second] = [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
  const digits = (match[4] ?? "").padEnd(9, "0");
  if (hour > 23 || minute > 59 || second > 59 || !digits.endsWith("000")) return undefined;
  return (hour * 3600 + minute * 60 + second) * 1_000_000 + Number(digits.slice(0, 6));
}

/** `22:31:08.123456`; without the fraction where that is zero. */
export function printTimeMicros(micros: number): string {
  const seconds = Math.floor(micros / 1_000_000);
  const fraction = micros - seconds * 1_000_000;
  const clock = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}`;
  const rest = fraction === 0 ? "" : `.${String(fraction).padStart(6, "0")}`;
  return `${clock}:${two(seconds % 60)}${rest}`;
}

/**
 * Microseconds since 1970-01-01T00:00:00 of `2017-11-16T22:31:08.123456`; a date alone is midnight.
 * With `zoned` the text must say its offset, without it must not: undefined otherwise.
 */
export function stampMicrosOf(text: string, zoned: boolean): Whole | undefined {
  const match = STAMP.exec(text);
  if (match === null || (match[3] !== undefined) !== zoned) return undefined;
  const days = daysOf(match[1]!);
  const time = match[2] === undefined ? 0 : timeMicrosOf(match[2]);
  if (days === undefined || time === undefined) return undefined;
  const micros = time - offsetMicros(match[3] ?? "Z");
  const sum = days * DAY_MICROS + micros;
  if (Number.isSafeInteger(sum)) return sum;
  return whole(BigInt(days) * BigInt(DAY_MICROS) + BigInt(micros));
}

/** The text `stampMicrosOf` reads; with `zoned` in UTC, ending in `+00:00`. */
export function printStampMicros(value: Whole, zoned: boolean): string {
  const days = floorDivide(value, DAY_MICROS);
  const micros =
    typeof value === "number"
      ? value - days * DAY_MICROS
      : Number(value - BigInt(days) * BigInt(DAY_MICROS));
  return `${printDays(days)}T${printTimeMicros(micros)}${zoned ? "+00:00" : ""}`;
}

/** Rounded towards minus infinity, as times before 1970 need it; the result must be exact. */
export function floorDivide(value: Whole, by: number): number {
  if (typeof value === "number") return Math.floor(value / by) + 0;
  const divisor = BigInt(by);
  const quotient = value / divisor;
  return Number(value < 0n && quotient * divisor !== value ? quotient - 1n : quotient);
}

/** Months since 1970-01, and years, of days since 1970-01-01. */
export function monthsOfDays(days: number): number {
  const { year, month } = civilFromDays(days);
  return (year - 1970) * 12 + month - 1;
}

function daysFromCivil(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const year_of_era = shifted - era * 400;
  const day_of_year = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const leaps = Math.floor(year_of_era / 4) - Math.floor(year_of_era / 100);
  return era * 146_097 + year_of_era * 365 + leaps + day_of_year - 719_468;
}

function civilFromDays(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const day_of_era = shifted - era * 146_097;
  const year_of_era = Math.floor(
    (day_of_era -
      Math.floor(day_of_era / 1460) +
      Math.floor(day_of_era / 36_524) -
      Math.floor(day_of_era / 146_096)) /
      365,
  );
  const leaps = Math.floor(year_of_era / 4) - Math.floor(year_of_era / 100);
  const day_of_year = day_of_era - (365 * year_of_era + leaps);
  const shifted_month = Math.floor((5 * day_of_year + 2) / 153);
  const month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  const day = day_of_year - Math.floor((153 * shifted_month + 2) / 5) + 1;
  return { year: year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day };
}

function monthLength(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

function offsetMicros(text: string): number {
  if (text === "Z") return 0;
  const [hours, minutes] = [Number(text.slice(1, 3)), Number(text.slice(3).replace(":", "") || 0)];
  return (text.startsWith("-") ? -1 : 1) * (hours * 60 + minutes) * 60_000_000;
}

function printYear(year: number): string {
  const digits = String(Math.abs(year)).padStart(4, "0");
  if (year < 0) return `-${digits}`;
  return year > 9999 ? `+${digits}` : digits;
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}
