// The one edge for everything: routes of all contracts, faces of foreign protocols, health, API
// document, auth, origin guard.
import type { Contract } from "#kernel/contract.ts";
import type { HttpFace } from "#kernel/http-face.ts";
import type { ServiceHealth } from "#kernel/lifecycle.ts";
import type { Log } from "#kernel/log.ts";
import { openApi } from "#kernel/openapi.ts";
import { LakehouseError } from "#kernel/problem.ts";
import {
  answerAside,
  traceIdOf,
  type DirectGuard,
  type RequestHead,
} from "#kernel/serve-direct.ts";
import { problemResponse, serveHttp, type Served, type ServedApp } from "#kernel/serve-http.ts";
import { TRACE_HEADER } from "#kernel/trace-context.ts";
import { createAuthenticator, scopeNeeded, type AuthSettings } from "./authenticate.ts";
import { GATEWAY_PAGES } from "./gateway-pages.ts";
import { serveFaces } from "./serve-faces.ts";

export interface GatewayNeeds {
  readonly served: readonly Served[];
  /** Foreign protocols, asked in this order before the routes of contracts. */
  readonly faces?: readonly HttpFace[] | undefined;
  /** Health of each service in this process. */
  readonly health: () => Promise<Readonly<Record<string, ServiceHealth>>>;
  readonly auth: AuthSettings;
  readonly version: string;
  /** Names this run of the server: whoever knows it can tell it from another on the same port. */
  readonly instance: string;
  /** Names under which this server may be addressed (Host header). */
  readonly hosts: readonly string[];
  /** Aborts when the house stops. */
  readonly stopping?: AbortSignal | undefined;
  /** Time for calls in flight from then on. */
  readonly stop_grace_ms?: number | undefined;
  readonly log?: Log | undefined;
}

/** The gateway as a web-standard app. */
export function createGatewayApp(needs: GatewayNeeds): ServedApp {
  const authenticate = createAuthenticator(needs.auth);
  const app = serveHttp(needs.served, {
    authenticate: (request, operation) => authenticate(request, scopeNeeded(request, operation)),
    stopping: needs.stopping,
    stop_grace_ms: needs.stop_grace_ms,
    log: needs.log,
  });
  const contracts: Contract[] = needs.served.map((served) => served.contract);
  // Made when it is first asked for: it takes longer than all the rest of a start.
  let document: string | undefined;
  const health = (asked: RequestHead) => healthAnswer(needs, asked);
  app.get("/health", async (context) => {
    const { body, ...head } = await health(context.req.raw);
    return new Response(body, head);
  });
  app.get("/openapi.json", (context) => {
    authenticate(context.req.raw, "read");
    document ??= JSON.stringify(openApi(contracts, needs.version, GATEWAY_PAGES));
    return new Response(document, { headers: jsonHeaders(context.req.raw) });
  });
  app.get("/", (context) => {
    authenticate(context.req.raw, "read");
    const services = contracts.map((contract) => contract.service);
    const links = { health: "/health", metrics: "/metrics", api: "/openapi.json" };
    const about = { name: "lakehouse", version: needs.version, services, links };
    return Response.json(about, { headers: jsonHeaders(context.req.raw) });
  });
  serveFaces(app, needs.faces ?? [], { ...needs, authenticate });
  return guardOrigin(app, health, needs.hosts, needs.faces ?? []);
}

function jsonHeaders(asked: RequestHead): Record<string, string> {
  return { "content-type": "application/json", [TRACE_HEADER]: traceIdOf(asked) };
}

async function healthAnswer({ health, version, instance }: GatewayNeeds, asked: RequestHead) {
  const services = await health();
  const status = worstStatus(Object.values(services));
  return {
    status: status === "down" ? 503 : 200,
    headers: jsonHeaders(asked),
    body: JSON.stringify({ status, version, instance, services }),
  };
}

function worstStatus(all: readonly ServiceHealth[]): ServiceHealth["status"] {
  if (all.some((one) => one.status === "down")) return "down";
  return all.some((one) => one.status === "degraded") ? "degraded" : "ok";
}

/**
 * Refuses what a foreign web page could send to a server on loopback: requests whose Origin is
 * another site, what its images and scripts fetch without an Origin, and names that only a rebound
 * DNS record would point here. What is answered never runs as a page of this server.
 */
function guardOrigin(
  app: ServedApp,
  health: (asked: RequestHead) => ReturnType<typeof healthAnswer>,
  hosts: readonly string[],
  faces: readonly HttpFace[],
): ServedApp {
  const { fetch: inner, direct, directWeb } = app;
  const known = new Set(["localhost", "127.0.0.1", "[::1]", ...hosts.map(hostOfUrl)]);
  app.fetch = async (request, ...rest) => {
    const foreign = foreignPart(request, known);
    if (foreign !== undefined) return problemResponse(refused(foreign), traceIdOf(request));
    return notAsPage(await inner(request, ...rest));
  };
  const guard: DirectGuard = {
    passOn: (head) => isForFaces(head, faces),
    refuse(head) {
      const foreign = foreignPart(head, known);
      return foreign === undefined ? undefined : refused(foreign);
    },
    headers: NOT_AS_PAGE,
  };
  app.directWeb = (request) => directWeb(request, guard);
  app.direct = (incoming, response) =>
    incoming.url === "/health" && incoming.method === "GET"
      ? answerAside(incoming, response, guard, health)
      : direct(incoming, response, guard);
  return app;
}

/** Signed as for a foreign protocol, or of an address that is no URL: the whole app looks at it. */
function isForFaces({ url, headers }: RequestHead, faces: readonly HttpFace[]): boolean {
  const authorization = headers.get("authorization");
  if (authorization !== null && !/^Bearer /i.test(authorization)) return true;
  if (!PLAIN.test(url) && !URL.canParse(url)) return true;
  return faces.length > 0 && headers.get("x-amz-date") !== null;
}

/** The usual form of an address, name and digits alone: to parse it as a URL costs more. */
const PLAIN = /^http:\/\/([a-z0-9.-]+)(?::\d{1,5})?\//;

function isPlainly(url: string, known: ReadonlySet<string>): boolean {
  const host = PLAIN.exec(url)?.[1];
  return host !== undefined && known.has(host);
}

/** Whom a request comes from or is meant for, when that is nobody of ours. */
function foreignPart({ url, headers }: RequestHead, known: ReadonlySet<string>) {
  if (!isPlainly(url, known)) {
    // No path is looked at in an address that no URL parser takes.
    if (!URL.canParse(url)) return "a host that is none";
    const host = new URL(url).hostname;
    if (!known.has(host)) return `host "${host}"`;
  }
  const origin = headers.get("origin");
  if (origin !== null) return sameSite(origin, known) ? undefined : `origin "${origin}"`;
  // Sent by browsers. Following a link from elsewhere is no more than what the link shows.
  const embeds = headers.get("sec-fetch-mode") !== "navigate";
  return embeds && headers.get("sec-fetch-site") === "cross-site" ? "another site" : undefined;
}

/**
 * An object may be an HTML file from anywhere; opened by its address it would be a page of this
 * server, whose scripts may call it. Sandboxed it has an origin of its own, which is refused.
 */
const NOT_AS_PAGE = {
  "x-content-type-options": "nosniff",
  "content-security-policy": "sandbox",
};

function notAsPage(response: Response): Response {
  for (const [name, value] of Object.entries(NOT_AS_PAGE)) {
    if (!response.headers.has(name)) response.headers.set(name, value);
  }
  return response;
}

/** A host as it stands in a URL: lower case, IPv6 in brackets. */
function hostOfUrl(host: string): string {
  const url = `http://${host.includes(":") && !host.startsWith("[") ? `[${host}]` : host}/`;
  return URL.canParse(url) ? new URL(url).hostname : host;
}

function sameSite(origin: string, known: ReadonlySet<string>): boolean {
  return URL.canParse(origin) && known.has(new URL(origin).hostname);
}

function refused(what: string): LakehouseError {
  return new LakehouseError("forbidden", `requests for ${what} are not taken`, {
    reason: "foreign_origin",
    hint: "add the name to [gateway] hosts if it is yours",
  });
}
