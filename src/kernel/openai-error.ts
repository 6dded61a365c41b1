// An error that clients of OpenAI's API can read too: its problem carries their `error` member.
import {
  type ErrorCode,
  type LakehouseError,
  outwardMessage,
  retold,
  STATUS_OF_CODE,
  toLakehouseError,
} from "./problem.ts";

const TYPES: Readonly<Partial<Record<ErrorCode, string>>> = {
  unauthenticated: "authentication_error",
  forbidden: "permission_error",
  rate_limited: "rate_limit_error",
};

function typeOf(code: ErrorCode): string {
  return TYPES[code] ?? (STATUS_OF_CODE[code] < 500 ? "invalid_request_error" : "server_error");
}

/** `{message, type, param, code}` as OpenAI's API has it. */
export function openAiErrorBody(error: LakehouseError) {
  const hint = error.hint === undefined ? "" : ` (${error.hint})`;
  // A provider's own name for what is wrong with a request is what its clients look for.
  const told = error.extra["provider_code"];
  const code = typeof told === "string" ? told : error.reason;
  const param = error.issues[0]?.path ?? null;
  return { message: `${outwardMessage(error)}${hint}`, type: typeOf(error.code), param, code };
}

/** The same error with the `error` member beside its own. */
export function asOpenAiError(thrown: unknown): LakehouseError {
  const error = toLakehouseError(thrown);
  return retold(error, { extra: { ...error.extra, error: openAiErrorBody(error) } });
}
