// Finds first and last names that many people have, whatever the case they are written in.
import { findElsewhere, isKnownTerm } from "./place-names.ts";
import { findCities } from "./place-reader.ts";
import { FIRST_NAMES, LAST_NAMES, MORE_FIRST_NAMES } from "./person-names.ts";

const FIRST = [...FIRST_NAMES, ...MORE_FIRST_NAMES].join("|");
const LAST = LAST_NAMES.join("|").replaceAll("'", "['’]");
const WHOLE = `(?:${FIRST})(?: \\p{L}\\.?)? (?:${LAST})(?![\\p{L}\\p{M}\\p{N}-])`;
const ANYWHERE = new RegExp(`(?<![\\p{L}\\p{M}\\p{N}'’-])${WHOLE}`, "giu");
const HERE = new RegExp(`^${WHOLE}`, "iu");
const CAPITALISED = /\p{Lu}[\p{L}\p{M}'’-]+ (?:\p{Lu}\. )?\p{Lu}[\p{L}\p{M}'’-]+/gu;

export interface KnownName {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** Every whole name in the text. */
export function knownNamesIn(text: string): KnownName[] {
  return [...text.matchAll(ANYWHERE)].map((match) => ({
    name: match[0],
    start: match.index,
    end: match.index + match[0].length,
  }));
}

/** The whole name that a text begins with. */
export function knownNameHere(text: string): string | undefined {
  return HERE.exec(text)?.[0];
}

/** Whether a person may be named: known, or by two words with a capital that mean nothing else. */
export function isNamed(text: string): boolean {
  if (knownNamesIn(text).length > 0 || /\bW[\s-]?\d/i.test(text)) return true;
  return (text.match(CAPITALISED) ?? []).some(
    (name) => !isKnownTerm(name) && [...findCities(name), ...findElsewhere(name)].length === 0,
  );
}
