// Reads the shifts of a request: by name, right before a role, behind "Shift:", or standing alone.
import { blank, isNegated, phraseMatcher, type PhraseMatch } from "./phrase-matcher.ts";
import { SHIFTS, type Term } from "./terms.ts";
import { findRoles } from "./role-reader.ts";
import { othersOf, type Unread } from "./unread-demands.ts";
import { shiftOf } from "./want-values.ts";

const findShiftWords = phraseMatcher(
  new Map(
    SHIFTS.map(withPlurals).flatMap(({ value, words }) =>
      words.map((one) => [one, value] as const),
    ),
  ),
);

/** "Business days" and "both nights" are lengths of time, "both days and nights" are shifts. */
const LENGTH_BEFORE = /\b(?:business|calendar|both)[\s-]+$/i;
const OTHER_SHIFT_BEHIND = /^\s*(?:and|or|&|\/|\+)\s*(?:days|nights)\b/i;

/** Shifts that nobody has to work. */
const MAY_BEHIND =
  /^\s(?:(?:is|are)\s)?(?:optional|voluntary)\b(?!\s+(?:OT|over\s?time|hours?)\b)/i;

export function findShifts(text: string): PhraseMatch<string>[] {
  return findShiftWords(text).filter(({ start, end }) => {
    if (MAY_BEHIND.test(text.slice(end, end + NEAR))) return false;
    const is_bare = /^(?:days|nights)$/i.test(text.slice(start, end));
    if (!is_bare || OTHER_SHIFT_BEHIND.test(text.slice(end, end + NEAR))) return true;
    return !LENGTH_BEFORE.test(nearBefore(text, start));
  });
}

const HALF_NAMED =
  /\b(\w+)\s*(?:\bor\b|\band\b|\/|,|&)\s*(?=(?:[a-z0-9]+)[\s-]+(?:shifts?|crews?)\b)/gi;

const NO_SHIFT = "every|any|each|all|same|next|this|that|per|the|of";
const TIME = "daytime|day|evening|overnight|night";
const ROLE_TIME = `${TIME}|weekends?|weekdays?|saturday|(?:first|second|third|1st|2nd|3rd)`;
const BEFORE_ROLE = new RegExp(
  `(?<!\\b(?:${NO_SHIFT})[\\s-])\\b` +
    `((?:(?:${ROLE_TIME})[\\s-]*(?:[,/&+-]|\\band\\b|\\bor\\b|\\bto\\b)` +
    "[\\s,]*(?:(?:and|or)\\s+)?){0,3})" +
    `\\b(${ROLE_TIME})[\\s-]+$`,
  "i",
);
const ROLE_TIMES = new RegExp(`\\b(?:${ROLE_TIME})\\b`, "gi");

const EDGE = "[,;|()\\n.!?\u2013\u2014]|\\s[-/]\\s";
const LED_BY = "(?:(?:not|no|never|on|for|the|work|working|either|or|and)\\s+){0,4}";
const BEFORE_ALONE = new RegExp(`(?:^|${EDGE}|:)\\s*${LED_BY}$`, "i");
const ALONE = new RegExp(
  "(?<![\\w-])(night|evening|overnight|graveyards?|swing|afternoons?|nites?|daytime|day)" +
    `(?=(?:\\s+(?:only|please|pls|work))?\\s*(?:$|${EDGE}|:(?!\\s*\\p{L})))`,
  "giu",
);
const ANYWHERE = new RegExp(
  "\\b(?:(afternoons|nites|graveyards)|" +
    "(?:on|for|work|working)\\s+(?:the\\s+)?(graveyard|swing))\\b(?!\\s+by\\b)",
  "gi",
);
const ANY_SHIFT = /^(?:any|all|either|various|flex\w*|open|none|tb[ad]|n\/a|no preference)\b/i;
const LABELLED = /\bshifts?\s*[:=]\s*([^,;.\n|()]{1,40})/gi;
/** "The shift is 3rd." */
const STATED = new RegExp(
  "\\bshifts?\\s(?:is|are|will\\sbe|would\\sbe)\\s(?:the\\s)?(\\w+)" +
    `(?=\\s*(?:$|${EDGE}|\\b(?:only|please|pls)\\b))`,
  "gi",
);
const UNKNOWN = new RegExp(
  "\\b(?:(?:[ap]\\.?m\\.?|mornings?|early|late|mid|split|rotating|fourth|4th|double|swing)" +
    "[\\s-](?:shift|crew)s?|mornings|[b-d] shift)\\b",
  "gi",
);
const ORDINAL = "(?:1st|2nd|3rd|second|third)";
/** Also behind what was read, and behind words of work: "on second", not "on the 2nd". */
const ORDINAL_ALONE = new RegExp(
  `(?<=(?:${EDGE})\\s*|\\s{3}|\\b(?:on|work|working|cover|covering)\\s)` +
    `${ORDINAL}(?:\\s?(?:[/&+,]|\\b(?:and|or)\\b)\\s?${ORDINAL})*(?=\\s*(?:$|${EDGE}))`,
  "gi",
);

export interface ShiftsRead {
  readonly shift?: string;
  readonly not_shift?: string;
  readonly found: readonly PhraseMatch<string>[];
  readonly unread: readonly Unread[];
}

/** All shifts of a text; `roles`: those that are asked for, which stand in it. */
export function readShifts(text: string, roles: readonly PhraseMatch<string>[]): ShiftsRead {
  const before = shiftsBefore(roles, text);
  const plain = blank(text, findRoles(text));
  const named = findShifts(plain);
  const others = otherShifts(blank(plain, named));
  const found = [...named, ...others.shifts, ...before.shifts];
  const shift = found.find((one) => !one.negated)?.value;
  const not_shift = shift === undefined ? found[0]?.value : undefined;
  return {
    ...(shift !== undefined && { shift }),
    ...(not_shift !== undefined && { not_shift }),
    found,
    unread: [
      ...othersOf("shift", [...found, ...halfNamedShifts(plain)]),
      ...others.unread,
      ...before.unread.filter(({ said }) => said !== `shift: ${shift}`),
    ],
  };
}

const AM_OR_PM = "(?:\\s?[ap]\\.?m\\b|[ap]\\b)";
const HOUR = `\\d{1,2}(?::\\d\\d${AM_OR_PM}|${AM_OR_PM}|:\\d\\d\\b)`;
/** "4 - 6am" and "4 to 6am" may be four people at six, unless something says that it is hours. */
export const HOURS = new RegExp(
  `\\b${HOUR}\\.?\\s?(?:[-\u2013]|to)\\s?${HOUR}|\\b\\d{1,2}[-\u2013]${HOUR}|` +
    `(?<=\\b(?:from|between|hours|shift):?\\s)\\d{1,2}\\s?(?:[-\u2013]|to)\\s?${HOUR}`,
  "gi",
);
const TIMES_OF_DAY = /\b(?:(?:at|tomorrow|\w+day)\s+(?:night|evening)|mids)\b/gi;

/** Hours and times of day that say of no shift which it is: for a request that names none. */
export function timesLeft(text: string): Unread[] {
  return [HOURS, TIMES_OF_DAY].flatMap((times) => (text.match(times) ?? []).map(toldShift));
}

interface ShiftRead {
  readonly shifts: readonly PhraseMatch<string>[];
  readonly unread: readonly Unread[];
}

/** Shifts without the word "shift": "Shift: 2nd", "(night)", "graveyard". Others are told. */
function otherShifts(text: string): ShiftRead {
  const labelled = [...text.matchAll(LABELLED)].map((match) => {
    const [whole, said] = match;
    const start = match.index + whole.length - said!.length;
    return { said: said!.trim(), start, end: start + said!.trimEnd().length };
  });
  const named = labelled.map(({ said, start, end }): ShiftRead => {
    const parts = said.split(/\s*(?:[/&+]|\bor\b|\band\b)\s*/i).map(shiftOf);
    const values = parts.filter((one) => one !== undefined);
    const shifts = values.map((value) => ({ value, start, end, negated: isNegated(said) }));
    const is_told =
      values.length === 0 &&
      !ANY_SHIFT.test(said) &&
      /^(?!\d+ )[\p{L}\d.]+(?: \p{L}+){0,2}$/u.test(said);
    return { shifts, unread: is_told ? [toldShift(said)] : [] };
  });
  const standing = [...text.matchAll(ALONE)].filter(({ index }) =>
    BEFORE_ALONE.test(nearBefore(text, index)),
  );
  const alone = [...standing, ...text.matchAll(ANYWHERE)].flatMap((match) => {
    const said = match.slice(1).find((one) => one !== undefined)!;
    const start = match.index + match[0].length - said.length;
    const is_labelled = labelled.some((one) => one.start <= start && start < one.end);
    if (is_labelled || isGreeting(text, start, start + said.length)) return [];
    const value = shiftOf(said) ?? shiftOf(said.replace(/s$/i, "")) ?? "night";
    const negated = isNegated(text.slice(0, start));
    return [{ value, start, end: start + said.length, negated }];
  });
  const stated = [...text.matchAll(STATED)].flatMap((match) => {
    const end = match.index + match[0].length;
    const value = shiftOf(match[1]!);
    return value === undefined ? [] : [{ value, start: match.index, end, negated: false }];
  });
  const unknown = [...text.matchAll(UNKNOWN), ...text.matchAll(ORDINAL_ALONE)];
  return {
    shifts: [...named.flatMap((one) => one.shifts), ...stated, ...alone],
    unread: [
      ...named.flatMap((one) => one.unread),
      ...unknown.map(([said]) => toldShift(said.trim())),
    ],
  };
}

const NEAR = 200;

/** The letters before a place in a text: so many that long texts take no longer for each place. */
function nearBefore(text: string, start: number): string {
  return start <= NEAR
    ? text.slice(0, start)
    : text.slice(start - NEAR, start).replace(/^\S+/, "-");
}

function toldShift(said: string): Unread {
  return { slot: "shift", said: `shift: ${said}` };
}

/** "Evening, we need 3 packers." */
function isGreeting(text: string, start: number, end: number): boolean {
  return text.slice(0, start).trim() === "" && /^\s*[,!]/.test(text.slice(end));
}

/** The first of "day or night shift": a shift whose word "shift" stands behind the other one. */
function halfNamedShifts(text: string): PhraseMatch<string>[] {
  return [...text.matchAll(HALF_NAMED)].flatMap((match) => {
    const start = match.index;
    const named = findShifts(`${match[1]!} shift`);
    return named.map((one) => ({ ...one, start, end: start + match[1]!.length }));
  });
}

/** "Night janitors": a time of day right before a role is its shift; of several none is read. */
export function shiftsBefore(roles: readonly PhraseMatch<string>[], text: string): ShiftRead {
  const each = roles.map(({ start }): ShiftRead => {
    const before = nearBefore(text, start);
    const match = BEFORE_ROLE.exec(before);
    if (match === null) return { shifts: [], unread: [] };
    const from = start - before.length + match.index;
    const [, others, time] = match;
    if (others !== "") return { shifts: [], unread: shiftsTold(`${others} ${time}`) };
    const named = new RegExp(`^(?:${TIME})$`, "i").test(time!) ? findShifts(`${time} shift`) : [];
    const negated = isNegated(before.slice(0, match.index));
    const shifts = named.map((one) => ({ ...one, start: from, end: start, negated }));
    return { shifts, unread: [] };
  });
  return {
    shifts: each.flatMap((one) => one.shifts),
    unread: each.flatMap((one) => one.unread),
  };
}

function shiftsTold(times: string): Unread[] {
  const found = (times.match(ROLE_TIMES) ?? []).flatMap((time) => findShifts(`${time} shift`));
  const values = new Set(found.map((one) => one.value));
  return [...values].map((value) => ({ slot: "shift", said: `shift: ${value}` }));
}

/** "Night shifts" are the night shift. */
function withPlurals({ value, words }: Term): Term {
  const plurals = words.filter((one) => / (?:shift|crew)$/.test(one)).map((one) => `${one}s`);
  return { value, words: [...words, ...plurals] };
}
