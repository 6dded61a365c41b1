// validate: deterministic judges, registered by domains, that decide what counts as right.
import { z } from "zod";
import { defineContract, read } from "#kernel/contract.ts";
import { json, record } from "./nouns.ts";

export const validationReport = z.strictObject({
  kind: z.string(),
  ok: z.literal(true),
  checks: z.array(z.string()).describe("what was checked and held"),
  grounded: z.boolean().describe("every id was found in the data"),
  review: z
    .string()
    .optional()
    .describe("iterate: a truth rule wants somebody to look at it first; why"),
});
export type ValidationReport = z.output<typeof validationReport>;

/**
 * Schemas and copies pass a field of this name over: what no validator sees, none may accept. Said
 * before the value is copied.
 */
const RESERVED_NAME = "__proto__";
const artifact = z.preprocess((value, context) => {
  const path = pathOfReserved(value);
  if (path === undefined) return value;
  context.addIssue({
    code: "custom",
    path,
    message: `no field may have the name ${RESERVED_NAME}`,
  });
  return z.NEVER;
}, json);

interface Step {
  readonly value: object;
  readonly name: string;
  readonly above: Step | undefined;
}

/** Where the first field of that name stands; its way is written down once it is found. */
function pathOfReserved(root: unknown): string[] | undefined {
  if (typeof root !== "object" || root === null) return undefined;
  const waiting: Step[] = [{ value: root, name: "", above: undefined }];
  for (let step = waiting.pop(); step !== undefined; step = waiting.pop()) {
    if (Object.hasOwn(step.value, RESERVED_NAME)) return [...pathTo(step), RESERVED_NAME];
    for (const [name, value] of Object.entries(step.value) as [string, unknown][]) {
      if (typeof value === "object" && value !== null) waiting.push({ value, name, above: step });
    }
  }
  return undefined;
}

function pathTo(step: Step): string[] {
  const path: string[] = [];
  for (let one = step; one.above !== undefined; one = one.above) path.unshift(one.name);
  return path;
}

const validatedKind = z.strictObject({
  kind: z.string(),
  domain: z.string(),
  summary: z.string(),
  schema: z
    .record(z.string(), json)
    .optional()
    .describe("JSON Schema of the artifact: models are asked to keep to it"),
});

export const validate = defineContract("validate", "Deterministic judges of artifacts.", {
  validate: read({
    summary: "A report when the artifact is right; else 422 with what is wrong, where, and why.",
    http: "POST /v1/validate",
    input: z.strictObject({ kind: z.string().min(1), artifact, context: record.default({}) }),
    output: validationReport,
    reasons: ["invalid_input", "no_such_kind", "validation_failed", "lookup_failed"],
  }),
  check_context: read({
    summary:
      "Before anything is drafted: whether a context can be judged with, and which kind is meant.",
    http: "POST /v1/validate/context",
    input: z.strictObject({ kind: z.string().min(1), context: record.default({}) }),
    output: validatedKind,
    reasons: ["invalid_input", "no_such_kind"],
  }),
  kinds: read({
    summary: "Kinds that can be validated, and by which domain.",
    http: "GET /v1/validate/kinds",
    input: z.strictObject({}),
    output: z.strictObject({
      kinds: z.array(validatedKind),
    }),
  }),
});
