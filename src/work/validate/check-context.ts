// Whether a validator can read a context, asked before there is an artifact.
import { LakehouseError, toLakehouseError } from "#kernel/problem.ts";
import type { ValidationError } from "#contracts/nouns.ts";
import type { Validator, ValidatorTools } from "#ports/domain-pack.ts";

/** What is wrong with a context is said before anything is looked up. */
const NO_LOOKUPS: ValidatorTools = {
  rows: () => Promise.reject(new LakehouseError("unavailable", "only the context is checked")),
};

/**
 * Throws `invalid` (invalid_input) about the context, as the validator says it: by an error of its
 * own, or by a verdict whose field is `context`. What it says of the artifact, which is null, is no
 * fault of anybody. A validator that reads the artifact first says it with the first draft.
 */
export async function checkContext(
  validator: Validator,
  context: Readonly<Record<string, unknown>>,
): Promise<void> {
  try {
    const outcome = await validator.validate(null, context, NO_LOOKUPS);
    if (!outcome.ok && isOfContext(outcome.error.field)) throw unreadable(outcome.error);
  } catch (thrown) {
    const { code, issues } = toLakehouseError(thrown);
    if (code !== "invalid" || issues.length === 0) return;
    if (issues.every(({ path }) => isOfContext(path))) throw thrown;
  }
}

function isOfContext(path: string): boolean {
  return path === "context" || path.startsWith("context.");
}

function unreadable({ field, message, also = [] }: ValidationError): LakehouseError {
  const issues = [
    { path: field, message },
    ...also.map((one) => ({ path: one.field, message: one.message })),
  ];
  return new LakehouseError("invalid", `${field}: ${message}`, { reason: "invalid_input", issues });
}
