// Errors as every caller meets them: a closed set of codes, RFC 9457 problem+json on the wire.

/** The closed set of error codes and their HTTP status. */
export const STATUS_OF_CODE = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  precondition_failed: 412,
  too_large: 413,
  rejected: 422,
  rate_limited: 429,
  cancelled: 499,
  internal: 500,
  unimplemented: 501,
  unavailable: 503,
  deadline_exceeded: 504,
} as const;

export type ErrorCode = keyof typeof STATUS_OF_CODE;

/** One thing wrong with an input: where (dot path, "" for the whole) and what would be right. */
export interface InputIssue {
  readonly path: string;
  readonly message: string;
}

/** The wire form of an error (RFC 9457), with extension members of the operation beside it. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: ErrorCode;
  reason: string;
  hint?: string;
  trace_id?: string;
  issues?: InputIssue[];
  [extension: string]: unknown;
}

export interface ErrorOptions {
  /** Open reason, declared in the contract of the operation that raises it. Default: the code. */
  readonly reason?: string;
  /** What the caller can do about it. */
  readonly hint?: string;
  readonly issues?: readonly InputIssue[];
  /** Extension members of the problem document (JSON values). */
  readonly extra?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** The one error type that crosses a contract; the same on both transports. */
export class LakehouseError extends Error {
  override name = "LakehouseError";
  readonly code: ErrorCode;
  readonly reason: string;
  readonly hint: string | undefined;
  readonly issues: readonly InputIssue[];
  readonly extra: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.reason = options.reason ?? code;
    this.hint = options.hint;
    this.issues = options.issues ?? [];
    this.extra = options.extra ?? {};
  }
}

const TITLES: Record<ErrorCode, string> = {
  invalid: "The request is not valid",
  unauthenticated: "No valid credentials",
  forbidden: "Not allowed",
  not_found: "Not found",
  conflict: "Conflicts with the present state",
  precondition_failed: "A precondition does not hold",
  too_large: "Too large",
  rejected: "Understood, but not accepted",
  rate_limited: "Too many requests",
  cancelled: "Cancelled by the caller",
  internal: "Something broke on our side",
  unimplemented: "Not available here",
  unavailable: "A part that is needed does not answer",
  deadline_exceeded: "Took longer than allowed",
};

const RESERVED = new Set(["type", "title", "status", "detail", "code", "reason", "hint"]);

/** Turns any thrown value into a LakehouseError; what is not one already becomes `internal`. */
export function toLakehouseError(thrown: unknown): LakehouseError {
  if (thrown instanceof LakehouseError) return thrown;
  if (thrown instanceof Error && thrown.name === "AbortError") {
    return new LakehouseError("cancelled", "the call was cancelled", { cause: thrown });
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new LakehouseError("internal", message, { cause: thrown });
}

/** The same error told with these parts changed; it is the cause of what is told. */
export function retold(
  error: LakehouseError,
  { message = error.message, ...changes }: Omit<ErrorOptions, "cause"> & { message?: string },
): LakehouseError {
  const { code, reason, hint, issues, extra } = error;
  const said = { reason, issues, extra, ...(hint === undefined ? {} : { hint }) };
  return new LakehouseError(code, message, { ...said, ...changes, cause: error });
}

/** What outsiders read of an `internal` error: its own message may hold paths and the like. */
const INTERNAL_MESSAGE = "something broke on our side; the log has the details under the trace id";

/** The message of an error as it leaves the house. */
export function outwardMessage(error: LakehouseError): string {
  return error.code === "internal" ? INTERNAL_MESSAGE : error.message;
}

/** A year: what is longer says nothing. */
const RETRY_AFTER_S_MAX = 31_536_000;

/** The value of `Retry-After`: whole seconds, rounded up (RFC 9110 §10.2.3); undefined: unsaid. */
export function retryAfterHeader({ extra }: LakehouseError): string | undefined {
  const seconds = extra["retry_after_s"];
  if (typeof seconds !== "number" || !(seconds >= 0)) return undefined;
  return String(Math.min(Math.ceil(seconds), RETRY_AFTER_S_MAX));
}

/** The problem document of an error. `internal` hides its message from the outside. */
export function toProblem(error: LakehouseError, trace_id?: string): Problem {
  const problem: Problem = {
    type: `urn:lakehouse:problem:${error.reason}`,
    title: TITLES[error.code],
    status: STATUS_OF_CODE[error.code],
    detail: outwardMessage(error),
    code: error.code,
    reason: error.reason,
  };
  if (error.hint !== undefined) problem.hint = error.hint;
  if (trace_id !== undefined) problem.trace_id = trace_id;
  if (error.issues.length > 0) problem.issues = [...error.issues];
  for (const [name, value] of Object.entries(error.extra)) {
    if (!RESERVED.has(name)) problem[name] = value;
  }
  return problem;
}

/** The error that a problem document describes; undefined when the document is not one of ours. */
export function fromProblem(document: unknown): LakehouseError | undefined {
  if (typeof document !== "object" || document === null) return undefined;
  const problem = document as Partial<Problem>;
  if (typeof problem.code !== "string" || !(problem.code in STATUS_OF_CODE)) return undefined;
  const { type, title, status, detail, code, reason, hint, trace_id, issues, ...extra } = problem;
  void [type, title, status, trace_id];
  return new LakehouseError(code, detail ?? "", {
    ...(reason === undefined ? {} : { reason }),
    ...(hint === undefined ? {} : { hint }),
    ...(issues === undefined ? {} : { issues }),
    extra,
  });
}
