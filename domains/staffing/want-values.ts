// Values of a contract and of the roster in the words of the vocabularies, however they are
// written: "nights" is the night shift, "Michigan" is MI, "St Louis" is St. Louis.
import { lower, same } from "./plain-text.ts";
import { ALL_STATES, onlyStateOf, PLACES } from "./places.ts";
import { pluralOf, ROLES } from "./roles.ts";
import { AVAILABLE, AVAILABLE_WORDS, CERTIFICATIONS, EXPERIENCE, SHIFTS } from "./terms.ts";
import type { Term } from "./terms.ts";

export interface PlaceValue {
  readonly city: string;
  readonly state: string | undefined;
}

type Vocabulary = ReadonlyMap<string, string>;

const SHIFT_NOUN = /[\s-]?(?:shift|crew)s?$/;
const MORE_SHIFT_WORDS: readonly Term[] = [
  { value: "evening", words: ["afternoons", "afternoon"] },
  { value: "night", words: ["graveyard"] },
  { value: "day", words: ["daytime"] },
];

const shifts = vocabulary([...SHIFTS, ...MORE_SHIFT_WORDS], shiftKey);
const certifications = vocabulary(CERTIFICATIONS);
const experiences = vocabulary(EXPERIENCE);
const availabilities = vocabulary([
  ...AVAILABLE_WORDS,
  ...Object.keys(AVAILABLE).map((value) => ({ value, words: [] })),
]);
const roles = vocabulary(
  ROLES.map(({ role, synonyms }) => ({
    value: role,
    words: [role, ...synonyms].flatMap((words) => [words, pluralOf(words)]),
  })),
);
const states = vocabulary(
  Object.entries(ALL_STATES).map(([value, name]) => ({ value, words: [name] })),
);
const cities: Vocabulary = new Map([
  ...PLACES.map(({ city }) => [cityKey(city), city] as const),
  ["kc", "Kansas City"] as const,
]);

export const SHIFT_VALUES: readonly string[] = SHIFTS.map(({ value }) => value);

/** "night shift", "nights", "3rd-shift" → "night"; undefined when it is no shift we know. */
export function shiftOf(text: string): string | undefined {
  return shifts.get(shiftKey(text));
}

/** Every shift a field of the roster names: "days; nights" are two. */
export function shiftsIn(text: string): string[] {
  const parts = lower(text).split(/\s*(?:[;,/&|+]|\bor\b|\band\b)\s*/);
  return parts.map((part) => shiftOf(part) ?? part);
}

const DIGITS_IN_BRACKETS = /\((?:[\d\s:.,/\u2013-]|[ap]\.?m\b\.?|[ap]\b|to\b)*\)/g;
const ROSTER_SHIFTS: Readonly<Record<string, string>> = {
  am: "day",
  morning: "day",
  graveyard: "night",
};

/**
 * The same as people write it into a roster: "Day shift (7-3)", "weekend days only", "AM". Only for
 * what a contract rules out.
 */
export function looseShiftsIn(text: string): string[] {
  const parts = shiftsIn(lower(text).replaceAll(DIGITS_IN_BRACKETS, " "));
  return parts
    .filter((part) => part.trim() !== "")
    .map((part) => {
      const bare = part
        .replaceAll(/[.;]/g, "")
        .replace(/^(?:weekend|weekday)s? /, "")
        .replace(/ only$/, "")
        .trim();
      return shiftOf(bare) ?? ROSTER_SHIFTS[bare.replace(SHIFT_NOUN, "").replace(/s$/, "")] ?? part;
    });
}

const COUNTRY = /[\s,]+(?:USA|U\.S\.A?\.|United States)$/i;
const ABBREVIATED_STATES =
  "Ala AL|Ariz AZ|Ark AR|Calif CA|Colo CO|Conn CT|Del DE|Fla FL|Ill IL|Ind IN|Kan KS|Mass MA|" +
  "Mich MI|Minn MN|Miss MS|Mont MT|Neb NE|Nev NV|Okla OK|Ore OR|Penn PA|Penna PA|Tenn TN|Tex TX|" +
  "Wash WA|Wis WI|Wisc WI|Wyo WY";
const abbreviations = new Map(
  ABBREVIATED_STATES.split("|").map((line) => {
    const [short, code] = line.split(" ");
    return [short!.toLowerCase(), code!] as const;
  }),
);

/** A state as people write it into a roster: "Indiana, USA", "Ind.". */
export function looseStateOf(text: string): string | undefined {
  const bare = text.trim().replace(COUNTRY, "");
  return stateOf(bare) ?? abbreviations.get(lower(bare).replaceAll(".", ""));
}

/** "Michigan", "mi" → "MI"; undefined when it is no state we know. */
export function stateOf(text: string): string | undefined {
  return states.get(lower(text).replaceAll(".", ""));
}

/** Undefined: no known time of the week. */
export function availableOf(text: string): string | undefined {
  return availabilities.get(wordKey(text));
}

/** The role we know by that name, or the text as it stands: a roster may have others. */
export function roleOf(text: string): string {
  return known(roles, text);
}

/** The certification we know by that name, or the text as it stands. */
export function certificationOf(text: string): string {
  return known(certifications, text);
}

/** The experience we know by that name, or the text as it stands. */
export function experienceOf(text: string): string {
  return known(experiences, text);
}

/**
 * City and, where it stands behind it, state: "Detroit, Michigan", "Columbus OH". A city that is
 * not in the vocabulary stays as it stands. Undefined when what stands behind the comma is no
 * state, or there is no city.
 */
export function placeOf(text: string): PlaceValue | undefined {
  const whole = text.trim().replace(COUNTRY, "");
  const comma = whole.lastIndexOf(",");
  if (comma >= 0) {
    const state = stateOf(whole.slice(comma + 1));
    const city = whole.slice(0, comma).trim();
    if (state === undefined || city === "" || city.includes(",")) return undefined;
    return { city: cityOf(city), state };
  }
  const known_city = cities.get(cityKey(whole));
  if (known_city !== undefined) return { city: cityOf(whole), state: undefined };
  return spacedPlace(whole) ?? { city: whole, state: undefined };
}

/** "Columbus OH", "Columbus Ohio": the state in capitals or in full. */
function spacedPlace(whole: string): PlaceValue | undefined {
  const words = whole.split(/\s+/);
  for (const length of [1, 2]) {
    const city = words.slice(0, -length).join(" ");
    const last = words.slice(-length).join(" ");
    const state = stateOf(last);
    if (city === "" || state === undefined || !cities.has(cityKey(city))) continue;
    if (last.length > 2 || last === state) return { city: cityOf(city), state };
  }
  return undefined;
}

/** How a city is spelt in our places, or as it stands. */
function cityOf(text: string): string {
  const value = cities.get(cityKey(text));
  return value === undefined || same(value, text) ? text.trim() : value;
}

/** A contract's ruled-out place; its state stays where the name alone is not one city. */
export function placeText({ city, state }: PlaceValue): string {
  return state === undefined || onlyStateOf(city) === state ? city : `${city}, ${state}`;
}

export function sameCity(one: string, other: string): boolean {
  return one === other || bareCity(one) === bareCity(other);
}

export function sameRole(one: string, other: string): boolean {
  return one === other || lower(roleOf(one)) === lower(roleOf(other));
}

export function sameState(one: string, other: string): boolean {
  return one === other || (stateOf(one) ?? lower(one)) === (stateOf(other) ?? lower(other));
}

function bareCity(text: string): string {
  const key = cityKey(placeOf(text)?.city ?? text);
  return cityKey(cities.get(key) ?? key);
}

function cityKey(text: string): string {
  const words = lower(text).replaceAll(".", " ").replaceAll(/\s+/g, " ").trim();
  return words
    .replace(/^saint\b/, "st")
    .replace(/^fort\b/, "ft")
    .replace(/^mount\b/, "mt");
}

function shiftKey(text: string): string {
  const words = wordKey(text).replace(/^the /, "");
  return words.replace(SHIFT_NOUN, "") || words;
}

function wordKey(text: string): string {
  return lower(text)
    .replaceAll(/[\s-]+/g, " ")
    .trim();
}

function vocabulary(terms: readonly Term[], key = wordKey): Vocabulary {
  return new Map(
    terms.flatMap(({ value, words }) => [value, ...words].map((one) => [key(one), value] as const)),
  );
}

/** The vocabulary's spelling where it is another word; else the text: case is no other word. */
function known(words: Vocabulary, text: string): string {
  const value = words.get(wordKey(text));
  return value === undefined || same(value, text) ? text.trim() : value;
}
