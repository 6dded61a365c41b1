// Web requests and responses on Node, for what is not answered directly; loaded with the first one.
import type { IncomingMessage, ServerResponse } from "node:http";
import { problemAnswer } from "./answer-call.ts";
import { HOST_UNSAID, isHost, noHost } from "./host-header.ts";
import { newId } from "./ids.ts";
import { dropRest, isLeft, withLeavableBody } from "./left-body.ts";
import { LakehouseError } from "./problem.ts";
import { answerBroken } from "./serve-direct.ts";
import { toWebResponse } from "./serve-direct-web.ts";

/** What is served: `broke` is told what was thrown, with the trace id that the caller reads. */
export interface WebApp {
  readonly fetch: (request: Request, env?: unknown) => Response | Promise<Response>;
  readonly broke?: (thrown: unknown, trace_id: string) => void;
}

type Take = (request: IncomingMessage, response: ServerResponse) => Promise<unknown>;

/** Answers every request; a body that the answer leaves unread does not block its connection. */
export function webOnNode(
  app: WebApp,
): (request: IncomingMessage, response: ServerResponse) => void {
  let loading: Promise<Take> | undefined;
  let take: Take | undefined;
  return (request, response) => {
    const wrong = wrongHead(request);
    if (wrong !== undefined) {
      answerBroken(request, response, wrong);
      return;
    }
    response.once("finish", () => {
      if (isLeft(request)) dropRest(request, response);
    });
    loading ??= loadListener(app).then((loaded) => (take = loaded));
    const taken =
      take === undefined ? loading.then((one) => one(request, response)) : take(request, response);
    taken.catch(() => response.destroy());
  };
}

async function loadListener(app: WebApp): Promise<Take> {
  const { getRequestListener, RequestError } = await import("@hono/node-server");
  const fetch = (request: Request, env: { readonly incoming: IncomingMessage }) =>
    app.fetch(withLeavableBody(request, env.incoming), env);
  const listener = getRequestListener(fetch as Parameters<typeof getRequestListener>[0], {
    hostname: HOST_UNSAID,
    // It cuts connections whose body is left; here the rest is read away instead.
    autoCleanupIncoming: false,
    errorHandler(thrown) {
      const trace_id = newId();
      if (thrown instanceof RequestError) return toWebResponse(problemAnswer(noTarget(), trace_id));
      app.broke?.(thrown, trace_id);
      return toWebResponse(problemAnswer(thrown, trace_id));
    },
  });
  return (request, response) => listener(request, response);
}

/** An absolute target, as proxies get it, must be one without a name and password. */
const ABSOLUTE = /^https?:\/\/[^/?#@\\]+(?:[/?#]|$)/i;

/** Why the URL of a request cannot be told. */
function wrongHead({
  headers,
  httpVersion,
  url = "",
}: IncomingMessage): LakehouseError | undefined {
  const { host } = headers;
  if (host === undefined ? httpVersion !== "1.0" : !isHost(host)) return noHost();
  return url.startsWith("/") || ABSOLUTE.test(url) ? undefined : noTarget();
}

function noTarget(): LakehouseError {
  const message = "the target of the request is neither a path nor the URL of one";
  return new LakehouseError("invalid", message, { reason: "invalid_input" });
}
