// Reads a request for workers without a model: role, count, place, shift and what else is asked.
import type { Want } from "./want.ts";
import { firstCount } from "./number-words.ts";
import { blank, phraseMatcher, type PhraseMatch } from "./phrase-matcher.ts";
import { readPlace } from "./place-reader.ts";
import { numbersLeft, otherNumbers, othersOf, yearsIn, type Unread } from "./unread-demands.ts";
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
const findShifts = termMatcher(SHIFTS);
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
  `\\b(?:${CAP})\\s+\\$?(\\d+(?:\\.\\d+)?)\\s*(?:dollars\\s*)?` +
    "(?:/\\s?|an\\s|per\\s|a\\s)(?:hour|hr|h)\\b",
  "i",
);
const AT_LEAST = "(?:score\\s+)?(?:of\\s+)?(?:at least|above|over|of|≥|>=?)?";
const RELIABILITY = new RegExp(
  `\\breliability\\s+${AT_LEAST}\\s*(?:(0?\\.\\d+|1\\.0)|(\\d{2,3})\\s?%)`,
  "i",
);
const WORKER_ID = /\bW-\d{6,}\b/gi;
const RULED_OUT = "except(?: for)?|excluding|other than|but not|anyone but|not|without";
const EXCLUDED_NAME = new RegExp(`\\b(?:${RULED_OUT})\\s+([A-Z][\\w']+ [A-Z][\\w']+)`);

const HALF_NAMED =
  /\b(\w+)\s*(?:\bor\b|\band\b|\/|,|&)\s*(?=(?:[a-z0-9]+)[\s-]+(?:shifts?|crews?)\b)/gi;
const SECOND_NAME = /^(?:\s*,\s*|\s+(?:and|or|nor)\s+)([A-Z][\w']+ [A-Z][\w']+)/;

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
  const exclude = readExclusions(text);
  const { place, rest: placed, unread } = readPlace(blankAll(exclude.rest, WORKER_ID));
  const pay = PAY.exec(placed);
  const percent = RELIABILITY.exec(placed);
  const reliable = findReliable(placed);
  let rest = blankAll(blank(placed, reliable), PAY, RELIABILITY, DURATION, CLOCK, DATE, NUMBERED);

  const certifications = findCertifications(rest);
  rest = blank(rest, certifications);
  const role = readRole(rest);
  if (role === undefined) return undefined;
  rest = blank(rest, findRoles(rest));
  const unshifted = rest;
  const shifts = findShifts(rest);
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
    ...(pay !== null && { max_pay: Number(pay[1]) }),
    ...(exclude.exclude.length > 0 && { exclude: exclude.exclude }),
  };
  const dropped = [
    ...unread,
    ...exclude.unread,
    ...othersOf("shift", [...shifts, ...halfNamedShifts(unshifted)]),
    ...othersOf("certification", certifications),
    ...othersOf("available", available),
    ...othersOf("experience", findExperience(rest)),
    ...otherNumbers("max_pay", PAY, placed),
    ...otherNumbers("min_reliability", RELIABILITY, placed),
    ...yearsIn(placed),
    ...numbersLeft(counted),
  ];
  return { want, unread: dropped };
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

function readExclusions(text: string): { exclude: string[]; rest: string; unread: Unread[] } {
  const ids = (text.match(WORKER_ID) ?? []).map((id) => id.toUpperCase());
  const { place } = readPlace(text);
  const name = EXCLUDED_NAME.exec(text);
  // "not Kansas City" rules out a place, not a person.
  const is_person = name !== null && name[1] !== place.not_city;
  const second = is_person ? SECOND_NAME.exec(text.slice(name.index + name[0].length))?.[1] : null;
  return {
    unread: second ? [{ slot: "exclude", said: `exclude: ${second}` }] : [],
    exclude: is_person ? [...ids, name[1]!] : ids,
    rest: is_person ? text.replace(name[1]!, " ".repeat(name[1]!.length)) : text,
  };
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
