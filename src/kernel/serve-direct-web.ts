// Web requests to fixed paths answered without a router and its context: the fast way on Bun.
import {
  answerCall,
  bodyEndedEarly,
  problemAnswer,
  type AnswerOverHttp,
  type AskedOverHttp,
  type RoutedOperation,
} from "./answer-call.ts";
import { toReadableStream } from "./http-client.ts";
import { startWait, stopWait } from "./long-wait.ts";
import { LIMITS } from "./limits.ts";
import { traceIdOf, type DirectEdge, type DirectGuard } from "./serve-direct.ts";
import { bodyStalled } from "./stalled-body.ts";
import { traceOrigin } from "./trace-context.ts";
import { emptyBody } from "./whole-body.ts";

/** Undefined: the web app must answer. */
export type DirectWebHandler = (
  request: Request,
  guard?: DirectGuard,
) => Promise<Response> | undefined;

/** Read without a web stream around it, which costs more than all the rest of a small request. */
export const READ_AT_ONCE_BYTES = 256 * 1024;

/** `fixed`: routes without parameters whose body (if any) is JSON. */
export function serveDirectWeb(
  fixed: ReadonlyMap<string, RoutedOperation>,
  edge: DirectEdge,
): DirectWebHandler {
  return (request, guard = {}) => {
    const { method, url } = request;
    const routed = fixed.get(`${method} ${pathOf(url)}`);
    if (routed === undefined || !isSmall(request) || guard.passOn?.(request) === true) {
      return undefined;
    }
    const refused = guard.refuse?.(request);
    if (refused !== undefined) {
      const answer = problemAnswer(refused, traceIdOf(request));
      return Promise.resolve(toWebResponse(answer, guard.headers));
    }
    return answerWeb(request, routed, guard, edge);
  };
}

/** The path with its query, as it stands in the URL. */
export function pathOf(url: string): string {
  return url.slice(url.indexOf("/", "https://".length));
}

/** Whether the whole body is short, and says so. */
function isSmall({ method, headers }: Request): boolean {
  if (method === "GET" || method === "DELETE") return true;
  return Number(headers.get("content-length") ?? Number.NaN) <= READ_AT_ONCE_BYTES;
}

async function answerWeb(
  request: Request,
  routed: RoutedOperation,
  guard: DirectGuard,
  edge: DirectEdge,
): Promise<Response> {
  const open = edge.calls.open(routed.operation.kind === "stream", request.signal);
  const header = (name: string) => request.headers.get(name) ?? undefined;
  const asked: AskedOverHttp = {
    http_method: request.method,
    origin: traceOrigin(header),
    header,
    query: () => ({}),
    param: () => undefined,
    text: () => readAtOnce(request),
    bytes: emptyBody,
    authenticate: (operation) => edge.authenticate?.(request, operation),
  };
  return toWebResponse(await answerCall(asked, routed, open, edge), guard.headers);
}

export function toWebResponse(
  { status, headers, body }: AnswerOverHttp,
  more?: Readonly<Record<string, string>>,
): Response {
  const plain = typeof body === "string" || body === null;
  // An answer's headers are made for it alone.
  const all = more === undefined ? headers : Object.assign(headers, more);
  return new Response(plain ? body : toReadableStream(body), { status, headers: all });
}

export function readAtOnce(request: Request): Promise<string> {
  return new Promise((resolve, reject) => {
    const wait = startWait(LIMITS.body_stall_ms, () => reject(bodyStalled()));
    request.text().then(
      (text) => {
        stopWait(wait);
        resolve(text);
      },
      (cause: unknown) => {
        stopWait(wait);
        reject(bodyEndedEarly(cause));
      },
    );
  });
}
