// What is on disk: restarts, torn and forged lines, compaction, export and import.
import assert from "node:assert/strict";
import { appendFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { newId } from "#kernel/ids.ts";
import type { LakehouseError } from "#kernel/problem.ts";
import { eachTransport } from "../../../test/support/each-transport.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { openPathway, SCOPE, wordEmbedder } from "./open-pathway.suite.ts";
import { contentHash } from "./trace-content.ts";

type Opened = Awaited<ReturnType<typeof openPathway>>;

async function bytesOf(client: Opened["client"], scope = SCOPE): Promise<Buffer> {
  const { body } = await client.export(scope);
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function* stream(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Everything of a life: added, merged, corrected, revised, judged, retired. */
async function live(client: Opened["client"]): Promise<string[]> {
  const ids: string[] = [];
  for (const content of ["blue chairs", "red chairs", { deep: ["tables", 4] }]) {
    ids.push((await client.add({ ...SCOPE, content, tags: ["x"] })).pathway.pathway_id);
  }
  const [first, second, third] = ids as [string, string, string];
  await client.add({ ...SCOPE, content: "blue chairs", sources: [{ source: "mail", line: 3 }] });
  for (const success of [true, true, false]) {
    await client.outcome({ ...SCOPE, pathway_id: first, success });
    await client.add({ ...SCOPE, content: { deep: ["tables", 4] } });
  }
  await client.update({ ...SCOPE, pathway_id: first, content: "navy chairs", tags: ["y"] });
  const newer = await client.revise({ ...SCOPE, pathway_id: second, content: "no red chairs" });
  await client.add({ ...SCOPE, content: "so buy navy", derived_from: [second] });
  await client.retire({ ...SCOPE, pathway_id: third, reason: "gone" });
  await client.outcome({ ...SCOPE, pathway_id: first, success: true });
  return [...ids, newer.pathway_id];
}

async function stateOf(client: Opened["client"], ids: readonly string[]) {
  const histories = [];
  for (const pathway_id of ids) histories.push(await client.history({ ...SCOPE, pathway_id }));
  const search = { ...SCOPE, query_text: "chairs tables", include_superseded: true };
  const { hits } = await client.search({ ...search, mode: "lexical", remember_recall: false });
  return { list: await client.list(SCOPE), histories, hits };
}

test("after a restart all is as it was, and a torn or forged line costs only itself", async (t) => {
  const dir = await tempDir(t);
  const before = await openPathway(t, { dir });
  const ids = await live(before.client);
  const state = await stateOf(before.client, ids);
  assert.deepEqual((await before.client.verify({})).problems, []);
  await before.service.stop();
  const path = join(dir, "pathways.jsonl");
  const forged = { op: "outcome", at: new Date(0).toISOString(), ...SCOPE, tenant: "other" };
  const alien = JSON.stringify({ ...forged, pathway_id: ids[0], trace_id: "t", success: true });
  await appendFile(path, `not json\n{"op":"add"}\n${alien}\n{"op":"add","content":"half`);
  const after = await openPathway(t, { dir, clock: before.clock });
  assert.deepEqual(await stateOf(after.client, ids), state);
  assert.equal((await after.service.health()).figures["corrupt_lines"], 3);
  const { ok, problems } = await after.client.verify({});
  assert.deepEqual([ok, problems.map((one) => one.kind)], [false, Array(3).fill("corrupt_line")]);
  await after.client.add({ ...SCOPE, content: "one more" });
  assert.equal((await after.client.list(SCOPE)).total, state.list.total + 1);
});

test("compaction makes the log smaller and nothing else different", async (t) => {
  const dir = await tempDir(t);
  const { client, clock, service } = await openPathway(t, { dir });
  const ids = await live(client);
  for (let at = 0; at < 50; at++) {
    await client.outcome({ ...SCOPE, pathway_id: ids[at % 4]!, success: at % 3 === 0 });
  }
  const state = await stateOf(client, ids);
  const done = await client.compact({});
  assert.ok(done.rows_after < done.rows_before / 2, JSON.stringify(done));
  assert.ok(done.bytes_after < done.bytes_before);
  assert.deepEqual(await stateOf(client, ids), state);
  await client.outcome({ ...SCOPE, pathway_id: ids[0]!, success: true });
  const again = await client.compact({});
  assert.equal(again.rows_after, done.rows_after, "a folded row takes in what follows it");
  const later = await stateOf(client, ids);
  assert.equal(later.histories[0]!.operations_total, state.histories[0]!.operations_total + 1);
  assert.deepEqual((await client.verify({})).problems, []);
  await service.stop();
  const reopened = await openPathway(t, { dir, clock });
  assert.deepEqual(await stateOf(reopened.client, ids), later);
});

eachTransport("an export comes back byte for byte, history included", async (connect, t) => {
  const first = await openPathway(t, { connect });
  const ids = await live(first.client);
  await first.client.add({ ...SCOPE, tenant: "other", content: "not to be seen" });
  const bytes = await bytesOf(first.client);
  assert.ok(!bytes.includes("not to be seen"));
  const second = await openPathway(t, { connect, clock: first.clock });
  const taken = await second.client.import({ ...SCOPE, body: stream(bytes) });
  assert.equal(taken.written, taken.rows);
  assert.deepEqual(await bytesOf(second.client), bytes);
  assert.deepEqual(await stateOf(second.client, ids), await stateOf(first.client, ids));
  const again = await second.client.import({ ...SCOPE, body: stream(bytes) });
  assert.deepEqual(again, { rows: taken.rows, written: 0, already_there: taken.rows });
});

test("an import is refused as a whole when it is cut, changed, of another scope or forked", async (t) => {
  const first = await openPathway(t);
  const ids = await live(first.client);
  const bytes = await bytesOf(first.client);
  const second = await openPathway(t, { clock: first.clock });
  const refused = async (body: Uint8Array | string, reason: string, scope = SCOPE) => {
    const sent = stream(typeof body === "string" ? Buffer.from(body) : body);
    const ask = () => second.client.import({ ...scope, body: sent }) as Promise<unknown>;
    await assert.rejects(ask, (error: LakehouseError) => {
      assert.equal(error.reason, reason, error.message);
      return true;
    });
    assert.equal((await second.client.list(SCOPE)).total, 0);
  };
  await refused(bytes.subarray(0, bytes.length - 200), "bad_export");
  await refused(bytes.toString().replace("navy", "gray"), "bad_export");
  await refused(bytes, "bad_export", { ...SCOPE, agent: "someone" });
  await refused("not json\n", "bad_export");
  await second.client.import({ ...SCOPE, body: stream(bytes) });
  await second.client.outcome({ ...SCOPE, pathway_id: ids[0]!, success: true });
  await first.client.outcome({ ...SCOPE, pathway_id: ids[0]!, success: false });
  const forked = stream(await bytesOf(first.client));
  await assert.rejects(
    () => second.client.import({ ...SCOPE, body: forked }) as Promise<unknown>,
    (error: LakehouseError) => error.reason === "histories_differ",
  );
});

test("a chain that bites its tail is reported, and never searched for ever", async (t) => {
  const dir = await tempDir(t);
  const [a, b, c] = [newId(), newId(), newId()];
  const row = (pathway_id: string, replaces: string | undefined, content: string) => ({
    op: replaces === undefined ? "add" : "revise",
    at: "2026-01-01T00:00:00.000Z",
    ...SCOPE,
    pathway_id,
    trace_id: "t",
    content,
    hash: contentHash(content),
    ...(replaces === undefined ? {} : { replaces }),
  });
  const rows = [
    row(a, c, "cycle a"),
    row(b, a, "cycle b"),
    row(c, b, "cycle c"),
    row(newId(), undefined, "cycle free"),
  ];
  await writeFile(
    join(dir, "pathways.jsonl"),
    rows.map((one) => `${JSON.stringify(one)}\n`).join(""),
  );
  const { client } = await openPathway(t, { dir });
  const history = await client.history({ ...SCOPE, pathway_id: b });
  assert.equal(history.cycle, b);
  assert.equal(history.newest, null);
  assert.equal(history.versions.length, 3);
  const { problems } = await client.verify({});
  assert.deepEqual(problems.map((one) => one.kind).toSorted(), ["cycle", "cycle", "cycle"]);
  for (const include_superseded of [false, true]) {
    const { hits } = await client.search({ ...SCOPE, query_text: "cycle", include_superseded });
    assert.equal(hits.length, include_superseded ? 4 : 1);
  }
});

test("vectors on disk are found again, and a torn row of them is embedded anew", async (t) => {
  const dir = await tempDir(t);
  const first = await openPathway(t, { dir });
  for (const at of [1, 2, 3]) await first.client.add({ ...SCOPE, content: `note ${at}` });
  await first.service.embedded();
  await first.service.stop();
  const path = join(dir, "vectors-test_words-64.i8");
  const bytes = await readFile(path);
  await writeFile(path, bytes.subarray(0, bytes.length - 5));
  const second = await openPathway(t, { dir });
  await second.service.embedded();
  assert.deepEqual(await readFile(path), bytes);
  assert.equal((await second.client.stats(SCOPE)).embedding.backlog, 0);
});

test("a life that ends at once still embeds what it added, but waits for no slow model", async (t) => {
  const dir = await tempDir(t);
  const slow = (after_ms: number) => {
    const words = wordEmbedder();
    let texts_embedded = 0;
    const embed: typeof words.embed = async (texts, signal) => {
      await wait(after_ms, undefined, { signal });
      texts_embedded += texts.length;
      return words.embed(texts, signal);
    };
    return { embedder: { ...words, embed }, embedded: () => texts_embedded };
  };
  const quick = slow(30);
  const short = await openPathway(t, { dir, embedder: quick.embedder });
  await short.client.add({ ...SCOPE, content: "blue chairs" });
  await short.service.stop();
  assert.equal(quick.embedded(), 1);

  const late = slow(60_000);
  const settings = { stop_embed_ms: 50 };
  const second = await openPathway(t, { dir, embedder: late.embedder, settings });
  await second.client.add({ ...SCOPE, content: "red chairs" });
  const began = performance.now();
  await second.service.stop();
  assert.ok(performance.now() - began < 30_000);

  const third = slow(0);
  const found = await openPathway(t, { dir, embedder: third.embedder });
  const { hits } = await found.client.search({ ...SCOPE, query_text: "chairs", mode: "lexical" });
  assert.equal(hits.length, 2);
  await found.service.stop();
  // The blue ones were known: of them nobody is asked again.
  assert.equal(third.embedded(), 1);
});
