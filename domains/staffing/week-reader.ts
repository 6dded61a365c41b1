// Reads the times of the week of a request: weekdays, weekends, Saturdays, short notice.
import { isNegated, type PhraseMatch } from "./phrase-matcher.ts";
import { termMatcher } from "./term-matcher.ts";
import { AVAILABLE_WORDS } from "./terms.ts";
import type { Unread } from "./unread-demands.ts";

const findTimesOfWeek = termMatcher(AVAILABLE_WORDS);
const NEAR = 60;

const SITE =
  "office|store|shop|plant|business|company|warehouse|facility|building|site|branch|dock|" +
  "lobby|desk";
/** "Our office is open", not "must be open weekends" nor "working hours Mon-Fri". */
const OPEN_BEFORE =
  `(?:${SITE}|our|opening|visiting)\\s+hours|` +
  `(?:we(?:['’]re|\\s+are)|(?:${SITE}|it)(?:['’]s|\\s+is))\\s+(?:only\\s+)?open`;
const NOT_ASKED_BEFORE = new RegExp(
  `\\b(?:(?:closed|${OPEN_BEFORE}|moved|changed?|pushed)(?:\\s+(?:on|is|are|from|every|each))?|` +
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
/** "Every other weekend off": on the rest of them they work. Of "every 2nd" blanks are left. */
const SOME_BEFORE = new RegExp(
  "(?:\\b(?:(?:every|each)\\s+)?(?:other|rotating|alternat(?:e|ing)|some|most|one|two|" +
    "three|this|next|first|second|third|last|\\d(?:st|nd|rd|th)?)\\s+|\\bevery\\s{3,})$",
  "i",
);
const NEVER_BEFORE =
  /(?:\b(?:no|not|never|without)|\w+n['’]t)\s+(?:(?!(?:and|or|but)\b)\w+\s+){0,2}$/i;
/** They may be those who are asked for, or those they stand in for. */
const WHOSE_BEFORE = /\bwho\s+(?:\w+\s+)?(?:ha(?:ve|s|d)|gets?|got)\s+(?:(?:the|their)\s+)?$/i;
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
  return asked.flatMap((one) => {
    if (!isOff(text, one.end)) return [one];
    const some = someOff(text, one.start);
    if (some === undefined) return [{ ...one, negated: true }];
    return WHOSE_BEFORE.test(some) ? [] : [{ ...one, negated: false }];
  });
}

function isOff(text: string, end: number): boolean {
  return OFF_BEHIND.test(text.slice(end, end + NEAR));
}

/** What makes a time that is off say nothing, or that the rest is worked. */
function someOff(text: string, start: number): string | undefined {
  const before = text.slice(Math.max(0, start - NEAR), start);
  const found = [SOME_BEFORE, NEVER_BEFORE, WHOSE_BEFORE].map((one) => one.exec(before)?.[0]);
  return found.find((one) => one !== undefined);
}

/** "Every other weekend off", "no weekends off": they are asked for, but not how many. */
function someOffLeft(text: string): Unread[] {
  const all = [...findTimesOfWeek(text), ...[...text.matchAll(ONE_DAY)].map(spanOf)];
  return all.flatMap(({ start, end }) => {
    const some = isOff(text, end) ? someOff(text, start) : undefined;
    if (some === undefined) return [];
    return [{ slot: "available", said: `available: ${some}${text.slice(start, end)} off` }];
  });
}

function spanOf({ 0: said, index: start }: RegExpExecArray) {
  return { start, end: start + said.length };
}

const DAY = "(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|thur|fri|sat(?:ur)?|sun)(?:day)?s?\\b\\.?";
const ONE_DAY = /\b(?:mon|tues|wednes|thurs|fri|sun)days?\b/gi;
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
  const left = [...ranges, ...sundays].flatMap(({ 0: said, index }): Unread[] => {
    const is_off = isOff(text, index + said.length);
    if (is_off && someOff(text, index) !== undefined) return [];
    const no = is_off || isNegated(text.slice(0, index)) ? "no " : "";
    return [{ slot: "available", said: `available: ${no}${said.replace(/\.$/, "")}` }];
  });
  return [...left, ...someOffLeft(text)];
}
