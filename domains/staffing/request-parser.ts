// Reads a request for workers without a model: role, count, place, shift and what else is asked.
import type { Want } from "./want.ts";
import { readExclusions } from "./exclusion-reader.ts";
import { namesLeft } from "./named-people.ts";
import { PEOPLE, readCount } from "./count-reader.ts";
import { countsIn } from "./number-words.ts";
import { blank, blankAll, exceptionsIn, phraseMatcher } from "./phrase-matcher.ts";
import type { PhraseMatch } from "./phrase-matcher.ts";
import { findCities, findStates, readPlace } from "./place-reader.ts";
import {
  otherDemands,
  otherNumbers,
  otherPapers,
  othersOf,
  toldNumber,
  yearsIn,
  type Unread,
} from "./unread-demands.ts";
import { findElsewhere } from "./place-names.ts";
import { ALL_STATES } from "./places.ts";
import { readable, undotted } from "./request-text.ts";
import { findRolePhrases, findRoles, readRole } from "./role-reader.ts";
import { findShifts, readShifts, shiftsBefore, timesLeft } from "./shift-reader.ts";
import { sitePartCounts } from "./site-parts.ts";
import { lettersOf, within } from "./spans.ts";
import { readStatements } from "./statement-reader.ts";
import { termMatcher } from "./term-matcher.ts";
import { blankDurations, UNCLEAR_DATE, withoutTimes } from "./time-numbers.ts";
import { daysLeft, findAvailable } from "./week-reader.ts";
import { CERTIFICATIONS, EXPERIENCE, RELIABLE_MIN, RELIABLE_WORDS } from "./terms.ts";

const findCertifications = termMatcher(CERTIFICATIONS);
const findExperience = termMatcher(EXPERIENCE);
const findReliableWords = phraseMatcher(
  new Map(RELIABLE_WORDS.map((words) => [words, RELIABLE_MIN])),
);

/** Words of someone who wants to know, buy or write something, not to have a shift filled. */
const NO_REQUEST = oneOf(
  "salary|salaries|earns?|wages?|resum[eé]s?|cover letter|become an?|for sale|buy|rent|rental",
  "lessons?|recipe|poem|song|joke|translate|stock price|weather|tax|lawsuit|insurance|how many",
  "history of|definition of|invented|training video|union dues|average pay|interview questions",
);

/** Neither a phone number nor a ZIP code says how many. */
const PHONE = /(?<![\w-])(?:\+?1[ .-])?(?:\(\d{3}\) ?|\d{3}[ .-])?\d{3}[.-]\d{4}\b/g;
const SPACED_PHONE = /(?<![\w-])(?:\+?1 )?\(?\d{3}\)? \d{3} \d{4}\b/g;
const ZIP = new RegExp(
  `(?<=\\b(?:${Object.keys(ALL_STATES).join("|")})\\.?,? )\\d{5}(?:-\\d{4})?\\b`,
  "g",
);
const ORDINAL = /\b\d+(?:st|nd|rd|th)\b/gi;
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
/** "You can count on us" says nothing of the workers. */
function findReliable(text: string): PhraseMatch<number>[] {
  return findReliableWords(text).filter(
    ({ end }) => !/^\s+(?:us|me)\b/i.test(text.slice(end, end + 9)),
  );
}

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
export function readRequest(task: string): RequestRead | undefined {
  const text = readable(task);
  if (NO_REQUEST.test(text)) return undefined;
  const stated = withoutStatements(text);
  const exclude = readExclusions(stated.rest);
  const { place, rest: placed, unread } = readPlace(withoutContacts(exclude.rest));
  const pay = PAY.exec(placed);
  const percent = RELIABILITY.exec(placed);
  const reliable = findReliable(placed);
  // "OSHA 10-hour" is no length of time.
  const plain = blankAll(blank(placed, reliable), PAY, RELIABILITY);
  const certifications = findCertifications(plain);
  let rest = withoutPapers(plain, certifications);
  const role = readRole(rest);
  if (role === undefined) return undefined;
  const roles = findRoles(rest);
  const shifts = readShifts(
    rest,
    roles.filter((one) => one.value === role),
  );
  rest = blankAll(blank(blank(rest, roles), shifts.found), ORDINAL);
  const available = findAvailable(rest, placed);
  rest = blank(rest, available);
  const certification = wanted(certifications);
  const experience = wanted(findExperience(rest));
  const { shift, not_shift } = shifts;
  const availability = readAvailability(available);
  const min_reliability = percentOf(percent) ?? wanted(reliable);
  const count = readCount(rest, roles.length > 0 ? roles : findRolePhrases(rest));
  const max_pay = Number(pay?.[1]!.replaceAll(",", "") ?? 0);
  const want = {
    role,
    count: count.count ?? countsIn(stated.aside)[0]?.value ?? 1,
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
    ...shifts.unread,
    ...othersOf("certification", certifications),
    ...othersOf("available", available),
    ...(availability === undefined ? refusedTimes(available) : []),
    ...daysLeft(placed, rest),
    ...(shift === undefined && not_shift === undefined ? timesLeft(placed) : []),
    ...othersOf("experience", findExperience(rest)),
    ...(pay !== null && max_pay === 0 ? [{ slot: "max_pay" as const, said: pay[0] }] : []),
    ...otherNumbers("max_pay", PAY, placed),
    ...otherNumbers("min_reliability", RELIABILITY, placed),
    ...yearsIn(placed),
    ...otherDemands(placed),
    ...otherPapers(rest),
    ...count.unread,
    ...sitePartCounts(placed),
    ...(placed.match(UNCLEAR_DATE) ?? []).map(toldNumber),
    ...unheeded(stated.rest, exclude.spans, place.not_city?.split(",")[0]),
    ...namesLeft(exclude.rest),
  ];
  return { want, unread: dropped };
}

/** "3 people certified to drive a forklift": says who they are, where nothing else does. */
function withoutPapers(text: string, papers: readonly PhraseMatch<string>[]): string {
  const rest = withoutTimes(blank(text, papers));
  if (readRole(rest) !== undefined) return rest;
  const phrases = findRolePhrases(text);
  const led = papers.map((one) => {
    const before = rest.slice(Math.max(0, one.start - LED_MAX), one.start);
    const is_asked = !one.negated && (isLed(before) || isSentence(text, one));
    const [said] = is_asked ? within(phrases, one.start, one.end) : [];
    return { ...one, end: said?.start ?? one.end };
  });
  return withoutTimes(blank(text, led));
}

function isLed(before: string): boolean {
  return PEOPLE_BEFORE.test(before) || COUNT_BEFORE.test(before);
}

/** "Must be licensed to operate a forklift.", where people are asked for beside it. */
function isSentence(text: string, { start, end }: PhraseMatch<string>): boolean {
  const before = text.slice(Math.max(0, start - LED_MAX), start);
  const is_question = /^[^.!?\n]*\?/.test(text.slice(end, end + LED_MAX));
  return !is_question && ALONE_BEFORE.test(before) && ASKED_ANYWHERE.test(text);
}

const ALONE_BEFORE =
  /(?:^|[,;:.!?(\n])\s*(?:[-*•]\s*)?(?:(?:role|must|should|all|each|be|are|they|who|and)\s+)*$/i;
/** People, or a count of nobody else: "3 in Toledo", "Qty: 3"; not "2 loaders". */
const ASKED_ANYWHERE = new RegExp(
  `\\b(?:${PEOPLE})\\b|\\b\\d{1,2}\\s*(?:$|[,.;!\\n]|(?:in|at|for|more)\\b)`,
  "i",
);

const LED_MAX = 200;
/** Not "2 cooks licensed to", nor a question: "are your people certified to". */
const PEOPLE_BEFORE = new RegExp(
  `(?<!\\b(?:our|your|their|my|the|is|are|do|does|has|have)\\s+(?:[a-z]+\\s+)?)\\b(?:${PEOPLE}|` +
    "(?:some|any)(?:one|body)|(?:operator|driver|helper|candidate|laborer|individual)s?|temp|guy|" +
    "(?:contractor|applicant)s?|ladies|m[ae]n|wom[ae]n|hand|associate|employee|crew|team)\\b(?:(?!\\b\\d+\\s)[^?!])*$",
  "i",
);
const COUNT_BEFORE = new RegExp(
  "\\b(?:\\d+|two|three|four|five|six|a few|several)\\s+" +
    "(?:(?:more|in|at|for|who|that|are|must|be)\\s+)*$",
  "i",
);

interface StatementsTold {
  readonly rest: string;
  /** What stands in clauses that are told. */
  readonly aside: string;
  readonly unread: readonly Unread[];
}

/** Of what may be a lack or a demand nothing is read but the role, and a count if there is none. */
function withoutStatements(text: string): StatementsTold {
  const { rest, lacked, doubtful } = readStatements(text);
  const finders = [findCities, findStates, findElsewhere, findShifts, findAvailable];
  const all = [...finders, findCertifications, findExperience];
  const in_doubt = doubtful.filter(({ start, negation, end }) => {
    const ruled = rest.slice(negation, end);
    return (
      (negation > start && /^\s*\p{Lu}/u.test(ruled)) || all.some((find) => find(ruled).length > 0)
    );
  });
  const roles = findRoles(rest);
  const shifts = [...findShifts(rest), ...shiftsBefore(roles, rest).shifts];
  const is_lacked = lettersOf(lacked, rest.length);
  const elsewhere = [
    ...lackedElsewhere("city", findCities(rest), is_lacked),
    ...lackedElsewhere("shift", shifts, is_lacked),
    ...lackedElsewhere("available", findAvailable(rest), is_lacked),
    ...lackedKinds("certification", findCertifications(rest), roles, lacked),
    ...lackedKinds("experience", findExperience(rest), roles, lacked),
  ];
  const told = [...in_doubt, ...elsewhere];
  const cities = findCities(rest);
  const is_told = lettersOf(told, rest.length);
  // The place of a site that is full is kept where it is the only one.
  const kept = cities.some(({ start }) => is_told[start] === 0) ? [] : cities;
  const placed = [...roles, ...kept].toSorted((a, b) => a.start - b.start);
  const spans = told.flatMap((one) => {
    const { start, end } = one;
    const inside = within("is_full" in one && one.is_full ? placed : roles, start, end);
    const edges = [start, ...inside.flatMap((one) => [one.start, one.end]), end];
    return pairsOf(edges);
  });
  const unread = told.map((one): Unread => {
    const said = text.slice(one.start, one.end).trim();
    return "slot" in one
      ? { slot: one.slot, said: `${one.slot}: ${said}` }
      : { slot: undefined, said };
  });
  const aside = told.map(({ start, end }) => rest.slice(start, end)).join(", ");
  return { rest: blank(rest, spans), aside: blankDurations(aside), unread };
}

/** "No one in Dayton, need 2 packers in Toledo": where they lack people is not where they ask. */
function lackedElsewhere(
  slot: "city" | "shift" | "available",
  all: readonly PhraseMatch<string>[],
  is_lacked: Uint8Array,
) {
  const asked = all.filter((one) => !one.negated);
  const isLacked = ({ start }: PhraseMatch<string>) => is_lacked[start] === 1;
  const outside = new Set(asked.filter((one) => !isLacked(one)).map((one) => one.value));
  const inside = asked.filter((one) => isLacked(one) && !outside.has(one.value));
  return outside.size === 0 ? [] : inside.map(({ start, end }) => ({ slot, start, end }));
}

/** "No bilingual packers, send 2": they may be lacked or ruled out. */
function lackedKinds(
  slot: "certification" | "experience",
  all: readonly PhraseMatch<string>[],
  roles: readonly PhraseMatch<string>[],
  lacked: readonly { start: number; end: number; is_bare: boolean }[],
) {
  return lacked.flatMap(({ start, end, is_bare }) => {
    const role = is_bare ? within(roles, start, end)[0] : undefined;
    if (role === undefined) return [];
    const kinds = within(all, start, role.start);
    return kinds.map((one) => ({ slot, start: one.start, end: one.end }));
  });
}

function pairsOf(edges: readonly number[]): { start: number; end: number }[] {
  return edges.flatMap((start, at) => (at % 2 === 0 ? [{ start, end: edges[at + 1]! }] : []));
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

/** Words that take something out, and nothing was read of what that is. */
function unheeded(text: string, excluded: readonly { start: number }[], not_city = ""): Unread[] {
  const exceptions = exceptionsIn(text);
  if (exceptions.length === 0) return [];
  const finders = [findCities, findStates, findShifts, findCertifications, findAvailable];
  const found = [...finders, findExperience, findRoles].flatMap((find) => find(text));
  const negated = found.filter((one) => one.negated);
  const starts = new Set([...excluded, ...negated].map((one) => one.start));
  return exceptions.flatMap(({ start, end }) => {
    if (starts.has(end) || (not_city !== "" && text.startsWith(undotted(not_city), end))) return [];
    const said = /^[^,.;!?\n]{0,60}/.exec(text.slice(start))![0].trim();
    return [{ slot: undefined, said }];
  });
}

function withoutContacts(text: string): string {
  return blankAll(text, PHONE, SPACED_PHONE, ZIP);
}

function wanted<T>(found: readonly PhraseMatch<T>[]): T | undefined {
  return found.find((one) => !one.negated)?.value;
}

function percentOf(match: RegExpExecArray | null): number | undefined {
  if (match === null) return undefined;
  return match[1] === undefined ? Math.min(1, Number(match[2]) / 100) : Number(match[1]);
}

function oneOf(...alternatives: readonly string[]): RegExp {
  return new RegExp(`\\b(?:${alternatives.join("|")})\\b`, "i");
}
