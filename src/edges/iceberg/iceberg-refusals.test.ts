// Where tables may stand, and what clients send that must not pass in silence.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Principal } from "#kernel/call.ts";
import { face, TABLE } from "./answering-face.suite.ts";
import { jsonBody } from "./iceberg-request.ts";

const WRITER: Principal = { name: "writer", scopes: ["read", "write"] };
const ADMIN: Principal = { name: "boss", scopes: ["read", "write", "admin"] };
const schema = { type: "struct", fields: [] };
const KEPT = [
  "s3://lake/_catalog",
  "s3://lake/_vectors/t",
  "s3a://lake/_rejects/x",
  "s3://lake//_CATALOG/t",
];

test("a table stands among what services keep only when an admin puts it there", async () => {
  const { send, asked } = face({
    create_table: () => TABLE,
    register_table: () => TABLE,
    commit_tables: () => ({ tables: [{ name: "t", ...TABLE }] }),
  });
  for (const location of KEPT) {
    const moved = { requirements: [], updates: [{ action: "set-location", location }] };
    const identifier = { namespace: ["default"], name: "t" };
    const requests = [
      ["namespaces/default/tables", { name: "t", schema, location }],
      ["namespaces/default/register", { name: "t", "metadata-location": `${location}/m.json` }],
      ["namespaces/default/tables/t", moved],
      ["transactions/commit", { "table-changes": [{ identifier, ...moved }] }],
    ] as const;
    for (const [path, body] of requests) {
      const before = asked.length;
      const { status, json } = await send("POST", path, { body, principal: WRITER });
      assert.deepEqual([status, json?.error.type], [403, "ForbiddenException"], path + location);
      assert.equal(asked.length, before);
      const { status: taken } = await send("POST", path, { body, principal: ADMIN });
      assert.ok(taken === 200 || taken === 204, path + location);
    }
  }
  const own = { name: "t", schema, location: "s3://lake/mine/_catalog" };
  const made = await send("POST", "namespaces/default/tables", { body: own, principal: WRITER });
  assert.equal(made.status, 200);
});

test("a held etag is compared weakly, and by readers only", async () => {
  const { send } = face({ load_table: () => TABLE, create_table: () => TABLE });
  const path = "namespaces/default/tables/t";
  const etag = (await send("GET", path)).headers.get("etag")!;
  const holding = (held: string) => ({ headers: { "if-none-match": held } });
  for (const held of [etag, etag.replace("W/", ""), `"x", ${etag}`, "*"]) {
    assert.equal((await send("GET", path, holding(held))).status, 304, held);
  }
  assert.equal((await send("GET", path, holding('W/"x"'))).status, 200);
  // Something was made: who made it learns what, whatever the request held.
  const body = { name: "t", schema };
  for (const held of [etag, "*"]) {
    const made = await send("POST", "namespaces/default/tables", { body, ...holding(held) });
    assert.deepEqual([made.status, made.json["metadata-location"]], [200, TABLE.metadata_location]);
  }
});

test("page tokens and sizes that are not ours are refused, not taken for a place", async () => {
  const { send } = face();
  const plain = Buffer.from("ops").toString("base64url");
  const long = Buffer.from(JSON.stringify([1, 7])).toString("base64url");
  for (const token of [
    "%ff",
    "zzz",
    plain,
    long,
    "null",
    Buffer.from("[]").toString("base64url"),
  ]) {
    const { status } = await send("GET", `namespaces?pageSize=1&pageToken=${token}`);
    assert.equal(status, 400, token);
  }
  for (const size of ["", "0", "-1", "1e3", "0x10", "1.5", "NaN", "9999999999"]) {
    assert.equal((await send("GET", `namespaces?pageSize=${size}`)).status, 400, size);
  }
});

test("a property that could not be kept is refused", async () => {
  const { send, asked } = face();
  const body = '{"updates":{"__proto__":"x"}}';
  assert.equal((await send("POST", "namespaces/ops/properties", { body })).status, 400);
  assert.deepEqual(asked, []);
});

test("a body whose sender falls silent is given up", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const body = new ReadableStream({ start: (controller) => controller.enqueue(Buffer.from("{")) });
  const init = { method: "POST", body, duplex: "half" } as RequestInit;
  const reading = assert.rejects(jsonBody(new Request("http://lake.test/x", init)), {
    reason: "body_stalled",
  });
  // The first piece is read before the wait for the second begins.
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
  t.mock.timers.tick(60_000);
  await reading;
});
