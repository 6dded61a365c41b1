// The gate on days and months: "on Monday" and "on Friday" ask for different things.
import { onlyIn, type QueryDifference } from "./query-difference.ts";
import type { QueryWord } from "./query-words.ts";

const DAYS = "monday tuesday wednesday thursday friday saturday sunday".split(" ");
const MONTHS =
  "january february march april may june july august september october november december".split(
    " ",
  );
const RELATIVE = ["yesterday", "tomorrow", "tonight"];

/** Months that are also verbs; they count after a preposition or beside a number only. */
const AMBIGUOUS = new Set(["may", "march"]);
const BEFORE_MONTH = new Set("in on of by until since from early mid".split(" "));

const SHORT_FORMS = new Map<string, string>([
  ...DAYS.map((day): [string, string] => [`${day}s`, day]),
  ...MONTHS.filter((month) => !["may", "march", "june", "july"].includes(month)).map(
    (month): [string, string] => [month.slice(0, 3), month],
  ),
  ["sept", "september"],
  ["tues", "tuesday"],
  ["thurs", "thursday"],
]);

/** "last month" and "last year" are other times; the one before says which. */
const PERIODS = new Set("week month quarter year weekend night morning summer winter".split(" "));
const BEFORE_PERIOD = new Map([
  ["last", "last"],
  ["past", "last"],
  ["previous", "last"],
  ["this", "this"],
  ["current", "this"],
  ["next", "next"],
  ["coming", "next"],
  ["upcoming", "next"],
]);

const KNOWN = new Set([...DAYS, ...MONTHS, ...RELATIVE]);

/** Days, months and relative days that a query names. */
export function readCalendar(words: readonly QueryWord[]): Set<string> {
  const found = new Set<string>();
  for (const [at, { word }] of words.entries()) {
    const which = PERIODS.has(word) ? BEFORE_PERIOD.get(words[at - 1]?.word ?? "") : undefined;
    if (which !== undefined && which !== "this") found.add(`${which} ${word}`);
    const evening = word === "evening" && words[at - 1]?.word === "this" ? "tonight" : undefined;
    const day = KNOWN.has(word) ? word : (evening ?? SHORT_FORMS.get(word));
    if (day === undefined || (AMBIGUOUS.has(day) && !isMonth(words, at))) continue;
    found.add(day);
  }
  return found;
}

function isMonth(words: readonly QueryWord[], at: number): boolean {
  const before = words[at - 1]?.word ?? "";
  const after = words[at + 1]?.word ?? "";
  return BEFORE_MONTH.has(before) || /^\d/u.test(before) || /^\d/u.test(after);
}

/** Days and months of one query that the other does not name. */
export function calendarDifferences(
  query: readonly QueryWord[],
  recorded: readonly QueryWord[],
): QueryDifference[] {
  const left = readCalendar(query);
  const right = readCalendar(recorded);
  const only_left = onlyIn(left, right);
  const only_right = onlyIn(right, left);
  if (only_left.length === 0 && only_right.length === 0) return [];
  return [{ kind: "time", query: only_left.join(", "), recorded: only_right.join(", ") }];
}
