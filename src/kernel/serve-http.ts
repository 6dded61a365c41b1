// The HTTP transport's server side: every operation of the given contracts as a route.
import { Hono, type Context } from "hono";
import {
  answerCall,
  bodyEndedEarly,
  bodyTooLarge,
  problemAnswer,
  tellBroken,
  type AskedOverHttp,
  type Edge,
  type Method,
  type RoutedOperation,
} from "./answer-call.ts";
import { createCallsInFlight } from "./calls-in-flight.ts";
import type { Principal } from "./call.ts";
import { parseRoute, type ByteStream, type Contract, type Operation } from "./contract.ts";
import { honoPath } from "./http-form.ts";
import { LIMITS } from "./limits.ts";
import type { Log } from "./log.ts";
import { asOpenAiError } from "./openai-error.ts";
import { LakehouseError } from "./problem.ts";
import { fixedRoutes, serveDirect, type DirectHandler, type RequestHead } from "./serve-direct.ts";
import {
  READ_AT_ONCE_BYTES,
  readAtOnce,
  serveDirectWeb,
  toWebResponse,
  type DirectWebHandler,
} from "./serve-direct-web.ts";
import { bodyStalled, withoutStalls } from "./stalled-body.ts";
import { traceOrigin, type TraceOrigin } from "./trace-context.ts";
import { emptyBody } from "./whole-body.ts";

/** A contract and the client that answers for it: local, or of another process (then a proxy). */
export interface Served {
  readonly contract: Contract;
  readonly client: unknown;
}

export interface ServeOptions {
  /** Who asks; throws `unauthenticated` or `forbidden`. Absent: everybody is the local owner. */
  readonly authenticate?: (request: RequestHead, operation: Operation) => Principal;
  /** Aborts when the house stops: streams end then, other calls after a short grace. */
  readonly stopping?: AbortSignal | undefined;
  /** How long that grace is. */
  readonly stop_grace_ms?: number | undefined;
  /** Told what broke, with the trace id; callers read only that something did. */
  readonly log?: Log | undefined;
}

/** A web-standard app; on Node, `direct` answers what it can without web objects in between. */
export type ServedApp = Hono & {
  direct: DirectHandler;
  directWeb: DirectWebHandler;
  /** Told what was thrown where no operation was reached. */
  readonly broke: (thrown: unknown, trace_id: string) => void;
};

/** A Hono app with a route for each operation; errors leave as problem+json. */
export function serveHttp(served: readonly Served[], options: ServeOptions = {}): ServedApp {
  const app = new Hono();
  const edge = { ...options, calls: createCallsInFlight(options.stopping, options.stop_grace_ms) };
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
  for (const routed of routes) {
    app.on(parseRoute(routed.route).method, honoPath(routed.route), (context) =>
      answer(context, routed, edge),
    );
  }
  app.notFound((context) => {
    const detail = `there is no ${context.req.method} ${context.req.path}`;
    const hint = "GET /openapi.json lists every route";
    const error = new LakehouseError("not_found", detail, { reason: "no_route", hint });
    const told = context.req.path.startsWith(OPENAI_ROOT) ? asOpenAiError(error) : error;
    return problemResponse(told, originOf(context).trace_id);
  });
  app.onError((error, context) => {
    const { trace_id } = originOf(context);
    tellBroken(edge, error, trace_id);
    return problemResponse(error, trace_id);
  });
  const fixed = fixedRoutes(routes);
  return Object.assign(app, {
    direct: serveDirect(fixed, edge),
    directWeb: serveDirectWeb(fixed, edge),
    broke: (thrown: unknown, trace_id: string) => tellBroken(edge, thrown, trace_id),
  });
}

/** Clients of OpenAI's API ask below it for what is not served here, too. */
const OPENAI_ROOT = "/v1/";

async function answer(
  context: Context,
  routed: RoutedOperation,
  edge: Edge & ServeOptions,
): Promise<Response> {
  const { raw } = context.req;
  const open = edge.calls.open(routed.operation.kind === "stream", raw.signal);
  const asked: AskedOverHttp = {
    http_method: raw.method,
    origin: originOf(context),
    header: (name) => context.req.header(name),
    query: () => context.req.queries(),
    param: (name) => context.req.param(name),
    text: (bytes_max) => readText(context, bytes_max),
    bytes: () => (raw.body === null ? emptyBody() : patient(raw.body)),
    authenticate: (operation) => edge.authenticate?.(raw, operation),
  };
  return toWebResponse(await answerCall(asked, routed, open, edge));
}

/** Any thrown value as its problem document. */
export function problemResponse(thrown: unknown, trace_id?: string): Response {
  return toWebResponse(problemAnswer(thrown, trace_id));
}

/** One origin for each request, however often it is asked for: its trace id may be made here. */
function originOf(context: Context): TraceOrigin {
  const known = context.get("trace_origin") as TraceOrigin | undefined;
  if (known !== undefined) return known;
  const made = traceOrigin((name) => context.req.header(name));
  context.set("trace_origin", made);
  return made;
}

async function readText(context: Context, bytes_max: number): Promise<string> {
  const declared = Number(context.req.header("content-length") ?? Number.NaN);
  if (declared <= READ_AT_ONCE_BYTES) return readAtOnce(context.req.raw);
  const body = context.req.raw.body;
  if (body === null) return "";
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of patient(body)) {
      size += chunk.length;
      if (size > bytes_max) throw bodyTooLarge(bytes_max);
      chunks.push(chunk);
    }
  } catch (cause) {
    if (cause instanceof LakehouseError) throw cause;
    throw bodyEndedEarly(cause);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function patient(body: NonNullable<Request["body"]>): ByteStream {
  return withoutStalls(body as unknown as ByteStream, LIMITS.body_stall_ms, bodyStalled);
}
