// Finds the numbers of a query: amounts with units, clock times, ordinals, identifiers with digits.
import {
  BEFORE_UNIT,
  MULTIPLIERS,
  ORDINALS,
  SMALL_NUMBERS,
  TENS,
  UNITS,
  WHOLE_AMOUNTS,
} from "./number-words.ts";
import type { QueryWord } from "./query-words.ts";

export interface QueryNumber {
  readonly kind: "amount" | "clock" | "ordinal" | "identifier";
  /** Equal values are equal text: "5", "15:00", "w-1234". */
  readonly value: string;
  /** What is measured, when a unit says so. */
  readonly quantity: string | undefined;
  /** As read, for people. */
  readonly text: string;
  /** Could be grammar rather than a number ("which one", "first of all"). */
  readonly vague: boolean;
}

/** All numbers in order. */
export function readNumbers(words: readonly QueryWord[]): QueryNumber[] {
  const found: QueryNumber[] = [];
  for (let at = 0; at < words.length;) {
    const [number, used] = readClock(words, at) ?? readAmount(words, at) ?? readOther(words, at);
    if (number !== undefined) found.push(number);
    at += used;
  }
  return found;
}

type Reading = readonly [QueryNumber | undefined, used: number];

function readClock(words: readonly QueryWord[], at: number): Reading | undefined {
  const { word, text } = words[at]!;
  if (word === "noon" || word === "midday") return [clock(12, 0, text), 1];
  if (word === "midnight") return [clock(0, 0, text), 1];
  const match = /^(\d{1,2})(?::(\d\d))?(am|pm|a|p)?$/u.exec(word);
  const hour = match === null ? SMALL_NUMBERS.get(word) : Number(match[1]);
  if (hour === undefined || hour > 24) return undefined;
  const minute = Number(match?.[2] ?? 0);
  if (match?.[3] !== undefined) return [clock(halfDay(hour, match[3]), minute, text), 1];
  const next = words[at + 1]?.word;
  const following = words[at + 2]?.word;
  if (next === "am" || next === "pm") {
    return [clock(halfDay(hour, next), minute, `${text} ${next}`), 2];
  }
  if ((next === "a" || next === "p") && following === "m") {
    return [clock(halfDay(hour, next), minute, `${text} ${next}m`), 3];
  }
  if (next === "o'clock" || next === "oclock") return [clock(hour, minute, `${text} o'clock`), 2];
  return match?.[2] === undefined ? undefined : [clock(hour, minute, text), 1];
}

function halfDay(hour: number, half: string): number {
  return (hour % 12) + (half.startsWith("p") ? 12 : 0);
}

function clock(hour: number, minute: number, text: string): QueryNumber {
  const value = `${hour % 24}:${String(minute).padStart(2, "0")}`;
  return { kind: "clock", value, quantity: undefined, text, vague: false };
}

function readAmount(words: readonly QueryWord[], at: number): Reading | undefined {
  const amount = readDigits(words[at]!.word) ?? readWordAmount(words, at);
  if (amount === undefined) return undefined;
  let { value, used } = amount;
  const scale = MULTIPLIERS.get(words[at + used]?.word ?? "");
  if (scale !== undefined) {
    value *= scale;
    used++;
  } else if (WHOLE_AMOUNTS.get(words[at + used]?.word ?? "") === 12) {
    value *= 12;
    used++;
  }
  const text = words
    .slice(at, at + used)
    .map((word) => word.text)
    .join(" ");
  const gap = BEFORE_UNIT.has(words[at + used]?.word ?? "") ? 1 : 0;
  const unit = amount.unit ?? words[at + used + gap]?.word ?? "";
  const [quantity, size] = UNITS.get(unit) ?? [undefined, 1];
  const vague = value === 1 ? quantity === undefined && amount.vague : amount.vague;
  return [
    { kind: "amount", value: String(value * size), quantity, text, vague },
    used + (quantity !== undefined && amount.unit === undefined ? 1 + gap : 0),
  ];
}

interface Amount {
  value: number;
  used: number;
  readonly unit: string | undefined;
  readonly vague: boolean;
}

/** "5", "1,200", "2.5", "10k", "5kg". */
function readDigits(word: string): Amount | undefined {
  const match = /^(\d+(?:[.,]\d+)*)(\p{L}*)$/u.exec(word);
  if (match === null) return undefined;
  const digits = match[1]!.replace(/,(?=\d{3}(?!\d))/gu, "").replace(",", ".");
  const suffix = match[2]!;
  const value = Number(digits);
  if (Number.isNaN(value)) return undefined;
  if (suffix === "") return { value, used: 1, unit: undefined, vague: false };
  if (suffix === "k") return { value: value * 1_000, used: 1, unit: undefined, vague: false };
  return UNITS.has(suffix) ? { value, used: 1, unit: suffix, vague: false } : undefined;
}

/** "five", "twenty five", "two hundred and ten", "a dozen". */
function readWordAmount(words: readonly QueryWord[], at: number): Amount | undefined {
  let value = 0;
  let used = 0;
  for (;;) {
    const word = words[at + used]?.word ?? "";
    const ten = TENS.get(word);
    const small = SMALL_NUMBERS.get(word);
    const scale = MULTIPLIERS.get(word);
    if (ten !== undefined && value % 100 === 0) value += ten;
    else if (small !== undefined && (used === 0 || (value % 10 === 0 && value > 0))) value += small;
    else if (scale !== undefined && used > 0) value *= scale;
    else if (
      word === "and" &&
      used > 0 &&
      value % 100 === 0 &&
      isNumberWord(words[at + used + 1])
    ) {
      // "two hundred and ten"
    } else break;
    used++;
  }
  const one = used === 1 && value === 1;
  if (used > 0) return { value, used, unit: undefined, vague: one };
  const whole = WHOLE_AMOUNTS.get(words[at]!.word);
  if (whole === undefined) return undefined;
  return { value: whole, used: 1, unit: undefined, vague: words[at]!.word === "couple" };
}

function isNumberWord(word: QueryWord | undefined): boolean {
  return word !== undefined && (SMALL_NUMBERS.has(word.word) || TENS.has(word.word));
}

function readOther(words: readonly QueryWord[], at: number): Reading {
  const { word, text } = words[at]!;
  const suffixed = /^(\d+)(?:st|nd|rd|th)$/u.exec(word);
  const ordinal = suffixed === null ? ORDINALS.get(word) : Number(suffixed[1]);
  if (ordinal !== undefined) {
    // "the second most" ranks; "first of all" and "a second" may be grammar.
    const ranks = /^(most|least|best|worst|\w{3,}est)$/u.test(words[at + 1]?.word ?? "");
    const vague = suffixed === null && ordinal <= 2 && !(ranks && ordinal === 2);
    return [{ kind: "ordinal", value: String(ordinal), quantity: undefined, text, vague }, 1];
  }
  if (!/\d/u.test(word)) return [undefined, 1];
  return [{ kind: "identifier", value: word, quantity: undefined, text, vague: false }, 1];
}
