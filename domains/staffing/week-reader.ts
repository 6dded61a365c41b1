// Reads the times of the week of a request: weekdays, weekends, Saturdays, short notice.
import { isNegated, type PhraseMatch } from "./phrase-matcher.ts";
import { termMatcher } from "./term-matcher.ts";
import { AVAILABLE_WORDS } from "./terms.ts";
import type { Unread } from "./unread-demands.ts";

const findTimesOfWeek = termMatcher(AVAILABLE_WORDS);
const NEAR = 60;

const NOT_ASKED_BEFORE = new RegExp(
  "\\b(?:(?:closed|open|hours|moved|changed?|pushed)(?:\\s+(?:on|is|are|from|every|each))?|" +
    "after\\s+the)\\s+$",
  "i",
);
const WISHED_BEFORE = new RegExp(
  "\\b(?:(?:ha(?:ve|d|ving)|enjoy|wish\\w*|happy)\\s+(?:\\w+\\s+){0,2}" +
    "(?:good|great|nice|lovely|wonderful|safe)|enjoy(?:ed)?\\s+(?:your|the)|happy)\\s+$",
  "i",
);
const WISH_ENDS = /^\s*(?:[,.;:!?)\n]|$|(?:all|everyone|and|to)\b)/i;
const SORRY_BEFORE = /\b(?:sorry|apologi\w+)\b(?:(?!\b(?:but|need|on)\b)[^,.;:!?\n]){0,40}$/i;

/** "Weekends off", and weekends that nobody has to work. */
const OFF_BEHIND = /^\s(?:are\s|is\s)?off(?=\s*(?:[,.;:!?)\n]|$|(?:please|and)\b))/i;
const MAY_BEHIND = new RegExp(
  "^\\s(?:(?:is|are|work\\s(?:is|are)?)\\s?)?(?:optional|voluntary)\\b" +
    "(?!\\s+(?:OT|over\\s?time|hours?)\\b)",
  "i",
);

/** "Have a good weekend" and "sorry for short notice" ask for no time of the week. */
export function findAvailable(text: string): PhraseMatch<string>[] {
  const asked = findTimesOfWeek(text).filter(({ value, start, end }) => {
    const before = text.slice(Math.max(0, start - NEAR), start);
    if (MAY_BEHIND.test(text.slice(end, end + NEAR))) return false;
    if (value === "short notice") return !SORRY_BEFORE.test(before);
    const is_wish = WISHED_BEFORE.test(before) && WISH_ENDS.test(text.slice(end, end + NEAR));
    return !is_wish && !NOT_ASKED_BEFORE.test(before);
  });
  return asked.map((one) =>
    OFF_BEHIND.test(text.slice(one.end, one.end + NEAR)) ? { ...one, negated: true } : one,
  );
}

const DAY = "(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|thur|fri|sat(?:ur)?|sun)(?:day)?s?\\b\\.?";
/** "Mon-Sat", "Thursday to Monday"; "Monday to Friday" are the weekdays. */
const DAYS = new RegExp(
  `\\b(?!mon(?:day)?s?\\b\\.? to fri)${DAY}\\s?(?:[-\u2013\u2014]|\\b(?:to|thru|through|till?|until)\\b)\\s?${DAY}`,
  "gi",
);
const SUNDAYS = /\bsundays\b|\bsunday\s(?:only|shifts?)\b|\b(?:every|each)\ssunday\b/gi;
const SATURDAYS_BEFORE = /\bsat(?:urday)?s?\s(?:and|&)\s$/i;

/** Days of the week that no time of the week holds. */
export function daysLeft(text: string): Unread[] {
  const isAsked = ({ index }: RegExpExecArray) =>
    !NOT_ASKED_BEFORE.test(text.slice(Math.max(0, index - NEAR), index));
  const names_weekends = /\bweekends?\b/i.test(text);
  const ranges = [...text.matchAll(DAYS)].filter(
    (one) => isAsked(one) && !(names_weekends && /^sat\w*\W+(?:\w+\W+)?sun/i.test(one[0])),
  );
  const sundays = [...text.matchAll(SUNDAYS)].filter(
    (one) =>
      isAsked(one) &&
      !SATURDAYS_BEFORE.test(text.slice(Math.max(0, one.index - NEAR), one.index)) &&
      !ranges.some(({ 0: said, index }) => index <= one.index && one.index < index + said.length),
  );
  return [...ranges, ...sundays].map(({ 0: said, index }) => {
    const is_out =
      isNegated(text.slice(0, index)) || OFF_BEHIND.test(text.slice(index + said.length));
    return {
      slot: "available",
      said: `available: ${is_out ? "no " : ""}${said.replace(/\.$/, "")}`,
    };
  });
}
