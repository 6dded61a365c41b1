// How adapters speak to a provider of models over HTTP: one request, its failures in our words.
import type { ByteStream } from "#kernel/contract.ts";
import { BadCodingError, decodedBody } from "#kernel/content-decoding.ts";
import {
  collectBytes,
  httpRequest,
  mayHaveBeenSent,
  wasLostUnheard,
  type HttpResponse,
} from "#kernel/http-client.ts";
import { LakehouseError, type ErrorCode } from "#kernel/problem.ts";
import { wholeTextOf } from "#kernel/whole-body.ts";

/** Largest answer that is read whole. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;
const ERROR_BYTES_MAX = 64 * 1024;
const DETAIL_LENGTH_MAX = 400;
/** What explains a status is not waited for any longer. */
const DETAIL_WAIT_MS = 2_000;

export interface ProviderEndpoint {
  /** The provider's name, as messages show it. */
  readonly name: string;
  /** Without the path of an operation, e.g. http://127.0.0.1:11434 */
  readonly base_url: string;
  /** Sent as a bearer token. */
  readonly api_key?: string | undefined;
  /** Until its connection stands; the house's own when absent. */
  readonly connect_timeout_ms?: number | undefined;
  /** Sent with every request, e.g. a key under another name. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** The endpoint with the headers of one request, such as those of its trace. */
export function withHeaders(
  endpoint: ProviderEndpoint,
  headers: Readonly<Record<string, string>> | undefined,
): ProviderEndpoint {
  if (headers === undefined) return endpoint;
  return { ...endpoint, headers: { ...headers, ...endpoint.headers } };
}

export interface AskOptions {
  /** A short answer is waited for before anything is said of it. */
  readonly whole?: boolean | undefined;
  /** Sent beside the endpoint's own, such as those of a trace. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/**
 * Sends JSON (or a GET without it) to `path` of the endpoint and gives back an answer below 300.
 * Errors: `unavailable` (provider_unreachable: it heard nothing of it; provider_failed, with
 * extra.broke_off where it may have worked; bad_provider_answer), `not_found` (no_such_model),
 * `rate_limited` (provider_rate_limited, extra.retry_after_s); `invalid`, `too_large` and
 * `rejected` (provider_failed, extra.provider_code) are what the provider says of the request.
 */
export async function askProvider(
  endpoint: ProviderEndpoint,
  path: string,
  json: unknown,
  signal: AbortSignal,
  { whole = false, headers: more }: AskOptions = {},
): Promise<HttpResponse> {
  const headers: Record<string, string> = {
    accept: "application/json, text/event-stream",
    // Decoding costs more than the bytes that it saves on the way.
    "accept-encoding": "identity",
    ...more,
    ...endpoint.headers,
  };
  rememberKeys(endpoint);
  if (json !== undefined) headers["content-type"] = "application/json";
  if (endpoint.api_key !== undefined) headers["authorization"] = `Bearer ${endpoint.api_key}`;
  let response: HttpResponse;
  try {
    response = await httpRequest({
      method: json === undefined ? "GET" : "POST",
      url: urlOf(endpoint.base_url, path),
      headers,
      body: json === undefined ? undefined : JSON.stringify(json),
      signal,
      whole,
      connect_timeout_ms: endpoint.connect_timeout_ms,
    });
  } catch (error) {
    throw unanswered(endpoint.name, error);
  }
  const coding = response.headers["content-encoding"];
  if (coding !== undefined) response = decodedResponse(endpoint.name, response, coding);
  if (response.status < 300) return response;
  throw await statusError(endpoint.name, response);
}

/** A query of the base stands behind the path, before the path's own. */
function urlOf(base_url: string, path: string): string {
  const query = base_url.indexOf("?");
  if (query >= 0) {
    const [before, own] = path.split("?");
    const asked = base_url.slice(query) + (own === undefined ? "" : `&${own}`);
    return urlOf(base_url.slice(0, query), before!) + asked;
  }
  return (base_url.endsWith("/") ? base_url.replace(/\/+$/, "") : base_url) + path;
}

/** An answer in a coding that nobody asked for. */
function decodedResponse(name: string, response: HttpResponse, coding: string): HttpResponse {
  const body = decodedBody(response.body, coding);
  if (body !== undefined) return { ...response, body };
  leave(response.body);
  throw badAnswer(`${name} answered in content-encoding ${clip(coding)}, and nobody asked for it`);
}

/** Frees its connection; whoever waits for the next piece hears no more of it. */
export function leave(body: ByteStream): void {
  Promise.resolve(body[Symbol.asyncIterator]().return?.()).catch(() => undefined);
}

/** The whole answer as JSON. Errors: `unavailable` (bad_provider_answer, provider_failed). */
export async function readProviderJson(name: string, response: HttpResponse): Promise<unknown> {
  const whole = wholeTextOf(response.body);
  if (whole !== undefined) return parseProviderJson(name, whole);
  let text: string;
  try {
    text = (await collectBytes(response.body, ANSWER_BYTES_MAX)).toString("utf8");
  } catch (error) {
    const is_long = error instanceof LakehouseError && error.code === "too_large";
    throw is_long ? tooLong(name, error) : brokenOff(name, error);
  }
  return parseProviderJson(name, text);
}

export function parseProviderJson(name: string, text: string): unknown {
  try {
    // A byte order mark says nothing here (RFC 8259 §8.1).
    return JSON.parse(text.startsWith("\uFEFF") ? text.slice(1) : text);
  } catch (error) {
    const message = `${name} did not answer in JSON: ${clip(text)}`;
    throw badAnswer(message, error);
  }
}

/**
 * The pieces of an answer that comes as events or lines. A connection that breaks off is
 * `unavailable` (provider_failed); so is a web page (bad_provider_answer), as gateways and login
 * walls send it with 200.
 */
export async function* providerBytes(
  name: string,
  { headers, body }: HttpResponse,
): AsyncGenerator<Uint8Array> {
  if (headers["content-type"]?.toLowerCase().startsWith("text/html") === true) {
    const { message } = await errorDetail(body);
    throw badAnswer(`${name} answered with a web page: ${clip(message)}`);
  }
  try {
    yield* body;
  } catch (error) {
    throw brokenOff(name, error);
  }
}

export function badAnswer(message: string, cause?: unknown): LakehouseError {
  return new LakehouseError("unavailable", message, { reason: "bad_provider_answer", cause });
}

/** Its provider does what it can: this is a limit of ours. */
function tooLong(name: string, cause: LakehouseError): LakehouseError {
  return new LakehouseError("unavailable", `${name} sent more than ${ANSWER_BYTES_MAX} bytes`, {
    reason: "bad_provider_answer",
    extra: { answer_bytes_max: ANSWER_BYTES_MAX },
    cause,
  });
}

/** An answer that ended before it was complete; extra.broke_off says that there was work in it. */
export function brokenOff(name: string, cause?: unknown): LakehouseError {
  if (cause instanceof LakehouseError) return cause;
  if (cause instanceof Error && cause.name === "AbortError") {
    return new LakehouseError("cancelled", "the call was cancelled by its caller", { cause });
  }
  if (cause instanceof BadCodingError) {
    return badAnswer(`${name} sent what is not in its own content-encoding`, cause);
  }
  const message = `${name} broke off before its answer was complete`;
  const extra = { broke_off: true };
  return new LakehouseError("unavailable", message, { reason: "provider_failed", extra, cause });
}

/** The error for a failure that a provider reports in the midst of an answer; no word of that. */
export function reportedError(name: string, document: unknown): LakehouseError {
  const { error } = (document ?? {}) as { error?: unknown };
  const told = error ?? undefined;
  const rest = () => JSON.stringify(document, withoutAnswer);
  const said = detailOf(document) ?? (told === undefined ? rest() : JSON.stringify(told));
  const message = `${name} reports: ${clip(said)}`;
  return new LakehouseError("unavailable", message, { reason: "provider_failed" });
}

/** An error that stands in the place of an answer, or beside it. */
export function throwReported(name: string, document: unknown): void {
  const { error } = (document ?? {}) as { error?: unknown };
  if (saysError(error)) throw reportedError(name, document);
}

/** Some servers send the member with every answer: only one that says something is an error. */
export function saysError(error: unknown): boolean {
  if (!isSetError(error)) return false;
  if (typeof error !== "object") return typeof error === "string";
  const { message, code, type } = error as Readonly<Record<string, unknown>>;
  return [message, code, type].some((said) => isSetError(said) && said !== 0);
}

/** The member has a value, if only a number. */
export function isSetError(error: unknown): error is NonNullable<unknown> {
  return error !== undefined && error !== null && error !== "" && error !== false;
}

function withoutAnswer(name: string, value: unknown): unknown {
  return name === "choices" || name === "message" ? undefined : value;
}

/** Only what it certainly did not hear of may be asked again. */
function unanswered(name: string, error: unknown): unknown {
  if (!(error instanceof LakehouseError) || error.reason !== "unreachable") return error;
  if (mayHaveBeenSent(error)) {
    return new LakehouseError("unavailable", `${name}: ${error.message}`, {
      reason: "provider_failed",
      extra: { broke_off: true },
      cause: error,
    });
  }
  return new LakehouseError("unavailable", `${name}: ${error.message}`, {
    reason: "provider_unreachable",
    hint: "is it running, and is its base_url right?",
    ...(wasLostUnheard(error) ? { extra: { stale_connection: true } } : {}),
    cause: error,
  });
}

async function statusError(name: string, response: HttpResponse): Promise<LakehouseError> {
  const { status } = response;
  const detail = await errorDetail(response.body);
  const said = clip(detail.message);
  const message = `${name} answered ${status}${said === "" ? "" : `: ${said}`}`;
  const extra: Record<string, unknown> = { provider: name, provider_status: status };
  const retry_after_s = retryAfterSeconds(response.headers["retry-after"]);
  if (retry_after_s !== undefined) extra["retry_after_s"] = retry_after_s;
  if (status === 404) {
    return new LakehouseError("not_found", message, {
      reason: "no_such_model",
      hint: "GET /v1/models lists the models that can be asked",
      extra,
    });
  }
  if (status === 429) {
    return new LakehouseError("rate_limited", message, { reason: "provider_rate_limited", extra });
  }
  const code = codeOf(status);
  if (code !== "unavailable" && detail.code !== undefined) extra["provider_code"] = detail.code;
  const hint = hintOf(name, status);
  const reason = "provider_failed";
  return new LakehouseError(code, message, {
    reason,
    extra,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** What the provider says of the request stays as it is; what is wrong with it is unavailable. */
function codeOf(status: number): ErrorCode {
  if (status === 400) return "invalid";
  if (status === 413) return "too_large";
  const is_ours = status >= 400 && status < 500 && !NOT_OF_THE_REQUEST.has(status);
  return is_ours ? "rejected" : "unavailable";
}

/** Of the provider's account with us, or of its own haste. */
const NOT_OF_THE_REQUEST: ReadonlySet<number> = new Set([401, 402, 403, 408]);

function hintOf(name: string, status: number): string | undefined {
  if (status === 401) return `check the api_key of ${name}`;
  if (status === 402) return `check the credit of the account at ${name}`;
  return status < 400 ? `it sends elsewhere: check the base_url of ${name}` : undefined;
}

const YEAR_S = 365 * 24 * 3600;
/** The last one, where several headers were joined. */
const SECONDS = /(?:^|,)\s*(\d+(?:\.\d+)?)[\s,]*$/;
const TIME_OF_DAY = /\d\d:\d\d:\d\d/;

/**
 * Seconds of a Retry-After header, a year at most: a number, or an HTTP date (RFC 9110 §10.2.3).
 * Undefined: it says neither.
 */
export function retryAfterSeconds(header: string | undefined, now_ms = Date.now()) {
  if (header === undefined) return undefined;
  const seconds = SECONDS.exec(header)?.[1];
  if (seconds !== undefined) return Math.min(YEAR_S, Number(seconds));
  // Engines read nearly everything as some date of long ago.
  const date_ms = TIME_OF_DAY.test(header) ? Date.parse(header) : Number.NaN;
  if (Number.isNaN(date_ms)) return undefined;
  return Math.min(YEAR_S, Math.max(0, (date_ms - now_ms) / 1000));
}

interface ErrorDetail {
  readonly message: string;
  /** The provider's own name for what is wrong. */
  readonly code: string | undefined;
}

async function errorDetail(body: ByteStream): Promise<ErrorDetail> {
  let text: string;
  const limit = setTimeout(leave, DETAIL_WAIT_MS, body);
  try {
    text = (await collectBytes(body, ERROR_BYTES_MAX)).toString("utf8");
  } catch {
    // The status says enough; what explains it was too long, broke off or did not come.
    return { message: "", code: undefined };
  } finally {
    clearTimeout(limit);
  }
  try {
    const document: unknown = JSON.parse(text);
    return { message: detailOf(document) ?? text, code: codeIn(document) };
  } catch {
    return { message: text, code: undefined };
  }
}

/** `{error: {code}}`, as OpenAI's API has it. */
function codeIn(document: unknown): string | undefined {
  const { error } = (document ?? {}) as { error?: { code?: unknown } | null };
  const code = error?.code;
  return typeof code === "string" && code !== "" ? withoutKeys(code) : undefined;
}

/** `{error: {message}}`, `{error: "…"}`, `{message}` or `{detail}`, as providers have them. */
function detailOf(document: unknown): string | undefined {
  if (typeof document !== "object" || document === null) return undefined;
  const { error, message, detail } = document as Record<string, unknown>;
  for (const said of [error, (error as { message?: unknown } | null)?.message, message, detail]) {
    if (typeof said === "string" && said !== "") return said;
  }
  return undefined;
}

/** Keys that were sent: what a provider says back goes to callers, and may hold one. */
const sent_keys = new Set<string>();
/** Shorter ones are parts of ordinary words. */
const KEY_LENGTH_MIN = 8;
const SECRET_HEADER = /key|token|secret|authorization/i;

function rememberKeys({ api_key, headers }: ProviderEndpoint): void {
  if (api_key !== undefined) sent_keys.add(api_key);
  for (const name in headers)
    if (SECRET_HEADER.test(name)) sent_keys.add(headers[name]!.split(" ").at(-1)!);
}

function withoutKeys(text: string): string {
  let masked = text;
  // One key may begin as another does.
  for (const key of [...sent_keys].toSorted((a, b) => b.length - a.length)) {
    if (key.length >= KEY_LENGTH_MIN) masked = masked.replaceAll(key, "***");
  }
  return masked;
}

/** What a provider said, short enough for a message; keys of ours are not in it. */
function clip(text: string): string {
  const line = withoutKeys(text).replaceAll(/\s+/g, " ").trim();
  return line.length > DETAIL_LENGTH_MAX ? `${line.slice(0, DETAIL_LENGTH_MAX)}…` : line;
}
