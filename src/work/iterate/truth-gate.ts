// The truth rules of a kind behind its validator: what they deny is refused like any other fault.
import type { Call } from "#kernel/call.ts";
import type { Client, InputOf } from "#kernel/contract.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { ValidationError } from "#contracts/nouns.ts";
import type { truth, TruthVerdict } from "#contracts/truth.ts";
import type { validate } from "#contracts/validate.ts";

type Judge = Client<typeof validate>;
type Judged = InputOf<(typeof validate)["operations"]["validate"]>;

/**
 * A judge that asks the rules of the task class `<domain>.<kind>` about what the validator accepts,
 * over `{artifact, context}`. `deny` is an error of kind `policy`, which goes back into the prompt;
 * `require_review` (also: a rule that could not be evaluated) stands in the report as `review`.
 * Without rules to ask, the validator alone.
 */
export function withTruth(judge: Judge, rules: Client<typeof truth> | undefined): Judge {
  if (rules === undefined) return judge;
  return {
    ...judge,
    async validate(input: Judged, call: Call) {
      const report = await judge.validate(input, call);
      const task_class = await taskClassOf(judge, input.kind, call);
      const { artifact, context = {} } = input;
      const verdict = await rules.evaluate({ task_class, context: { artifact, context } }, call);
      if (verdict.decision === "allow") return report;
      if (verdict.decision === "deny") throw denied(task_class, verdict);
      return { ...report, review: verdict.reason };
    },
  } as Judge;
}

/** Callers may name a kind without its domain; rules are of one domain's kind. */
async function taskClassOf(judge: Judge, kind: string, call: Call): Promise<string> {
  if (kind.includes(".")) return kind;
  const { kinds } = await judge.kinds({}, call);
  const known = kinds.find((one) => one.kind === kind);
  return known === undefined ? kind : `${known.domain}.${kind}`;
}

function denied(task_class: string, { reason }: TruthVerdict): LakehouseError {
  const error: ValidationError = {
    kind: "policy",
    field: "",
    message: `a rule of ${task_class} denies it: ${reason}`,
  };
  return new LakehouseError("rejected", error.message, {
    reason: "validation_failed",
    extra: { error },
  });
}
