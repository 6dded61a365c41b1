// Reads the place of a request: a known city with its state, a state alone, or a place not served.
import {
  elsewhereBeside,
  isStateName,
  readElsewhere,
  readNamedWithState,
  STREET_BEHIND,
  WORDS_AND_CODES,
} from "./elsewhere-reader.ts";
import { blank, isNegated, phraseMatcher, type PhraseMatch } from "./phrase-matcher.ts";
import { findElsewhere, isNameWord, isNoPlace, isWhoNotWhere, titled } from "./place-names.ts";
import { ALL_STATES, onlyStateOf, PLACES, STATES } from "./places.ts";
import type { Unread } from "./unread-demands.ts";
import { looseStateOf, placeText, stateOf } from "./want-values.ts";

export interface PlaceRead {
  readonly place: { readonly city?: string; readonly state?: string; readonly not_city?: string };
  /** Places beside the one that was read. */
  readonly unread: readonly Unread[];
  /** The text without what was read. */
  readonly rest: string;
}

const cities = new Map(PLACES.map(({ city }) => [city, city]));
for (const alias of ["St Louis", "Saint Louis"]) cities.set(alias, "St. Louis");
for (const alias of ["Ft Wayne", "Ft. Wayne"]) cities.set(alias, "Fort Wayne");
cities.set("KC", "Kansas City");
/** Towns of their own whose names hold one of ours; "West Toledo" is a part of Toledo. */
const OTHER_TOWNS =
  "East Chicago|East Cleveland|East Lansing|East St. Louis|West Chicago|North Chicago|" +
  "West Des Moines|North Kansas City|West Milwaukee|South Milwaukee|Chicago Heights|" +
  "Cleveland Heights|Madison Heights|St. Louis Park|Lake Erie";
for (const town of OTHER_TOWNS.split("|")) {
  const short = town.replace(/^([EWNS])(?:ast|est|orth|outh)\b/, "$1");
  const forms = [town, short, short.replace(/^[EWNS]\b/, "$&.")];
  for (const form of forms.flatMap((one) => [one, one.replace("St. ", "St ")]))
    cities.set(form, town);
}
const findKnownCities = phraseMatcher(cities);

export const findStates = phraseMatcher(
  new Map(Object.entries(STATES).map(([code, state]) => [state, code])),
);

const CODES = Object.keys(STATES).join("|");
const NAMES = Object.values(STATES).join("|");
const STATE_AFTER = new RegExp(`^(?:\\s*,\\s*|\\s+|\\s*\\()(?:(${CODES})|(${NAMES}))\\b`, "i");
const STATE_MAX = 40;
const STATE_SIGN = new RegExp(
  "^(?:\\s?[,|;]?\\s?\\n?[\\s*•-]{0,4}\\b(?:[Ss]tate|ST|STATE)\\s?[:=]\\s?|" +
    `\\s?[-/|\u2013\u2014]\\s?(?=(?:(?!(?:${WORDS_AND_CODES})\\b)(?:${Object.keys(ALL_STATES).join("|")})|` +
    `${NAMES})(?=\\s?(?:[,;.!?)\\n|]|$|[-/\u2013\u2014]\\s|\\d))(?!(?<=IN) \\d)))`,
  "u",
);
const ALL_NAMES = Object.values(ALL_STATES).join("|");
/** What may be a state that is none of ours, behind a city that is. */
const ELSEWHERE_AFTER = new RegExp(
  `^(\\s*,\\s*|\\s*\\(|[ \\t]+)(?:(${ALL_NAMES})\\b|([A-Z]{2})\\b|(\\p{Lu}\\p{Ll}{2,5})\\b` +
    "(\\.|(?=\\s*(?:[,;!?)\\n]|$))))",
  "iu",
);
/** Codes that are words as well: in small letters they are read as those. */
const ALSO_WORDS = /^(?:in|or|me|ok|hi|id|la|co|de|al|ma|pa|ms|mt|md|ct|dc|pr|va|wa)$/i;
const AFTER_BLANK = new RegExp(`^(?!(?:${WORDS_AND_CODES}|NE)$)[A-Z]{2}$`);

/** States that people are called as well, and what shows that nobody is. */
const FIRST_NAME = /^(?:virginia|georgia)$/i;
const NO_SURNAME = /^\s*(?:$|[,.;:!?)\n\d]|(?:for|on|at|in|by|from|to|with|tomorrow|today)\b)/i;
const COUNTY = /^ (?:County|Township|Twp)\b/i;
const COUNTY_MAX = 12;

const TOWNS = new Set(OTHER_TOWNS.split("|"));
const TOWN_WORD = /^(?:[ewns]\w{0,4}\.?|lake)\s+|\s+(?:heights|park)$/giu;
const SMALL_DIRECTION = /^[ewns]\w{0,4}\.? \p{Lu}/u;
const ADDRESS_REST = /^[ \t]+\p{L}[\p{L} .'’-]{1,60},\s{0,9}/u;
const ADDRESS_MAX = 120;

/** "The west Chicago dock" is in Chicago, and so is "North Chicago store, Chicago IL". */
function ownCity(text: string, match: PhraseMatch<string>): PhraseMatch<string> {
  if (!TOWNS.has(match.value)) return match;
  const said = text.slice(match.start, match.end);
  const behind = text.slice(match.end, match.end + ADDRESS_MAX);
  const city = said.replaceAll(TOWN_WORD, "");
  const value = cities.get(match.value.replaceAll(TOWN_WORD, ""));
  if (value === undefined || (stateAfter(behind) ?? elsewhereAfter(behind)).length > 0)
    return match;
  const is_part = SMALL_DIRECTION.test(said) || /^ side\b/i.test(behind);
  if (!is_part && !isCityOfAddress(behind, value)) return match;
  const start = match.start + said.indexOf(city);
  return { ...match, value, start, end: start + city.length };
}

function isCityOfAddress(behind: string, city: string): boolean {
  const street = ADDRESS_REST.exec(behind)?.[0];
  const rest = street === undefined ? "" : behind.slice(street.length);
  if (!rest.toLowerCase().startsWith(city.toLowerCase())) return false;
  const after = rest.slice(city.length);
  return /^\s*(?:$|[.;!?\n])/.test(after) || stateAfter(after) !== undefined;
}

/** Our cities, and places with longer names that hold one of them ("Erie County"). */
export function findCities(text: string): PhraseMatch<string>[] {
  return findKnownCities(text).map((found) => {
    const match = ownCity(text, found);
    const tail = COUNTY.exec(text.slice(match.end, match.end + COUNTY_MAX))?.[0] ?? "";
    if (tail === "") return match;
    return { ...match, value: titled(`${match.value}${tail}`), end: match.end + tail.length };
  });
}

/** Only what stands in the words; a place that is ruled out is never the place. */
export function readPlace(text: string): PlaceRead {
  const read = placesIn(text);
  const besides = read.unread.flatMap(({ said }) => /^(.*) \(besides /.exec(said)?.[1] ?? []);
  const said_before = new Set(besides);
  return { ...read, unread: read.unread.filter(({ said }) => !said_before.has(said)) };
}

function placesIn(text: string): PlaceRead {
  const read = readCities(text);
  const ruled_out = findStates(read.rest).filter((found) => found.negated);
  const unread = [
    ...read.unread,
    ...ruled_out.map(({ value }): Unread => ({ slot: "state", said: `state: not ${value}` })),
  ];
  const rest = blank(read.rest, ruled_out);
  const states = findStates(rest);
  const { place } = read;
  if (place.city !== undefined) {
    const others = states.filter((found) => found.value !== place.state).map(stateUnread);
    const beside = townsBeside(text, place).filter(
      ({ said }) => !others.some((other) => other.said === said),
    );
    return { place, rest, unread: [...unread, ...others, ...beside] };
  }
  const elsewhere = readNamedWithState({ place, rest, unread });
  if (elsewhere?.place.city !== undefined) return elsewhere;
  const [state, ...other_states] = states;
  if (state === undefined) return readElsewhere({ place, rest, unread });
  const others = other_states.filter((found) => found.value !== state.value).map(stateUnread);
  return {
    place: { ...place, state: state.value },
    rest: blank(rest, [state]),
    unread: [...unread, ...others, ...elsewhereBeside(blank(rest, states), state.value)],
  };
}

function readCities(text: string): PlaceRead {
  let place: PlaceRead["place"] = {};
  const taken: { start: number; end: number; negated?: boolean }[] = [];
  const unread: Unread[] = [];
  const labelled = new Set([...text.matchAll(STATE_LABEL)].map(([, state]) => stateOf(state!)));
  for (const match of findCities(text)) {
    const behind = text.slice(match.end);
    const street = STREET_BEHIND.exec(behind)?.[0];
    if (street !== undefined) {
      const end = match.end + street.length;
      unread.push({ slot: "city", said: `city: ${text.slice(match.start, end)}` });
      taken.push({ start: match.start, end });
      continue;
    }
    const found = { ...match, negated: match.negated || isListed(text.slice(0, match.start)) };
    const signed = signedState(behind, found.value, labelled);
    const after = signed ?? stateAfter(behind) ?? elsewhereAfter(behind);
    taken.push({ ...found, end: found.end + after.length });
    unread.push(...besideOf(place, found, after.state), ...nextPlace(text, found, after.length));
    if (!found.negated) unread.push(...placeBefore(text, found));
    unread.push(...(after.unread ?? []).map((value) => stateUnread({ value })));
    if (found.negated) {
      const not_city = ruledOut(found.value, after.state);
      if (not_city === undefined)
        unread.push({ slot: "not_city", said: `not_city: ${found.value}, ${after.state!}` });
      else place = { ...place, not_city: place.not_city ?? not_city };
    } else if (
      place.city === undefined ||
      (place.city === found.value && after.state !== undefined)
    ) {
      const state = after.state ?? onlyStateOf(found.value);
      place = { ...place, city: found.value, ...(state === undefined ? {} : { state }) };
    }
  }
  return { place, rest: blank(text, taken), unread };
}

/** A known city that finds its slot taken by another. */
function besideOf(
  place: PlaceRead["place"],
  { value, negated }: PhraseMatch<string>,
  state: string | undefined,
): Unread[] {
  const slot = negated ? "not_city" : "city";
  const taken = place[slot];
  if (taken === undefined) return [];
  const other_state = !negated && state !== undefined && state !== (place.state ?? state);
  const named = state === undefined ? value : `${value}, ${state}`;
  if ((taken === value || (negated && taken === named)) && !other_state) return [];
  return [{ slot, said: `${slot}: ${named} (besides ${taken})` }];
}

/** With its state where it has several; undefined: it is in another state than the one we know. */
function ruledOut(city: string, state: string | undefined): string | undefined {
  const only = onlyStateOf(city);
  if (state !== undefined && only !== undefined && only !== state) return undefined;
  return placeText({ city, state });
}

const NAME = "\\p{Lu}[\\p{L}.'’-]+(?: \\p{Lu}[\\p{L}.'’-]+){0,2}(?:,? [A-Z]{2})?";
const LISTED = new RegExp(
  `(?:${NAME}\\s*,\\s*){0,5}${NAME}\\s*(?:,?\\s*\\b(?:or|nor|and)\\s|[/&])\\s*(?:in\\s+)?$`,
  "u",
);
const LIST_MAX = 200;

/** "Not in Atlanta or Toledo": what is ruled out may be a list with places that are not served. */
function isListed(before: string): boolean {
  const near = before.slice(-LIST_MAX);
  const list = LISTED.exec(near);
  return list !== null && isNegated(near.slice(0, list.index));
}

const NEXT_PLACE = /^\s{0,2},?\s{0,2}(?:or|and|\/)\s+(?:in\s+)?([A-Z][a-z]+(?:\s[A-Z][a-z]+)?)\b/;

/** A place that is not served, joined to one that is: "Toledo or Paris". */
function nextPlace(text: string, found: PhraseMatch<string>, length: number): Unread[] {
  const name = NEXT_PLACE.exec(text.slice(found.end + length))?.[1];
  if (name === undefined || isNoPlace(name)) return [];
  if (findCities(name).length > 0 || findStates(name).length > 0) return [];
  const slot = found.negated ? "not_city" : "city";
  return [{ slot, said: `${slot}: ${name} (besides ${found.value})` }];
}

const TOWN_NEAR = new RegExp(
  `\\b(?:[Ii]n|[Tt]o|@)\\s(${NAME})\\s?[,(\u2013\u2014-]?\\s?` +
    "(?:(?:just|right)\\s)?(?:near|by|outside(?:\\sof)?|close\\sto|next\\sto|(?:north|south|east|west)\\sof)" +
    "\\s(?:the\\s)?$",
  "u",
);

const JOINED_BEFORE = new RegExp(`(${NAME})\\s*(?:,?\\s*\\b(?:or|and)\\s|/)\\s*(?:in\\s+)?$`, "u");

/** The same in the other order: "Atlanta or Toledo". */
function placeBefore(text: string, { start, value }: PhraseMatch<string>): Unread[] {
  const name = JOINED_BEFORE.exec(text.slice(Math.max(0, start - LIST_MAX), start))?.[1];
  const found = name === undefined ? [] : findElsewhere(name);
  return found.map((one) => ({ slot: "city", said: `city: ${one.value} (besides ${value})` }));
}

/** "Northwest Ohio", "Upper Michigan" */
const PART_OF_STATE =
  /^(?:(?:north|south)?(?:east|west)?(?:ern)?|central|upper|lower|mid|[NS][EW])[ -]/i;

/** "In Perrysburg near Toledo": a town that is named by one of our cities. */
function townsBeside(text: string, place: PlaceRead["place"]): Unread[] {
  const found = findCities(text).flatMap(({ start, negated }) => {
    if (negated) return [];
    const name = TOWN_NEAR.exec(text.slice(Math.max(0, start - LIST_MAX), start))?.[1];
    return name === undefined || isNoPlace(name) || isWhoNotWhere(name) ? [] : [name];
  });
  const others = found.filter((name) => findCities(name).length === 0);
  return others.flatMap((name): Unread[] => {
    const part = name.replace(PART_OF_STATE, "");
    const state = [name, part].find(isStateName);
    if (state === undefined)
      return [{ slot: "city", said: `city: ${name} (besides ${place.city!})` }];
    const value = stateOf(state)!;
    return value === place.state ? [] : [stateUnread({ value })];
  });
}

function stateUnread({ value }: { readonly value: string }): Unread {
  return { slot: "state", said: `state: ${value}` };
}

interface StateAfter {
  readonly length: number;
  readonly state: string | undefined;
  /** What stands where a state would, and is none of this city. */
  readonly unread?: readonly string[];
}

/** One of our states behind a city. */
function stateAfter(text: string): StateAfter | undefined {
  const match = STATE_AFTER.exec(text);
  if (match === null) return undefined;
  const [whole, code, name] = match;
  // "in" after a city is a word unless it is written as the state is.
  if (code?.toLowerCase() === "in" && code !== "IN") return undefined;
  return { length: whole.length, state: stateOf(code ?? name!) };
}

const STATE_LABEL = /\bstate\s?[:=]\s?([a-z]+(?: [a-z]+)?)\b/gi;
/** "KY, IN and OH" */
const MORE_CODES = new RegExp(
  `^(?:\\s?(?:,|/|&|,?\\s(?:and|or))\\s?(?:${Object.keys(ALL_STATES).join("|")})` +
    "(?=\\s?(?:[,;.!?)\\n/&]|$|(?:and|or)\\b)))+",
);

/**
 * "Columbus - OH", "Columbus/OH", "City: Columbus\nState: OH": a state as behind a comma. A dash
 * joins anything: behind it another state than that of our only city of the name moves no job,
 * unless a label says the same.
 */
function signedState(
  text: string,
  city: string,
  labelled: ReadonlySet<string | undefined>,
): StateAfter | undefined {
  const sign = STATE_SIGN.exec(text)?.[0];
  if (sign === undefined) return undefined;
  const said = `,${text.slice(sign.length, sign.length + STATE_MAX)}`;
  const after = stateAfter(said) ?? elsewhereAfter(said);
  const { state } = after;
  if (state === undefined) return undefined;
  const length = after.length - 1 + sign.length;
  const own = onlyStateOf(city);
  const is_told = own !== undefined && own !== state && !labelled.has(state);
  if (!is_told || !/[-/\u2013\u2014]\s?$/.test(sign)) return { length, state };
  const more = MORE_CODES.exec(text.slice(length))?.[0] ?? "";
  const codes = (more.match(/[A-Z]{2}/g) ?? []).filter((code) => code !== own);
  return { length: length + more.length, state: undefined, unread: [state, ...codes] };
}

/** Another state: Columbus, GA is none of our cities of that name. */
function elsewhereAfter(text: string): StateAfter {
  const nothing = { length: 0, state: undefined };
  const match = ELSEWHERE_AFTER.exec(text);
  if (match === null) return nothing;
  const [whole, joint, name, code, short, dot] = match;
  const is_apart = joint!.trim() === "";
  const behind = text.slice(whole.length);
  if (name !== undefined) {
    const is_person = is_apart && FIRST_NAME.test(name) && !NO_SURNAME.test(behind);
    return is_person ? nothing : { length: whole.length, state: stateOf(name) };
  }
  if (/^miss$/i.test(short ?? "") && isNameWord(/^\W*(\p{L}*)/u.exec(behind)![1]!)) return nothing;
  if (short !== undefined) {
    const state =
      /^\p{Lu}/u.test(short) && !(is_apart && dot === "") ? looseStateOf(short) : undefined;
    return state === undefined ? nothing : { length: whole.length, state };
  }
  const state = stateOf(code!);
  const is_code = code === code!.toUpperCase();
  if (!is_code || is_apart) {
    const is_state = is_code ? AFTER_BLANK.test(code!) : !ALSO_WORDS.test(code!);
    return is_state && state !== undefined ? { length: whole.length, state } : nothing;
  }
  if (/^[AP]M$/.test(code!)) return nothing;
  return { length: whole.length, state, ...(state === undefined && { unread: [code!] }) };
}
