// Reads a place that is not served: it stays in the request, so that nothing in the data fits it.
import { blank, isNegated } from "./phrase-matcher.ts";
import { findElsewhere, isNoPlace, isWhoNotWhere } from "./place-names.ts";
import type { PlaceRead } from "./place-reader.ts";
import { ALL_STATES, PLACES, STATES } from "./places.ts";
import type { Unread } from "./unread-demands.ts";
import { stateOf } from "./want-values.ts";

const STATE_CODE = new RegExp(`\\b(?:${Object.keys(STATES).join("|")})\\b`, "g");
const CODES = Object.keys(ALL_STATES).join("|");
const ALL_NAMES = Object.values(ALL_STATES).join("|");
const NAME = "\\p{Lu}\\p{Ll}+(?:[\\s-]\\p{Lu}\\p{Ll}+){0,2}";
const STATE = `(?:,\\s*([A-Z]{2}|${ALL_NAMES})\\b|\\s+(?:\\()?(${CODES}|${ALL_NAMES})\\b\\)?)?`;
const AT = "[Ii]n|[Aa]t|[Nn]ear|[Aa]round|[Ff]or our";
const BEHIND_WORD = new RegExp(`\\b(${AT}|[Tt]o|[Oo]ut of)\\s+(${NAME})${STATE}`, "gu");
/** "OK" and "IN" behind a comma are words as well. */
const WITH_STATE = new RegExp(
  `(?<![\\p{L}\\p{N}])(${NAME})(?:,\\s*((?!OK\\b)(?:${CODES})|${ALL_NAMES})|` +
    `\\s+((?!OK|OR|ME|HI|IN)(?:${CODES})))\\b`,
  "gu",
);
const STATE_BEHIND = new RegExp(`^${STATE}`, "u");
const DOUBTFUL = new RegExp(
  `\\b(?:[Ff]or|[Ff]rom)\\s+(${NAME})|(?<=[,;]\\s*)(${NAME})(?=\\s*(?:[,;.!?]|$))`,
  "gu",
);

interface Named {
  readonly start: number;
  readonly end: number;
  readonly city: string;
  readonly state: string | undefined;
  /** A name alone behind "to" or "at" may be anyone's. */
  readonly is_sure: boolean;
  readonly is_doubtful: boolean;
}

const SURE = { is_sure: true, is_doubtful: false };

/** Also of a text with a state of ours: "Peoria, Illinois" is none of our places there. */
export function readNamedWithState(read: PlaceRead): PlaceRead | undefined {
  const found = namedIn(read.rest).filter((one) => one.is_sure && one.state !== undefined);
  return found.length === 0 ? undefined : readAll(read, found);
}

/** Other places beside a state that was read. */
export function elsewhereBeside(rest: string, state: string): Unread[] {
  const found = namedIn(rest).filter((one) => one.is_sure);
  return found.map(({ city }) => ({ slot: "city", said: `city: ${city} (besides ${state})` }));
}

export function readElsewhere(read: PlaceRead): PlaceRead {
  const named = readAll(read, namedIn(read.rest));
  if (named.place.city !== undefined || named.place.state !== undefined) return named;
  const coded = readStateCode(named);
  if (coded.place.state !== undefined) return coded;
  return { ...coded, unread: [...coded.unread, ...doubtfulIn(coded.rest)] };
}

/** Places in the order of the text, none twice. */
function namedIn(text: string): Named[] {
  const behind = [...text.matchAll(BEHIND_WORD)].map((match): Named => {
    const [whole, word, city, code, bare] = match;
    const is_doubtful = /^(?:to|out of)$/i.test(word!) && isWhoNotWhere(city!);
    const state = code ?? bare;
    const { index: start } = match;
    const is_sure = state !== undefined;
    return { start, end: start + whole.length, city: city!, state, is_sure, is_doubtful };
  });
  const stated = [...text.matchAll(WITH_STATE)].map((match): Named => {
    const [whole, name, after_comma, bare] = match;
    const { index } = match;
    const words = name!.split(/\s/);
    const first = words.findIndex((_, at) => !isNoPlace(words.slice(at).join(" ")));
    const city = words.slice(Math.max(0, first)).join(" ");
    const start = index + name!.length - city.length;
    return { start, end: index + whole.length, city, state: after_comma ?? bare, ...SURE };
  });
  const known = findElsewhere(text).map(({ value: city, start, end }): Named => {
    const [length, state] = stateBehind(text.slice(end));
    const is_doubtful = isWhoNotWhere(`. ${text.slice(end).match(/^\s+\p{Lu}\S+/u)?.[0] ?? ""}`);
    return { start, end: end + length, city, state, is_sure: true, is_doubtful };
  });
  const all = [...known, ...stated, ...behind].filter(({ city }) => !isNoPlace(city));
  const kept = all.filter((one, at) => !all.slice(0, at).some((other) => isOver(one, other)));
  return kept.toSorted((a, b) => a.start - b.start);
}

function isOver(one: Named, other: Named): boolean {
  return one.start < other.end && other.start < one.end;
}

function stateBehind(text: string): [length: number, state: string | undefined] {
  const [whole, code, bare] = STATE_BEHIND.exec(text)!;
  return [whole.length, code ?? bare];
}

function readAll(read: PlaceRead, found: readonly Named[]): PlaceRead {
  let { place, rest } = read;
  const unread = [...read.unread];
  for (const one of found) {
    const negated = isNegated(rest.slice(0, one.start));
    const { city } = one;
    const is_taken = place.city !== undefined || place.state !== undefined;
    if (is_taken && !negated && !one.is_sure) continue;
    rest = blank(rest, [{ ...one, negated }]);
    if (negated) {
      if (place.not_city === undefined && !one.is_doubtful && !isStateName(city))
        place = { ...place, not_city: city };
      else unread.push({ slot: "not_city", said: `not_city: ${city}` });
    } else if (is_taken || one.is_doubtful) {
      const besides = is_taken ? ` (besides ${place.city ?? place.state!})` : "";
      unread.push({ slot: "city", said: `city: ${city}${besides}` });
    } else {
      const placed = placeOf(one);
      place = { ...place, ...placed.place };
      unread.push(...placed.unread);
    }
  }
  return { place, rest, unread };
}

function placeOf({ city, state }: Named): Pick<PlaceRead, "place" | "unread"> {
  if (state === undefined && isStateName(city))
    return { place: { state: stateOf(city)! }, unread: [] };
  const known = stateOf(state ?? "");
  const place = { city, ...(known !== undefined && { state: known }) };
  const is_unknown = state !== undefined && known === undefined;
  return { place, unread: is_unknown ? [{ slot: "state", said: `state: ${state}` }] : [] };
}

function readStateCode(read: PlaceRead): PlaceRead {
  let { rest } = read;
  const unread = [...read.unread];
  for (const match of rest.matchAll(STATE_CODE)) {
    const span = { start: match.index, end: match.index + match[0].length };
    const negated = isNegated(rest.slice(0, match.index));
    rest = blank(rest, [{ ...span, negated }]);
    if (!negated) return { place: { ...read.place, state: match[0] }, rest, unread };
    unread.push({ slot: "state", said: `state: not ${match[0]}` });
  }
  return { ...read, rest, unread };
}

/** What may be a place, a client or a person is told and not read. */
function doubtfulIn(text: string): Unread[] {
  const found = [...text.matchAll(DOUBTFUL)].map((match) => {
    const name = (match[1] ?? match[2])!;
    const negated = isNegated(text.slice(0, match.index));
    const slot = isStateName(name) ? "state" : negated ? "not_city" : "city";
    return { slot, name, not: negated && slot === "state" ? "not " : "" } as const;
  });
  const names = found.filter(({ name }) => !isNoPlace(name) && !PLACES.some(isCalled(name)));
  return names.map(({ slot, name, not }) => ({ slot, said: `${slot}: ${not}${name}` }));
}

function isCalled(name: string) {
  return ({ city }: { readonly city: string }) => city === name;
}

/** New York and Washington are cities, too. */
function isStateName(text: string): boolean {
  return stateOf(text) !== undefined && !/^(?:New York|Washington)$/.test(text);
}
