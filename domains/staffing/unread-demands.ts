// What a request demands beyond the one value that is read for each slot.
import { isNegated, type PhraseMatch } from "./phrase-matcher.ts";
import type { Want } from "./want.ts";

/** A demand that no field of the want holds. */
export interface Unread {
  /** The field it would belong to; undefined: none is known. */
  readonly slot: keyof Want | undefined;
  /** In words for the caller. */
  readonly said: string;
}

export function toldNumber(number: string): Unread {
  return { slot: undefined, said: `number: ${number}` };
}

/** Values of a slot beside the first one of the same sign: "day or night", "no nights or days". */
export function othersOf(slot: keyof Want, found: readonly PhraseMatch<string>[]): Unread[] {
  const asked = found.filter((one) => !one.negated);
  const same_sign = asked.length > 0 ? asked : found;
  const [first, ...others] = new Set(same_sign.map((one) => one.value));
  const refused = asked.length > 0 ? "" : "no ";
  return others.map((value) => ({
    slot,
    said: `${slot}: ${refused}${value} (only ${refused}${first!} was read)`,
  }));
}

/** Further matches of a bound that say something else than the first. */
export function otherNumbers(slot: keyof Want, pattern: RegExp, text: string): Unread[] {
  const all = [...text.matchAll(new RegExp(pattern, `${pattern.flags}g`))];
  const [first, ...others] = new Set(all.map((match) => match[0].trim()));
  return others.map((said) => ({ slot, said: `${slot}: ${said} (only ${first!} was read)` }));
}

/** "5 years of experience", "min 2 yrs", "with 3 years in a warehouse". */
const YEARS = new RegExp(
  "\\b\\d+\\s{0,2}\\+?\\s{0,2}(?:years?|yrs?|months?)['’]?\\s+(?:of\\s+)?(?:\\w+\\s+)?" +
    "exp(?:erience)?\\b|" +
    "(?<=\\b(?:min\\.?|minimum|at least|needs?|must have|with|over)\\s(?:of\\s|a\\s)?)" +
    "(?:\\d+\\s?(?:-|to)\\s?)?\\d+\\s?\\+?\\s?(?:years?|yrs?)\\b",
  "gi",
);

/** Lengths of experience: the data knows none. */
export function yearsIn(text: string): Unread[] {
  return (text.match(YEARS) ?? []).map((said) => ({ slot: undefined, said }));
}

const TESTED = "(?:drug|alcohol)[\\s-](?:tests?|tested|testing|screens?|screened|screening)";
const PAPERS =
  "driver['’]?s licen[sc]e|security clearance|citizens?(?:hip)?|work permit|" +
  "high school diploma|GED|background[\\s-]check(?:s|ed)?|vaccinat(?:ed|ion)";
const BELONGINGS =
  "own (?:car|truck|tools|transport(?:ation)?|vehicle)|steel[\\s-]toed?(?: boots)?";
/** Papers of which the data knows none; those it knows are read before. */
const KNOWN_PAPERS = new RegExp(
  "(?<!\\bnon-)\\b(?:(?:class [a-z] )?CDL(?:[\\s-][b-d])?|TWIC(?: cards?)?|HAZWOPER|" +
    "(?:CPR(?:\\/AED)?)(?:[\\s-](?:cert\\w*|cards?|trained|training))?|" +
    "(?:EPA|OSHA)[\\s-](?:cert\\w*|cards?|trained))\\b",
  "gi",
);
const PAPER = new RegExp(
  "(?<![\\w'’])([a-z][\\w./-]{0,19}\\w)[ -]" +
    "(certified|licensed|certifications?|certificates?|licen[sc]es?)\\b",
  "gi",
);
/** Words before a paper that do not say of what it is. */
const NO_KIND = new Set(
  (
    "and or be been being is are was were must should all both fully properly already only just " +
    "also with have has had get getting valid current required requires require no not your our " +
    "any a an the these those their my his her its of for in on to who that need needs needing " +
    "want wants send sends please pls prefer preferred preferably hire bring book find use using " +
    "looking proper state copy dr driver drivers driver's time business well licensed certified " +
    "bonded insured experienced qualified trained skilled good reliable additional extra more " +
    "another some few several one two three four five six seven eight nine ten dozen couple of " +
    "them people workers guys folks everyone anyone temps associates as if at by from day night " +
    "evening master union local new senior temp available same check verify show other asap today tomorrow tonight yes thanks " +
    "without zero minimum active up-to-date clean operator operators currently ideally previously " +
    "each every come comes hold holds holding carry carrying include includes provide email what " +
    "which non gift software we you they he she how recently newly copies attached submit " +
    "upload iso usda ohio indiana illinois michigan kentucky missouri"
  ).split(" "),
);
const NOT_ASKED = new RegExp(
  "^\\s(?:(?:is|are)\\s)?(?:(?:preferred|helpful|nice|desired|a\\splus),?\\s(?:but|though)\\s)?" +
    "(?:not\\s(?:needed|required|necessary)|optional|" +
    "(?:is|are)n['’]t\\s(?:needed|required))\\b",
  "i",
);

const SITE =
  "facility|plant|shop|company|building|site|warehouse|kitchen|lab|business|operation|store";
/** "We are a GMP certified facility", "our plant is SQF certified": so is the client. */
const OURS_BEFORE = new RegExp(
  "(?:\\bwe(?:['’]re| are)|(?:^|[,.;:!?\\n(])\\s*(?:our|the|this)\\s+" +
    `(?:(?!(?:who|in|for|at|of|on|that|entering)\\b)\\w+\\s+){0,2}(?:${SITE})(?:['’]s| is)) ` +
    "(?:(?:an?|also|fully|now) )?$",
  "i",
);
const SITE_BEHIND = new RegExp(
  "^ (?:(?!(?:on|off|in|at|for|to|by|per|and|or|before|after|inside|when|entering|around|near|" +
    `our|the|this)\\b)\\w+ )?(?:${SITE})(?=\\s*(?:[,.;:!?)\\n]|$)| (?:in|at|near|so|that|which)\\b)`,
  "i",
);
/** Of people it is a demand, whatever stands behind it. */
const DEMANDED_BEFORE = /\b(?:be|are|get|gets?|have|has) $/i;
const OFFERED_BEFORE = new RegExp(
  "(?:(?<!\\b(?:drug|smoke|alcohol|fragrance|scent)[ -])\\bfree|\\bpaid|" +
    "\\bwe (?:provide|offer|give|pay for)) $",
  "i",
);
const COURSE = /(?:training|certifications?)$/i;
const COURSE_BEHIND = /^ (?:training|class(?:es)?|courses?)\b/i;

/** Whether a paper is the client's own, or one that they offer: "free CPR training". */
function isOfClient(said: string, before: string, behind: string): boolean {
  if (OURS_BEFORE.test(before)) return true;
  if (OFFERED_BEFORE.test(before)) return COURSE.test(said) || COURSE_BEHIND.test(behind);
  return said.endsWith("ed") && !DEMANDED_BEFORE.test(before) && SITE_BEHIND.test(behind);
}

/** `text`: without what was read, so that no word of a role or a shift stands in it. */
export function otherPapers(text: string): Unread[] {
  const known = [...text.matchAll(KNOWN_PAPERS)];
  const rest = text.replaceAll(KNOWN_PAPERS, (found) => " ".repeat(found.length));
  const named = [...rest.matchAll(PAPER)].filter(({ 0: said, 1: kind, 2: paper, index }) => {
    if (NO_KIND.has(kind!.toLowerCase())) return false;
    // "Bring certified welders": right before a role a word in small letters may be any.
    const is_before_role = /^\s{3}/.test(rest.slice(index + said.length, index + said.length + 3));
    return !(is_before_role && paper!.endsWith("ed") && !/^\p{Lu}{2}/u.test(kind!));
  });
  const asked = [...known, ...named].filter(({ 0: said, index }) => {
    const before = text.slice(Math.max(0, index - FAR), index);
    const behind = text.slice(index + said.length, index + said.length + NEAR);
    if (isOfClient(said, before, behind)) return false;
    return !isNegated(text.slice(0, index)) && !NOT_ASKED.test(behind);
  });
  return [...new Set(asked.map(([said]) => said))].map((said) => ({
    slot: "certification",
    said: `certification: ${said}`,
  }));
}

const NEAR = 40;
const FAR = 120;
const OTHER_DEMANDS = new RegExp(`\\b(?:${TESTED}|${PAPERS}|${BELONGINGS})\\b`, "gi");

/** Demands that people often make of workers, and the data knows nothing of. */
export function otherDemands(text: string): Unread[] {
  return [...new Set(text.match(OTHER_DEMANDS))].map((said) => ({ slot: undefined, said }));
}
