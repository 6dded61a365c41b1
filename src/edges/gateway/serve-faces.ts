// Faces of foreign protocols in front of the routes: same trace ids, auth and draining as these.
import type { Hono } from "hono";
import { createCallsInFlight } from "#kernel/calls-in-flight.ts";
import type { HttpFace } from "#kernel/http-face.ts";
import type { Log } from "#kernel/log.ts";
import { problemResponse } from "#kernel/serve-http.ts";
import { TRACE_HEADER, traceOrigin } from "#kernel/trace-context.ts";
import type { AuthenticateScope } from "./authenticate.ts";

export interface FaceNeeds {
  readonly authenticate: AuthenticateScope;
  readonly stopping?: AbortSignal | undefined;
  readonly stop_grace_ms?: number | undefined;
  readonly log?: Log | undefined;
}

/** What the server on Node hands on beside the request: its own, with the target as it was sent. */
interface NodeBindings {
  readonly incoming?: { readonly url?: string };
}

/** Requests that a face handles never reach the routes. */
export function serveFaces(app: Hono, faces: readonly HttpFace[], needs: FaceNeeds): void {
  if (faces.length === 0) return;
  const inner = app.fetch;
  const calls = createCallsInFlight(needs.stopping, needs.stop_grace_ms);
  app.fetch = (request, env, ...rest) => {
    const url = new URL(request.url);
    const face = faces.find((one) => one.handles(request, url));
    return face === undefined ? inner(request, env, ...rest) : handle(face, request, url, env);
  };

  async function handle(
    face: HttpFace,
    request: Request,
    url: URL,
    env: unknown,
  ): Promise<Response> {
    const origin = traceOrigin((name) => request.headers.get(name) ?? undefined);
    const { trace_id } = origin;
    const open = calls.open(false, request.signal);
    try {
      const response = await face.handle({
        request,
        url,
        trace_id,
        origin,
        target: targetOf(env as NodeBindings | undefined),
        signal: open.signal,
        authenticate: (scope) => needs.authenticate(request, scope),
      });
      response.headers.set(TRACE_HEADER, trace_id);
      return response;
    } catch (err) {
      // A face answers errors itself: this is one of its own.
      needs.log?.error({ trace_id, face: face.name, err }, "a face broke");
      return problemResponse(err, trace_id);
    } finally {
      open.end();
    }
  }
}

/** A target that is not a path (as proxies get it) is told by the URL alone. */
function targetOf(env: NodeBindings | undefined): string | undefined {
  const target = env?.incoming?.url;
  return target?.startsWith("/") === true ? target : undefined;
}
