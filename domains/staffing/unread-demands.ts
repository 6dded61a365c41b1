// What a request demands beyond the one value that is read for each slot.
import type { PhraseMatch } from "./phrase-matcher.ts";
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
const OTHER_DEMANDS = new RegExp(`\\b(?:${TESTED}|${PAPERS}|${BELONGINGS})\\b`, "gi");

/** Demands that people often make of workers, and the data knows nothing of. */
export function otherDemands(text: string): Unread[] {
  return [...new Set(text.match(OTHER_DEMANDS))].map((said) => ({ slot: undefined, said }));
}
