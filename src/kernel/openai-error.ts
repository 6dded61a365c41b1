// An error that clients of OpenAI's API can read too: its problem carries their `error` member.
import { LakehouseError, outwardMessage, STATUS_OF_CODE, toLakehouseError } from "./problem.ts";

/** `{message, type, code}` as OpenAI's API has it. */
export function openAiErrorBody(error: LakehouseError) {
  const type = STATUS_OF_CODE[error.code] < 500 ? "invalid_request_error" : "server_error";
  const hint = error.hint === undefined ? "" : ` (${error.hint})`;
  // A provider's own name for what is wrong with a request is what its clients look for.
  const told = error.extra["provider_code"];
  const code = typeof told === "string" ? told : error.reason;
  return { message: `${outwardMessage(error)}${hint}`, type, code };
}

/** The same error with the `error` member beside its own. */
export function asOpenAiError(thrown: unknown): LakehouseError {
  const error = toLakehouseError(thrown);
  return new LakehouseError(error.code, error.message, {
    reason: error.reason,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    issues: error.issues,
    extra: { ...error.extra, error: openAiErrorBody(error) },
    cause: error,
  });
}
