// Reads the place of a request: a known city with its state, a state alone, or a place not served.
import { blank, phraseMatcher } from "./phrase-matcher.ts";
import { onlyStateOf, PLACES, STATES } from "./places.ts";

export interface PlaceRead {
  readonly place: { readonly city?: string; readonly state?: string; readonly not_city?: string };
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
  `^(?:${CALENDAR}|Building|Dock|Line|Bay|Receiving|Shipping|Spanish|English)\\b`,
);

export function readPlace(text: string): PlaceRead {
  let rest = text;
  let place: PlaceRead["place"] = {};
  for (const found of findCities(text)) {
    const after = stateAfter(text.slice(found.end));
    rest = blank(rest, [{ start: found.start, end: found.end + after.length }]);
    if (found.negated) place = { ...place, not_city: found.value };
    else if (
      place.city === undefined ||
      (place.city === found.value && after.state !== undefined)
    ) {
      const state = after.state ?? onlyStateOf(found.value);
      place = { ...place, city: found.value, ...(state === undefined ? {} : { state }) };
    }
  }
  if (place.city !== undefined) return { place, rest };
  const state = findStates(rest).find((found) => !found.negated);
  if (state !== undefined) {
    return { place: { ...place, state: state.value }, rest: blank(rest, [state]) };
  }
  const other = OTHER_PLACE.exec(rest);
  if (other !== null && !NO_PLACE.test(other[1]!)) {
    // A place that is not served stays in the request: nothing in the data will fit it.
    const named = { city: other[1]!, ...(other[2] === undefined ? {} : { state: other[2] }) };
    return { place: { ...place, ...named }, rest: rest.replace(other[0], " ") };
  }
  const code = STATE_CODE.exec(rest);
  if (code === null) return { place, rest };
  return { place: { ...place, state: code[1]! }, rest: rest.replace(code[0], " ") };
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
