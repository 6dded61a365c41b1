// Tells the number of a dock or a store from the number of people who are asked for.
import { countsIn } from "./number-words.ts";
import { findRoles } from "./role-reader.ts";
import { toldNumber, type Unread } from "./unread-demands.ts";

const PARTS =
  "dock|line|building|bay|door|gate|plant|site|room|floor|route|suite|store|dept|unit|lot|zone";
const NUMBERED = new RegExp(`\\b(?:${PARTS})\\s+#?(?:[a-z]-?)?\\d+\\b`, "gi");
/** Behind these a number may count people: "our store 4 packers". */
const COUNTED = /^(?:store|dept|lot|unit|plant)\s+(\d{1,2})$/i;
/** A word in small letters, or the blanks that a place left. */
const LED = /(?:(?<!\S)\p{Ll}\S{0,30}\s|\s{4})$/u;
const CLAUSE_BREAK = /[,.;:!?\n]/;
const NEAR = 100;

/** The text without parts of a site: "dock 4", not the 4 of "our store 4 packers". */
export function withoutSiteParts(text: string): string {
  const isCount = countTest(text);
  return text.replaceAll(NUMBERED, (found, offset: number) =>
    isCount(found, offset) ? found : " ".repeat(found.length),
  );
}

/** Numbers read as a count that may be a store's. */
export function sitePartCounts(text: string): Unread[] {
  const isCount = countTest(text);
  return [...text.matchAll(NUMBERED)].flatMap(({ 0: found, index }) =>
    isCount(found, index) ? [toldNumber(COUNTED.exec(found)![1]!)] : [],
  );
}

function countTest(text: string): (found: string, start: number) => boolean {
  const roles = new Map(findRoles(text).map(({ start, end }) => [start, text.slice(start, end)]));
  return (found, start) => {
    const role = roles.get(start + found.length + 1) ?? "";
    if (!COUNTED.test(found) || !/s$/i.test(role)) return false;
    const before = text.slice(Math.max(0, start - NEAR), start);
    return LED.test(before) && countsIn(before.split(CLAUSE_BREAK).at(-1)!).length === 0;
  };
}
