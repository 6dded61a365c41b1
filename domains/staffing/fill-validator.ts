// Judges a fill: every worker real, named right, fitting the contract, and the count met.
import { z } from "zod";
import {
  artifactSchema,
  type ValidationError,
  type Validator,
  type ValidatorTools,
} from "#pack.ts";
import { CHECKS, firstFault, type Fault } from "./fill-want.ts";
import { same } from "./plain-text.ts";
import { textOf, type WorkerRow } from "./roster-values.ts";
import { schemaFault } from "./schema-fault.ts";
import { wantOf, type Want } from "./want.ts";

const WORKER_ID = /^W-\d{6,}$/;
const FILLS_MAX = 500;

interface Fill {
  readonly worker_id: string;
  readonly name: string;
}

const artifactShape = z.strictObject({
  fills: z.array(z.strictObject({ worker_id: z.string(), name: z.string() })).max(FILLS_MAX),
});

export const fillValidator: Validator = {
  summary: "every worker exists, is named right, fits the contract, and the count is met",
  schema: artifactSchema(artifactShape),
  async validate(artifact, context, tools) {
    const want = wantOf(context);
    if (want === undefined) return no(NO_CONTRACT);
    const read = readFills(artifact);
    if ("error" in read) return no(read.error);
    const { fills } = read;
    const error =
      countError(fills, want) ?? duplicateError(fills) ?? (await rosterError(fills, want, tools));
    if (error !== undefined) return no(error);
    const checks = ["schema", "count", "duplicates", "phantoms", "names"];
    return { ok: true, checks: [...checks, ...CHECKS.map((check) => check.name)], grounded: true };
  },
};

const NO_CONTRACT: ValidationError = {
  kind: "completeness",
  field: "context",
  message: "the contract is not stated: the context needs at least role and count",
  expected: { role: "a role", count: 1 },
};

function no(error: ValidationError) {
  return { ok: false as const, error };
}

function readFills(artifact: unknown): { fills: Fill[] } | { error: ValidationError } {
  const parsed = artifactShape.safeParse(artifact);
  if (!parsed.success) {
    const expected = { fills: [{ worker_id: "W-000000", name: "First Last" }] };
    return { error: schemaFault(parsed.error, artifact, "fills", expected) };
  }
  const { fills } = parsed.data;
  const bad = fills.findIndex((fill) => !WORKER_ID.test(fill.worker_id));
  if (bad < 0) return { fills };
  const actual = fills[bad]!.worker_id;
  const message = `"${actual}" is not a worker id`;
  const field = `fills.${bad}.worker_id`;
  return {
    error: { kind: "schema", field, message, expected: "W- and at least six digits", actual },
  };
}

function countError(fills: readonly Fill[], want: Want): ValidationError | undefined {
  if (fills.length === want.count) return undefined;
  const message = `the contract asks for ${want.count}, the draft names ${fills.length}`;
  const kind = "completeness";
  return { kind, field: "fills", message, expected: want.count, actual: fills.length };
}

function duplicateError(fills: readonly Fill[]): ValidationError | undefined {
  const seen = new Set<string>();
  for (const [index, { worker_id }] of fills.entries()) {
    if (seen.has(worker_id)) {
      const field = `fills.${index}.worker_id`;
      const message = `${worker_id} is named twice`;
      return { kind: "consistency", field, message, actual: worker_id };
    }
    seen.add(worker_id);
  }
  return undefined;
}

/** Compares with the roster: phantoms first, then names, then what the contract asks for. */
async function rosterError(
  fills: readonly Fill[],
  want: Want,
  tools: ValidatorTools,
): Promise<ValidationError | undefined> {
  const roster = await lookUp(fills, tools);
  for (const [index, { worker_id }] of fills.entries()) {
    if (roster.has(worker_id)) continue;
    const field = `fills.${index}.worker_id`;
    const message = `${worker_id} does not exist in the roster`;
    return { kind: "phantom", field, message, actual: worker_id };
  }
  for (const [index, { worker_id, name }] of fills.entries()) {
    for (const row of roster.get(worker_id)!) {
      const expected = textOf(row, "name");
      if (same(expected, name)) continue;
      const field = `fills.${index}.name`;
      const message = `${worker_id} is ${expected}, not ${name}`;
      return { kind: "consistency", field, message, expected, actual: name };
    }
  }
  const [first, ...others] = fills.flatMap(({ worker_id }, index) => {
    const fault = faultOf(want, roster.get(worker_id)!);
    return fault === undefined ? [] : [{ ...fault, field: `fills.${index}.${fault.field}` }];
  });
  if (first === undefined || others.length === 0) return first;
  return { ...first, also: others.map(({ field, message }) => ({ field, message })) };
}

/** Of a worker who stands there more than once, every row must fit: none is the right one. */
function faultOf(want: Want, rows: readonly WorkerRow[]): Fault | undefined {
  const faults = rows.map((row) => firstFault(want, row));
  const fault = faults.find((one) => one !== undefined);
  if (fault === undefined || rows.length === 1) return fault;
  const agree = faults.every((one) => one?.message === fault.message);
  const said = agree ? "" : "; the rows contradict each other";
  return { ...fault, message: `${fault.message} (stands in ${rows.length} rows${said})` };
}

/** All rows of each worker: a roster may hold one twice. */
async function lookUp(
  fills: readonly Fill[],
  tools: ValidatorTools,
): Promise<Map<string, WorkerRow[]>> {
  if (fills.length === 0) return new Map();
  const marks = fills.map((_, index) => `$${index + 1}`).join(", ");
  const rows = await tools.rows(
    `SELECT worker_id, name, role, city, state, status, blacklisted, shift, certifications,
            availability, reliability, pay, notes
     FROM workers WHERE worker_id IN (${marks})`,
    fills.map((fill) => fill.worker_id),
  );
  return Map.groupBy(rows, (row) => textOf(row, "worker_id"));
}
