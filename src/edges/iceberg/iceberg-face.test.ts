// The Iceberg REST edge: routes, scopes, shapes of answers and errors, keys, pages.
import assert from "node:assert/strict";
import { test } from "node:test";
import { face, LONG_ID, READER, refuses, TABLE, vend } from "./answering-face.suite.ts";
import type { MetricsReport } from "./iceberg-face.ts";

test("config lists the routes there are, where data is, and to ask for keys", async () => {
  const { json } = await face({}, { vend }).send("GET", "config?warehouse=lake");
  assert.equal(json.defaults["s3.endpoint"], "http://lake.test:3110");
  assert.equal(json.defaults["header.X-Iceberg-Access-Delegation"], "vended-credentials");
  assert.ok(json.endpoints.includes("GET /v1/{prefix}/namespaces/{namespace}/tables/{table}"));
  assert.ok(json.endpoints.includes("POST /v1/{prefix}/transactions/commit"));
  assert.ok(json.endpoints.length >= 16);
  assert.equal(
    json.endpoints.some((one: string) => one.includes("views")),
    false,
  );
});

test("reading needs the read scope, everything else the write scope", async () => {
  const { send, asked } = face({ load_table: () => TABLE });
  const routes = [
    ["GET", "namespaces/default/tables/t", 200],
    ["HEAD", "namespaces/default/tables/t", 204],
    ["GET", "namespaces", 200],
    ["POST", "namespaces", 403],
    ["DELETE", "namespaces/sales", 403],
    ["POST", "namespaces/sales/properties", 403],
    ["POST", "namespaces/default/tables", 403],
    ["POST", "namespaces/default/tables/t", 403],
    ["DELETE", "namespaces/default/tables/t", 403],
    ["POST", "namespaces/default/register", 403],
    ["POST", "tables/rename", 403],
    ["POST", "transactions/commit", 403],
  ] as const;
  for (const [method, path, status] of routes) {
    const nobody = await send(method, path, { principal: null });
    assert.equal(nobody.status, 401, path);
    if (method !== "HEAD") assert.equal(nobody.json.error.type, "NotAuthorizedException");
    const body = method === "POST" ? { body: {} } : {};
    assert.equal((await send(method, path, { principal: READER, ...body })).status, status, path);
  }
  assert.ok(asked.every(([name]) => name === "load_table" || name === "namespaces"));
});

test("a table is loaded with ids as numbers, of any size, and properties as text", async () => {
  const { send, asked } = face({ load_table: () => TABLE });
  const { text, json } = await send("GET", "namespaces/sales/tables/orders");
  assert.deepEqual(asked, [["load_table", { name: "sales.orders" }]]);
  assert.ok(text.includes(`"current-snapshot-id":${LONG_ID}`), text);
  assert.equal(json.metadata.properties["some.snapshot-id"], "12");
  assert.equal(json["metadata-location"], TABLE.metadata_location);
  assert.deepEqual(json.config, {});
  const refs = await send("GET", "namespaces/sales/tables/orders?snapshots=refs");
  assert.equal(refs.json.metadata.snapshots.length, 1);
  assert.equal((await send("GET", "namespaces/sales/tables/o?snapshots=x")).status, 400);
});

test("who holds the same metadata already gets 304, for as long as the keys are the same", async () => {
  const { send, clock } = face({ load_table: () => TABLE }, { vend });
  const path = "namespaces/default/tables/t";
  const keys = { "x-iceberg-access-delegation": "remote-signing, vended-credentials" };
  const first = await send("GET", path, { headers: keys });
  assert.equal(first.json.config["s3.access-key-id"], "key-of-local");
  assert.equal(first.json["storage-credentials"][0].prefix, "s3://");
  // Trino takes keys with a session token only; Java clients come for the next ones there.
  assert.ok(first.json.config["s3.session-token"]);
  assert.equal(
    first.json.config["client.refresh-credentials-endpoint"],
    "http://lake.test:3110/iceberg/v1/namespaces/default/tables/t/credentials",
  );
  const held = { "if-none-match": first.headers.get("etag")! };
  assert.equal((await send("GET", path, { headers: { ...keys, ...held } })).status, 304);
  const without_keys = await send("GET", path, { headers: held });
  assert.equal(without_keys.status, 200);
  assert.deepEqual(without_keys.json.config, {});
  assert.equal((await send("GET", `${path}?snapshots=refs`, { headers: held })).status, 200);
  clock.advance(12 * 3_600_000);
  assert.equal((await send("GET", path, { headers: { ...keys, ...held } })).status, 200);
  const { json } = await send("GET", `${path}/credentials`);
  const { config } = json["storage-credentials"][0];
  const lasts_ms = Number(config["s3.secret-access-key"].slice("secret-".length));
  assert.ok(lasts_ms > 12 * 3_600_000 && lasts_ms <= 24 * 3_600_000, String(lasts_ms));
});

test("lists come in pages when asked for, and whole when not", async () => {
  const { send } = face();
  const names: string[] = [];
  let token: string | null = "";
  while (token !== null) {
    const { json } = await send("GET", `namespaces?pageSize=3&pageToken=${token}`);
    assert.ok(json.namespaces.length <= 3);
    names.push(...json.namespaces.flat());
    token = json["next-page-token"];
  }
  assert.deepEqual(names, ["default", "hr", "ops", "sales"]);
  assert.equal((await send("GET", "namespaces")).json.namespaces.length, 4);
  assert.deepEqual((await send("GET", "namespaces?parent=ops")).json.namespaces, []);
  assert.equal((await send("GET", "namespaces?parent=none")).status, 404);
  assert.equal((await send("GET", "namespaces?pageSize=0")).status, 400);
});

test("a namespace says where its tables may stand, unless it has a place of its own", async () => {
  const buckets = [
    { name: "other", main: false, backend: "s3" as const, created_at: "" },
    { name: "lake", main: true, backend: "disk" as const, created_at: "" },
  ];
  const storage = { buckets: async () => ({ buckets }) };
  const { json } = await face({}, { storage }).send("GET", "namespaces/ops");
  assert.deepEqual(json, {
    namespace: ["ops"],
    properties: { location: "s3://lake/datasets/ops", owner: "me" },
  });
  const own = { namespace: "ops", properties: { location: "s3://other/x" } };
  const placed = face({ namespaces: () => ({ namespaces: [own] }) }, { storage });
  const answer = await placed.send("GET", "namespaces/ops");
  assert.equal(answer.json.properties.location, "s3://other/x");
});

test("namespaces have one level; deeper ones cannot be made and are not there", async () => {
  const { send } = face();
  const made = await send("POST", "namespaces", { body: { namespace: ["a", "b"] } });
  assert.equal(made.status, 400);
  assert.match(made.json.error.message, /one level only/);
  const looked = await send("GET", "namespaces/a%1Fb");
  assert.deepEqual([looked.status, looked.json.error.type], [404, "NoSuchNamespaceException"]);
  // Engines ask so for metadata tables, and go on only when it is the table that is not there.
  const table = await send("GET", "namespaces/default%1Ft/tables/snapshots");
  assert.deepEqual([table.status, table.json.error.type], [404, "NoSuchTableException"]);
});

test("properties of a namespace are set and removed, but not the same one both", async () => {
  const alter_namespace = () => ({ namespace: "ops", properties: {}, missing: ["b"] });
  const { send, asked } = face({ alter_namespace });
  const body = { removals: ["a", "b"], updates: { c: "1" } };
  const { json } = await send("POST", "namespaces/ops/properties", { body });
  assert.deepEqual(json, { updated: ["c"], removed: ["a"], missing: ["b"] });
  const both = { removals: ["a"], updates: { a: "1" } };
  const refused = await send("POST", "namespaces/ops/properties", { body: both });
  assert.equal(refused.json.error.type, "UnprocessableEntityException");
  assert.equal(asked.length, 1);
});

test("a table is created, also staged, from schema, spec, order, place and properties", async () => {
  const create_table = (input: { staged: boolean }) =>
    input.staged ? { ...TABLE, metadata_location: null } : TABLE;
  const { send, asked } = face({ create_table });
  const body = {
    name: "t",
    schema: { type: "struct", fields: [] },
    location: "s3://lake/elsewhere",
    "partition-spec": { "spec-id": 0, fields: [] },
    "write-order": { "order-id": 0, fields: [] },
    properties: { a: "b" },
  };
  const made = await send("POST", "namespaces/ops/tables", { body });
  assert.equal(made.json["metadata-location"], TABLE.metadata_location);
  assert.ok(made.headers.get("etag")!.startsWith('W/"'));
  const staged = await send("POST", "namespaces/ops/tables", {
    body: { ...body, "stage-create": true },
  });
  assert.equal("metadata-location" in staged.json, false);
  assert.deepEqual(asked[0]![1], {
    name: "ops.t",
    schema: body.schema,
    location: body.location,
    partition_spec: body["partition-spec"],
    write_order: body["write-order"],
    properties: { a: "b" },
    staged: false,
  });
  const bad_name = await send("POST", "namespaces/ops/tables", {
    body: { ...body, name: "Orders" },
  });
  assert.deepEqual([bad_name.status, bad_name.json.error.type], [400, "BadRequestException"]);
});

test("a commit keeps ids exact both ways and checks whom it is for", async () => {
  const commit_tables = () => ({ tables: [{ name: "t", ...TABLE }] });
  const { send, asked } = face({ commit_tables });
  const body = `{"identifier":{"namespace":["default"],"name":"t"},"requirements":[
    {"type":"assert-ref-snapshot-id","ref":"main","snapshot-id":${LONG_ID}}],
    "updates":[{"action":"set-properties","updates":{"x":"y"}}]}`;
  const { text } = await send("POST", "namespaces/default/tables/t", { body });
  assert.ok(text.includes(`"current-snapshot-id":${LONG_ID}`));
  assert.deepEqual(asked[0], [
    "commit_tables",
    {
      changes: [
        {
          name: "t",
          requirements: [{ type: "assert-ref-snapshot-id", ref: "main", "snapshot-id": LONG_ID }],
          updates: [{ action: "set-properties", updates: { x: "y" } }],
        },
      ],
    },
  ]);
  const other = await send("POST", "namespaces/default/tables/other", { body });
  assert.equal(other.status, 400);
  const many = { "table-changes": [JSON.parse(body), JSON.parse(body)] };
  assert.equal((await send("POST", "transactions/commit", { body: many })).status, 400);
  const one = { "table-changes": [JSON.parse(body)] };
  assert.equal((await send("POST", "transactions/commit", { body: one })).status, 204);
  assert.equal(asked.length, 2);
});

test("errors have the type and status that clients act on", async () => {
  const cases = [
    ["not_found", "no_such_dataset", 404, "NoSuchTableException"],
    ["not_found", "tombstoned", 404, "NoSuchTableException"],
    ["conflict", "quarantined", 422, "UnprocessableEntityException"],
    ["conflict", "requirement_failed", 409, "CommitFailedException"],
    ["conflict", "dataset_exists", 409, "AlreadyExistsException"],
    ["invalid", "bad_update", 400, "BadRequestException"],
    // Anything but this type, and the client deletes the files that a commit may have made good.
    ["unavailable", "unreachable", 504, "CommitStateUnknownException"],
    ["deadline_exceeded", "deadline_exceeded", 504, "CommitStateUnknownException"],
    ["internal", "internal", 500, "CommitStateUnknownException"],
  ] as const;
  for (const [code, reason, status, type] of cases) {
    const { send } = face({ commit_tables: refuses(code, reason) });
    const { json } = await send("POST", "namespaces/default/tables/t", { body: {} });
    assert.deepEqual([json.error.code, json.error.type], [status, type]);
  }
  const { send } = face({
    load_table: refuses("unavailable", "unreachable"),
    drop_namespace: refuses("conflict", "namespace_not_empty"),
  });
  const load = await send("GET", "namespaces/default/tables/t");
  assert.deepEqual([load.status, load.json.error.type], [503, "ServiceUnavailableException"]);
  const dropped = await send("DELETE", "namespaces/ops");
  assert.equal(dropped.json.error.type, "NamespaceNotEmptyException");
  const not_json = await send("POST", "namespaces", { body: "{" });
  assert.deepEqual([not_json.status, not_json.json.error.type], [400, "BadRequestException"]);
  assert.equal((await send("GET", "nonsense")).status, 404);
  assert.equal((await send("DELETE", "tables/rename")).status, 405);
  assert.equal((await send("HEAD", "namespaces/none")).text, "");
});

test("tables are dropped, renamed, registered; reports of engines are passed on", async () => {
  const told: MetricsReport[] = [];
  const { send, asked } = face(
    {
      drop_table: () => ({ dataset_id: "d", removed_keys: 0 }),
      rename: refuses("not_found", "no_such_dataset"),
      register_table: () => TABLE,
    },
    { tell: (report) => void told.push(report) },
  );
  const one = "namespaces/default/tables/t";
  assert.equal((await send("DELETE", `${one}?purgeRequested=true`)).status, 204);
  const source = { namespace: ["default"], name: "t" };
  const body = { source, destination: { namespace: ["ops"], name: "u" } };
  assert.equal((await send("POST", "tables/rename", { body })).status, 404);
  const metadata_location = "s3://lake/x.metadata.json";
  const sent = { name: "t", "metadata-location": metadata_location };
  assert.equal((await send("POST", "namespaces/ops/register", { body: sent })).status, 200);
  assert.deepEqual(asked, [
    ["drop_table", { name: "t", purge: true, only_if_empty: false }],
    ["rename", { name: "t", to: "ops.u" }],
    ["register_table", { name: "ops.t", metadata_location, overwrite: false }],
  ]);
  const report = { "report-type": "scan-report", "snapshot-id": 1 };
  assert.equal((await send("POST", `${one}/metrics`, { body: report })).status, 204);
  assert.deepEqual([told[0]!.dataset, told[0]!.report["report-type"]], ["t", "scan-report"]);
});

test("a token is given for itself, with auth on", async () => {
  const holderOf = (secret: string) => (secret === "good" ? READER : undefined);
  const { send } = face({}, { holderOf });
  const ask = (body: string) => send("POST", "oauth/tokens", { body, principal: null });
  const given = await ask("grant_type=client_credentials&client_id=x&client_secret=good");
  assert.deepEqual([given.json.access_token, given.json.token_type], ["good", "bearer"]);
  const wrong = await ask("grant_type=client_credentials&client_id=x&client_secret=bad");
  assert.deepEqual([wrong.status, wrong.json.error], [401, "invalid_client"]);
  assert.equal((await ask("grant_type=password")).json.error, "unsupported_grant_type");
  const off = face();
  const needless = await off.send("POST", "oauth/tokens", {
    body: "grant_type=client_credentials&client_secret=good",
  });
  assert.equal(needless.status, 400);
});

test("a prefix is passed over; views are not there, and asking for them breaks nothing", async () => {
  const { send } = face({ load_table: () => TABLE });
  assert.equal((await send("GET", "lake/namespaces/default/tables/t")).status, 200);
  assert.deepEqual((await send("GET", "namespaces/ops/views")).json.identifiers, []);
  const view = await send("GET", "namespaces/ops/views/v");
  assert.deepEqual([view.status, view.json.error.type], [404, "NoSuchViewException"]);
  assert.equal((await send("POST", "namespaces/ops/views", { body: {} })).status, 406);
});
