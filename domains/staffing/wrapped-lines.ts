// Tells where a line of a request goes on with the one above it: mails wrap in the middle.
import { PEOPLE } from "./count-reader.ts";
import { findRoles } from "./role-reader.ts";

const NEAR = 60;
const CLAUSE_END = /[,.;:!?()\n]/;
const PEOPLE_HERE = new RegExp(`\\b(?:${PEOPLE})\\b`, "i");
const NOT_COUNTED =
  /\b(?:for|to|please|pls|we|need|send|with|at|and|in|on|our|the|an?|of|from|hours?|days?)\b/i;
const WORDS_MAX = 2;

/** Whether a number with these words behind it counts people: "10 night packers". */
export function isCountOfPeople(behind: string): boolean {
  const clause = behind.slice(0, NEAR).split(CLAUSE_END)[0]!;
  const start = findRoles(clause)[0]?.start ?? PEOPLE_HERE.exec(clause)?.index;
  if (start === undefined) return false;
  const between = clause.slice(0, start).trim();
  return !NOT_COUNTED.test(between) && between.split(/\s+/).length <= WORDS_MAX;
}

const MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec";
/** What a range may go on with: "5-10\nhour days", not "7-3\nhours Mon-Fri". */
const LENGTH = "hours?[ -](?:days?|shifts?)|(?:days|weeks?|months?|years?|minutes?)";
/** What makes a measure of a number above it, but "Qty: 3\ndays": these are shifts. */
const UNIT =
  "[ap]m|[AP]M|lbs?|Lbs?|LBS|pounds?|kgs?|[Hh]ours?[ -](?:[Dd]ays?|[Ss]hifts?)|" +
  "(?:[Ww]eek|[Mm]onth|[Yy]ear|[Yy]r|[Mm]inute|[Mm]in)s?";
/** "Qty: 3", "Packers - 3", "x 3", "Qty 3". */
const COUNT_ENDS =
  "(?<=(?:[:=#(]|(?<!\\d)[\u2013\u2014-]|\\bx|" +
  "\\b(?:[Qq]ty|QTY|[Qq]uantity|[Hh]eadcount|[Cc]ount) ) ?\\d{1,3})";
/** "Qty: 3\nnights" and "three\nNights" end there; "10\nhour days" and "12\nJune" go on. */
const LINE_END = new RegExp(
  `${COUNT_ENDS}\\n(?!(?:${UNIT})\\b)|` +
    `(?<=\\d[\u2013-]\\d{1,2})\\n(?!(?:${LENGTH})\\b)|` +
    `\\n(?=(\\d{1,3})\\b|(?<!\\b(?:[Dd]ay|[Nn]ight)\\n)(?!(?:${UNIT}|Days)\\b)` +
    `\\p{Lu}\\p{L}(?<!\\b(?=(?:${MONTHS}))..))`,
  "gu",
);

/** The lines of a text, with those that go on as one: what stands in several is said in one. */
export function linesApart(text: string): string[] {
  const lines: string[] = [];
  let from = 0;
  for (const { 1: number, index } of text.matchAll(LINE_END)) {
    if (
      number !== undefined &&
      !isCountOfPeople(text.slice(index + 1 + number.length, index + NEAR))
    )
      continue;
    lines.push(text.slice(from, index));
    from = index + 1;
  }
  return [...lines, text.slice(from)];
}
