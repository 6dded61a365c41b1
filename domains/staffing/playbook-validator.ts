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
import { textOf } from "./fill-want.ts";
import { ROLES } from "./roles.ts";
import { schemaFault } from "./schema-fault.ts";
import { workerIdsIn } from "./worker-ids.ts";

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

export const playbookValidator: Validator = {
  summary: "a known operation, three to twenty steps, no phantom workers, the right fingerprint",
  schema: artifactSchema(artifactShape),
  async validate(artifact, context, tools) {
    const asked = checkInput(z.strictObject({ context: contextShape }), { context }).context;
    const parsed = artifactShape.safeParse(artifact);
    if (!parsed.success) {
      const expected = "operation and fingerprint are text, steps a list of texts";
      return { ok: false, error: schemaFault(parsed.error, artifact, "operation", expected) };
    }
    const playbook = parsed.data;
    const named = workerIdsIn(playbook.steps.join("\n"));
    const error =
      operationError(playbook, asked.operation) ??
      stepsError(playbook) ??
      (await phantomError(playbook, named, tools)) ??
      fingerprintError(playbook);
    if (error !== undefined) return { ok: false, error };
    const checks = ["schema", "operation", "steps", "phantoms", "fingerprint"];
    return { ok: true, checks, grounded: named.length > 0 };
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
  const role = OPERATION.exec(actual)?.[1];
  if (role !== undefined && ROLES.some((one) => one.role === role)) return undefined;
  return {
    ...base,
    message: `"${actual}" is no operation of ours`,
    expected: "fill: <role> in <city>, <state>",
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
    const key = step.trim().toLowerCase();
    if (seen.has(key))
      return { kind: "consistency", field, message: "the step stands there twice" };
    seen.add(key);
  }
  return undefined;
}

async function phantomError(
  { steps }: Playbook,
  named: readonly string[],
  tools: Parameters<Validator["validate"]>[2],
): Promise<ValidationError | undefined> {
  if (named.length === 0) return undefined;
  const marks = named.map((_, index) => `$${index + 1}`).join(", ");
  const rows = await tools.rows(
    `SELECT worker_id FROM workers WHERE worker_id IN (${marks})`,
    named,
  );
  const known = new Set(rows.map((row) => textOf(row, "worker_id")));
  const phantom = named.find((id) => !known.has(id));
  if (phantom === undefined) return undefined;
  const field = `steps.${steps.findIndex((step) => workerIdsIn(step).includes(phantom))}`;
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
