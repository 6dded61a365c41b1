// What users meet: files of every kind come in, bad ones change nothing, nothing is lost silently.
import assert from "node:assert/strict";
import { readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { LakehouseError } from "#kernel/problem.ts";
import { eachTransport } from "../../../test/support/each-transport.ts";
import { lakesOfOneEngine, put, select, textOf, type Lake } from "./open-lake.suite.ts";

const openLake = lakesOfOneEngine();

function isError(code: string, reason: string) {
  return (thrown: unknown) => {
    assert.ok(thrown instanceof LakehouseError, String(thrown));
    assert.deepEqual([thrown.code, thrown.reason], [code, reason], thrown.message);
    return true;
  };
}

async function stateOf(lake: Lake) {
  const { datasets } = await lake.catalog.list({});
  const { objects } = await lake.storage.list({ prefix: "", limit: 1000 });
  const { total } = await lake.journal.list({});
  return { datasets, keys: objects.map((one) => one.key), total };
}

eachTransport("a CSV becomes a table that SQL reads", async (connect, t) => {
  const lake = await openLake(t, { connect });
  const csv = 'id,name,pay,since\n1,Ann,10.5,2024-01-01\n2,"Bo, Jr",,2024-02-29\n';
  const report = await put(lake, "people", "people.csv", csv);
  assert.equal(report.outcome, "committed");
  assert.deepEqual([report.rows, report.rejected_rows, report.rejects_key], [2, 0, null]);
  assert.deepEqual(
    report.columns.map(({ name, type }) => `${name} ${type}`),
    ["id long", "name string", "pay double", "since date"],
  );
  assert.deepEqual(await select(lake, "SELECT * FROM people ORDER BY id"), [
    [1, "Ann", 10.5, "2024-01-01"],
    [2, "Bo, Jr", null, "2024-02-29"],
  ]);
  const { events } = await lake.journal.list({ action: "ingest.commit" });
  assert.equal(events[0]!.after, report.snapshot_id);
  const { ingests } = await lake.ingest.history({ dataset: "people" });
  assert.deepEqual(
    ingests.map((one) => [one.ingest_id, one.source_name, one.rows]),
    [[report.ingest_id, "people.csv", 2]],
  );
});

test("the same bytes again are a no-op that says so, in either mode", async (t) => {
  const lake = await openLake(t);
  const csv = "id\n1\n2\n";
  const first = await put(lake, "ids", "a.csv", csv);
  const again = await put(lake, "ids", "b.csv", csv);
  assert.deepEqual([again.outcome, again.snapshot_id], ["unchanged", first.snapshot_id]);
  assert.equal((await put(lake, "ids", "a.csv", csv, { mode: "replace" })).outcome, "unchanged");
  const path = join(lake.dir, "same.csv");
  await writeFile(path, csv);
  assert.equal((await lake.ingest.path({ dataset: "ids", path })).outcome, "unchanged");
  assert.deepEqual(await select(lake, "SELECT count(*) FROM ids"), [[2]]);
  const { events } = await lake.journal.list({ action: "ingest.commit" });
  assert.equal(events.length, 1);
});

test("the same new bytes sent five times at once are committed once", async (t) => {
  const lake = await openLake(t);
  const sent = Array.from({ length: 5 }, () => put(lake, "ids", "a.csv", "id\n1\n2\n"));
  const outcomes = (await Promise.all(sent)).map((report) => report.outcome).toSorted();
  assert.deepEqual(outcomes, ["committed", "unchanged", "unchanged", "unchanged", "unchanged"]);
  assert.deepEqual(await select(lake, "SELECT count(*) FROM ids"), [[2]]);
});

test("append adds, replace exchanges, and the old snapshot can still be read", async (t) => {
  const lake = await openLake(t);
  const first = await put(lake, "ids", "a.csv", "id\n1\n");
  const second = await put(lake, "ids", "b.csv", "id\n2\n3\n");
  assert.deepEqual(await select(lake, "SELECT id FROM ids ORDER BY id"), [[1], [2], [3]]);
  await put(lake, "ids", "c.csv", "id\n9\n", { mode: "replace" });
  assert.deepEqual(await select(lake, "SELECT id FROM ids"), [[9]]);
  const at = (snapshot: string | null) => ({ at: snapshot! });
  assert.deepEqual(await select(lake, "SELECT id FROM ids", at(first.snapshot_id)), [[1]]);
  assert.deepEqual(await select(lake, "SELECT sum(id) FROM ids", at(second.snapshot_id)), [[6]]);
  assert.deepEqual(await select(lake, "SELECT id FROM ids"), [[9]]);
});

test("rows that cannot be read are set aside with line and reason", async (t) => {
  const lake = await openLake(t);
  const csv = 'a,b\n1,x\n2\n3,y,z\n4,"w"v\n5,ok\n';
  const report = await put(lake, "rough", "rough.csv", csv);
  assert.deepEqual([report.rows, report.rejected_rows], [2, 3]);
  assert.deepEqual(await select(lake, "SELECT a, b FROM rough ORDER BY a"), [
    [1, "x"],
    [5, "ok"],
  ]);
  const { body } = await lake.storage.get({ key: report.rejects_key! });
  const rejects = (await textOf(body))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    rejects.map((reject: { line: number; text: string }) => [reject.line, reject.text]),
    [
      [3, "2"],
      [4, "3,y,z"],
      [5, '4,"w"v'],
    ],
  );
  for (const { reason } of rejects) assert.ok(reason.length > 5);
});

test("NDJSON and JSON come in with nested values; broken lines are rejects", async (t) => {
  const lake = await openLake(t);
  const ndjson = '{"id":1,"tags":["a"],"at":{"x":1.5}}\nnope\n{"id":2,"late":true}\n[1]\n{"id":';
  const report = await put(lake, "docs", "docs.ndjson", ndjson);
  assert.deepEqual([report.rows, report.rejected_rows], [2, 3]);
  assert.deepEqual(await select(lake, 'SELECT id, tags, "at", late FROM docs ORDER BY id'), [
    [1, ["a"], { x: 1.5 }, null],
    [2, null, null, true],
  ]);
  await put(lake, "list", "list.json", '[{"a":"x"},{"a":"y"}]');
  assert.deepEqual(await select(lake, "SELECT a FROM list ORDER BY a"), [["x"], ["y"]]);
});

test("gz and zst are unpacked whatever the file is called; TSV and Parquet come in too", async (t) => {
  const lake = await openLake(t);
  const csv = "id,v\n1,a\n2,b\n";
  await put(lake, "gz", "x.csv.gz", gzipSync(csv));
  await put(lake, "zst", "x.csv", zstdCompressSync(Buffer.from(csv)));
  await put(lake, "tsv", "x.tsv", "id\tv\n1\ta,b\n");
  assert.deepEqual(await select(lake, "SELECT v FROM gz UNION ALL SELECT v FROM zst ORDER BY v"), [
    ["a"],
    ["a"],
    ["b"],
    ["b"],
  ]);
  assert.deepEqual(await select(lake, "SELECT v FROM tsv"), [["a,b"]]);
  const { body } = await lake.query.sql({ sql: "SELECT * FROM gz", format: "parquet" });
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  await put(lake, "copy", "x.parquet", Buffer.concat(chunks));
  assert.deepEqual(await select(lake, "SELECT id, v FROM copy ORDER BY id"), [
    [1, "a"],
    [2, "b"],
  ]);
});

test("bad input gets its reason and leaves everything as it was", async (t) => {
  const lake = await openLake(t);
  await put(lake, "people", "p.csv", "id,name\n1,Ann\n");
  const parquet = await readParquet(lake);
  const before = await stateOf(lake);
  const gz = gzipSync("id,name\n1,Ann\n2,Bo\n".repeat(5000));
  const bad: [string, string | Uint8Array, string, string][] = [
    ["new", "", "x.csv", "invalid no_rows"],
    ["new", "id,name\n", "x.csv", "invalid no_rows"],
    ["new", "data", "x.doc", "invalid unknown_format"],
    ["new", '[{"a":1},', "x.json", "invalid unreadable_source"],
    ["new", "[]", "x.json", "invalid no_rows"],
    ["new", parquet.subarray(0, parquet.length - 20), "x.parquet", "invalid unreadable_source"],
    ["new", parquet.subarray(0, 100), "x.parquet", "invalid unreadable_source"],
    ["new", "PAR1", "x.parquet", "invalid unreadable_source"],
    ["new", gz.subarray(0, gz.length - 9), "x.csv.gz", "invalid unreadable_source"],
    ["new", Buffer.from([0xff, 0xfe, 0x61, 0]), "x.csv", "invalid unreadable_source"],
    ["people", "id,name,age\n2,Bo,7\n", "x.csv", "conflict schema_differs"],
    ["people", "id\n2\n", "x.csv", "conflict schema_differs"],
    ["people", "id,name\nx2,Bo\n", "x.csv", "conflict schema_differs"],
    ["people", "id,name\n1.5,Bo\n", "x.csv", "conflict schema_differs"],
    ["people", '{"id":"x","name":"Bo"}\n', "x.ndjson", "conflict schema_differs"],
  ];
  for (const [dataset, text, filename, expected] of bad) {
    const [code, reason] = expected.split(" ");
    const sent = put(lake, dataset, filename, text);
    await assert.rejects(sent, isError(code!, reason!), `${filename} ${String(text).slice(0, 20)}`);
  }
  const missing = lake.ingest.path({ dataset: "new", path: join(lake.dir, "no.csv") });
  await assert.rejects(missing, isError("invalid", "unreadable_source"));
  assert.deepEqual(await stateOf(lake), before);
  assert.deepEqual(await readdir(join(lake.dir, "ingest")), []);
  assert.deepEqual(
    (await readdir(join(dirname(lake.dir), "tmp"))).filter((n) => n.startsWith("source")),
    [],
  );
});

async function readParquet(lake: Lake): Promise<Buffer> {
  const { body } = await lake.query.sql({ sql: "SELECT * FROM people", format: "parquet" });
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test("a schema difference is told column by column", async (t) => {
  const lake = await openLake(t);
  await put(lake, "people", "p.csv", "id,name\n1,Ann\n");
  const sent = put(lake, "people", "q.csv", "id,nick,age\n2,Bo,3\n");
  await assert.rejects(sent, (error: LakehouseError) => {
    const difference = { added: ["nick", "age"], removed: ["name"], changed: [] };
    assert.deepEqual(error.extra["difference"], difference);
    return true;
  });
});

test("a later file that reads as the dataset's columns is taken: empty, narrower, other order", async (t) => {
  const lake = await openLake(t);
  await put(lake, "m", "a.csv", "id,v,day,note\n1,1.5,2024-01-01,x\n");
  await put(lake, "m", "b.csv", "note,ID,v,day\n,2,7,\n");
  await put(lake, "m", "c.csv", "id,v,day,note\n3,,,12\n");
  await put(lake, "m", "d.ndjson", '{"id":4,"v":2,"day":null,"note":"007"}\n');
  const report = await put(lake, "m", "e.csv", "5,2.5,2024-05-05,no header\n");
  assert.deepEqual(
    report.columns.map(({ type }) => type),
    ["long", "double", "date", "string"],
  );
  assert.deepEqual(await select(lake, "SELECT id, v, day, note FROM m ORDER BY id"), [
    [1, 1.5, "2024-01-01", "x"],
    [2, 7, null, null],
    [3, null, null, "12"],
    [4, 2, null, "007"],
    [5, 2.5, "2024-05-05", "no header"],
  ]);
});

test("evolve adds columns; old rows have NULL there, and missing ones are NULL in new rows", async (t) => {
  const lake = await openLake(t);
  await put(lake, "people", "p.csv", "id,name\n1,Ann\n");
  await put(lake, "people", "q.csv", "id,age\n2,30\n", { evolve: true });
  assert.deepEqual(await select(lake, "SELECT id, name, age FROM people ORDER BY id"), [
    [1, "Ann", null],
    [2, null, 30],
  ]);
});

test("names of columns are kept; empty and repeated ones are made unique", async (t) => {
  const lake = await openLake(t);
  const report = await put(lake, "odd", "o.csv", 'a,a,,"sel""ect",A,ключ\n1,2,3,4,5,6\n');
  assert.deepEqual(
    report.columns.map(({ name }) => name),
    ["a", "a_1", "column2", 'sel"ect', "A_2", "ключ"],
  );
  assert.deepEqual(await select(lake, 'SELECT "sel""ect", "ключ", column2 FROM odd'), [[4, 6, 3]]);
});

test("progress is told until the end, also to one who asks before the beginning", async (t) => {
  const lake = await openLake(t);
  const follow = (async () => {
    const phases: string[] = [];
    for await (const item of lake.ingest.progress({ ingest_id: "mine" })) phases.push(item.phase);
    return phases;
  })();
  await put(lake, "ids", "a.csv", "id\n1\n", { ingest_id: "mine" });
  const phases = await follow;
  assert.equal(phases.at(-1), "done");
  const failing = put(lake, "ids", "a.csv", "", { ingest_id: "other" });
  await assert.rejects(failing);
  for await (const item of lake.ingest.progress({ ingest_id: "other" })) {
    assert.equal(item.phase, "failed");
  }
});
