// The solver's thinking, as pure functions: a draft from a bundle, and what each error teaches.
import type { ValidationError } from "#contracts/nouns.ts";
import type { ContextBundle } from "#ports/context-bundle.ts";
import { errorPlace, setAtPath, type ErrorPlace } from "./error-place.ts";

type Candidate = ContextBundle["candidates"][number];

/** What the errors so far have taught. */
interface Lessons {
  /** Positions in the bundle of candidates that are out. */
  readonly excluded: Set<number>;
  /** Field of a candidate → the values (lower case) of which one must stand there. */
  readonly required: Map<string, readonly string[]>;
  /** Fields of the artifact beside its list that a validator put right. */
  readonly corrected: Map<string, unknown>;
  /** How many candidates to take. */
  take: number;
}

export interface Draft {
  readonly artifact: Record<string, unknown>;
  /** Ids of the candidates taken, in the order of the list. */
  readonly chosen: readonly string[];
  /** Fewer candidates are left than are to be taken. */
  readonly exhausted: boolean;
}

/** Errors whose `expected` is the value itself; what a policy expects may be a rule in words. */
const CORRECTABLE = new Set<ValidationError["kind"]>(["schema", "completeness", "consistency"]);

/**
 * The next draft. The errors (oldest first) are replayed: each is read against the draft that it
 * was about, and what it teaches is applied to all candidates before the next draft is made.
 * Deterministic; takes only candidates of the bundle, none twice, none that an error ruled out.
 */
export function draftFrom(bundle: ContextBundle, errors: readonly ValidationError[]): Draft {
  const lessons: Lessons = {
    excluded: duplicatePositions(bundle),
    required: new Map(),
    corrected: new Map(),
    take: bundle.count,
  };
  for (const error of errors) learn(bundle, lessons, error);
  return assemble(bundle, lessons);
}

function assemble(bundle: ContextBundle, lessons: Lessons): Draft {
  const artifact = structuredClone(bundle.base) as Record<string, unknown>;
  for (const [path, value] of lessons.corrected) setAtPath(artifact, path, value);
  if (bundle.list_field === null) return { artifact, chosen: [], exhausted: false };
  const chosen = choose(bundle, lessons).map((position) => bundle.candidates[position]!);
  artifact[bundle.list_field] = chosen.map((candidate) => toItem(bundle, candidate));
  return {
    artifact,
    chosen: chosen.map(({ id }) => id),
    exhausted: chosen.length < lessons.take,
  };
}

/** Positions of the best candidates that nothing speaks against. */
function choose(bundle: ContextBundle, lessons: Lessons): number[] {
  const chosen: number[] = [];
  for (const [position, candidate] of bundle.candidates.entries()) {
    if (chosen.length >= lessons.take) break;
    if (lessons.excluded.has(position) || !meets(candidate, lessons.required)) continue;
    chosen.push(position);
  }
  return chosen;
}

function toItem(bundle: ContextBundle, candidate: Candidate): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(bundle.item).map(([field, from]) => [field, candidate[from] ?? null]),
  );
}

/** Later candidates with the id of an earlier one, or whose item would be the same. */
function duplicatePositions(bundle: ContextBundle): Set<number> {
  const seen = new Set<string>();
  const duplicates = new Set<number>();
  const has_items = Object.keys(bundle.item).length > 0;
  for (const [position, candidate] of bundle.candidates.entries()) {
    const by_id = `id ${plain(candidate.id)}`;
    const by_item = `item ${plain(JSON.stringify(toItem(bundle, candidate)))}`;
    if (seen.has(by_id) || (has_items && seen.has(by_item))) duplicates.add(position);
    seen.add(by_id).add(by_item);
  }
  return duplicates;
}

function learn(bundle: ContextBundle, lessons: Lessons, error: ValidationError): void {
  const place = errorPlace(error.field, bundle.list_field);
  if (place.in === "list") learnAboutList(bundle, lessons, error);
  else if (place.in === "item") learnAboutItem(bundle, lessons, error, place);
  else if (CORRECTABLE.has(error.kind) && error.expected !== undefined) {
    lessons.corrected.set(error.field, error.expected);
  }
}

/** Too few or too many: as many as are expected, else one more. */
function learnAboutList(bundle: ContextBundle, lessons: Lessons, error: ValidationError): void {
  const { expected, actual } = error;
  if (typeof expected === "number" && Number.isInteger(expected) && expected >= 0) {
    lessons.take = Math.min(expected, bundle.candidates.length);
  } else if (error.kind === "completeness") {
    lessons.take = Math.min(lessons.take + 1, bundle.candidates.length);
  } else if (typeof actual === "string") {
    excludeById(bundle, lessons, actual);
  }
}

function learnAboutItem(
  bundle: ContextBundle,
  lessons: Lessons,
  error: ValidationError,
  place: Extract<ErrorPlace, { in: "item" }>,
): void {
  const from = place.field === undefined ? undefined : (bundle.item[place.field] ?? place.field);
  // The replay knows who stood there; an id that the validator names is surer still.
  const named = from === "id" && excludeById(bundle, lessons, error.actual);
  if (!named) {
    const stood_there = choose(bundle, lessons)[place.position];
    if (stood_there !== undefined) lessons.excluded.add(stood_there);
  }
  if (from === undefined || from === "id") return;
  const values = plainValues(error.expected);
  // A value that nobody has is about the one candidate (a name that is spelt otherwise), not a
  // rule for all: applied to all it would leave nobody.
  const useful = bundle.candidates.some((candidate) => has(candidate, from, values));
  if (useful) lessons.required.set(from, values);
}

function excludeById(bundle: ContextBundle, lessons: Lessons, id: unknown): boolean {
  if (typeof id !== "string" && typeof id !== "number") return false;
  let found = false;
  for (const [position, candidate] of bundle.candidates.entries()) {
    if (plain(candidate.id) !== plain(id)) continue;
    lessons.excluded.add(position);
    found = true;
  }
  return found;
}

function meets(candidate: Candidate, required: ReadonlyMap<string, readonly string[]>): boolean {
  for (const [field, values] of required) if (!has(candidate, field, values)) return false;
  return true;
}

function has(candidate: Candidate, field: string, values: readonly string[]): boolean {
  return plainValues(candidate[field]).some((value) => values.includes(value));
}

/** A value, or each of a list of them, as it is compared: text without case and outer space. */
function plainValues(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap((one) => plainValues(one));
  return ["string", "number", "boolean"].includes(typeof value) ? [plain(value)] : [];
}

function plain(value: unknown): string {
  return String(value).trim().toLowerCase();
}
