// The one edge for everything: routes of all contracts, faces of foreign protocols, health, API
// document, auth, origin guard.
import type { Hono } from "hono";
import type { Contract } from "#kernel/contract.ts";
import type { HttpFace } from "#kernel/http-face.ts";
import type { ServiceHealth } from "#kernel/lifecycle.ts";
import type { Log } from "#kernel/log.ts";
import { openApi } from "#kernel/openapi.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { problemResponse, serveHttp, type Served } from "#kernel/serve-http.ts";
import { createAuthenticator, scopeNeeded, type AuthSettings } from "./authenticate.ts";
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
  readonly log?: Log | undefined;
}

/** The gateway as a web-standard app. */
export function createGatewayApp(needs: GatewayNeeds): Hono {
  const authenticate = createAuthenticator(needs.auth);
  const app = serveHttp(needs.served, {
    authenticate: (request, operation) => authenticate(request, scopeNeeded(request, operation)),
    stopping: needs.stopping,
    log: needs.log,
  });
  const contracts: Contract[] = needs.served.map((served) => served.contract);
  const document = JSON.stringify(openApi(contracts, needs.version));
  app.get("/health", async () => {
    const services = await needs.health();
    const worst = worstStatus(Object.values(services));
    const { version, instance } = needs;
    const body = { status: worst, version, instance, services };
    return Response.json(body, { status: worst === "down" ? 503 : 200 });
  });
  app.get("/openapi.json", (context) => {
    authenticate(context.req.raw, "read");
    return new Response(document, { headers: { "content-type": "application/json" } });
  });
  app.get("/", (context) => {
    authenticate(context.req.raw, "read");
    return Response.json({
      name: "lakehouse",
      version: needs.version,
      services: contracts.map((contract) => contract.service),
      links: { health: "/health", api: "/openapi.json" },
    });
  });
  serveFaces(app, needs.faces ?? [], { ...needs, authenticate });
  return guardOrigin(app, needs.hosts);
}

function worstStatus(all: readonly ServiceHealth[]): ServiceHealth["status"] {
  if (all.some((one) => one.status === "down")) return "down";
  return all.some((one) => one.status === "degraded") ? "degraded" : "ok";
}

/**
 * Refuses what a foreign web page could send to a server on loopback: requests whose Origin is
 * another site, and names that only a rebound DNS record would point here.
 */
function guardOrigin(app: Hono, hosts: readonly string[]): Hono {
  const inner = app.fetch;
  const known = new Set(["localhost", "127.0.0.1", "[::1]", ...hosts.map(hostOfUrl)]);
  app.fetch = (request, ...rest) => {
    const host = new URL(request.url).hostname;
    if (!known.has(host)) return problemResponse(refused(`host "${host}"`));
    const origin = request.headers.get("origin");
    if (origin !== null && !sameSite(origin, known)) {
      return problemResponse(refused(`origin "${origin}"`));
    }
    return inner(request, ...rest);
  };
  return app;
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
