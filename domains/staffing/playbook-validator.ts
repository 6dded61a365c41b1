// Judges a written playbook: a known operation, steps that can be followed, and its fingerprint.
import { z } from "zod";
import {
  artifactSchema,
  canonicalJson,
  checkInput,
  sha256Hex,
  type ValidationError,
  type Validator,
} from "#pack.ts";
import { onlyStateOf, PLACES, STATES } from "./places.ts";
import { lower } from "./plain-text.ts";
import { ROLES } from "./roles.ts";
import { schemaFault } from "./schema-fault.ts";
import { rosterIdsAmong } from "./roster-ids.ts";
import { shortWorkerIdsIn, workerIdsIn } from "./worker-ids.ts";

const STEPS_MIN = 3;
const STEPS_MAX = 20;
const STEP_CHARS_MAX = 300;

const artifactShape = z.strictObject({
  operation: z.string(),
  steps: z.array(z.string()),
  fingerprint: z.string(),
});
const contextShape = z.strictObject({ operation: z.string().default("") });
type Playbook = z.output<typeof artifactShape>;

const OPERATION = /^fill: (.+?)(?: in (.+))?$/;

/** What is to be written down; throws `invalid` (invalid_input) for anything else. */
export function playbookContext(context: Readonly<Record<string, unknown>>) {
  return checkInput(z.strictObject({ context: contextShape }), { context }).context;
}

/** In words, for whom it was not right. */
export const OPERATION_FORM = "fill: <role> in <city>, <state>, all of them ours";

export interface Operation {
  readonly role: string;
  readonly city?: string;
  readonly state?: string;
}

const CODES = Object.keys(STATES).join("|");
const PLACE = new RegExp(`^(?:(${CODES})|(.+?)(?:, (${CODES}))?)$`);

/** A kind of contract: a role and a place that we have; undefined when it is none of ours. */
export function operationOf(text: string): Operation | undefined {
  const [, role, named] = OPERATION.exec(text) ?? [];
  if (role === undefined || !ROLES.some((one) => one.role === role)) return undefined;
  if (named === undefined) return { role };
  const [, code, city, state = city && onlyStateOf(city)] = PLACE.exec(named) ?? [];
  if (code !== undefined) return { role, state: code };
  const places = PLACES.filter((place) => place.city === city);
  if (city === undefined || places.length === 0) return undefined;
  if (state === undefined) return { role, city };
  return places.some((place) => place.state === state) ? { role, city, state } : undefined;
}

export const playbookValidator: Validator = {
  summary: "a known operation, three to twenty steps, no phantom workers, the right fingerprint",
  schema: artifactSchema(artifactShape),
  async validate(artifact, context, tools) {
    const asked = playbookContext(context);
    const parsed = artifactShape.safeParse(artifact);
    if (!parsed.success) {
      const expected = "operation and fingerprint are text, steps a list of texts";
      return { ok: false, error: schemaFault(parsed.error, artifact, "operation", expected) };
    }
    const playbook = parsed.data;
    const malformed = operationError(playbook, asked.operation) ?? stepsError(playbook);
    if (malformed !== undefined) return { ok: false, error: malformed };
    const named = await namedIn(playbook, tools);
    const error = phantomError(playbook, named) ?? fingerprintError(playbook);
    if (error !== undefined) return { ok: false, error };
    const checks = ["schema", "operation", "steps", "phantoms", "fingerprint"];
    return { ok: true, checks, grounded: named.known.size > 0 };
  },
};

/** The fingerprint of an operation and its steps: the same playbook always has the same. */
export function fingerprintOf(operation: string, steps: readonly string[]): string {
  return sha256Hex(canonicalJson({ operation, steps })).slice(0, 16);
}

function operationError(playbook: Playbook, asked: string): ValidationError | undefined {
  const { operation: actual } = playbook;
  const base = { kind: "consistency" as const, field: "operation", actual };
  if (asked !== "" && actual !== asked) {
    return { ...base, message: `the operation asked for is "${asked}"`, expected: asked };
  }
  if (operationOf(actual) !== undefined) return undefined;
  return {
    ...base,
    message: `"${actual}" is no operation of ours`,
    expected: OPERATION_FORM,
  };
}

function stepsError({ steps }: Playbook): ValidationError | undefined {
  if (steps.length < STEPS_MIN || steps.length > STEPS_MAX) {
    const message = `${steps.length} steps; allowed are ${STEPS_MIN} to ${STEPS_MAX}`;
    return { kind: "completeness", field: "steps", message, actual: steps.length };
  }
  const seen = new Set<string>();
  for (const [index, step] of steps.entries()) {
    const field = `steps.${index}`;
    if (step.trim() === "") return { kind: "completeness", field, message: "the step is empty" };
    if (step.length > STEP_CHARS_MAX) {
      const message = `the step has ${step.length} characters, allowed are ${STEP_CHARS_MAX}`;
      return { kind: "policy", field, message };
    }
    const key = lower(step);
    if (seen.has(key))
      return { kind: "consistency", field, message: "the step stands there twice" };
    seen.add(key);
  }
  return undefined;
}

interface Named {
  /** Those that stand in the roster. */
  readonly known: ReadonlySet<string>;
  /** Those that are ids and stand in no roster. */
  readonly phantoms: readonly string[];
}

async function namedIn(
  { steps }: Playbook,
  tools: Parameters<Validator["validate"]>[2],
): Promise<Named> {
  const text = steps.join("\n");
  const long = workerIdsIn(text);
  const short = shortWorkerIdsIn(text);
  const known = await rosterIdsAmong([...long, ...short.map((one) => one.id)], tools);
  const written = short.filter((one) => one.is_written_as_id).map((one) => one.id);
  return { known, phantoms: [...long, ...written].filter((id) => !known.has(id)) };
}

function phantomError({ steps }: Playbook, { phantoms }: Named): ValidationError | undefined {
  const [phantom] = phantoms;
  if (phantom === undefined) return undefined;
  const ids = (step: string) => [
    ...workerIdsIn(step),
    ...shortWorkerIdsIn(step).map((one) => one.id),
  ];
  const field = `steps.${steps.findIndex((step) => ids(step).includes(phantom))}`;
  return { kind: "phantom", field, message: `${phantom} is not in the roster`, actual: phantom };
}

function fingerprintError({
  operation,
  steps,
  fingerprint,
}: Playbook): ValidationError | undefined {
  const expected = fingerprintOf(operation, steps);
  if (fingerprint === expected) return undefined;
  const message = "the fingerprint does not belong to this operation and these steps";
  return { kind: "consistency", field: "fingerprint", message, expected, actual: fingerprint };
}
