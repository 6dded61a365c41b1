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
  if (!holdsReserved(value)) return value;
  context.addIssue({
    code: "custom",
    path: pathOfReserved(value) ?? [],
    message: `no field may have the name ${RESERVED_NAME}`,
  });
  return z.NEVER;
}, json);

function holdsReserved(value: unknown): boolean {
  const waiting = [value];
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    if (typeof one !== "object" || one === null) continue;
    if (Object.hasOwn(one, RESERVED_NAME)) return true;
    for (const inner of Object.values(one)) {
      if (typeof inner === "object" && inner !== null) waiting.push(inner);
    }
  }
  return false;
}

function pathOfReserved(value: unknown): (string | number)[] | undefined {
  const waiting: [value: unknown, path: (string | number)[]][] = [[value, []]];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [one, path] = next;
    if (typeof one !== "object" || one === null) continue;
    if (Object.hasOwn(one, RESERVED_NAME)) return [...path, RESERVED_NAME];
    for (const [name, inner] of Object.entries(one)) waiting.push([inner, [...path, name]]);
  }
  return undefined;
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
