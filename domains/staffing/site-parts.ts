// Tells the number of a dock or a store from the number of people who are asked for.
import { countsIn } from "./number-words.ts";
import { findRoles } from "./role-reader.ts";
import { toldNumber, type Unread } from "./unread-demands.ts";
import { isCountOfPeople } from "./wrapped-lines.ts";

const PARTS =
  "dock|line|building|bay|door|gate|plant|site|room|floor|route|suite|store|dept|unit|lot|zone";
const NUMBERED = new RegExp(`\\b(?:${PARTS})\\s#?(?:[a-z]-?)?\\d+\\b`, "gi");
/** Behind these a number may count people: "our store 4 packers". */
const COUNTED = /^(?:store|dept|lot|unit|plant)\s/i;
const NUMBER = /^\S+\s(\d{1,2})$/;
/** A word in small letters, or the blanks that a place left. */
const LED = /(?:(?<!\S)\p{Ll}\S{0,30}\s|\s{4})$/u;
/** "The front gate 2 security guards", "our Toledo site 12 packers" */
const SITE_LED = /(?:\b(?:the|our|my|your|their|this)\s(?:(?!\d)\S{1,30}\s){0,2}|\s{4})$/i;
/** "On dock 3 packers": it may be dock 3 as well. */
const PLACED = /\b(?:on|at|in|to|for|from|by|near)\s(?:\S{1,30}\s)?$/i;
const CLAUSE_BREAK = /[,.;:!?\n]/;
const NEAR = 100;

/** What the number counts; `unclear`: people or parts; `next`: people, on a line of its own. */
type Counting = "people" | "unclear" | "parts" | "next";

/** The text without parts of a site: "dock 4", not the 4 of "our store 4 packers". */
export function withoutSiteParts(text: string): string {
  const countingOf = countingIn(text);
  return text.replaceAll(NUMBERED, (found, offset: number) =>
    /^(?:people|next)$/.test(countingOf(found, offset)) ? found : " ".repeat(found.length),
  );
}

/** Numbers that may be a count, or a store's. */
export function sitePartCounts(text: string): Unread[] {
  const countingOf = countingIn(text);
  return [...text.matchAll(NUMBERED)].flatMap(({ 0: found, index }) =>
    /^(?:parts|next)$/.test(countingOf(found, index)) ? [] : [toldNumber(NUMBER.exec(found)![1]!)],
  );
}

function countingIn(text: string): (found: string, start: number) => Counting {
  const roles = new Map(findRoles(text).map(({ start, end }) => [start, text.slice(start, end)]));
  return (found, start) => {
    if (found.includes("\n") && isCountOfPeople(text.slice(start + found.length, start + NEAR)))
      return "next";
    const role = roles.get(start + found.length + 1) ?? "";
    if (!NUMBER.test(found) || !/s$/i.test(role)) return "parts";
    const before = text.slice(Math.max(0, start - NEAR), start);
    if (countsIn(before.split(CLAUSE_BREAK).at(-1)!).length > 0) return "parts";
    if (COUNTED.test(found) && LED.test(before)) return "people";
    if (SITE_LED.test(before)) {
      // "Our line 3 packers quit, need 5": the other is the count.
      const others =
        text.slice(0, start) + " ".repeat(found.length) + text.slice(start + found.length);
      return countsIn(others).length > 0 ? "parts" : "people";
    }
    return PLACED.test(before) ? "unclear" : "parts";
  };
}
