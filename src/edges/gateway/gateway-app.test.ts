// The edge: auth on every route but /health, scopes, foreign origins, health and API document.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ALL_CONTRACTS } from "#contracts/all-contracts.ts";
import { parseRoute, scopeOf } from "#kernel/contract.ts";
import { createGatewayApp } from "./gateway-app.ts";
import { isLoopback, type AccessToken } from "./authenticate.ts";

const TOKENS: AccessToken[] = [
  { name: "reader", secret: "reader-secret-0123456789", scopes: ["read"] },
  { name: "owner", secret: "owner-secret-0123456789", scopes: ["admin"] },
];

/** A gateway whose services all answer `{}`: what is tested is what reaches them. */
function gateway(tokens: readonly AccessToken[], hosts: readonly string[] = []) {
  const reached: string[] = [];
  const served = Object.values(ALL_CONTRACTS).map((contract) => ({
    contract,
    client: new Proxy(
      {},
      {
        get: (_target, name) => async () => {
          reached.push(`${contract.service}.${String(name)}`);
          return { body: (async function* () {})() };
        },
      },
    ),
  }));
  const health = async () => ({ storage: { status: "ok" as const, figures: {} } });
  const app = createGatewayApp({
    served,
    health,
    auth: { tokens },
    version: "1.2.3",
    instance: "i-1",
    hosts,
  });
  return { app, reached };
}

const ROUTES = Object.values(ALL_CONTRACTS).flatMap((contract) =>
  Object.entries(contract.operations)
    .filter(([, operation]) => operation.exposure !== "process" && operation.kind !== "stream")
    .flatMap(([name, operation]) =>
      [operation.http, ...(operation.aliases ?? [])].map((route) => ({
        id: `${contract.service}.${name}`,
        scope: scopeOf(operation),
        ...parseRoute(route),
      })),
    ),
);

function send(
  app: ReturnType<typeof gateway>["app"],
  route: { method: string; path: string },
  token?: string,
) {
  const path = route.path.replaceAll(/\{\w+(\.\.\.)?\}/g, "x");
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (token !== undefined) headers["authorization"] = `Bearer ${token}`;
  const with_body = route.method === "POST" || route.method === "PUT";
  const init = { method: route.method, headers, ...(with_body ? { body: "{}" } : {}) };
  return app.fetch(new Request(`http://127.0.0.1${path}`, init));
}

test("with auth on, every route refuses no token, a wrong one, and one without the scope", async () => {
  const { app, reached } = gateway(TOKENS);
  assert.ok(ROUTES.length > 60, `only ${ROUTES.length} routes`);
  for (const route of ROUTES) {
    assert.equal((await send(app, route)).status, 401, route.id);
    assert.equal((await send(app, route, "wrong-secret-0123456789")).status, 401, route.id);
    const reader = await send(app, route, TOKENS[0]!.secret);
    assert.equal(reader.status === 403, route.scope !== "read", `${route.id} as reader`);
    if (route.scope !== "read") assert.equal(reached.includes(route.id), false, route.id);
  }
  for (const path of ["/", "/openapi.json"]) {
    const { status, headers } = await send(app, { method: "GET", path });
    assert.deepEqual([status, headers.get("www-authenticate")], [401, "Bearer"], path);
  }
});

test("with auth on, the right token reaches every operation", async () => {
  const { app, reached } = gateway(TOKENS);
  for (const route of ROUTES) {
    const response = await send(app, route, TOKENS[1]!.secret);
    assert.equal(response.status, 200, route.id);
    assert.equal(reached.at(-1), route.id);
  }
});

test("health is open, with the version and each service", async () => {
  const { app } = gateway(TOKENS);
  const response = await send(app, { method: "GET", path: "/health" });
  assert.equal(response.status, 200);
  const body = (await response.json()) as { status: string; version: string };
  assert.deepEqual([body.status, body.version], ["ok", "1.2.3"]);
});

test("pages of other sites and rebound names are refused", async () => {
  const { app, reached } = gateway([]);
  const foreign = new Request("http://127.0.0.1/v1/models", {
    headers: { origin: "https://evil.test" },
  });
  assert.equal((await app.fetch(foreign)).status, 403);
  assert.equal((await app.fetch(new Request("http://evil.test/v1/models"))).status, 403);
  assert.deepEqual(reached, []);
  const own = new Request("http://localhost/v1/models", {
    headers: { origin: "http://localhost:3110" },
  });
  assert.equal((await app.fetch(own)).status, 200);
});

test("what other sites embed is refused also where browsers send no Origin; links are followed", async () => {
  const { app, reached } = gateway([]);
  const get = (headers: Record<string, string>) =>
    app.fetch(new Request("http://127.0.0.1/v1/models", { headers }));
  const embedded = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" };
  assert.equal((await get(embedded)).status, 403);
  assert.deepEqual(reached, []);
  assert.equal((await get({ ...embedded, "sec-fetch-mode": "navigate" })).status, 200);
  assert.equal((await get({ ...embedded, "sec-fetch-site": "same-origin" })).status, 200);
  // A page on another port of this machine is one of ours.
  assert.equal((await get({ ...embedded, origin: "http://localhost:8080" })).status, 200);
});

test("no answer runs as a page of this server, whatever an object holds", async () => {
  const { app } = gateway([]);
  for (const path of ["/storage/objects/page.html", "/v1/models", "/nowhere", "/health"]) {
    const { headers } = await app.fetch(new Request(`http://127.0.0.1${path}`));
    assert.equal(headers.get("content-security-policy"), "sandbox", path);
    assert.equal(headers.get("x-content-type-options"), "nosniff", path);
  }
});

test("a path that is not percent-encoded UTF-8 is the caller's fault", async () => {
  const { app, reached } = gateway(TOKENS);
  const headers = { authorization: `Bearer ${TOKENS[1]!.secret}` };
  const url = "http://127.0.0.1/storage/objects/%ff";
  const response = await app.fetch(new Request(url, { method: "DELETE", headers }));
  assert.equal(response.status, 400);
  assert.deepEqual(reached, []);
});

test("the server answers to its own address, however it is written", async () => {
  const { app } = gateway([], ["127.0.0.2", "::", "MyHost"]);
  for (const host of ["127.0.0.2", "[::]", "myhost", "MYHOST"]) {
    assert.equal((await app.fetch(new Request(`http://${host}/v1/models`))).status, 200, host);
  }
});

test("what the house keeps in storage is for the admin scope, whatever spelling", async () => {
  const writer = { name: "writer", secret: "writer-secret-0123456789", scopes: ["write" as const] };
  const { app, reached } = gateway([writer]);
  for (const path of ["datasets/a.parquet", "datasets%2Fa.parquet", "_catalog/x", "_VECTORS/y"]) {
    const route = { method: "DELETE", path: `/storage/objects/${path}` };
    assert.equal((await send(app, route, writer.secret)).status, 403, path);
  }
  assert.deepEqual(reached, []);
  const own = { method: "DELETE", path: "/storage/objects/mine/a.txt" };
  assert.equal((await send(app, own, writer.secret)).status, 200);
});

test("the API document holds every public operation", async () => {
  const { app } = gateway([]);
  const response = await send(app, { method: "GET", path: "/openapi.json" });
  const document = (await response.json()) as { paths: Record<string, Record<string, unknown>> };
  for (const { method, path, id } of ROUTES) {
    const entry = document.paths[path.replaceAll("...", "")]?.[method.toLowerCase()];
    assert.ok(entry !== undefined, `${id} is missing`);
  }
});

test("loopback is known by address", () => {
  for (const host of ["localhost", "127.0.0.1", "127.8.9.1", "::1"]) assert.ok(isLoopback(host));
  for (const host of ["0.0.0.0", "192.168.1.2", "127.0.0.1.evil.test", "::"]) {
    assert.equal(isLoopback(host), false);
  }
});

test("the scheme of a token is the same in any case", async () => {
  const { app, reached } = gateway(TOKENS);
  for (const scheme of ["bearer", "BEARER", "Bearer"]) {
    const headers = { authorization: `${scheme} ${TOKENS[0]!.secret}` };
    const response = await app.fetch(new Request("http://127.0.0.1/v1/models", { headers }));
    assert.equal(response.status, 200, scheme);
  }
  assert.equal(reached.length, 3);
});
