// The same scenario on the house in one process and split in three: data in to work remembered.
import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import OpenAI from "openai";
import { writeTables } from "#app/generate-files.ts";
import { loadPacks } from "#app/packs.ts";
import { collectBytes } from "#kernel/http-client.ts";
import type { Clients } from "#contracts/all-contracts.ts";
import { startHouse } from "../support/running-house.ts";
import { tempDir } from "../support/temp-dir.ts";

const ROWS = 3_000;

for (const form of ["one process", "three processes"] as const) {
  test(`the main job works from end to end in ${form}`, { timeout: 300_000 }, async (t) => {
    const dir = await tempDir(t);
    const house = await startHouse(join(dir, "data"), form);
    t.after(() => house.stop());
    const { clients, url } = house;
    await bringIn(clients, join(dir, "generated"));
    await askSql(clients);
    await buildAndSearch(clients);
    await work(clients);
    await foreignClient(url);
    await witnessAndJournal(t, clients);
    for (const one of house.processes.toReversed()) assert.equal(await one.stop(), 0, one.output());
  });
}

async function bringIn(clients: Clients, out: string): Promise<void> {
  const [pack] = await loadPacks(["staffing"]);
  const paths = await writeTables(pack!, { rows: ROWS, seed: 42, out });
  for (const path of paths) {
    const dataset = /(\w+)\.csv$/.exec(path)![1]!;
    const send = () =>
      clients.ingest.file({ dataset, filename: `${dataset}.csv`, body: createReadStream(path) });
    const report = await send();
    assert.equal(report.outcome, "committed");
    assert.equal(report.rejected_rows, 0);
    assert.equal((await send()).outcome, "unchanged");
  }
  const { datasets } = await clients.catalog.list({});
  assert.equal(datasets.length, paths.length);
  assert.equal(datasets.find((one) => one.name === "workers")?.rows, ROWS);
}

async function askSql(clients: Clients): Promise<void> {
  const counted = await clients.query.rows({ sql: "SELECT count(*) FROM workers" });
  assert.deepEqual(counted.rows, [[ROWS]]);
  const csv = await clients.query.sql({
    sql: "SELECT worker_id FROM workers ORDER BY 1 LIMIT 2",
    format: "csv",
  });
  const text = (await collectBytes(csv.body)).toString("utf8");
  assert.match(text, /^worker_id\r?\nW-\d+\r?\nW-\d+\r?\n$/);
  await assert.rejects(clients.query.rows({ sql: "DROP TABLE workers" }), /./);
}

async function buildAndSearch(clients: Clients): Promise<void> {
  const [pack] = await loadPacks(["staffing"]);
  for (const { corpus, summary, id_prefix, metadata_columns, ...source } of pack!.corpora) {
    let last = "";
    for await (const step of clients.matrix.build({
      corpus,
      summary,
      id_prefix,
      source: { kind: "dataset", ...source, metadata_columns: [...metadata_columns] },
    })) {
      last = step.phase;
    }
    assert.equal(last, "done");
  }
  const found = await clients.matrix.search({ query_text: "forklift operator, night shift", k: 5 });
  assert.equal(found.relevance.verdict, "relevant");
  assert.equal(found.results.length, 5);
  const nothing = await clients.matrix.search({ query_text: "boiling point of liquid helium" });
  assert.equal(nothing.relevance.verdict, "nothing_relevant", JSON.stringify(nothing.relevance));
}

async function work(clients: Clients): Promise<void> {
  const task = "Need 2 forklift operators in Chicago, IL";
  const first = await clients.respond.respond({ task });
  assert.equal(first.status, "accepted", first.reason);
  assert.equal(first.provider_kind, "deterministic");
  assert.ok(first.playbooks_recorded.length > 0);
  const again = await clients.respond.respond({ task });
  assert.equal(again.status, "accepted");
  assert.ok(again.playbooks_applied.length > 0, "what was learned is applied to the same task");
  const refused = await clients.respond.respond({ task: "Write a poem about the sea" });
  assert.equal(refused.status, "nothing_relevant");
  const sessions = await clients.query.rows({
    sql: "SELECT final_verdict FROM kb.sessions WHERE trace_id = $1",
    params: [first.trace_id],
  });
  assert.deepEqual(sessions.rows, [["accepted"]]);
}

async function foreignClient(url: string): Promise<void> {
  const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: "none" });
  const vectors = await openai.embeddings.create({
    model: "builtin/all-minilm-l6-v2",
    input: "hi",
  });
  assert.equal(vectors.data[0]?.embedding.length, 384);
  const models = await openai.models.list();
  assert.ok(models.data.some((model) => model.id === "builtin/solver"));
}

async function witnessAndJournal(t: TestContext, clients: Clients): Promise<void> {
  let endpoints: string[] = [];
  // Calls of other processes reach the observer in batches: give them a moment.
  for (let tries = 0; tries < 50; tries++) {
    const stats = await clients.observe.stats({});
    assert.equal(stats.persist_failures, 0);
    endpoints = stats.by_endpoint.map((one) => one.endpoint);
    if (endpoints.some((one) => one.startsWith("ingest.")) && endpoints.includes("respond.respond"))
      break;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  for (const endpoint of ["ingest.file", "catalog.commit", "matrix.search", "respond.respond"]) {
    assert.ok(
      endpoints.includes(endpoint),
      `${endpoint} was not witnessed: ${endpoints.join(" ")}`,
    );
  }
  const chain = await clients.journal.verify({});
  assert.equal(chain.ok, true);
  const { events } = await clients.journal.list({ limit: 1000 });
  const actions = new Set(events.map((event) => event.action));
  for (const action of ["catalog.commit", "vector.create", "vector.upsert", "playbook.bulk"]) {
    assert.ok(actions.has(action), `${action} is not in the journal: ${[...actions].join(" ")}`);
  }
  t.diagnostic(`journal ${chain.events} events, ${endpoints.length} endpoints witnessed`);
}
