// Our API document held against our answers: prism stands between and refuses what does not fit.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ALL_CONTRACTS } from "#contracts/all-contracts.ts";
import type { Operation } from "#kernel/contract.ts";
import { renderBundle } from "#ports/context-bundle.ts";
import { startProcess } from "../support/running-house.ts";
import { fileLifetime } from "../support/file-lifetime.ts";
import { tempDir } from "../support/temp-dir.ts";
import { findPrism, startPrism, type Answered, type PrismProxy } from "./prism-proxy.ts";

const prism = await findPrism();
const { skip } = prism;
const lifetime = fileLifetime();
let proxy: PrismProxy;

lifetime.beforeFirst(async () => {
  if (prism.skip !== false) return;
  const dir = await tempDir(lifetime);
  const house = await startProcess({
    data_dir: join(dir, "data"),
    env: { LAKEHOUSE_DOMAINS: '["bookshop"]', LAKEHOUSE_PROVIDERS_OLLAMA: "" },
  });
  lifetime.after(() => house.stop());
  proxy = await startPrism(prism.found.script, house.url, dir);
  lifetime.after(() => proxy.stop());
});

const CSV = "book_id,title,price\nk1,The Sea,9.5\nk2,Rivers,12\nk3,Lakes,7\n";

const BOOKS =
  "book_id,title,author,subject,price,in_stock\n" +
  "B-002,Bread at Home,P. Crumb,baking,18.5,7\nB-006,Knots and Splices,R. Hitch,seamanship,12,9\n";

/** An operation that is to be answered with 200, whatever prism thinks of it. */
async function ask(...args: Parameters<PrismProxy["ask"]>): Promise<Record<string, unknown>> {
  const answer = await proxy.ask(...args);
  nothingWrong(args[0], answer);
  assert.equal(answer.status, 200, `${args[0]}: ${answer.text.slice(0, 500)}`);
  return answer.json ?? {};
}

/** An operation that the house is to refuse, in a form that its document has. */
async function refused(status: number, ...args: Parameters<PrismProxy["ask"]>): Promise<void> {
  const answer = await proxy.ask(...args);
  nothingWrong(args[0], answer);
  assert.equal(answer.status, status, `${args[0]}: ${answer.text.slice(0, 500)}`);
}

function nothingWrong(id: string, { text }: Answered): void {
  const last = proxy.violations.at(-1);
  if (last?.operation === id) assert.fail(`${id}: ${text.slice(0, 3_000)}`);
}

test("storage: objects, uploads, listings", { skip }, async () => {
  const key = "notes/a b.txt";
  await ask("storage.put", { key, content_type: "text/plain" }, { body: "hello" });
  await ask("storage.get", { key });
  await ask("storage.head", { key });
  await ask("storage.list", { prefix: "notes/", delimiter: "/", limit: 10 });
  await ask("storage.copy", { from_key: key, key: "notes/b.txt" });
  await ask("storage.locate", { key });
  await ask("storage.locate_many", { keys: [key] });
  await ask("storage.buckets");
  const { upload_id } = await ask("storage.start_upload", { key: "notes/large" });
  const part = await ask("storage.put_part", { upload_id, part_number: 1 }, { body: "abc" });
  await ask("storage.parts", { upload_id });
  await ask("storage.uploads");
  const parts = [{ part_number: 1, etag: part["etag"] }];
  await ask("storage.complete_upload", { upload_id, parts });
  const begun = await ask("storage.start_upload", { key: "notes/left" });
  await ask("storage.abort_upload", { upload_id: begun["upload_id"] });
  await ask("storage.remove", { key: "notes/b.txt" });
  const { path } = (await ask("storage.stage")) as { path: string };
  writeFileSync(path, "staged");
  await ask("storage.adopt", { key: "notes/staged", path });
  await refused(404, "storage.head", { key: "notes/none" });
});

test(
  "ingest, catalog, query and rewrite: a dataset from its file to its end",
  { skip },
  async () => {
    const dataset = "shelf";
    const report = await ask("ingest.file", { dataset, filename: "s.csv" }, { body: CSV });
    assert.equal(report["rows"], 3, JSON.stringify(report));
    await ask("ingest.history", { dataset });
    await ask("ingest.progress", { ingest_id: report["ingest_id"] });
    const fields = [{ name: "id", type: "long" }];
    await ask("catalog.register", { name: "made", fields });
    await ask("catalog.list", {});
    await ask("catalog.get", { name: dataset });
    await ask("catalog.alter", {
      name: "made",
      fields: [{ change: "add", name: "n", type: "string" }],
    });
    const { snapshots } = await ask("catalog.snapshots", { name: dataset });
    const { snapshot_id } = (snapshots as { snapshot_id: string }[])[0]!;
    await ask("catalog.files", { name: dataset });
    await ask("catalog.files", { name: dataset }, { route: "GET /catalog/datasets/{name}/files" });
    await ask("catalog.sources", { name: dataset });
    await ask("catalog.statistics", { name: dataset });
    await ask("catalog.tag", { name: dataset, tag: "first" });
    await ask("catalog.untag", { name: dataset, tag: "first" });
    await ask("catalog.verify", { name: dataset });
    await ask("rewrite.delete_rows", { dataset, where: "price > $1", params: [10] });
    await ask("rewrite.compact", { dataset });
    await ask("catalog.rollback", { name: dataset, to: snapshot_id });
    await ask("catalog.expire_snapshots", { name: dataset, dry_run: true });
    await ask("catalog.remove_orphans", { name: dataset, dry_run: true });
    await ask("query.tables");
    for (const format of ["json", "ndjson", "csv", "arrow", "parquet"]) {
      await ask("query.sql", { sql: `SELECT * FROM ${dataset}`, format });
    }
    await ask("query.rows", { sql: `SELECT title FROM ${dataset} WHERE price < $1`, params: [10] });
    await ask("query.explain", { sql: `SELECT count(*) FROM ${dataset}`, analyze: true });
    await ask("query.cancel", { query_id: "none" });
    await refused(403, "query.rows", { sql: "DROP TABLE shelf" });
    const { current_snapshot_id } = await ask("catalog.get", { name: dataset });
    const emptied = { operation: "delete", replace_all: true };
    const expected = { expected_snapshot_id: current_snapshot_id };
    await ask("catalog.commit", { name: dataset, ...emptied, ...expected });
    await ask("catalog.rename", { name: "made", to: "renamed" });
    await ask("catalog.tombstone", { name: "renamed" });
    await ask("catalog.restore", { name: "renamed" });
    await ask("catalog.quarantine", { name: "renamed", reason: "a test" });
    await refused(409, "catalog.rename", { name: "renamed", to: "made" });
  },
);

test("catalog: namespaces and tables as Iceberg has them", { skip }, async () => {
  await ask("catalog.create_namespace", { namespace: "spare" });
  await ask("catalog.namespaces");
  await ask("catalog.alter_namespace", { namespace: "spare", set_properties: { owner: "me" } });
  const field = { id: 1, name: "id", type: "long", required: false };
  const schema = { type: "struct", "schema-id": 0, fields: [field] };
  await ask("catalog.create_table", { name: "spare.table", schema });
  const loaded = await ask("catalog.load_table", { name: "spare.table" });
  const updates = [{ action: "set-properties", updates: { owner: "me" } }];
  const changes = [{ name: "spare.table", requirements: [], updates }];
  await ask("catalog.commit_tables", { changes });
  const nothing = { operation: "append", expected_snapshot_id: null };
  await refused(400, "catalog.commit", { name: "spare.table", ...nothing, added: [] });
  await ask("catalog.drop_table", { name: "spare.table" });
  const { metadata_location } = loaded;
  await ask("catalog.register_table", { name: "spare.again", metadata_location });
  await ask("catalog.drop_table", { name: "spare.again", purge: true });
  await ask("catalog.drop_namespace", { namespace: "spare" });
  await refused(404, "catalog.get", { name: "none" });
});

test("journal and observe: what happened is told and followed", { skip }, async () => {
  await ask("journal.append", { action: "config.change", subject: "x" });
  await ask("journal.list", { limit: 5, order: "oldest" });
  await ask("journal.verify");
  const event = { source: "bot", endpoint: "x", ok: true, details: { a: [1, { b: null }] } };
  await ask("observe.event", event);
  await ask("observe.event", event, { route: "POST /event" });
  await ask("observe.events_bulk", { events: [event] });
  await ask("observe.stats");
  await ask("observe.events", { source: "bot", limit: 5, success: true });
});

test("embed, vector, matrix, playbook: from texts to what was learned", { skip }, async () => {
  await ask("embed.embed", { texts: ["a welder"] });
  await ask("embed.pack", { texts: ["a welder"] });
  await ask("embed.openai", { input: ["a welder"], model: "all-minilm-l6-v2" });
  await ask("embed.openai", { input: "a welder", encoding_format: "base64" });
  await ask("embed.models");
  await ask("embed.rerank", { query: "a welder", documents: ["a baker", "a welder"], top_n: 1 });
  await ask("vector.create", { index: "own", dimension: 3, embedder: null });
  const items = [
    { id: "a", vector: [1, 0, 0], text: "sea", metadata: { n: 1, on: true } },
    { id: "b", vector: [0, 1, 0], text: "river", metadata: { n: 2, on: null } },
  ];
  await ask("vector.upsert", { index: "own", items });
  await ask("vector.search", { index: "own", vector: [1, 0, 0], k: 2, filters: { n: { gte: 1 } } });
  await ask("vector.fetch", { index: "own", ids: ["a"] });
  await ask("vector.list");
  await ask("vector.stats", { index: "own" });
  await ask("vector.rebuild", { index: "own" });
  await ask("vector.probe", { index: "own", queries: 2, k: 1 });
  await ask("vector.remove", { index: "own", ids: ["b"] });
  const source = {
    kind: "dataset",
    dataset: "shelf",
    id_column: "book_id",
    template: "{title}",
    metadata_columns: ["price"],
  };
  await ask("matrix.build", { corpus: "shelf", id_prefix: "s-", source });
  await ask("matrix.corpora");
  await ask("vector.hybrid", {
    index: "corpus_shelf",
    query_text: "sea",
    sql_filter: "price < 10",
    k: 2,
  });
  const entry = { query_text: "a book on the sea", answer_id: "s-k1", answer_corpus: "shelf" };
  const recorded = await ask("playbook.record", { ...entry, score: 1 });
  const { playbook_id } = (recorded["playbook"] ?? recorded) as { playbook_id: string };
  await ask("playbook.bulk", { entries: [{ ...entry, query_text: "lakes", score: 0.5 }] });
  await ask("playbook.match", { query_text: "a book on the sea" });
  await ask("playbook.route", { query_text: "a book on the sea" });
  await ask("matrix.search", { query_text: "a book on the sea", k: 3 });
  await ask("matrix.search", { query_text: "a book on the sea", k: 3, rerank: true });
  await ask("matrix.downgrade", { task_class: "order", model: "ollama/large" });
  await ask("playbook.list", { limit: 5 });
  await ask("playbook.get", { playbook_id });
  await ask("playbook.outcome", { playbook_id, success: true });
  await ask("playbook.contradict", { playbook_id, reason: "no" });
  await ask("playbook.retire", { playbook_id });
  await ask("playbook.forget_scope", { scope: "default" });
  await ask("matrix.drop", { corpus: "shelf" });
  await ask("vector.drop", { index: "own" });
  await refused(404, "vector.stats", { index: "none" });
});

test(
  "pathway: a trace from its first words to its end, and back from an export",
  { skip },
  async () => {
    const scope = { tenant: "acme", agent: "clerk", task_class: "order" };
    const content = { note: "the sea is sold out" };
    const source = { source: "diary.md", line: 3 };
    const added = await ask("pathway.add", {
      ...scope,
      content,
      tags: ["stock"],
      sources: [source],
    });
    const { pathway_id } = added["pathway"] as { pathway_id: string };
    await ask("pathway.bulk", {
      ...scope,
      items: [{ content: "rivers are dear" }, { content: 7 }],
    });
    await ask("pathway.update", { ...scope, pathway_id, tags: ["stock", "sea"] });
    await ask("pathway.search", { ...scope, query_text: "is the sea sold out", mode: "lexical" });
    await ask("pathway.search", { ...scope, query_text: "is the sea sold out", trust_min: 0.1 });
    await ask("pathway.outcome", { ...scope, pathway_id, success: true });
    const news = { note: "the sea came in again" };
    const revised = await ask("pathway.revise", { ...scope, pathway_id, content: news });
    await ask("pathway.get", { ...scope, pathway_id });
    await ask("pathway.history", { ...scope, pathway_id: revised["pathway_id"] });
    await ask("pathway.list", { ...scope, status: "active", limit: 5 });
    await ask("pathway.retire", { ...scope, pathway_id, reason: "old", whole_chain: true });
    await refused(409, "pathway.add", { ...scope, content });
    await ask("pathway.stats", scope);
    await ask("pathway.scopes");
    const taken = await proxy.ask("pathway.export", scope);
    nothingWrong("pathway.export", taken);
    assert.equal(taken.status, 200, taken.text.slice(0, 500));
    await ask("pathway.import", scope, { body: taken.text });
    await ask("pathway.compact");
    await ask("pathway.verify");
    await refused(404, "pathway.get", { ...scope, pathway_id: "none" });
  },
);

test("chat and usage: every form of an answer, keys and the report", { skip }, async () => {
  const candidates = [{ id: "a" }, { id: "b" }];
  const bundle = { base: {}, list_field: "l", item: { id: "id" }, count: 1, candidates };
  const messages = [{ role: "user", content: renderBundle(bundle) }];
  const model = "builtin/solver";
  await ask("chat.chat", { model, messages });
  await ask("chat.stream", { model, messages });
  await ask("chat.completions", { model, messages });
  await ask("chat.completions", { model, messages, stream: true });
  await ask("chat.models");
  await ask("chat.model", { id: model });
  await refused(404, "chat.model", { id: "kimi/k3" });
  await ask("chat.providers");
  await refused(404, "chat.completions", { model: "kimi/k3", messages });
  const made = await ask("usage.create_key", { name: "clerk", models: ["builtin/*"] });
  const { key_id } = (made["key"] ?? made) as { key_id: string };
  await ask("usage.own_key", {}, { secret: String(made["secret"]) });
  await refused(404, "usage.own_key");
  await ask("usage.keys");
  await ask("usage.rotate_key", { key_id, grace_s: 0 });
  await ask("usage.delete_key", { key_id });
  await ask("usage.report", { group_by: "provider" });
});

test("truth, permission, validate, iterate, respond: work and its judges", { skip }, async () => {
  await ask("truth.evaluate", { task_class: "order", context: {} });
  await ask("truth.rules");
  await ask("permission.decide", { action: "file.write", confidence: 0.5, details: { a: 1 } });
  await ask("permission.policies");
  await ask("permission.decisions", { limit: 5 });
  await ask("validate.kinds");
  await ask("validate.check_context", { kind: "order", context: { count: 1 } });
  await ask("iterate.sessions", { trace_id: "0".repeat(32) });
  await refused(422, "validate.validate", { kind: "order", artifact: {}, context: {} });
  const prompt = "an order without candidates";
  await refused(422, "iterate.iterate", { kind: "order", prompt, model: "builtin/solver" });
  await ask("respond.respond", { task: "say nothing" });
});

test("validate, iterate, respond: work that is accepted and remembered", { skip }, async () => {
  await ask("ingest.file", { dataset: "books", filename: "books.csv" }, { body: BOOKS });
  const source = {
    kind: "dataset",
    dataset: "books",
    id_column: "book_id",
    template: "{title} about {subject}",
    metadata_columns: ["book_id", "title", "subject", "in_stock"],
  };
  await ask("matrix.build", { corpus: "books", id_prefix: "b-", source });
  const book = { book_id: "B-002", title: "Bread at Home" };
  const context = { count: 1 };
  await ask("validate.validate", { kind: "order", artifact: { books: [book] }, context });
  const item = { book_id: "book_id", title: "title" };
  const form = { base: {}, list_field: "books", item, count: 1 };
  const prompt = renderBundle({ ...form, candidates: [{ id: "b-B-002", ...book }] });
  const model = "builtin/solver";
  await ask("iterate.iterate", { kind: "order", prompt, context, model, drafts: 2 });
  const task = "one book about baking: bread at home";
  const answer = await ask("respond.respond", { task, model });
  assert.equal(answer["status"], "accepted", JSON.stringify(answer).slice(0, 500));
  await ask("playbook.list");
});

test("the gateway's own pages are as the document has them", { skip }, async () => {
  for (const path of ["/", "/health", "/openapi.json"]) {
    const answer = await proxy.page(path);
    nothingWrong(path, answer);
    assert.equal(answer.status, 200, answer.text.slice(0, 500));
  }
});

test("lift: an unknown set is refused", { skip }, async () => {
  await refused(404, "lift.run", { set: "none" });
  await refused(404, "lift.evaluate", { set: "none" });
});

/** A stream without an end: prism waits for one before it answers. */
const ENDLESS = ["observe.follow"];

test("every service went through, and prism found nothing wrong", { skip }, async (t) => {
  assert.deepEqual(proxy.violations, []);
  const all: string[] = [];
  for (const { service, operations } of Object.values(ALL_CONTRACTS)) {
    const table: Readonly<Record<string, Operation>> = operations;
    for (const [name, { exposure }] of Object.entries(table)) {
      if (exposure !== "process") all.push(`${service}.${name}`);
    }
  }
  const left = all.filter((id) => !proxy.asked.has(id));
  assert.deepEqual(left, ENDLESS);
  // It can find something: a field that the document does not know.
  await proxy.ask("truth.rules", { task: "order" }, { route: "POST /truth/evaluate" });
  assert.equal(proxy.violations.length, 1);
  t.diagnostic(`${proxy.asked.size} operations through prism`);
});
