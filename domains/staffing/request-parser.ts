// Reads a request for workers without a model: role, count, place, shift and what else is asked.
import type { Want } from "./want.ts";
import { readExclusions } from "./exclusion-reader.ts";
import { firstCount } from "./number-words.ts";
import { blank, exceptionsIn, isNegated, phraseMatcher } from "./phrase-matcher.ts";
import type { PhraseMatch } from "./phrase-matcher.ts";
import { findCities, findStates, readPlace } from "./place-reader.ts";
import {
  numbersLeft,
  otherDemands,
  otherNumbers,
  othersOf,
  yearsIn,
  type Unread,
} from "./unread-demands.ts";
import { findElsewhere } from "./place-names.ts";
import { readStatements } from "./statement-reader.ts";
import { FOREIGN_PROFESSIONS, pluralOf, ROLES } from "./roles.ts";
import {
  AVAILABLE_WORDS,
  CERTIFICATIONS,
  EXPERIENCE,
  RELIABLE_MIN,
  RELIABLE_WORDS,
  SHIFTS,
  type Term,
} from "./terms.ts";

const FOREIGN = "";
const role_words = new Map<string, string>();
const role_phrases = new Map<string, string>();
for (const { role, synonyms, phrases } of ROLES) {
  for (const words of [role, ...synonyms]) {
    role_words.set(words, role);
    role_words.set(pluralOf(words), role);
  }
  for (const words of phrases) role_phrases.set(words, role);
}
for (const words of FOREIGN_PROFESSIONS) {
  role_words.set(words, FOREIGN);
  role_words.set(pluralOf(words), FOREIGN);
}
const findRoles = phraseMatcher(role_words);
const findRolePhrases = phraseMatcher(role_phrases);
const findShifts = termMatcher(SHIFTS.map(withPlurals));
const findCertifications = termMatcher(CERTIFICATIONS);
const findAvailable = termMatcher(AVAILABLE_WORDS);
const findExperience = termMatcher(EXPERIENCE);
const findReliable = phraseMatcher(new Map(RELIABLE_WORDS.map((words) => [words, RELIABLE_MIN])));

/** Words of someone who wants to know, buy or write something, not to have a shift filled. */
const NO_REQUEST = oneOf(
  "salary|salaries|earns?|wages?|resum[eé]s?|cover letter|become an?|for sale|buy|rent|rental",
  "lessons?|recipe|poem|song|joke|translate|stock price|weather|tax|lawsuit|insurance|how many",
  "history of|definition of|invented|training video|union dues|average pay|interview questions",
);

const NUMBER = "\\d+|one|two|three|four|five|six|seven|eight|nine|ten|a|couple of|few";
const UNIT = "hours?|hrs?|days?|nights?|weeks?|wks?|months?|years?|minutes?";
const DURATION = new RegExp(`\\b(?:${NUMBER})[\\s-]+(?:to[\\s-]+\\w+[\\s-]+)?(?:${UNIT})\\b`, "gi");
const CLOCK = /\b\d{1,2}(?::\d\d)?\s?(?:am|pm|a\.m\.|p\.m\.)(?:\b|(?=\s|$))|\b\d{1,2}:\d\d\b/gi;
const ORDINAL = /\b\d+(?:st|nd|rd|th)\b/gi;
const MONTH = "jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec";
const DATE = new RegExp(`\\b(?:${MONTH})[a-z]*\\.?\\s+\\d{1,2}\\b|\\b\\d{1,2}/\\d{1,2}\\b`, "gi");
const NUMBERED = /\b(?:dock|line|building|bay|door|gate|plant|site|room|floor|route)\s+#?\d+\b/gi;
const CAP =
  "under|below|at most|up to|max(?:imum)?(?: of)?|no more than|not more than|less than|" +
  "cheaper than|capped at|tops out at|for";
const PAY = new RegExp(
  `\\b(?:${CAP})\\s+\\$?((?:\\d{1,3}(?:,\\d{3})+|\\d+)(?:\\.\\d+)?)\\s*(?:dollars\\s*)?` +
    "(?:/\\s?|an\\s|per\\s|a\\s)(?:hour|hr|h)\\b",
  "i",
);
const AT_LEAST = "(?:score\\s+)?(?:of\\s+)?(?:at least|above|over|of|≥|>=?)?";
const RELIABILITY = new RegExp(
  `\\breliability\\s+${AT_LEAST}\\s*(?:(0?\\.\\d+|1\\.0)|(\\d{2,3})\\s?%)`,
  "i",
);
const HALF_NAMED =
  /\b(\w+)\s*(?:\bor\b|\band\b|\/|,|&)\s*(?=(?:[a-z0-9]+)[\s-]+(?:shifts?|crews?)\b)/gi;
/** Behind a day or night these make a time of day of it. */
const CREW = /^[\s\u2010\u2011-]+(?:shift|crew)(s?)\b/i;
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

/** A request as far as it was read. */
export interface RequestRead {
  readonly want: Want;
  /** Demands that stand in the words and not in the want. */
  readonly unread: readonly Unread[];
}

/** What a text asks for, or undefined when it is no request for one of the roles. */
export function parseRequest(text: string): Want | undefined {
  return readRequest(text)?.want;
}

/** The same, with what was not read. */
export function readRequest(text: string): RequestRead | undefined {
  if (NO_REQUEST.test(text)) return undefined;
  const stated = withoutStatements(text);
  const exclude = readExclusions(stated.rest);
  const { place, rest: placed, unread } = readPlace(exclude.rest);
  const pay = PAY.exec(placed);
  const percent = RELIABILITY.exec(placed);
  const reliable = findReliable(placed);
  let rest = blankAll(blank(placed, reliable), PAY, RELIABILITY);
  rest = blankAll(blankDurations(rest), CLOCK, DATE, NUMBERED);

  const certifications = findCertifications(rest);
  rest = blank(rest, certifications);
  const role = readRole(rest);
  if (role === undefined) return undefined;
  const uncertified = rest;
  const roles = findRoles(rest);
  rest = blank(rest, roles);
  const unshifted = rest;
  const before_roles = shiftsBefore(roles, uncertified);
  const shifts = [...findShifts(rest), ...before_roles.shifts];
  rest = blankAll(blank(rest, shifts), ORDINAL);
  const available = findAvailable(rest);
  rest = blank(rest, available);
  const certification = wanted(certifications);
  const experience = wanted(findExperience(rest));
  const shift = wanted(shifts);
  const not_shift = shift === undefined ? shifts.find((one) => one.negated)?.value : undefined;
  const availability = readAvailability(available);
  const min_reliability = percentOf(percent) ?? wanted(reliable);
  const counted = rest.replaceAll(/\bno one\b/gi, (found) => " ".repeat(found.length));
  const max_pay = Number(pay?.[1]!.replaceAll(",", "") ?? 0);
  const want = {
    role,
    count: firstCount(counted) ?? 1,
    ...place,
    ...(shift !== undefined && { shift }),
    ...(not_shift !== undefined && { not_shift }),
    ...(certification !== undefined && { certification }),
    ...(min_reliability !== undefined && { min_reliability }),
    ...(availability !== undefined && { available: availability }),
    ...(experience !== undefined && { experience }),
    ...(max_pay > 0 && { max_pay }),
    ...(exclude.exclude.length > 0 && { exclude: exclude.exclude }),
  };
  const dropped = [
    ...stated.unread,
    ...unread,
    ...exclude.unread,
    ...othersOf("shift", [...shifts, ...halfNamedShifts(unshifted)]),
    ...before_roles.unread.filter(({ said }) => said !== `shift: ${shift}`),
    ...othersOf("certification", certifications),
    ...othersOf("available", available),
    ...(availability === undefined ? refusedTimes(available) : []),
    ...othersOf("experience", findExperience(rest)),
    ...(pay !== null && max_pay === 0 ? [{ slot: "max_pay" as const, said: pay[0] }] : []),
    ...otherNumbers("max_pay", PAY, placed),
    ...otherNumbers("min_reliability", RELIABILITY, placed),
    ...yearsIn(placed),
    ...otherDemands(placed),
    ...numbersLeft(counted),
    ...unheeded(stated.rest, exclude.spans, place.not_city),
  ];
  return { want, unread: dropped };
}

/** Of what may be a lack or a demand nothing is read but the role: it is told. */
function withoutStatements(text: string): { rest: string; unread: Unread[] } {
  const { rest, doubtful } = readStatements(text);
  const finders = [findCities, findStates, findElsewhere, findShifts, findAvailable];
  const all = [...finders, findCertifications, findExperience];
  const told = doubtful.filter(({ negation, end }) => {
    const ruled = rest.slice(negation, end);
    return /^\s*\p{Lu}/u.test(ruled) || all.some((find) => find(ruled).length > 0);
  });
  const spans = told.flatMap(({ start, end }) => {
    const roles = findRoles(rest).filter((one) => one.start >= start && one.end <= end);
    const edges = [start, ...roles.flatMap((one) => [one.start, one.end]), end];
    return pairsOf(edges);
  });
  const unread = told.map(({ start, end }): Unread => {
    return { slot: undefined, said: text.slice(start, end).trim() };
  });
  return { rest: blank(rest, spans), unread };
}

function pairsOf(edges: readonly number[]): { start: number; end: number }[] {
  return edges.flatMap((start, at) => (at % 2 === 0 ? [{ start, end: edges[at + 1]! }] : []));
}

/** One role, as a noun or by what they can do; undefined when foreign, none or several. */
function readRole(text: string): string | undefined {
  const nouns = findRoles(text).filter((found) => !found.negated);
  const found = nouns.length > 0 ? nouns : findRolePhrases(text).filter((one) => !one.negated);
  const roles = new Set(found.map((one) => one.value));
  const [role] = roles;
  return roles.size === 1 && role !== FOREIGN ? role : undefined;
}

/** The first of "day or night shift": a shift whose word "shift" stands behind the other one. */
function halfNamedShifts(text: string): PhraseMatch<string>[] {
  return [...text.matchAll(HALF_NAMED)].flatMap((match) => {
    const start = match.index;
    const named = findShifts(`${match[1]!} shift`);
    return named.map((one) => ({ ...one, start, end: start + match[1]!.length }));
  });
}

/** "No weekends" asks for people on weekdays. */
function readAvailability(found: readonly PhraseMatch<string>[]): string | undefined {
  const positive = wanted(found);
  if (positive !== undefined) return positive;
  const refused = found.find((one) => one.negated)?.value;
  return refused === "weekends" || refused === "saturdays" ? "weekdays" : undefined;
}

/** Times that are ruled out, and leave no other one to ask for. */
function refusedTimes(found: readonly PhraseMatch<string>[]): Unread[] {
  const [first] = found.filter((one) => one.negated);
  return first === undefined ? [] : [{ slot: "available", said: `available: no ${first.value}` }];
}

interface ShiftsBefore {
  readonly shifts: readonly PhraseMatch<string>[];
  readonly unread: readonly Unread[];
}

/** "Night janitors": a time of day right before a role is its shift; of several none is read. */
function shiftsBefore(roles: readonly PhraseMatch<string>[], text: string): ShiftsBefore {
  const each = roles.map(({ start }): ShiftsBefore => {
    const before = text.slice(0, start);
    const match = BEFORE_ROLE.exec(before);
    if (match === null) return { shifts: [], unread: [] };
    const [, others, time] = match;
    if (others !== "") return { shifts: [], unread: shiftsTold(`${others} ${time}`) };
    const named = new RegExp(`^(?:${TIME})$`, "i").test(time!) ? findShifts(`${time} shift`) : [];
    const negated = isNegated(before.slice(0, match.index));
    const shifts = named.map((one) => ({ ...one, start: match.index, end: start, negated }));
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

/** Words that take something out, and nothing was read of what that is. */
function unheeded(text: string, excluded: readonly { start: number }[], not_city = ""): Unread[] {
  const exceptions = exceptionsIn(text);
  if (exceptions.length === 0) return [];
  const finders = [findCities, findStates, findShifts, findCertifications, findAvailable];
  const found = [...finders, findExperience, findRoles].flatMap((find) => find(text));
  const negated = found.filter((one) => one.negated);
  const starts = new Set([...excluded, ...negated].map((one) => one.start));
  return exceptions.flatMap(({ start, end }) => {
    if (starts.has(end) || (not_city !== "" && text.startsWith(not_city, end))) return [];
    const said = /^[^,.;!?\n]{0,60}/.exec(text.slice(start))![0].trim();
    return [{ slot: undefined, said }];
  });
}

/** Lengths of time out of the text: "two nights", not the night of "two night-shift welders". */
function blankDurations(text: string): string {
  const roles = new Set(findRoles(text).map((one) => one.start));
  return text.replaceAll(DURATION, (found, offset: number) => {
    const unit = /[a-z]+$/i.exec(found)![0];
    if (!/^(?:day|night)s?$/i.test(unit)) return " ".repeat(found.length);
    const end = offset + found.length;
    const crew = CREW.exec(text.slice(end));
    const is_before_role = roles.has(end + /^[\s-]*/.exec(text.slice(end))![0].length);
    if (crew === null)
      return is_before_role && !/s$/i.test(unit) ? found : " ".repeat(found.length);
    // "Two night shifts" are a length of time, and at night.
    return crew[1] === "" ? found : " ".repeat(found.length - unit.length) + unit;
  });
}

/** "Night shifts" are the night shift. */
function withPlurals({ value, words }: Term): Term {
  const plurals = words.filter((one) => / (?:shift|crew)$/.test(one)).map((one) => `${one}s`);
  return { value, words: [...words, ...plurals] };
}

function termMatcher(terms: readonly Term[]) {
  return phraseMatcher(
    new Map(terms.flatMap(({ value, words }) => words.map((one) => [one, value] as const))),
  );
}

function wanted<T>(found: readonly PhraseMatch<T>[]): T | undefined {
  return found.find((one) => !one.negated)?.value;
}

function percentOf(match: RegExpExecArray | null): number | undefined {
  if (match === null) return undefined;
  return match[1] === undefined ? Math.min(1, Number(match[2]) / 100) : Number(match[1]);
}

function blankAll(text: string, ...patterns: readonly RegExp[]): string {
  return patterns.reduce(
    (rest, pattern) => rest.replaceAll(global(pattern), (found) => " ".repeat(found.length)),
    text,
  );
}

function global(pattern: RegExp): RegExp {
  return pattern.global ? pattern : new RegExp(pattern, `${pattern.flags}g`);
}

function oneOf(...alternatives: readonly string[]): RegExp {
  return new RegExp(`\\b(?:${alternatives.join("|")})\\b`, "i");
}
