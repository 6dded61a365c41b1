// Reads the times of the week of a request: weekdays, weekends, Saturdays, short notice.
import { isNegated, type PhraseMatch } from "./phrase-matcher.ts";
import type { Span } from "./spans.ts";
import { termMatcher } from "./term-matcher.ts";
import { AVAILABLE_WORDS } from "./terms.ts";
import type { Unread } from "./unread-demands.ts";

const findTimesOfWeek = termMatcher(AVAILABLE_WORDS);
const NEAR = 60;

/** A clause begins, or something was read there. */
const BEGUN = "(?:^|[,.;:!?\\n(•*·-]|\\s{3})\\s*";
/** "Working hours Mon-Fri"; the hours of anything else are a client's. */
const HOURS_ASKED = `(?:${BEGUN}|\\b(?:work(?:ing)?|shifts?|job|scheduled?|the|their)\\s+)`;
/** "Must be open weekends", "an open weekend shift"; whoever else is open is a client. */
const OPEN_ASKED = "\\b(?:(?:must|should|to)\\s+be|have|an)\\s+";
const NOT_ASKED_BEFORE = new RegExp(
  `\\b(?:(?:closed|(?<!${HOURS_ASKED})hours|(?<!${OPEN_ASKED})open|moved|changed?|pushed)` +
    "(?:\\s+(?:on|is|are|from|every|each))?|after\\s+the)\\s+$",
  "i",
);
/** "Open weekends", and nothing says who is. */
const OPEN_ALONE = new RegExp(`${BEGUN}open(?:\\s+(?:on|every|each))?\\s+$`, "i");
const WISHED_BEFORE = new RegExp(
  "\\b(?:(?:ha(?:ve|d|ving)|enjoy|wish\\w*|happy)\\s+(?:\\w+\\s+){0,2}" +
    "(?:good|great|nice|lovely|wonderful|safe)|enjoy(?:ed)?\\s+(?:your|the)|happy)\\s+$",
  "i",
);
const WISH_ENDS = /^\s*(?:[,.;:!?)\n]|$|(?:all|everyone|and|to)\b)/i;
const SORRY_BEFORE = /\b(?:sorry|apologi\w+)\b(?:(?!\b(?:but|need|on)\b)[^,.;:!?\n]){0,40}$/i;

/** "Weekends off", and weekends that nobody has to work. */
const OFF_BEHIND = /^\s(?:are\s|is\s)?off(?=\s*(?:[,.;:!?)\n]|$|(?:please|and)\b))/i;
/** "Every other weekend off": on the rest of them they work. */
const SOME_BEFORE = /\b(?:(?:every|each) )?(?:other|rotating|alternat(?:e|ing)|some|most) $/i;
/** Of one: "every 2nd weekend", not "2nd shift, weekends off". */
const ONE_BEFORE =
  /\b(?:(?:every|each) )?(?:one|this|next|last|first|second|third|\d(?:st|nd|rd|th)) $/i;
/** "No weekends off", not "no overtime, weekends off". */
const NEVER_BEFORE = new RegExp(
  "(?:\\b(?:no|not|never|without)|\\w+n['’]t) " +
    "(?:(?:more|any|all|every|get|have|getting|guaranteed?|offer(?:ed)?|given?) ){0,2}$",
  "i",
);
/** They may be those who are asked for, or those they stand in for. */
const WHOSE_BEFORE = /\bwho\s+(?:\w+\s+)?(?:ha(?:ve|s|d)|gets?|got)\s+(?:(?:the|their)\s+)?$/i;
const MAY_BEHIND = new RegExp(
  "^\\s(?:(?:is|are|work\\s(?:is|are)?)\\s?)?(?:optional|voluntary)\\b" +
    "(?!\\s+(?:OT|over\\s?time|hours?)\\b)",
  "i",
);

/**
 * "Have a good weekend" and "sorry for short notice" ask for no time of the week. `said`: the text
 * before words of roles and shifts were taken out of it.
 */
export function findAvailable(text: string, said = text): PhraseMatch<string>[] {
  const asked = findTimesOfWeek(text).filter(({ value, start, end }) => {
    const before = nearBefore(text, start);
    if (MAY_BEHIND.test(text.slice(end, end + NEAR))) return false;
    if (value === "short notice") return !SORRY_BEFORE.test(before);
    const is_wish = WISHED_BEFORE.test(before) && WISH_ENDS.test(text.slice(end, end + NEAR));
    return !is_wish && !NOT_ASKED_BEFORE.test(before);
  });
  return asked.flatMap((one) => {
    if (!isOff(text, one.end)) return [one];
    const some = someOff(said, one);
    if (some === undefined) return [{ ...one, negated: true }];
    return WHOSE_BEFORE.test(some) ? [] : [{ ...one, negated: false }];
  });
}

function nearBefore(text: string, start: number): string {
  return text.slice(Math.max(0, start - NEAR), start);
}

function isOff(text: string, end: number): boolean {
  return OFF_BEHIND.test(text.slice(end, end + NEAR));
}

/** What makes a time that is off say nothing, or that the rest is worked. */
function someOff(text: string, { start, end }: Span): string | undefined {
  const before = nearBefore(text, start);
  const is_one = !/s$/i.test(text.slice(start, end));
  const patterns = [SOME_BEFORE, ...(is_one ? [ONE_BEFORE] : []), NEVER_BEFORE, WHOSE_BEFORE];
  return patterns.map((one) => one.exec(before)?.[0]).find((one) => one !== undefined);
}

/** "Every other weekend off", "no weekends off": they are asked for, but not how many. */
function someOffLeft(text: string): Unread[] {
  const all = [...findTimesOfWeek(text), ...[...text.matchAll(ONE_DAY)].map(spanOf)];
  return all.flatMap((one) => {
    const some = isOff(text, one.end) ? someOff(text, one) : undefined;
    return some === undefined ? [] : [toldTime(`${some}${text.slice(one.start, one.end)} off`)];
  });
}

/** "Open weekends": they or the client. */
function openLeft(text: string): Unread[] {
  const alone = findTimesOfWeek(text).filter(({ start }) =>
    OPEN_ALONE.test(nearBefore(text, start)),
  );
  return alone.map(({ start, end }) => toldTime(`open ${text.slice(start, end)}`));
}

function toldTime(said: string): Unread {
  return { slot: "available", said: `available: ${said}` };
}

function spanOf({ 0: said, index: start }: RegExpExecArray): Span {
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

/** Days of the week that no time of the week holds. `rest`: the text without what was read. */
export function daysLeft(text: string, rest: string): Unread[] {
  const isAsked = ({ index }: RegExpExecArray) => {
    const before = nearBefore(rest, index);
    return OPEN_ALONE.test(before) || !NOT_ASKED_BEFORE.test(before);
  };
  const names_weekends = /\bweekends?\b/i.test(text);
  const ranges = [...text.matchAll(DAYS)].filter(
    (one) => isAsked(one) && !(names_weekends && /^sat\w*\W+(?:\w+\W+)?sun/i.test(one[0])),
  );
  const sundays = [...text.matchAll(SUNDAYS)].filter(
    (one) =>
      isAsked(one) &&
      !SATURDAYS_BEFORE.test(nearBefore(text, one.index)) &&
      !ranges.some(({ 0: said, index }) => index <= one.index && one.index < index + said.length),
  );
  const left = [...ranges, ...sundays].flatMap((found): Unread[] => {
    const { 0: said, index } = found;
    const is_off = isOff(text, index + said.length);
    if (is_off && someOff(text, spanOf(found)) !== undefined) return [];
    const no = is_off || isNegated(text.slice(0, index)) ? "no " : "";
    return [toldTime(`${no}${said.replace(/\.$/, "")}`)];
  });
  return [...left, ...openLeft(rest), ...someOffLeft(text)];
}
