// What a contract asks for, and how it is read out of a context: strictly, nothing is left out.
import { z } from "zod";
import { checkInput, LakehouseError } from "#pack.ts";
import { COUNT_MAX } from "./number-words.ts";
import { legible } from "./plain-text.ts";
import { isNoName } from "./name-form.ts";
import { onlyStateOf } from "./places.ts";
import { AVAILABLE } from "./terms.ts";
import {
  availableOf,
  certificationOf,
  experienceOf,
  placeOf,
  placeText,
  roleOf,
  SHIFT_VALUES,
  shiftOf,
  stateOf,
} from "./want-values.ts";
import { workerIdOf, workerIdsIn } from "./worker-ids.ts";

const text = z.string().trim().min(1).max(500);

const wantShape = z.strictObject({
  role: text,
  count: z.int().min(1).max(COUNT_MAX),
  city: text.optional(),
  state: text.optional(),
  not_city: text.optional(),
  shift: text.optional(),
  not_shift: text.optional(),
  certification: text.optional(),
  min_reliability: z.number().min(0).max(1).optional(),
  available: text.optional().describe("a key of AVAILABLE"),
  experience: text.optional().describe("a value of EXPERIENCE"),
  max_pay: z.number().positive().optional().describe("dollars an hour"),
  exclude: z.array(text).max(1_000).optional().describe("worker ids or names"),
});

const partShape = z.strictObject({ context: wantShape.partial() });

type Loose = z.output<typeof wantShape>;

/** A request in terms of the data; absent fields are not asked for. */
export type Want = {
  readonly [Name in keyof Loose]: Loose[Name] extends readonly string[] | undefined
    ? readonly string[]
    : Exclude<Loose[Name], undefined>;
};

/**
 * A want out of a context; undefined when it names no role or no count. Throws `invalid`
 * (invalid_input) for an unknown field, a value of the wrong type, and a shift, state, place, time
 * or worker id that is none we know: a demand that is misspelt must never be one that is not
 * enforced.
 */
export function wantOf(context: Readonly<Record<string, unknown>>): Want | undefined {
  const part = wantPartOf(context);
  if (part.role === undefined || part.count === undefined) return undefined;
  return part as Want;
}

type Part = z.output<typeof partShape>["context"];
type Issue = { readonly path: string; readonly message: string };

/** The same of a context that need not name role and count. */
export function wantPartOf(context: Readonly<Record<string, unknown>>): Partial<Want> {
  const part = checkInput(partShape, { context }).context;
  const issues: Issue[] = [];
  const read = { ...part, ...wordsOf(part), ...placesOf(part, issues), ...timesOf(part, issues) };
  const exclude = part.exclude?.flatMap((one, at) => excludedIn(one, `exclude.${at}`, issues));
  if (issues.length === 0) return asked({ ...read, exclude });
  const [{ path, message }] = issues as [Issue];
  throw new LakehouseError("invalid", `${path}: ${message}`, { reason: "invalid_input", issues });
}

function issue(issues: Issue[], field: string, message: string): undefined {
  issues.push({ path: `context.${field}`, message });
}

/** Vocabularies that a roster may go beyond: other values stay as they stand. */
function wordsOf({ role, certification, experience }: Part): Partial<Want> {
  return asked({
    role: role === undefined ? undefined : roleOf(role),
    certification: certification === undefined ? undefined : certificationOf(certification),
    experience: experience === undefined ? undefined : experienceOf(experience),
  });
}

function placesOf({ city, state, not_city }: Part, issues: Issue[]): Partial<Want> {
  const named = city === undefined ? undefined : readPlace("city", city, issues);
  const code = state === undefined ? undefined : stateOf(state);
  if (state !== undefined && code === undefined) {
    issue(issues, "state", `"${state}" is no state we know; right would be "MI" or "Michigan"`);
  }
  if (named?.state !== undefined && code !== undefined && named.state !== code) {
    issue(issues, "state", `"${state!}" is not the state of "${city!}"`);
  }
  return asked({
    city: named?.city,
    state: code ?? named?.state,
    not_city: not_city === undefined ? undefined : readRuledOut(not_city, issues),
  });
}

function readPlace(field: string, text: string, issues: Issue[]) {
  const place = placeOf(text);
  if (place !== undefined) return place;
  return issue(issues, field, `"${text}" is no city; right would be "Detroit" or "Detroit, MI"`);
}

/** A state is no city, but for the two that are: nobody lives in a city of the name "Michigan". */
function readRuledOut(text: string, issues: Issue[]): string | undefined {
  if (stateOf(text) !== undefined && !/^(?:new york|washington)$/i.test(text)) {
    return issue(issues, "not_city", `"${text}" is a state; a city is ruled out, as in "Detroit"`);
  }
  const place = readPlace("not_city", text, issues);
  if (place === undefined) return undefined;
  const only = onlyStateOf(place.city);
  if (place.state !== undefined && only !== undefined && only !== place.state) {
    return issue(issues, "not_city", `the ${place.city} we know is in ${only}`);
  }
  return placeText(place);
}

function timesOf({ shift, not_shift, available }: Part, issues: Issue[]): Partial<Want> {
  return asked({
    shift: readTime("shift", shift, shiftOf, SHIFT_VALUES, issues),
    not_shift: readTime("not_shift", not_shift, shiftOf, SHIFT_VALUES, issues),
    available: readTime("available", available, availableOf, Object.keys(AVAILABLE), issues),
  });
}

function readTime(
  field: string,
  text: string | undefined,
  valueOf: (text: string) => string | undefined,
  known: readonly string[],
  issues: Issue[],
): string | undefined {
  if (text === undefined) return undefined;
  const right = known.map((one) => `"${one}"`).join(", ");
  return valueOf(text) ?? issue(issues, field, `"${text}" is not known; right would be ${right}`);
}

const JOINTS = /\s*(?:[;|/&\n]|\b(?:and|or|nor)\b)\s*/i;

/** Everyone whom an entry names: "W-000001, W-000002", "Ann Lee and José Núñez"; each once. */
function excludedIn(entry: string, field: string, issues: Issue[]): string[] {
  const all = entry
    .split(JOINTS)
    .filter((one) => one !== "")
    .flatMap((one) => {
      const ids = workerIdsIn(one).filter((id) => workerIdOf(id) !== undefined);
      if (ids.length === 1 && !one.includes(",")) return ids;
      return membersOf(one, field, issues).map((name) => excludedOf(name, field, issues));
    });
  return [...new Set(all)];
}

/**
 * "Núñez, José" is one name and "Ann Lee, José Núñez" are two; "Van Dyke, Mary Ann" may be either,
 * so both are ruled out. Of others it cannot be told.
 */
function membersOf(text: string, field: string, issues: Issue[]): string[] {
  const parts = text.split(/\s*,\s*/).filter((one) => one !== "");
  if (workerIdsIn(text).length > 0) {
    return parts.flatMap((part) => (workerIdsIn(part).length > 1 ? workerIdsIn(part) : [part]));
  }
  const names = withSuffixes(parts);
  return names.length < 2 ? [text] : namesOf(text, names, field, issues);
}

/** "Jr." and titles belong to the name before them. */
function withSuffixes(parts: readonly string[]): string[] {
  return parts.reduce<string[]>((names, part) => {
    const last = names.pop();
    if (last === undefined) return [part];
    return isNoName(part) ? [...names, `${last}, ${part}`] : [...names, last, part];
  }, []);
}

function namesOf(text: string, parts: string[], field: string, issues: Issue[]): string[] {
  if (parts.every((part) => /\s/.test(part))) return parts.length === 2 ? [text, ...parts] : parts;
  if (parts.length > 2) {
    issue(issues, field, `"${text}" may be several people; right would be one entry for each`);
  }
  return [text];
}

/** A worker's id as the roster has it, or a name. What has digits like an id must be one. */
function excludedOf(text: string, field: string, issues: Issue[]): string {
  const id = workerIdOf(text) ?? workerIdsIn(text).find((one) => workerIdOf(one) !== undefined);
  if (id !== undefined) return id;
  if (/\d{3}|^w[\s-]*\d/i.test(legible(text)) || !/\p{L}{2}/u.test(text)) {
    issue(issues, field, `"${text}" is no worker; right would be "W-000001" or a whole name`);
  }
  return text;
}

/** Without the fields that are not asked for. */
function asked<T extends object>(fields: T): Partial<Want> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
