// An operation over HTTP, whichever server took the request: input in, call made, answer laid out.
import type { CallsInFlight, OpenCall } from "./calls-in-flight.ts";
import { startCall, type Call, type Principal } from "./call.ts";
import { parseRoute, type ByteStream, type HttpRoute, type Operation } from "./contract.ts";
import { codingsOf, mayEncode } from "./content-decoding.ts";
import { endingIterator } from "./ending-iterator.ts";
import {
  asText,
  fromHeaderText,
  IDEMPOTENCY_HEADER,
  inputInQuery,
  PROBLEM_TYPE,
  TIMEOUT_HEADER,
  toHeaderText,
  wireHeader,
} from "./http-form.ts";
import { checkJsonDepth } from "./json-depth.ts";
import { LIMITS } from "./limits.ts";
import type { Log } from "./log.ts";
import { asOpenAiError } from "./openai-error.ts";
import {
  LakehouseError,
  retryAfterHeader,
  STATUS_OF_CODE,
  toLakehouseError,
  toProblem,
} from "./problem.ts";
import { streamAnswer } from "./serve-stream.ts";
import { endedUnread } from "./unread-body.ts";
import { TRACE_HEADER, type TraceOrigin } from "./trace-context.ts";
import { wholeTextOf } from "./whole-body.ts";

export type Method = (input: unknown, call: Call) => unknown;

/** A route with what answers it. */
export interface RoutedOperation {
  readonly route: HttpRoute;
  readonly operation: Operation;
  readonly method: Method;
}

/** A request as operations need it, whatever server took it. */
export interface AskedOverHttp {
  readonly http_method: string;
  readonly origin: TraceOrigin;
  header(name: string): string | undefined;
  query(): Readonly<Record<string, readonly string[]>>;
  param(name: string): string | undefined;
  /** The whole body; throws `too_large`, `invalid` (body_stalled), `cancelled`. */
  text(bytes_max: number): Promise<string>;
  /** The body piece by piece. */
  bytes(): ByteStream;
  /** Who asks; throws `unauthenticated` or `forbidden`; undefined: the local owner. */
  authenticate(operation: Operation): Principal | undefined;
}

/** An answer before a server gives it its own form. */
export interface AnswerOverHttp {
  readonly status: number;
  readonly headers: Record<string, string>;
  /** Must be read to its end or returned early when it is a stream. */
  readonly body: string | ByteStream | null;
}

/** What every route of a server needs. */
export interface Edge {
  readonly calls: CallsInFlight;
  readonly log?: Log | undefined;
}

/** Never throws: errors are answers too. */
export async function answerCall(
  asked: AskedOverHttp,
  routed: RoutedOperation,
  open: OpenCall,
  edge: Edge,
): Promise<AnswerOverHttp> {
  const { operation, method, route } = routed;
  const { trace_id } = asked.origin;
  try {
    const call = callOf(asked, operation, asked.authenticate(operation), open.signal);
    const input = inputInQuery(operation, asked.http_method)
      ? queryOf(asked)
      : jsonObjectOf(await bodyTextOf(asked, operation), asked);
    addToInput(input, asked, route, operation);
    if (operation.kind === "stream") {
      return await streamAnswer(method(input, call) as AsyncIterable<unknown>, {
        accept: asked.header("accept") ?? "",
        trace_id,
        onError: (error) => tellBroken(edge, error, trace_id),
        onEnd: open.end,
      });
    }
    const output = await (method(input, call) as Promise<unknown>);
    return toAnswer(operation, output, trace_id, asked.http_method === "HEAD", open.end);
  } catch (error) {
    open.end();
    tellBroken(edge, error, trace_id);
    const readable = OPENAI_ROUTES.has(route) ? withOpenAiMember(error) : error;
    return problemAnswer(readable, trace_id);
  }
}

/** The log has what outsiders do not get to read. */
export function tellBroken(edge: Edge, thrown: unknown, trace_id: string): void {
  const err = toLakehouseError(thrown);
  if (err.code === "internal") edge.log?.error({ trace_id, err }, "a call broke");
}

/** Routes whose callers are clients of OpenAI's API: they look for an `error` member. */
const OPENAI_ROUTES: ReadonlySet<HttpRoute> = new Set([
  "POST /v1/chat/completions",
  "POST /v1/embeddings",
  "GET /v1/models",
  "GET /v1/models/{id...}",
]);

/** Errors that were made before the handler, such as a refused input, lack the member. */
function withOpenAiMember(thrown: unknown): unknown {
  const error = toLakehouseError(thrown);
  return "error" in error.extra ? error : asOpenAiError(error);
}

function callOf(
  asked: AskedOverHttp,
  operation: Operation,
  principal: Principal | undefined,
  signal: AbortSignal,
): Call {
  const asked_ms = Number(asked.header(TIMEOUT_HEADER) ?? Number.NaN);
  const own_ms = operation.timeout_ms ?? LIMITS.call_timeout_ms;
  return startCall({
    trace_id: asked.origin.trace_id,
    span_id: asked.origin.parent_span_id,
    tracestate: asked.origin.tracestate,
    from_edge: true,
    principal,
    signal,
    timeout_ms: asked_ms >= 0 ? Math.min(asked_ms, own_ms) : own_ms,
    idempotency_key: headerOf(asked, IDEMPOTENCY_HEADER),
  });
}

function headerOf(asked: AskedOverHttp, name: string): string | undefined {
  const text = asked.header(name);
  return text === undefined ? undefined : fromHeaderText(text);
}

/** What stands in the path and in headers, and a raw body. */
function addToInput(
  input: Record<string, unknown>,
  asked: AskedOverHttp,
  route: HttpRoute,
  operation: Operation,
): void {
  if (route.includes("{")) {
    for (const name of parseRoute(route).params) input[name] = asked.param(name);
  }
  if (operation.request_headers !== undefined) {
    for (const [field, header] of Object.entries(operation.request_headers)) {
      const value = headerOf(asked, wireHeader(header)) ?? headerOf(asked, header);
      if (value !== undefined) input[field] = value;
    }
  }
  if (operation.request_body === "raw") input["body"] = asked.bytes();
}

function queryOf(asked: AskedOverHttp): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  for (const [name, values] of Object.entries(asked.query())) {
    input[name] = values.length === 1 ? values[0] : values;
  }
  return input;
}

function bodyTextOf(asked: AskedOverHttp, operation: Operation): Promise<string> {
  const encoding = asked.header("content-encoding");
  if (encoding !== undefined && codingsOf(encoding).length > 0) throw bodyEncoded(encoding);
  const bytes_max = operation.body_bytes_max ?? LIMITS.json_body_bytes_max;
  const declared = Number(asked.header("content-length") ?? Number.NaN);
  if (declared > bytes_max) throw bodyTooLarge(bytes_max);
  return asked.text(bytes_max);
}

function jsonObjectOf(text: string, asked: AskedOverHttp): Record<string, unknown> {
  if (text.trim() === "") return {};
  checkJsonDepth(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const encoding = asked.header("content-encoding");
    if (encoding !== undefined && mayEncode(encoding)) throw bodyEncoded(encoding, error);
    const message = `the request body is not JSON: ${(error as Error).message}`;
    throw new LakehouseError("invalid", message, { reason: "not_json", cause: error });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    const message = "the request body must be a JSON object";
    throw new LakehouseError("invalid", message, { reason: "invalid_input" });
  }
  return value as Record<string, unknown>;
}

export function bodyEndedEarly(cause: unknown): LakehouseError {
  return new LakehouseError("cancelled", "the request ended before its body did", { cause });
}

function bodyEncoded(encoding: string, cause?: unknown): LakehouseError {
  return new LakehouseError("invalid", `the request body is encoded (${encoding})`, {
    reason: "body_encoded",
    hint: "send JSON as it is, without a content-encoding",
    cause,
  });
}

export function bodyTooLarge(bytes_max: number): LakehouseError {
  return new LakehouseError("too_large", `the request body is larger than ${bytes_max} bytes`, {
    reason: "body_too_large",
    hint: "send it in smaller batches",
  });
}

function toAnswer(
  operation: Operation,
  output: unknown,
  trace_id: string,
  head_only: boolean,
  onEnd: () => void,
): AnswerOverHttp {
  if (operation.response_body !== "raw") {
    onEnd();
    const headers = { "content-type": "application/json", [TRACE_HEADER]: trace_id };
    return { status: 200, headers, body: JSON.stringify(output) };
  }
  const headers: Record<string, string> = { [TRACE_HEADER]: trace_id };
  const { body: source, ...fields } = output as { body: ByteStream } & Record<string, unknown>;
  for (const [field, header] of Object.entries(operation.response_headers ?? {})) {
    if (fields[field] !== undefined) headers[header] = toHeaderText(asText(fields[field]));
  }
  const status = typeof fields["status"] === "number" ? fields["status"] : 200;
  const whole = head_only ? undefined : wholeTextOf(source);
  if (whole !== undefined) {
    onEnd();
    return { status, headers, body: whole };
  }
  const body = endingIterator(source, onEnd);
  if (status !== 304 && !head_only) {
    return { status, headers, body: endedUnread(body, LIMITS.reader_stall_ms) };
  }
  // Nobody reads this body: ending it frees whatever it holds open.
  void body.return?.();
  return { status, headers, body: null };
}

/** Any thrown value as its problem document. */
export function problemAnswer(thrown: unknown, trace_id?: string): AnswerOverHttp {
  const error = toLakehouseError(thrown);
  const headers: Record<string, string> = { "content-type": PROBLEM_TYPE };
  if (trace_id !== undefined) headers[TRACE_HEADER] = trace_id;
  // RFC 9110, section 15.5.2.
  if (error.code === "unauthenticated") headers["www-authenticate"] = "Bearer";
  const retry_after = retryAfterHeader(error);
  if (retry_after !== undefined) headers["retry-after"] = retry_after;
  const body = JSON.stringify(toProblem(error, trace_id));
  return { status: STATUS_OF_CODE[error.code], headers, body };
}
