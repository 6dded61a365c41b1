// Reads a place that is not served: it stays in the request, so that nothing in the data fits it.
import { blank, isNegated } from "./phrase-matcher.ts";
import { findElsewhere, isNoPlace, isWhoNotWhere, titled } from "./place-names.ts";
import type { PlaceRead } from "./place-reader.ts";
import { ALL_STATES, PLACES, STATES } from "./places.ts";
import { dotted } from "./request-text.ts";
import { otherDemands, type Unread } from "./unread-demands.ts";
import { stateOf } from "./want-values.ts";

const STATE_CODE = new RegExp(`\\b(?:${Object.keys(STATES).join("|")})\\b`, "g");
const WORD_CODES = "OK|OR|ME|HI|IN";
const CODES = Object.keys(ALL_STATES).join("|");
const ALL_NAMES = Object.values(ALL_STATES).join("|");
const NAME = "\\p{Lu}\\p{Ll}+(?:[\\s-]\\p{Lu}\\p{Ll}+){0,2}";
const STATE = `(?:,\\s*([A-Z]{2}|${ALL_NAMES})\\b|\\s+(?:\\()?(${CODES}|${ALL_NAMES})\\b\\)?)?`;
const AT = "[Ii]n|[Aa]t|[Nn]ear|[Aa]round|[Ff]or our";
const BEHIND_WORD = new RegExp(`\\b(${AT}|[Tt]o|[Oo]ut of)\\s+(${NAME})${STATE}`, "gu");
/** "OK" and "IN" behind a comma are words as well. */
const WITH_STATE = new RegExp(
  `(?<![\\p{L}\\p{N}])(${NAME})(?:,\\s*((?!OK\\b)(?:${CODES})|${ALL_NAMES})|` +
    `\\s+((?!${WORD_CODES})(?:${CODES})))\\b`,
  "gu",
);
const STATE_BEHIND = new RegExp(`^${STATE}`, "u");
/** "DC" is a warehouse as well, "VA" a hospital, "PR" a trade. */
export const WORDS_AND_CODES = "OK|OR|ME|HI|ID|DC|VA|PR|MD|CO|LA";
const SITE = "(?:sites?|locations?|plants?|warehouses?|facilit(?:y|ies)|stores?|branch(?:es)?)";
/** Another state, or what may be a place: "in TX", "to our TX site", "in STL", "near BOISE". */
const SHORT_NAME = new RegExp(
  "\\b(?:(?:[Ii]n|[Nn]ear|[Aa]round)\\s+" +
    "(?!(?:AM|PM|OK|OR|ME|HI|ASAP|ID|PPE|HR|IT|QA|QC|US|USA)\\b)(\\p{Lu}{2,}(?: \\p{Lu}{3,})?)|" +
    `[Tt]o\\s+(?!(?:${WORDS_AND_CODES})\\b)(${CODES})|` +
    `(?:[Oo]ur|[Tt]he|[Mm]y)\\s+(?!(?:${WORDS_AND_CODES})\\b)(${CODES})(?=\\s+${SITE}\\b))` +
    "(?![\\p{L}\\p{N}-])",
  "gu",
);
const NUMBER = "\\d{1,3}|one|two|three|four|five|six|seven|eight|nine|ten|an?";
const DOUBTFUL = new RegExp(
  `\\b[Ff]or\\s+(?!(?:${WORDS_AND_CODES})\\b)(${CODES})(?=\\s*(?:[,;.!?]|$))|` +
    `\\b(?:[Ff]or|[Ff]rom)\\s+(${NAME})|(?<=[,;]\\s*)(${NAME})(?=\\s*(?:[,;.!?]|$))|` +
    `(?:@\\s?|\\(\\s?(?=[^()]{1,40}\\)))(${NAME})(?=\\s*(?:[,;.!?)\\n]|$))|` +
    `(?<=(?:^|[.!?\\n])\\s*)(${NAME})(?=\\s(?:needs|wants|requires)\\s|\\s?(?::|\\s[-\u2013\u2014])\\s?(?:${NUMBER})\\s)`,
  "gu",
);
/** Words that stand where a town may, and are none. */
const NO_TOWN =
  "Qty|Quantity|Count|Number|Total|Amount|Order|Requests?|Requested|Requirements?|Required|Subject|" +
  "Re|Fwd|Fw|Needs|Update|Reminder|Attention|Question|Priority|Job|Jobs|Roles?|Positions?|Titles?|" +
  "Staff|Head|Headcount|Openings?|Workers?|People|Wanted|Details|Notes?|Message|Ask|Task|Open|Want|" +
  "Looking|Clients?|Customers?|Company|Dep(?:t|artment)|Date|Time|Summary|Description|New|Hiring|" +
  "Labor|Temps?|Manpower|Resources|Assignment|Contract|Production|Maintenance|Packaging|" +
  "Management|Everyone|Somebody|Someone|Nobody|Anyone|Boss|Supervisor|Manager|Service|Human|Quality|" +
  "See|Below|Above|Attached|TBD|Optional|Only|Immediate|Male|Female|Entry|Level|Temporary|" +
  "Overtime|Rush|Important|General|Confirm|\\p{L}+ed|Still|Just|Now|Currently|Additional|Extra|Full|Part|Temp|Perm|Remote|Group|Team|Crew|Plan|" +
  "Replacement|Backfill|Correction|Change|Emergency|Sorry|Seasonal|Same|Day|Good|Morning|Afternoon|Evening|Ongoing|" +
  "Light|Duty|Operations|Corporate|Engineering|Inventory|Project|Everybody|Direct|Hire|Sit|Stand|" +
  "Down|Up|Mig|Tig|Flexible|Hourly|Weekly|Daily|Backup|Long|Short|Term";
const NOT_A_TOWN = new RegExp(`^(?:${NO_TOWN})$`, "u");
/** "Mr Smith needs", "There needs to be": whatever stands with it. */
const NO_TOWN_AT_ALL =
  /^(?:Mrs?|Ms|Miss|Dr|MR|MRS|MS|DR|There|That|Which|Everything|Whoever|Who|What|He|She)$/;

interface Named {
  readonly start: number;
  readonly end: number;
  readonly city: string;
  readonly state: string | undefined;
  /** A name alone behind "to" or "at" may be anyone's. */
  readonly is_sure: boolean;
  readonly is_doubtful: boolean;
  /** Ruled out by what stands behind it, or in a list. */
  readonly is_out: boolean;
}

const SURE = { is_sure: true, is_doubtful: false, is_out: false };
const STREET = "Ave|Avenue|St|Street|Rd|Road|Blvd|Dr|Drive|Ln|Lane|Pike|Way|Hwy|Highway|Ct|Court";
/** The street that a place gave its name to. */
export const STREET_BEHIND = new RegExp(
  `^\\s+(?:${STREET})\\b\\.?(?!\\s*(?:Louis|Paul|Charles)\\b)`,
);
const NEAR = 40;
const WORD_BEHIND = /^ ((?!I\b)\p{Lu}[\p{L}'’]+)/u;
const GREETED = /\b(?:hi|hello|hey|dear|thanks|thank you|regards|cheers)[ ,!]*$/i;
const AT_NUMBER = /\b\d+ (?:[NSEW]\.? )?$/;

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
  const short = readShortNames(coded);
  if (short.place.state !== undefined) return short;
  return { ...short, unread: [...short.unread, ...doubtfulIn(short.rest)] };
}

/** States that are not served, by their codes; other short names are told. */
function readShortNames(read: PlaceRead): PlaceRead {
  let { place, rest } = read;
  const unread = [...read.unread];
  for (const match of read.rest.matchAll(SHORT_NAME)) {
    const name = match.slice(1).find((one) => one !== undefined)!;
    if (!rest.startsWith(match[0], match.index)) continue;
    const end = match.index + match[0].length;
    const start = end - name.length;
    if (isNoPlace(name) || isNoPlace(titled(name))) continue;
    const negated = isNegated(rest.slice(0, start));
    const state = stateOf(name);
    rest = blank(rest, [{ start, end, negated }]);
    const not = negated ? "not " : "";
    if (state === undefined) unread.push({ slot: "city", said: `city: ${not}${name}` });
    else if (negated || place.state !== undefined || place.city !== undefined)
      unread.push({ slot: "state", said: `state: ${not}${name}` });
    else {
      place = { ...place, state };
      unread.push(...otherCodes(rest.slice(end), state));
      rest =
        rest.slice(0, end) +
        rest.slice(end).replaceAll(OTHER_CODE, (found) => " ".repeat(found.length));
    }
  }
  return { place, rest, unread };
}

/** Places in the order of the text, none twice. */
function namedIn(text: string): Named[] {
  const behind = [...text.matchAll(BEHIND_WORD)].map((match): Named => {
    const [whole, word, city, code, bare] = match;
    const is_doubtful = /^(?:to|out of)$/i.test(word!) && isWhoNotWhere(city!);
    const state = code ?? bare;
    const { index: start } = match;
    const is_sure = state !== undefined;
    const is_out = false;
    const named = { city: city!, state, is_sure, is_doubtful, is_out };
    return { start, end: start + whole.length, ...named };
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
  const known = findElsewhere(text).map(({ value: city, start, end, negated: is_out }): Named => {
    const [length, state] = stateBehind(text.slice(end));
    const is_doubtful = state === undefined && isOtherThing(text, start, end);
    return { start, end: end + length, city, state, is_sure: true, is_doubtful, is_out };
  });
  const all = [...known, ...stated, ...behind].filter(({ city }) => !isNoPlace(city));
  const kept = all.filter((one, at) => !all.slice(0, at).some((other) => isOver(one, other)));
  const sorted = kept.toSorted((a, b) => a.start - b.start);
  return sorted.map((one) => ({ ...one, city: dotted(one.city) }));
}

/** "Boston Market", "12 Denver Ave" and "Hi Phoenix," are no place to send anyone to. */
function isOtherThing(text: string, start: number, end: number): boolean {
  const before = text.slice(Math.max(0, start - NEAR), start);
  const behind = text.slice(end, end + NEAR);
  if (STREET_BEHIND.test(behind) || AT_NUMBER.test(before)) return true;
  if (GREETED.test(before) && !/^ ?\p{L}/u.test(behind)) return true;
  const word = WORD_BEHIND.exec(behind)?.[1];
  if (word === undefined || /^\p{Lu}+$/u.test(word)) return false;
  return isWhoNotWhere(`. ${word}`) || (!isNoPlace(word) && stateOf(word) === undefined);
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
    const negated = one.is_out || isNegated(rest.slice(0, one.start));
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
    if (!negated) {
      unread.push(...otherCodes(rest, match[0]));
      return { place: { ...read.place, state: match[0] }, rest, unread };
    }
    unread.push({ slot: "state", said: `state: not ${match[0]}` });
  }
  return { ...read, rest, unread };
}

const OTHER_CODE = new RegExp(
  `(?:\\b(?:or|and|in)\\s+|/\\s?|,\\s?(?=..\\s*(?:[,.;:!?/\\n]|$|or\\b|and\\b)))` +
    `(?!${WORD_CODES})(${CODES})\\b`,
  "g",
);

/** "MI or OH", "in TX and AZ". */
function otherCodes(rest: string, state: string): Unread[] {
  const codes = [...rest.matchAll(OTHER_CODE)].map((match) => match[1]!);
  return codes
    .filter((code) => code !== state)
    .map((code) => ({ slot: "state", said: `state: ${code}` }));
}

/** What may be a place, a client or a person is told and not read. */
function doubtfulIn(text: string): Unread[] {
  const found = [...text.matchAll(DOUBTFUL)].map((match) => {
    const name = match.slice(1).find((one) => one !== undefined)!;
    const negated = isNegated(text.slice(0, match.index));
    const slot = isStateName(name) ? "state" : negated ? "not_city" : "city";
    const is_bare = match[4] !== undefined || match[5] !== undefined;
    return { slot, name, is_bare, not: negated && slot === "state" ? "not " : "" } as const;
  });
  const names = found.filter(
    ({ name, is_bare }) =>
      !isNoPlace(name) && !PLACES.some(isCalled(name)) && !(is_bare && isOtherName(name)),
  );
  return names.map(({ slot, name, not }) => ({ slot, said: `${slot}: ${not}${name}` }));
}

/** "Order: 3 packers", "John Smith needs 3 packers" */
function isOtherName(name: string): boolean {
  const words = name.split(/[\s-]/);
  if (isWhoNotWhere(name) || otherDemands(name).length > 0) return true;
  return (
    words.some((word) => NO_TOWN_AT_ALL.test(word)) || words.every((word) => NOT_A_TOWN.test(word))
  );
}

function isCalled(name: string) {
  return ({ city }: { readonly city: string }) => city === name;
}

/** New York and Washington are cities, too. */
export function isStateName(text: string): boolean {
  return stateOf(text) !== undefined && !/^(?:New York|Washington)$/.test(text);
}
