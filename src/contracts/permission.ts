// permission: what an agent may do with an action at a given confidence; each decision is logged.
import { z } from "zod";
import { defineContract, read, write } from "#kernel/contract.ts";
import { page, record, time } from "./nouns.ts";

export const permissionMode = z
  .enum(["auto", "dry_run", "simulation", "block"])
  .describe("do it; show what it would do; do it on a copy; do not");

/** One row of permission/decisions.jsonl. */
export const permissionDecision = z.strictObject({
  schema: z.literal("permission.v1"),
  decision_id: z.string(),
  decision: permissionMode,
  reason: z.string(),
  policy: z.string().describe("the action kind of the policy that decided"),
  action: z.string(),
  confidence: z.number(),
  actor: z.string().nullable(),
  target: z.string().nullable(),
  details: record,
  principal: z.string(),
  decided_at: time,
  trace_id: z.string(),
});
export type PermissionDecision = z.output<typeof permissionDecision>;

const threshold = z.number().min(0).max(1).optional();

export const permissionPolicy = z
  .strictObject({
    action: z
      .string()
      .regex(/^(\*|[a-z0-9_]+(\.[a-z0-9_]+)*(\.\*)?)$/)
      .describe('kind of action, e.g. file.write; "file.*": all below; "*": every other'),
    auto_from: threshold.describe("confidence from which it is done; absent: never"),
    dry_run_from: threshold,
    simulation_from: threshold,
  })
  .refine(
    ({ auto_from, dry_run_from, simulation_from }) => {
      const steps = [auto_from, dry_run_from, simulation_from].filter((one) => one !== undefined);
      return steps.every((one, index) => index === 0 || one <= steps[index - 1]!);
    },
    { message: "auto_from, dry_run_from and simulation_from must not rise" },
  );
export type PermissionPolicy = z.output<typeof permissionPolicy>;

export const permission = defineContract("permission", "What an agent may do, and how sure.", {
  decide: write({
    summary: "Says what may be done with an action; the decision is on disk when it answers.",
    http: "POST /permission/decide",
    input: z.strictObject({
      action: z
        .string()
        .max(256)
        .regex(/^[a-z0-9_]+(\.[a-z0-9_]+)*$/, "an action is words of a-z, 0-9 and _, with dots"),
      confidence: z.number().min(0).max(1),
      actor: z.string().max(256).optional().describe("which agent"),
      target: z.string().max(2_000).optional().describe("what it would act on"),
      details: record.default({}),
    }),
    output: permissionDecision,
    reasons: ["log_failed"],
  }),
  policies: read({
    summary: "The policies, in the order in which they are asked.",
    http: "GET /permission/policies",
    input: z.strictObject({}),
    output: z.strictObject({ policies: z.array(permissionPolicy) }),
  }),
  decisions: read({
    summary: "Decisions that were made, oldest first.",
    http: "GET /permission/decisions",
    input: z.strictObject({ action: z.string().optional(), ...page }),
    output: z.strictObject({
      decisions: z.array(permissionDecision),
      next_after: z.string().nullable(),
    }),
    reasons: ["bad_cursor"],
  }),
});
