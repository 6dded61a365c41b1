// The look-up a validator may make: read-only SQL over the datasets, bounded, rows as objects.
import { boundedCall, type Call } from "#kernel/call.ts";
import type { Client } from "#kernel/contract.ts";
import { LakehouseError, toLakehouseError } from "#kernel/problem.ts";
import type { query } from "#contracts/query.ts";
import type { ValidatorTools } from "#ports/domain-pack.ts";
import type { ValidateSettings } from "./validate-settings.ts";

/** Tools for one validation; every look-up is a span below `call`. */
export function createLookup(
  client: Client<typeof query>,
  settings: ValidateSettings,
  call: Call,
): ValidatorTools {
  return {
    async rows(sql, params) {
      const limit = settings.lookup_rows_max;
      const timeout_ms = settings.lookup_timeout_ms;
      const input = { sql, params: params as (string | number | boolean | null)[], limit };
      const answer = await client
        .rows({ ...input, timeout_ms }, boundedCall(call, { timeout_ms }))
        .catch((thrown: unknown) => {
          throw lookupFailed(thrown);
        });
      if (answer.truncated) {
        throw new LakehouseError("too_large", `a look-up answered more than ${limit} rows`, {
          reason: "lookup_failed",
        });
      }
      return answer.rows.map((row) =>
        Object.fromEntries(answer.columns.map((column, index) => [column.name, row[index]])),
      );
    },
  };
}

const TOO_SLOW = "the limit of one look-up is the setting validate.lookup_timeout_ms";

/** A look-up that fails is no verdict on the artifact: it is passed on as what it is. */
function lookupFailed(thrown: unknown): LakehouseError {
  const error = toLakehouseError(thrown);
  // An unknown table in the validator's own SQL is a missing dataset, not a fault of the caller.
  const code = error.code === "invalid" || error.code === "not_found" ? "unavailable" : error.code;
  const is_late = code === "deadline_exceeded";
  return new LakehouseError(code, `the look-up of the validator failed: ${error.message}`, {
    reason: "lookup_failed",
    hint: is_late ? TOO_SLOW : (error.hint ?? "ingest the datasets of the domain first"),
    cause: error,
  });
}
