// Node's own request and response for the routes of contracts: no web objects in between, which
// cost more than the rest of a small call. What it does not take goes to the web-standard app.
import type { IncomingMessage, ServerResponse } from "node:http";
import {
  answerCall,
  bodyEndedEarly,
  bodyTooLarge,
  problemAnswer,
  type AnswerOverHttp,
  type AskedOverHttp,
  type Edge,
  type RoutedOperation,
} from "./answer-call.ts";
import type { Principal } from "./call.ts";
import type { Operation } from "./contract.ts";
import { startWait, stopWait } from "./long-wait.ts";
import { isHost } from "./host-header.ts";
import { dropRest } from "./left-body.ts";
import { LIMITS } from "./limits.ts";
import type { LakehouseError } from "./problem.ts";
import { bodyStalled } from "./stalled-body.ts";
import { traceOrigin } from "./trace-context.ts";
import { writePieces } from "./write-pieces.ts";

/** What guards look at: the part of a web `Request` that comes before its body. */
export interface RequestHead {
  readonly method: string;
  readonly url: string;
  readonly headers: { get(name: string): string | null };
}

/** What an edge lays around every direct answer, as it does around those of the web app. */
export interface DirectGuard {
  /** Requests that the web app must have, though their route is known here. */
  passOn?(head: RequestHead): boolean;
  refuse?(head: RequestHead): LakehouseError | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

/** True when the request is answered here. */
export type DirectHandler = (
  incoming: IncomingMessage,
  response: ServerResponse,
  guard?: DirectGuard,
) => boolean;

export interface DirectEdge extends Edge {
  readonly authenticate?: (request: RequestHead, operation: Operation) => Principal;
}

/** Routes without parameters whose body (if any) is JSON, by method and path. */
export function fixedRoutes(routes: readonly RoutedOperation[]): Map<string, RoutedOperation> {
  const fixed = new Map<string, RoutedOperation>();
  for (const routed of routes) {
    const { route, operation } = routed;
    const is_json = operation.request_body !== "raw" && !route.startsWith("HEAD ");
    if (is_json && !route.includes("{") && !fixed.has(route)) fixed.set(route, routed);
  }
  return fixed;
}

/** Takes requests to the fixed paths, without a query. */
export function serveDirect(
  fixed: ReadonlyMap<string, RoutedOperation>,
  edge: DirectEdge,
): DirectHandler {
  return (incoming, response, guard = {}) => {
    const routed = fixed.get(`${incoming.method} ${incoming.url}`);
    const head = routed === undefined ? undefined : headOf(incoming);
    if (routed === undefined || head === undefined) return false;
    if (guard.passOn?.(head) === true) return false;
    answerDirect(incoming, response, head, routed, guard, edge);
    return true;
  };
}

/**
 * Answers a request that has no route of a contract, as guarded as those that have one; false: the
 * web app must have it.
 */
export function answerAside(
  incoming: IncomingMessage,
  response: ServerResponse,
  guard: DirectGuard,
  make: (head: RequestHead) => Promise<AnswerOverHttp>,
): boolean {
  const head = headOf(incoming);
  if (head === undefined || guard.passOn?.(head) === true) return false;
  const refused = guard.refuse?.(head);
  const made = refused === undefined ? make(head) : Promise.reject(refused);
  void made
    .catch((error: unknown) => problemAnswer(error, traceIdOf(head)))
    .then((answer) => writeAnswer(incoming, response, answer, guard));
  return true;
}

/** Undefined: the Host is none, or not there; what comes before the web app looks at it. */
function headOf({ method = "GET", url = "/", headers }: IncomingMessage): RequestHead | undefined {
  if (headers.host === undefined || !isHost(headers.host)) return undefined;
  return {
    method,
    url: `http://${headers.host}${url}`,
    headers: { get: (name) => headerText(headers[name]) ?? null },
  };
}

/** The trace of a request that no operation was reached by: its own, or a new one. */
export function traceIdOf({ headers }: RequestHead): string {
  return traceOrigin((name) => headers.get(name) ?? undefined).trace_id;
}

function headerText(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(", ") : value;
}

function answerDirect(
  incoming: IncomingMessage,
  response: ServerResponse,
  head: RequestHead,
  routed: RoutedOperation,
  guard: DirectGuard,
  edge: DirectEdge,
): void {
  const refused = guard.refuse?.(head);
  if (refused !== undefined) {
    void writeAnswer(incoming, response, problemAnswer(refused, traceIdOf(head)), guard);
    return;
  }
  const { headers } = incoming;
  const open = edge.calls.open(routed.operation.kind === "stream", undefined);
  response.once("close", () => {
    if (!response.writableFinished) open.leave();
  });
  const header = (name: string) => headerText(headers[name]);
  const asked: AskedOverHttp = {
    http_method: head.method,
    origin: traceOrigin(header),
    header,
    query: () => ({}),
    param: () => undefined,
    text: (bytes_max) => readText(incoming, bytes_max),
    bytes: () => incoming,
    authenticate: (operation) => edge.authenticate?.(head, operation),
  };
  void answerCall(asked, routed, open, edge).then(
    (answer) => writeAnswer(incoming, response, answer, guard),
    (thrown: unknown) => answerBroken(incoming, response, thrown),
  );
}

function readText(incoming: IncomingMessage, bytes_max: number): Promise<string> {
  return new Promise<string>((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let over = false;
    const stalled = () => settle(bodyStalled());
    let wait = startWait(LIMITS.body_stall_ms, stalled);
    const onData = (chunk: Buffer) => {
      if (over) return;
      size += chunk.length;
      if (!incoming.complete) {
        stopWait(wait);
        wait = startWait(LIMITS.body_stall_ms, stalled);
      }
      if (size > bytes_max) settle(bodyTooLarge(bytes_max));
      else chunks.push(chunk);
    };
    const onEnd = () => settle(undefined);
    const onGone = (cause?: unknown) => {
      if (!over) settle(bodyEndedEarly(cause));
    };
    // Listeners go with the request: taking them off one by one costs as much as putting them on.
    function settle(error: Error | undefined): void {
      if (over) return;
      over = true;
      stopWait(wait);
      if (error !== undefined) reject(error);
      else resolve((chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)).toString("utf8"));
    }
    incoming.on("data", onData).on("end", onEnd).on("error", onGone).on("close", onGone);
  });
}

/** Never throws: nobody waits for what became of an answer. */
export function writeAnswer(
  incoming: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: AnswerOverHttp,
  guard: DirectGuard = {},
): void | Promise<void> {
  if (!incoming.complete) dropRest(incoming, response);
  // An answer's headers are made for it alone.
  const all = guard.headers === undefined ? headers : Object.assign(headers, guard.headers);
  if (typeof body !== "string" && body !== null) return writePieces(response, status, all, body);
  const text = body ?? "";
  all["content-length"] = String(Buffer.byteLength(text));
  try {
    response.writeHead(status, all).end(text);
  } catch (thrown) {
    answerBroken(incoming, response, thrown);
  }
}

/**
 * The last that can be said of a request whose answer was not made: what was thrown, as a problem;
 * where an answer has begun, that it is not whole. Never throws. Answers the trace id it names.
 */
export function answerBroken(
  incoming: IncomingMessage,
  response: ServerResponse,
  thrown: unknown,
): string {
  const { trace_id } = traceOrigin((name) => headerText(incoming.headers[name]));
  try {
    const { status, headers, body } = problemAnswer(thrown, trace_id);
    if (!incoming.complete) dropRest(incoming, response);
    headers["content-length"] = String(Buffer.byteLength(body as string));
    response.writeHead(status, headers).end(body);
  } catch {
    response.destroy();
  }
  return trace_id;
}
