// The HTTP transport's client side: the same methods, errors and streams as in process.
import { cancelledError, childCall, NEVER, remainingMs, startCall, type Call } from "./call.ts";
import { checkOperationInput } from "./check-input.ts";
import type { ByteStream, Client, Contract, Operation } from "./contract.ts";
import { endingIterator } from "./ending-iterator.ts";
import { collectBytes, httpRequest, type HttpRequest, type HttpResponse } from "./http-client.ts";
import {
  IDEMPOTENCY_HEADER,
  layOut,
  NDJSON_TYPE,
  STREAM_PROBLEM_FIELD,
  fromHeaderText,
  TIMEOUT_HEADER,
  toHeaderText,
} from "./http-form.ts";
import { LIMITS } from "./limits.ts";
import { fromProblem, LakehouseError, retold } from "./problem.ts";
import { TRACE_HEADER, traceparentHeaders } from "./trace-context.ts";

export interface HttpOptions {
  /** Where the service answers, e.g. http://127.0.0.1:3214 */
  readonly url: string;
  readonly token?: string | undefined;
  /** Said where nobody answers there. */
  readonly unreachable_hint?: string | undefined;
}

export interface HttpConnection<C extends Contract> {
  readonly client: Client<C>;
  close(): Promise<void>;
}

/** A client of a service in another process. */
export function connectHttp<C extends Contract>(
  contract: C,
  options: HttpOptions,
): HttpConnection<C> {
  const client: Record<string, unknown> = {};
  for (const [name, operation] of Object.entries(contract.operations)) {
    if (operation.exposure === "process") {
      client[name] = () => Promise.reject(notExposed(contract.service, name));
    } else if (operation.kind === "stream") {
      client[name] = (input: object, call?: Call) => follow(operation, options, input, call);
    } else {
      client[name] = (input: object, call?: Call) => ask(operation, options, input, call);
    }
  }
  return { client: client as Client<C>, close: async () => undefined };
}

function notExposed(service: string, name: string): LakehouseError {
  return new LakehouseError("unimplemented", `${service}.${name} works in the same process only`);
}

async function ask(operation: Operation, options: HttpOptions, input: object, parent?: Call) {
  const response = await send(operation, options, input, parent);
  if (operation.response_body === "raw") return rawAnswer(operation, response);
  const bytes = await collectBytes(response.body, LIMITS.raw_body_bytes_max);
  return parseJson(bytes.toString("utf8"));
}

function rawAnswer(operation: Operation, response: HttpResponse): object {
  const fields: Record<string, unknown> = {};
  for (const [field, header] of Object.entries(operation.response_headers ?? {})) {
    const text = response.headers[header];
    if (text !== undefined) fields[field] = fromHeaderText(text);
  }
  if ("status" in ((operation.output as { shape?: object }).shape ?? {})) {
    fields["status"] = response.status;
  }
  return { ...(operation.output.parse(fields) as object), body: response.body };
}

async function* follow(operation: Operation, options: HttpOptions, input: object, parent?: Call) {
  const response = await send(operation, options, input, parent);
  for await (const line of linesOf(response.body)) {
    const item = parseJson(line) as Record<string, unknown>;
    if (STREAM_PROBLEM_FIELD in item) throw remoteError(item[STREAM_PROBLEM_FIELD], 500);
    yield item;
  }
}

async function* linesOf(body: ByteStream): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop()!;
    yield* parts.filter((part) => part !== "");
  }
  if (rest !== "")
    throw new LakehouseError("unavailable", "the stream ended within a line", {
      reason: "unreachable",
    });
}

async function send(operation: Operation, options: HttpOptions, input: object, parent?: Call) {
  const timeout = operation.timeout_ms === undefined ? {} : { timeout_ms: operation.timeout_ms };
  const call = parent === undefined ? startCall(timeout) : childCall(parent, timeout);
  const { body: raw, ...fields } = input as { body?: ByteStream };
  const is_raw = operation.request_body === "raw";
  const parts = is_raw ? fields : (input as Record<string, unknown>);
  // The same words for a bad input as in process, and nothing that a URL or a header cannot hold.
  checkOperationInput(operation, parts);
  const form = layOut(operation, parts);
  const headers: Record<string, string> = {
    ...form.headers,
    [TRACE_HEADER]: toHeaderText(call.trace_id),
    // The span above is the caller's: the one that answers begins its own below it.
    ...(parent === undefined ? {} : traceparentHeaders(parent)),
    [TIMEOUT_HEADER]: String(remainingMs(call)),
    ...(operation.kind === "stream" ? { accept: NDJSON_TYPE } : {}),
    ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
    ...(call.idempotency_key === undefined
      ? {}
      : { [IDEMPOTENCY_HEADER]: toHeaderText(call.idempotency_key) }),
    ...(form.rest === undefined ? {} : { "content-type": "application/json" }),
  };
  const response = await sendInTime(call, options, {
    method: form.method,
    url: new URL(form.url, options.url).href,
    headers,
    body: is_raw ? raw : form.rest === undefined ? undefined : JSON.stringify(form.rest),
  });
  if (response.status < 400) return response;
  const text = (await collectBytes(response.body)).toString("utf8");
  throw remoteError(parseJson(text, true), response.status);
}

/** The answer; a request that was aborted says whether the caller left or time ran out. */
async function sendInTime(
  call: Call,
  { unreachable_hint: hint }: HttpOptions,
  request: HttpRequest,
): Promise<HttpResponse> {
  const { signal, abort } = untilDeadline(call);
  try {
    const response = await httpRequest({ ...request, signal });
    const body = readableBody(response.body, call, signal, request.url);
    // Nobody reads on: frees the connection of a body that was never begun, too.
    return { ...response, body: endingIterator(body, () => abort(LEFT)) };
  } catch (error) {
    abort(LEFT);
    if (!(error instanceof LakehouseError)) throw error;
    if (error.code === "cancelled") throw cancelledError(call);
    throw hint !== undefined && error.reason === "unreachable" ? retold(error, { hint }) : error;
  }
}

/** The body with its errors in our words: the caller left, time ran out, or the line was cut. */
async function* readableBody(
  body: ByteStream,
  call: Call,
  signal: AbortSignal,
  url: string,
): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (cause) {
    if (signal.aborted) throw cancelledError(call);
    const why = (cause as { code?: string }).code ?? (cause as Error).message;
    const message = `the answer of ${new URL(url).origin} was cut off (${why})`;
    throw new LakehouseError("unavailable", message, { reason: "unreachable", cause });
  }
}

/** Made once: errors of their own for each answer would cost more than the rest of its end. */
const LEFT = new Error("nobody reads on");
const LATE = new Error("the deadline has passed");

/**
 * Aborts when the caller leaves or the deadline passes, also while the body is read; must be
 * aborted in the end. By hand, since joined and timed signals live on until their deadline.
 */
function untilDeadline(call: Call): { signal: AbortSignal; abort(reason: Error): void } {
  const controller = new AbortController();
  const wait_ms = Math.max(1, Math.min(remainingMs(call), 0x7fffffff));
  const timer = setTimeout(() => controller.abort(LATE), wait_ms).unref();
  const leave = () => controller.abort(call.signal.reason);
  if (call.signal.aborted) leave();
  else if (call.signal !== NEVER) call.signal.addEventListener("abort", leave, { once: true });
  return {
    signal: controller.signal,
    abort(reason) {
      clearTimeout(timer);
      if (call.signal !== NEVER) call.signal.removeEventListener("abort", leave);
      controller.abort(reason);
    },
  };
}

function remoteError(document: unknown, status: number): LakehouseError {
  return (
    fromProblem(document) ??
    new LakehouseError("unavailable", `the service answered ${status} without a problem document`)
  );
}

function parseJson(text: string, lenient = false): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (lenient) return undefined;
    throw new LakehouseError("unavailable", "the service did not answer in JSON", { cause: error });
  }
}
