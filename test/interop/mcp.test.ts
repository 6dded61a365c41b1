// The MCP server over HTTP and stdio, used by the SDK's own client in both revisions.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type Client, ProtocolError } from "@modelcontextprotocol/client";
import { fileLifetime } from "../support/file-lifetime.ts";
import { tempDir } from "../support/temp-dir.ts";
import { READER, startGuardedHouse, WRITER, type GuardedHouse } from "./guarded-house.ts";
import { answerOf, httpClient, problemOf, REVISIONS, stdioClient } from "./mcp-clients.ts";

const lifetime = fileLifetime();
let data_dir: string;
let house: GuardedHouse;

lifetime.beforeFirst(async () => {
  data_dir = await tempDir(lifetime);
  house = await startGuardedHouse(data_dir);
  lifetime.after(() => house.stop());
});

async function connected(t: { after(fn: () => unknown): void }, revision: string) {
  const client = await httpClient(house.url, WRITER, revision as (typeof REVISIONS)[number]);
  t.after(() => client.close());
  return client;
}

interface Rows {
  rows: unknown[][];
  truncated: boolean;
}

const csv = (rows: number) =>
  `id,city\n${Array.from({ length: rows }, (_, i) => `${i},Toledo`).join("\n")}\n`;

for (const revision of REVISIONS) {
  const suffix = revision.replaceAll("-", "");

  test(`${revision}: tools carry the contract's schemas and say what they change`, async (t) => {
    const client = await connected(t, revision);
    assert.equal(client.getNegotiatedProtocolVersion(), revision);
    const { tools } = await client.listTools();
    const byName = new Map(tools.map((tool) => [tool.name, tool]));
    for (const name of ["search", "sql", "ingest_text", "iterate", "respond", "list_events"]) {
      assert.ok(byName.has(name), name);
    }
    assert.ok(!byName.has("ingest_path"), "files of the server are not for callers over HTTP");
    assert.deepEqual(byName.get("search")!.inputSchema.required, ["query_text"]);
    assert.equal(byName.get("search")!.annotations?.readOnlyHint, true);
    assert.equal(byName.get("ingest_text")!.annotations?.readOnlyHint, false);
    assert.equal(byName.get("retire_playbook")!.annotations?.destructiveHint, true);
    for (const tool of tools) assert.equal(tool.outputSchema?.["type"], "object", tool.name);
  });

  test(`${revision}: text becomes a dataset that SQL and resources read`, async (t) => {
    const client = await connected(t, revision);
    const dataset = `people${suffix}`;
    const steps: number[] = [];
    const text = csv(2_500);
    const report = answerOf<{ rows: number; outcome: string }>(
      await client.callTool(
        { name: "ingest_text", arguments: { dataset, format: "csv", text } },
        { onprogress: ({ progress }) => void steps.push(progress) },
      ),
    );
    assert.deepEqual([report.rows, report.outcome], [2_500, "committed"]);
    assert.ok(steps.length > 0, "progress was told");
    assert.deepEqual(
      steps,
      [...new Set(steps)].toSorted((a, b) => a - b),
      "it grows",
    );

    const sql = `SELECT id FROM ${dataset} ORDER BY id`;
    const first = answerOf<Rows>(await client.callTool({ name: "sql", arguments: { sql } }));
    assert.deepEqual([first.rows.length, first.truncated], [1_000, true]);
    const two = { sql, limit: 2 };
    const some = answerOf<Rows>(await client.callTool({ name: "sql", arguments: two }));
    assert.deepEqual(some.rows, [[0], [1]]);

    const uri = `lakehouse://datasets/${dataset}/schema`;
    const { contents } = await client.readResource({ uri });
    const schema = JSON.parse((contents[0] as { text: string }).text) as { fields: object[] };
    assert.equal(schema.fields.length, 2);
  });

  test(`${revision}: playbooks are recorded, found and read as resources`, async (t) => {
    const client = await connected(t, revision);
    const entry = {
      query_text: `welders in Toledo ${suffix}`,
      answer_id: "w1",
      answer_corpus: "workers",
      score: 1,
    };
    const { playbook } = answerOf<{ playbook: { playbook_id: string } }>(
      await client.callTool({ name: "record_playbook", arguments: entry }),
    );
    const { query_text } = entry;
    const { matches } = answerOf<{ matches: object[] }>(
      await client.callTool({ name: "match_playbooks", arguments: { query_text } }),
    );
    assert.ok(matches.length > 0);
    const uri = `lakehouse://playbooks/${playbook.playbook_id}`;
    const { contents } = await client.readResource({ uri });
    assert.match((contents[0] as { text: string }).text, /welders in Toledo/);
    const listed = await everyResource(client);
    assert.ok(listed.includes(uri));
  });

  test(`${revision}: what is wrong is said: input, tool, resource, cursor`, async (t) => {
    const client = await connected(t, revision);
    const call = (name: string, input: object) =>
      client.callTool({ name, arguments: input as Record<string, unknown> });
    assert.equal(problemOf(await call("search", { query: "x" })).reason, "invalid_input");
    assert.equal(problemOf(await call("sql", { sql: "SELEC 1" })).reason, "sql_syntax");
    const dropped = problemOf(await call("sql", { sql: "DROP TABLE x" }));
    assert.equal(dropped.reason, "not_read_only");
    assert.equal(problemOf(await call("get_dataset", { name: "none" })).code, "not_found");
    const kind = { kind: "no_such", artifact: {} };
    assert.equal(problemOf(await call("validate", kind)).reason, "no_such_kind");
    await assert.rejects(call("no_such_tool", {}), ProtocolError);
    for (const uri of ["lakehouse://datasets/none", "lakehouse://x/%zz", "file:///etc/passwd"]) {
      await assert.rejects(client.readResource({ uri }), ProtocolError, uri);
    }
    await assert.rejects(client.listResources({ cursor: "MQ" }), /nextCursor of the page before/);
  });

  test(`${revision}: a call that the client cancels is cancelled in the house`, async (t) => {
    const client = await connected(t, revision);
    const leave = new AbortController();
    const sql = `SELECT count(*) AS slow${suffix} FROM range(1000000000000) a`;
    const work = client.callTool({ name: "sql", arguments: { sql } }, { signal: leave.signal });
    setTimeout(() => leave.abort(), 500);
    await assert.rejects(work);
    const until = Date.now() + 10_000;
    for (;;) {
      const { events } = await house.clients.observe.events({ endpoint: "query.rows" });
      const cancelled = events.filter((one) => one.error?.includes("cancelled") === true);
      if (cancelled.length > REVISIONS.indexOf(revision)) break;
      assert.ok(Date.now() < until, `not cancelled: ${JSON.stringify(events.slice(0, 2))}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  });

  test(`${revision}: every call is witnessed with who made it`, async (t) => {
    const client = await connected(t, revision);
    const result = await client.callTool({ name: "sql", arguments: { sql: "SELECT 7" } });
    const trace_id = result._meta?.["lakehouse/trace_id"] as string;
    const until = Date.now() + 10_000;
    for (;;) {
      const { events } = await house.clients.observe.events({ trace_id });
      if (events.some((one) => one.principal === "writer")) break;
      assert.ok(Date.now() < until, `not witnessed: ${JSON.stringify(events)}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  });

  test(`${revision}: the same tools on the standard streams, and files beside them`, async (t) => {
    const dir = await tempDir(t);
    const client = await stdioClient(join(dir, "data"), revision);
    t.after(() => client.close());
    assert.equal(client.getNegotiatedProtocolVersion(), revision);
    const path = join(dir, "people.csv");
    await writeFile(path, csv(3));
    const steps: number[] = [];
    const report = answerOf<{ rows: number }>(
      await client.callTool(
        { name: "ingest_path", arguments: { dataset: "people", path } },
        { onprogress: ({ progress }) => void steps.push(progress) },
      ),
    );
    assert.equal(report.rows, 3);
    assert.ok(steps.length > 0, "progress was told");
    const sql = "SELECT count(*)::INT FROM people";
    const trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    const _meta = { traceparent: `00-${trace}-00f067aa0ba902b7-01` };
    const counted = await client.callTool({ name: "sql", arguments: { sql }, _meta });
    assert.deepEqual(answerOf<Rows>(counted).rows, [[3]]);
    assert.equal(counted._meta?.["lakehouse/trace_id"], trace);
  });
}

test("beside a running server the standard streams lead to it, with its scopes", async (t) => {
  const token = { LAKEHOUSE_AUTH_TOKEN: "env:TEST_READER_TOKEN", TEST_READER_TOKEN: READER };
  const client = await stdioClient(data_dir, "2026-07-28", token);
  t.after(() => client.close());
  const { datasets } = answerOf<{ datasets: { name: string }[] }>(
    await client.callTool({ name: "list_datasets", arguments: {} }),
  );
  assert.ok(datasets.some(({ name }) => name === "people20260728"));
  const path = join(await tempDir(t), "people.csv");
  await writeFile(path, csv(1));
  const file = { name: "ingest_path", arguments: { dataset: "people20260728", path } };
  assert.equal(problemOf(await client.callTool(file)).reason, "missing_scope");
});

test("resources are listed page by page, each once", async (t) => {
  const fields = [{ name: "id", type: "long" }];
  for (let i = 0; i < 120; i++) {
    const name = `many_${String(i).padStart(3, "0")}`;
    await house.clients.catalog.register({ name, fields });
  }
  const client = await connected(t, "2026-07-28");
  const uris = await everyResource(client);
  assert.ok(uris.filter((uri) => uri.includes("/many_")).length === 240);
  assert.equal(new Set(uris).size, uris.length);
});

async function everyResource(client: Client): Promise<string[]> {
  const uris: string[] = [];
  let cursor = Buffer.from(JSON.stringify([1, "datasets", ""])).toString("base64url");
  for (let pages = 0; pages < 50; pages++) {
    const page = await client.listResources({ cursor });
    assert.ok(page.resources.length <= 100);
    uris.push(...page.resources.map(({ uri }) => uri));
    if (page.nextCursor === undefined) return uris;
    cursor = page.nextCursor;
  }
  throw new Error("the pages do not end");
}
