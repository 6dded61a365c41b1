// Whether a validator can read a context, asked before there is an artifact.
import { LakehouseError, toLakehouseError } from "#kernel/problem.ts";
import type { Validator, ValidatorTools } from "#ports/domain-pack.ts";

/** What is wrong with a context is said before anything is looked up. */
const NO_LOOKUPS: ValidatorTools = {
  rows: () => Promise.reject(new LakehouseError("unavailable", "only the context is checked")),
};

/**
 * Throws the validator's own `invalid` about the context; what it says of the artifact, which is
 * null, is no fault of anybody. The `invalid` of a validator that reads the artifact first comes
 * with the first draft only.
 */
export async function checkContext(
  validator: Validator,
  context: Readonly<Record<string, unknown>>,
): Promise<void> {
  try {
    await validator.validate(null, context, NO_LOOKUPS);
  } catch (thrown) {
    const { code, issues } = toLakehouseError(thrown);
    if (code !== "invalid" || issues.length === 0) return;
    if (issues.every(({ path }) => path === "context" || path.startsWith("context."))) throw thrown;
  }
}
