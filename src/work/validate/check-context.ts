// Whether a validator can read a context, asked before there is an artifact.
import { LakehouseError, toLakehouseError } from "#kernel/problem.ts";
import type { ValidationError } from "#contracts/nouns.ts";
import type { ValidationOutcome, Validator, ValidatorTools } from "#ports/domain-pack.ts";

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
  const outcome = await askedWithout(validator, context);
  if (outcome?.ok === false && isOfContext(outcome.error.field)) throw unreadable(outcome.error);
}

/** What the validator says of no artifact; undefined: it failed, and not because of the context. */
async function askedWithout(
  validator: Validator,
  context: Readonly<Record<string, unknown>>,
): Promise<ValidationOutcome | undefined> {
  try {
    return await validator.validate(null, context, NO_LOOKUPS);
  } catch (thrown) {
    const { code, issues } = toLakehouseError(thrown);
    const is_of_context = issues.length > 0 && issues.every(({ path }) => isOfContext(path));
    if (code === "invalid" && is_of_context) throw thrown;
    return undefined;
  }
}

function isOfContext(path: string): boolean {
  return path === "context" || path.startsWith("context.");
}

/** The context's faults alone: the artifact was none. */
function unreadable({ field, message, also = [] }: ValidationError): LakehouseError {
  const issues = [{ field, message }, ...also]
    .filter((one) => isOfContext(one.field))
    .map((one) => ({ path: one.field, message: one.message }));
  return new LakehouseError("invalid", `${field}: ${message}`, { reason: "invalid_input", issues });
}
