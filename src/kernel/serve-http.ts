// The HTTP transport's server side: every operation of the given contracts as a route.
import { Hono, type Context } from "hono";
import { createCallsInFlight, type CallsInFlight } from "./calls-in-flight.ts";
import { startCall, type Call, type Principal } from "./call.ts";
import { parseRoute, type ByteStream, type Contract, type HttpRoute } from "./contract.ts";
import type { Operation } from "./contract.ts";
import { endingIterator } from "./ending-iterator.ts";
import { toReadableStream } from "./http-client.ts";
import {
  asText,
  fromHeaderText,
  honoPath,
  IDEMPOTENCY_HEADER,
  inputInQuery,
  PROBLEM_TYPE,
  TIMEOUT_HEADER,
  toHeaderText,
  TRACE_HEADER,
  wireHeader,
} from "./http-form.ts";
import { newId } from "./ids.ts";
import { LIMITS } from "./limits.ts";
import type { Log } from "./log.ts";
import { asOpenAiError } from "./openai-error.ts";
import { LakehouseError, STATUS_OF_CODE, toLakehouseError, toProblem } from "./problem.ts";
import { streamAnswer } from "./serve-stream.ts";
import { bodyStalled, withoutStalls } from "./stalled-body.ts";

/** A contract and the client that answers for it: local, or of another process (then a proxy). */
export interface Served {
  readonly contract: Contract;
  readonly client: unknown;
}

export interface ServeOptions {
  /** Who asks; throws `unauthenticated` or `forbidden`. Absent: everybody is the local owner. */
  readonly authenticate?: (request: Request, operation: Operation) => Principal;
  /** Aborts when the house stops: streams end then, other calls after a short grace. */
  readonly stopping?: AbortSignal | undefined;
  /** Told what broke, with the trace id; callers read only that something did. */
  readonly log?: Log | undefined;
}

/** What every route of a server needs. */
interface Edge extends ServeOptions {
  readonly calls: CallsInFlight;
}

type Method = (input: unknown, call: Call) => unknown;

/** A Hono app with a route for each operation; errors leave as problem+json. */
export function serveHttp(served: readonly Served[], options: ServeOptions = {}): Hono {
  const app = new Hono();
  const edge: Edge = { ...options, calls: createCallsInFlight(options.stopping) };
  const routes = served.flatMap(({ contract, client }) =>
    Object.entries(contract.operations)
      .filter(([, operation]) => operation.exposure !== "process")
      .flatMap(([name, operation]) =>
        [operation.http, ...(operation.aliases ?? [])].map((route) => ({
          route,
          operation,
          method: (client as Record<string, Method>)[name]!,
        })),
      ),
  );
  // Fixed paths before paths with parameters, whatever the order of the table.
  routes.sort((a, b) => parseRoute(a.route).params.length - parseRoute(b.route).params.length);
  for (const { route, operation, method } of routes) {
    app.on(parseRoute(route).method, honoPath(route), (context) =>
      answer(context, route, operation, method, edge),
    );
  }
  app.notFound((context) => {
    const detail = `there is no ${context.req.method} ${context.req.path}`;
    const hint = "GET /openapi.json lists every route";
    return problemResponse(new LakehouseError("not_found", detail, { reason: "no_route", hint }));
  });
  app.onError((error, context) => {
    tellBroken(edge, error, traceOf(context));
    return problemResponse(error, traceOf(context));
  });
  return app;
}

async function answer(
  context: Context,
  route: HttpRoute,
  operation: Operation,
  method: Method,
  edge: Edge,
): Promise<Response> {
  const trace_id = traceOf(context);
  const open = edge.calls.open(operation.kind === "stream", context.req.raw.signal);
  try {
    const principal = edge.authenticate?.(context.req.raw, operation);
    const call = callOf(context, trace_id, operation, principal, open.signal);
    const input = await inputOf(context, route, operation);
    if (operation.kind === "stream") {
      const items = method(input, call) as AsyncIterable<unknown>;
      const response = await streamAnswer(items, {
        accept: context.req.header("accept") ?? "",
        trace_id,
        onError: (error) => tellBroken(edge, error, trace_id),
        onEnd: open.end,
      });
      response.headers.set(TRACE_HEADER, trace_id);
      return response;
    }
    const output = await (method(input, call) as Promise<unknown>);
    const head_only = context.req.raw.method === "HEAD";
    return toResponse(operation, output, trace_id, head_only, open.end);
  } catch (error) {
    open.end();
    tellBroken(edge, error, trace_id);
    const readable = OPENAI_ROUTES.has(route) ? withOpenAiMember(error) : error;
    return problemResponse(readable, trace_id);
  }
}

/** The log has what outsiders do not get to read. */
function tellBroken(edge: Edge, thrown: unknown, trace_id: string): void {
  const err = toLakehouseError(thrown);
  if (err.code === "internal") edge.log?.error({ trace_id, err }, "a call broke");
}

/** Routes whose callers are clients of OpenAI's API: they look for an `error` member. */
const OPENAI_ROUTES: ReadonlySet<HttpRoute> = new Set([
  "POST /v1/chat/completions",
  "POST /v1/embeddings",
  "GET /v1/models",
]);

/** Errors that were made before the handler, such as a refused input, lack the member. */
function withOpenAiMember(thrown: unknown): unknown {
  const error = toLakehouseError(thrown);
  return "error" in error.extra ? error : asOpenAiError(error);
}

function traceOf(context: Context): string {
  const given = context.req.header(TRACE_HEADER);
  return given !== undefined && /^[\w.:-]{1,128}$/.test(given) ? given : cachedTrace(context);
}

/** One minted trace id for each request, however often it is asked for. */
function cachedTrace(context: Context): string {
  const known = context.get("trace_id") as string | undefined;
  if (known !== undefined) return known;
  const minted = newId();
  context.set("trace_id", minted);
  return minted;
}

function callOf(
  context: Context,
  trace_id: string,
  operation: Operation,
  principal: Principal | undefined,
  signal: AbortSignal,
): Call {
  const asked_ms = Number(context.req.header(TIMEOUT_HEADER) ?? Number.NaN);
  const own_ms = operation.timeout_ms ?? LIMITS.call_timeout_ms;
  return startCall({
    trace_id,
    principal,
    signal,
    timeout_ms: asked_ms >= 0 ? Math.min(asked_ms, own_ms) : own_ms,
    idempotency_key: headerOf(context, IDEMPOTENCY_HEADER),
  });
}

function headerOf(context: Context, name: string): string | undefined {
  const text = context.req.header(name);
  return text === undefined ? undefined : fromHeaderText(text);
}

async function inputOf(
  context: Context,
  route: HttpRoute,
  operation: Operation,
): Promise<Record<string, unknown>> {
  const { method, params } = parseRoute(route);
  const input: Record<string, unknown> = inputInQuery(operation, method)
    ? queryOf(context)
    : await jsonBodyOf(context, operation);
  for (const name of params) input[name] = context.req.param(name);
  for (const [field, header] of Object.entries(operation.request_headers ?? {})) {
    const value = headerOf(context, wireHeader(header)) ?? headerOf(context, header);
    if (value !== undefined) input[field] = value;
  }
  if (operation.request_body === "raw") {
    const { body } = context.req.raw;
    input["body"] = body === null ? noBytes() : patient(body);
  }
  return input;
}

function queryOf(context: Context): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  for (const [name, values] of Object.entries(context.req.queries())) {
    input[name] = values.length === 1 ? values[0] : values;
  }
  return input;
}

async function jsonBodyOf(
  context: Context,
  operation: Operation,
): Promise<Record<string, unknown>> {
  const bytes_max = operation.body_bytes_max ?? LIMITS.json_body_bytes_max;
  const text = await readText(context, bytes_max);
  if (text.trim() === "") return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const message = `the request body is not JSON: ${(error as Error).message}`;
    throw new LakehouseError("invalid", message, { reason: "not_json", cause: error });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    const message = "the request body must be a JSON object";
    throw new LakehouseError("invalid", message, { reason: "invalid_input" });
  }
  return value as Record<string, unknown>;
}

async function readText(context: Context, bytes_max: number): Promise<string> {
  const declared = Number(context.req.header("content-length") ?? Number.NaN);
  if (declared > bytes_max) throw tooLarge(bytes_max);
  if (declared <= READ_AT_ONCE_BYTES) return readAtOnce(context.req.raw);
  const body = context.req.raw.body;
  if (body === null) return "";
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of patient(body)) {
      size += chunk.length;
      if (size > bytes_max) throw tooLarge(bytes_max);
      chunks.push(chunk);
    }
  } catch (cause) {
    if (cause instanceof LakehouseError) throw cause;
    throw endedBefore(cause);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Read without a web stream around it, which costs more than all the rest of a small request. */
const READ_AT_ONCE_BYTES = 256 * 1024;

async function readAtOnce(request: Request): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const stalled = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(bodyStalled()), LIMITS.body_stall_ms);
  });
  try {
    return await Promise.race([request.text(), stalled]);
  } catch (cause) {
    if (cause instanceof LakehouseError) throw cause;
    throw endedBefore(cause);
  } finally {
    clearTimeout(timer);
  }
}

function endedBefore(cause: unknown): LakehouseError {
  return new LakehouseError("cancelled", "the request ended before its body did", { cause });
}

function patient(body: NonNullable<Request["body"]>): ByteStream {
  return withoutStalls(body as unknown as ByteStream, LIMITS.body_stall_ms, bodyStalled);
}

function tooLarge(bytes_max: number): LakehouseError {
  return new LakehouseError("too_large", `the request body is larger than ${bytes_max} bytes`, {
    reason: "body_too_large",
    hint: "send it in smaller batches",
  });
}

function toResponse(
  operation: Operation,
  output: unknown,
  trace_id: string,
  head_only: boolean,
  onEnd: () => void,
): Response {
  if (operation.response_body !== "raw") {
    onEnd();
    const headers = { "content-type": "application/json", [TRACE_HEADER]: trace_id };
    return new Response(JSON.stringify(output), { headers });
  }
  const headers = new Headers({ [TRACE_HEADER]: trace_id });
  const { body: source, ...fields } = output as { body: ByteStream } & Record<string, unknown>;
  const body = endingIterator(source, onEnd);
  for (const [field, header] of Object.entries(operation.response_headers ?? {})) {
    if (fields[field] !== undefined) headers.set(header, toHeaderText(asText(fields[field])));
  }
  const status = typeof fields["status"] === "number" ? fields["status"] : 200;
  if (status !== 304 && !head_only) {
    return new Response(toReadableStream(body), { status, headers });
  }
  // Nobody reads this body: ending it frees whatever it holds open.
  void body.return?.();
  return new Response(null, { status, headers });
}

/** Any thrown value as its problem document. */
export function problemResponse(thrown: unknown, trace_id?: string): Response {
  const error = toLakehouseError(thrown);
  const headers = new Headers({ "content-type": PROBLEM_TYPE });
  if (trace_id !== undefined) headers.set(TRACE_HEADER, trace_id);
  const retry_after = error.extra["retry_after_s"];
  if (typeof retry_after === "number") headers.set("retry-after", String(retry_after));
  return new Response(JSON.stringify(toProblem(error, trace_id)), {
    status: STATUS_OF_CODE[error.code],
    headers,
  });
}

async function* noBytes(): AsyncGenerator<Uint8Array> {}
