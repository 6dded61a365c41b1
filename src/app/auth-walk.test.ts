// Every door of a guarded house without, with wrong, with insufficient and with right credentials.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileLifetime } from "../../test/support/file-lifetime.ts";
import { SECRETS, serveGuardedHouse, type ServedHouse } from "../../test/support/served-house.ts";
import { tempDir } from "../../test/support/temp-dir.ts";

const lifetime = fileLifetime();
let house: ServedHouse;
/** Of a virtual key that may ask models only, and of one that may do all that a writer may. */
let models_key: string;
let house_key: string;

lifetime.beforeFirst(async () => {
  house = await serveGuardedHouse(lifetime, await tempDir(lifetime));
  const { catalog, usage } = house.clients;
  const fields = [{ name: "id", type: "long" }];
  await catalog.register({ name: "shelf", fields });
  models_key = (await usage.create_key({ name: "asks", scopes: ["read", "write"] })).secret;
  const all = { name: "works", scopes: ["read" as const, "write" as const], models_only: false };
  house_key = (await usage.create_key({ ...all, models: ["openrouter/*"] })).secret;
});

interface Door {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly body?: string | undefined;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** The answer to a door; a stream that never ends is left once its headers are there. */
async function knock(door: Door, secret: string | undefined): Promise<Answer> {
  const headers: Record<string, string> = {};
  if (door.body !== undefined) headers["content-type"] = "application/json";
  if (door.path === "/mcp") headers["accept"] = "application/json, text/event-stream";
  if (secret !== undefined) headers["authorization"] = `Bearer ${secret}`;
  const body = door.body === undefined ? {} : { body: door.body };
  // Bun sends the headers of a stream with its first item: there is to be one.
  const nudge = setInterval(() => void makeEvent(), 250);
  const asked = fetch(`${house.url}${door.path}`, { method: door.method, headers, ...body });
  const answer = await asked.finally(() => clearInterval(nudge));
  const { status, headers: sent } = answer;
  if (answer.headers.get("content-type") === "application/x-ndjson") {
    await answer.body?.cancel();
    return { status, headers: sent, text: "" };
  }
  return { status, headers: sent, text: await answer.text() };
}

function makeEvent(): Promise<unknown> {
  const event = { source: "bot", endpoint: "walk", ok: true };
  return house.clients.observe.event(event).catch(() => undefined);
}

const WRONG = "another-secret-0123456789";
const isRefusal = (status: number) => status === 401 || status === 403;

interface Documented {
  readonly "x-lakehouse-scope"?: "read" | "write" | "admin";
  readonly security?: readonly unknown[];
}

/** Every operation of the document, with what it says of itself. */
async function documentedDoors(): Promise<{ door: Door; told: Documented }[]> {
  const api = await knock({ id: "", method: "GET", path: "/openapi.json" }, SECRETS.owner);
  const { paths } = JSON.parse(api.text) as { paths: Record<string, Record<string, Documented>> };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([name, told]) => {
      const method = name.toUpperCase();
      const body = method === "POST" || method === "PUT" ? "{}" : undefined;
      const door = {
        id: `${method} ${path}`,
        method,
        path: path.replaceAll(/\{\w+\}/g, "x"),
        body,
      };
      return { door, told };
    }),
  );
}

/** A token that has another scope than the one needed. */
function insufficientFor(scope: "read" | "write" | "admin"): string {
  return scope === "read" ? SECRETS.writer : scope === "write" ? SECRETS.reader : SECRETS.writer;
}

test("every operation of the API document, with four kinds of credentials", async (t) => {
  const doors = await documentedDoors();
  const open: string[] = [];
  const seen = { read: 0, write: 0, admin: 0 };
  for (const { door, told } of doors) {
    const { "x-lakehouse-scope": scope, security } = told;
    if (scope === undefined) {
      assert.deepEqual(security, [], `${door.id} says neither its scope nor that it is open`);
      assert.ok(!isRefusal((await knock(door, undefined)).status), door.id);
      open.push(door.id);
      continue;
    }
    seen[scope]++;
    for (const secret of [undefined, WRONG]) {
      const { status, headers } = await knock(door, secret);
      assert.equal(status, 401, `${door.id} with ${secret}`);
      assert.equal(headers.get("www-authenticate"), "Bearer", `${door.id} with ${secret}`);
    }
    assert.equal((await knock(door, insufficientFor(scope))).status, 403, door.id);
    const right = await knock(door, SECRETS.owner);
    assert.ok(!isRefusal(right.status), `${door.id} as owner: ${right.status} ${right.text}`);
  }
  assert.deepEqual(open, ["GET /health"]);
  assert.ok(doors.length >= 115, `only ${doors.length} operations`);
  assert.ok(seen.read > 40 && seen.write > 40 && seen.admin >= 5, JSON.stringify(seen));
  t.diagnostic(`${doors.length} operations: ${JSON.stringify(seen)}, ${open.length} open`);
});

test("a 401 of the catalog's face names its scheme too", async () => {
  for (const path of ["/iceberg/v1/config", "/iceberg/v1/lakehouse/namespaces"]) {
    const { status, headers } = await knock({ id: path, method: "GET", path }, WRONG);
    assert.deepEqual([status, headers.get("www-authenticate")], [401, "Bearer"], path);
  }
  const path = "/iceberg/v1/oauth/tokens";
  const authorization = `Basic ${Buffer.from(`any:${WRONG}`).toString("base64")}`;
  const body = new URLSearchParams({ grant_type: "client_credentials" });
  const asked = { method: "POST", headers: { authorization }, body };
  const { status, headers } = await fetch(`${house.url}${path}`, asked);
  assert.deepEqual([status, headers.get("www-authenticate")], [401, "Basic"], path);
});

test("a virtual key: models only where it says so, models of its list, nothing once deleted", async () => {
  const doors = await documentedDoors();
  const for_models: string[] = [];
  for (const { door, told } of doors) {
    if (told["x-lakehouse-scope"] === undefined) continue;
    const { status, text } = await knock(door, models_key);
    if (status === 403) assert.match(text, /"reason":"models_only"/, door.id);
    else for_models.push(door.path);
    const wide = await knock(door, house_key);
    assert.equal(wide.status === 403, told["x-lakehouse-scope"] === "admin", door.id);
    if (wide.status === 403) assert.match(wide.text, /"reason":"missing_scope"/, door.id);
  }
  assert.deepEqual(for_models.toSorted(), [
    "/v1/chat",
    "/v1/chat/completions",
    "/v1/chat/providers",
    "/v1/chat/stream",
    "/v1/embeddings",
    "/v1/key",
    "/v1/models",
    "/v1/models/x",
  ]);
  for (const path of ["/mcp", "/s3/", "/iceberg/v1/config"]) {
    const method = path === "/mcp" ? "POST" : "GET";
    const body = method === "POST" ? "{}" : undefined;
    assert.equal((await knock({ id: path, method, path, body }, models_key)).status, 403, path);
  }
  const messages = [{ role: "user", content: "hello" }];
  const body = JSON.stringify({ model: "builtin/solver", messages });
  for (const path of ["/v1/chat", "/v1/chat/completions", "/v1/chat/stream"]) {
    const refused = await knock({ id: path, method: "POST", path, body }, house_key);
    assert.equal(refused.status, 403, path);
    assert.match(refused.text, /model_not_allowed/);
  }
  await listsForKeys();
  await ownKeys();
  const { usage } = house.clients;
  const { keys } = await usage.keys({});
  for (const { key_id } of keys) await usage.delete_key({ key_id });
  const models = { id: "models", method: "GET", path: "/v1/models" };
  assert.equal((await knock(models, models_key)).status, 401);
});

/** A key is told of itself and of no other; what is no key has none. */
async function ownKeys(): Promise<void> {
  const own = { id: "own", method: "GET", path: "/v1/key" };
  const told = await knock(own, models_key);
  const { key } = JSON.parse(told.text) as { key: { models_only: boolean; spent: object } };
  assert.equal(key.models_only, true);
  assert.deepEqual(Object.keys(key.spent), [
    "day_cost",
    "day_tokens",
    "month_cost",
    "month_tokens",
  ]);
  assert.ok(!/sha256|secret/.test(told.text), told.text);
  const owner = await knock(own, SECRETS.owner);
  assert.equal(owner.status, 404);
  assert.match(owner.text, /"reason":"no_such_key"/);
}

/** A key is shown the models of its list, and each of them by itself; no others. */
async function listsForKeys(): Promise<void> {
  const embedding = ["builtin/all-minilm-l6-v2-512", "builtin/all-minilm-l6-v2"];
  for (const [secret, ids] of [
    [models_key, ["builtin/solver", ...embedding]],
    [house_key, []],
  ] as const) {
    const list = await knock({ id: "list", method: "GET", path: "/v1/models" }, secret);
    const { data } = JSON.parse(list.text) as { data: { id: string }[] };
    assert.deepEqual(
      data.map(({ id }) => id),
      ids,
    );
    for (const path of ["/v1/models/builtin%2Fsolver", "/v1/models/builtin/solver"]) {
      const one = await knock({ id: "one", method: "GET", path }, secret);
      assert.equal(one.status, ids.length === 0 ? 404 : 200, path);
      if (one.status === 200) assert.deepEqual(JSON.parse(one.text), data[0]);
      else assert.match(one.text, /"code":"no_such_model"/);
    }
  }
}

const rpc = (method: string, params: object): Door => ({
  id: `mcp ${method} ${JSON.stringify(params)}`,
  method: "POST",
  path: "/mcp",
  body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
});

async function rpcResult<T>(door: Door, secret: string): Promise<T> {
  const { status, text } = await knock(door, secret);
  assert.equal(status, 200, `${door.id}: ${text}`);
  const json = /^data: (\{.*)$/m.exec(text)?.[1] ?? text;
  return (JSON.parse(json) as { result: T }).result;
}

interface Listed {
  readonly tools: { name: string; annotations: { readOnlyHint?: boolean } }[];
  readonly resources: { uri: string }[];
  readonly resourceTemplates: { uriTemplate: string }[];
}

test("every MCP tool and resource, with four kinds of credentials", async (t) => {
  const { tools } = await rpcResult<Listed>(rpc("tools/list", {}), SECRETS.owner);
  const { resources } = await rpcResult<Listed>(rpc("resources/list", {}), SECRETS.owner);
  const { resourceTemplates } = await rpcResult<Listed>(
    rpc("resources/templates/list", {}),
    SECRETS.owner,
  );
  const calls = tools.map(({ name, annotations }) => ({
    door: rpc("tools/call", { name, arguments: {} }),
    reads: annotations.readOnlyHint === true,
  }));
  const uris = [
    ...resources.map(({ uri }) => uri),
    ...resourceTemplates.map(({ uriTemplate }) => uriTemplate.replaceAll(/\{\w+\}/g, "shelf")),
  ];
  const reads = uris.map((uri) => rpc("resources/read", { uri }));
  const listings = ["tools/list", "resources/list", "resources/templates/list", "ping"];
  const doors = [
    ...calls.map(({ door }) => door),
    ...reads,
    ...listings.map((one) => rpc(one, {})),
  ];
  for (const door of doors) {
    for (const [secret, status] of [
      [undefined, 401],
      [WRONG, 401],
      // Whoever may not read sees nothing; writing alone opens no tool.
      [SECRETS.writer, 403],
    ] as const) {
      assert.equal((await knock(door, secret)).status, status, door.id);
    }
    const right = await knock(door, SECRETS.owner);
    assert.ok(!isRefusal(right.status), `${door.id}: ${right.status}`);
    assert.doesNotMatch(right.text, /missing_scope|no_token|unknown_token/, door.id);
  }
  for (const { door, reads: only_reads } of calls) {
    const { text } = await knock(door, SECRETS.reader);
    assert.equal(text.includes("missing_scope"), !only_reads, `${door.id} as reader`);
  }
  assert.ok(tools.length >= 20 && uris.length >= 5, `${tools.length} tools, ${uris.length} uris`);
  assert.ok(calls.some(({ reads: yes }) => yes) && calls.some(({ reads: yes }) => !yes));
  t.diagnostic(`${tools.length} tools, ${uris.length} resources and templates`);
});

test("every route of the Iceberg catalog that its config announces, in its own error form", async (t) => {
  const config = await knock(
    { id: "config", method: "GET", path: "/iceberg/v1/config" },
    SECRETS.owner,
  );
  const { endpoints } = JSON.parse(config.text) as { endpoints: string[] };
  assert.ok(endpoints.length >= 15, `only ${endpoints.length} endpoints`);
  let insufficient = 0;
  for (const endpoint of ["GET /v1/config", ...endpoints]) {
    const [method = "", template = ""] = endpoint.split(" ");
    const path = `/iceberg${template.replace("{prefix}/", "").replaceAll(/\{[\w-]+\}/g, "x")}`;
    const body = method === "POST" ? "{}" : undefined;
    const door = { id: endpoint, method, path, body };
    for (const secret of [undefined, WRONG]) {
      const { status, text } = await knock(door, secret);
      assert.equal(status, 401, endpoint);
      if (method === "HEAD") continue;
      const { error } = JSON.parse(text) as { error: { type: string; code: number } };
      assert.deepEqual([error.type, error.code], ["NotAuthorizedException", 401], endpoint);
    }
    assert.equal((await knock(door, SECRETS.writer)).status, 403, endpoint);
    const reader = await knock(door, SECRETS.reader);
    if (reader.status === 403) {
      insufficient++;
      assert.match(reader.text, /"ForbiddenException"/, endpoint);
    }
    const right = await knock(door, SECRETS.owner);
    assert.ok(!isRefusal(right.status), `${endpoint} as owner: ${right.status} ${right.text}`);
  }
  assert.ok(insufficient >= 7, `only ${insufficient} routes need more than reading`);
  t.diagnostic(`${endpoints.length + 1} routes, ${insufficient} that write`);
});
