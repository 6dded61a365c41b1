// Reads the place of a request: a known city with its state, a state alone, or a place not served.
import { blank, phraseMatcher, type PhraseMatch } from "./phrase-matcher.ts";
import { onlyStateOf, PLACES, STATES } from "./places.ts";
import type { Unread } from "./unread-demands.ts";

export interface PlaceRead {
  readonly place: { readonly city?: string; readonly state?: string; readonly not_city?: string };
  /** Places beside the one that was read. */
  readonly unread: readonly Unread[];
  /** The text without what was read. */
  readonly rest: string;
}

const cities = new Map(PLACES.map(({ city }) => [city, city]));
for (const alias of ["St Louis", "Saint Louis"]) cities.set(alias, "St. Louis");
cities.set("KC", "Kansas City");
const findCities = phraseMatcher(cities);
const findStates = phraseMatcher(
  new Map(Object.entries(STATES).map(([code, state]) => [state, code])),
);

const CODES = Object.keys(STATES).join("|");
const NAMES = Object.values(STATES).join("|");
const STATE_AFTER = new RegExp(`^(?:\\s*,\\s*|\\s+|\\s*\\()(?:(${CODES})|(${NAMES}))\\b`, "i");
const STATE_CODE = new RegExp(`\\b(${CODES})\\b`);
const OTHER_PLACE =
  /\b(?:in|at|near|around|for our)\s+((?:[A-Z][a-z]+)(?:\s[A-Z][a-z]+){0,2})(?:,\s*([A-Z]{2})\b)?/;
const CALENDAR =
  "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|January|February|March|April|May|" +
  "June|July|August|September|October|November|December|Spring|Summer|Winter|Fall";
const NO_PLACE = new RegExp(
  `^(?:(?:${CALENDAR})s?|Building|Dock|Line|Bay|Receiving|Shipping|Spanish|English)\\b`,
);

export function readPlace(text: string): PlaceRead {
  let rest = text;
  let place: PlaceRead["place"] = {};
  const unread: Unread[] = [];
  for (const found of findCities(text)) {
    const after = stateAfter(text.slice(found.end));
    rest = blank(rest, [{ start: found.start, end: found.end + after.length }]);
    unread.push(...besideOf(place, found, after.state), ...nextPlace(text, found, after.length));
    if (found.negated) place = { ...place, not_city: found.value };
    else if (
      place.city === undefined ||
      (place.city === found.value && after.state !== undefined)
    ) {
      const state = after.state ?? onlyStateOf(found.value);
      place = { ...place, city: found.value, ...(state === undefined ? {} : { state }) };
    }
  }
  const states = findStates(rest).filter((found) => !found.negated);
  if (place.city !== undefined) {
    const others = states.filter((found) => found.value !== place.state).map(stateUnread);
    return { place, rest, unread: [...unread, ...others] };
  }
  const [state, ...other_states] = states;
  if (state !== undefined) {
    const others = other_states.filter((found) => found.value !== state.value).map(stateUnread);
    return {
      place: { ...place, state: state.value },
      rest: blank(rest, [state]),
      unread: [...unread, ...others],
    };
  }
  const other = OTHER_PLACE.exec(rest);
  if (other !== null && !NO_PLACE.test(other[1]!)) {
    // A place that is not served stays in the request: nothing in the data will fit it.
    const named = { city: other[1]!, ...(other[2] === undefined ? {} : { state: other[2] }) };
    return { place: { ...place, ...named }, rest: rest.replace(other[0], " "), unread };
  }
  const code = STATE_CODE.exec(rest);
  if (code === null) return { place, rest, unread };
  return { place: { ...place, state: code[1]! }, rest: rest.replace(code[0], " "), unread };
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
  if (taken === value && !other_state) return [];
  const named = state === undefined ? value : `${value}, ${state}`;
  return [{ slot, said: `${slot}: ${named} (besides ${taken})` }];
}

const NEXT_PLACE = /^\s{0,2},?\s{0,2}(?:or|and|\/)\s+(?:in\s+)?([A-Z][a-z]+(?:\s[A-Z][a-z]+)?)\b/;

/** A place that is not served, joined to one that is: "Toledo or Paris". */
function nextPlace(text: string, found: PhraseMatch<string>, length: number): Unread[] {
  const name = NEXT_PLACE.exec(text.slice(found.end + length))?.[1];
  if (name === undefined || NO_PLACE.test(name)) return [];
  if (findCities(name).length > 0 || findStates(name).length > 0) return [];
  return [{ slot: "city", said: `city: ${name} (besides ${found.value})` }];
}

function stateUnread({ value }: PhraseMatch<string>): Unread {
  return { slot: "state", said: `state: ${value}` };
}

function stateAfter(text: string): { length: number; state: string | undefined } {
  const match = STATE_AFTER.exec(text);
  if (match === null) return { length: 0, state: undefined };
  const code = match[1];
  // "in" after a city is a word unless it is written as the state is.
  if (code?.toLowerCase() === "in" && code !== "IN") return { length: 0, state: undefined };
  const name = match[2]?.toLowerCase();
  const state =
    code?.toUpperCase() ?? Object.keys(STATES).find((one) => STATES[one]!.toLowerCase() === name);
  return { length: match[0].length, state };
}
