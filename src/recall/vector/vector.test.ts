// The vector service over both transports: items in, found again, filtered, mixed, refused.
import { test } from "node:test";
import assert from "node:assert/strict";
import { eachTransport } from "../../../test/support/each-transport.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import { embed } from "#contracts/embed.ts";
import { FAKE_MODEL, fakeEmbed, fakeVector, openVector } from "./open-vector.suite.ts";

const books = [
  { id: "b1", text: "a history of the sea", metadata: { shelf: "history", year: 1990 } },
  { id: "b2", text: "a history of bread and butter", metadata: { shelf: "history", year: 2001 } },
  { id: "b3", text: "cooking fish from the sea", metadata: { shelf: "food", year: 2010 } },
  { id: "b4", text: "bread for beginners", metadata: { shelf: "food", year: 2020, sale: true } },
  { id: "b5", text: "sailing ships", metadata: {} },
];

eachTransport("items are found by vector, by words and by both", async (connect, t) => {
  const { client, close } = await openVector(await tempDir(t), { connect });
  t.after(close);
  const made = await client.create({ index: "books" });
  assert.equal(made.embedder, FAKE_MODEL);
  assert.deepEqual(await client.upsert({ index: "books", items: books }), {
    upserted: 5,
    items: 5,
  });
  const near = await client.search({ index: "books", query_text: "a history of the sea", k: 2 });
  assert.equal(near.hits[0]!.id, "b1");
  assert.ok(Math.abs(near.hits[0]!.score - 1) < 1e-3);
  assert.equal(near.matched, null);
  const words = await client.search({ index: "books", query_text: "Ships", mode: "lexical" });
  assert.deepEqual(
    words.hits.map(({ id, distance }) => [id, distance]),
    [["b5", null]],
  );
  const mixed = await client.search({ index: "books", query_text: "baking bread", mode: "mixed" });
  assert.equal(mixed.method, "mixed");
  assert.deepEqual(new Set(mixed.hits.slice(0, 2).map(({ id }) => id)), new Set(["b2", "b4"]));
  for (const hit of mixed.hits) {
    assert.ok(hit.score >= 0 && hit.score <= 1);
    assert.ok(hit.components.vector !== null && hit.components.lexical !== null);
  }
  const bare = await client.search({
    index: "books",
    vector: [...fakeVector("sea")],
    with_text: false,
  });
  assert.equal(bare.hits[0]!.text, null);
});

eachTransport("filters and ids leave exactly what they name", async (connect, t) => {
  const { client, close } = await openVector(await tempDir(t), { connect });
  t.after(close);
  await client.create({ index: "books" });
  await client.upsert({ index: "books", items: books });
  const ids = async (rest: object) => {
    const found = await client.search({ index: "books", query_text: "sea", ...rest });
    assert.equal(found.hits.length, found.matched);
    return found.hits.map(({ id }) => id).toSorted();
  };
  assert.deepEqual(await ids({ filters: { shelf: "food" } }), ["b3", "b4"]);
  assert.deepEqual(await ids({ filters: { shelf: ["food", "none"], year: { gte: 2015 } } }), [
    "b4",
  ]);
  assert.deepEqual(await ids({ filters: { year: { gte: 1990, lte: 2001 } } }), ["b1", "b2"]);
  assert.deepEqual(await ids({ filters: { shelf: { not: "food" } } }), ["b1", "b2", "b5"]);
  assert.deepEqual(await ids({ filters: { sale: true } }), ["b4"]);
  assert.deepEqual(await ids({ filters: { nothing: 1 }, unknown_fields: "accept" }), []);
  await assert.rejects(ids({ filters: { year: 1990, shelv: "food" } }), {
    code: "invalid",
    reason: "no_such_field",
    hint: 'did you mean "shelf"?',
  });
  await client.create({ index: "empty" });
  const nothing = await client.search({ index: "empty", query_text: "sea", filters: { any: 1 } });
  assert.deepEqual(nothing.hits, [], "nothing is known of an index without items");
  assert.deepEqual(await ids({ ids: ["b5", "b1", "zz", "b1"] }), ["b1", "b5"]);
  assert.deepEqual(await ids({ ids: ["b5", "b1"], filters: { year: 1990 } }), ["b1"]);
  const fetched = await client.fetch({ index: "books", ids: ["b4", "zz", "b5"] });
  assert.deepEqual(fetched.items, [
    { id: "b4", text: "bread for beginners", metadata: { shelf: "food", year: 2020, sale: true } },
    { id: "b5", text: "sailing ships", metadata: {} },
  ]);
});

eachTransport("replacing, removing, rebuilding and dropping", async (connect, t) => {
  const { client, close } = await openVector(await tempDir(t), { connect });
  t.after(close);
  await client.create({ index: "books" });
  await client.upsert({ index: "books", items: books });
  await client.upsert({ index: "books", items: [{ id: "b1", text: "cheese" }] });
  assert.deepEqual(await client.remove({ index: "books", ids: ["b2", "zz"] }), {
    removed: 1,
    items: 4,
  });
  const rebuilt = await client.rebuild({ index: "books" });
  assert.deepEqual([rebuilt.items, rebuilt.generation, rebuilt.log_items], [4, 1, 0]);
  const [first] = (await client.search({ index: "books", query_text: "cheese" })).hits;
  assert.deepEqual([first!.id, first!.text, first!.metadata], ["b1", "cheese", {}]);
  assert.equal((await client.search({ index: "books", query_text: "history" })).hits.length, 4);
  assert.deepEqual((await client.list({})).indexes, [await client.stats({ index: "books" })]);
  assert.deepEqual(await client.drop({ index: "books" }), { dropped: true });
  assert.deepEqual(await client.drop({ index: "books" }), { dropped: false });
  await assert.rejects(client.stats({ index: "books" }), {
    code: "not_found",
    reason: "no_such_index",
  });
  assert.equal((await client.create({ index: "books" })).items, 0);
});

eachTransport("what does not fit is refused and changes nothing", async (connect, t) => {
  const { client, close } = await openVector(await tempDir(t), { connect });
  t.after(close);
  const own = { index: "own", embedder: null, dimension: 2, lexical: false };
  await client.create(own);
  await client.create(own);
  await client.create({ index: "texts" });
  const refused = (work: Promise<unknown>, code: string, reason: string) =>
    assert.rejects(work, { code, reason });
  const search = (rest: object) => client.search({ index: "own", ...rest });
  const upsert = (index: string, item: object) =>
    client.upsert({
      index,
      items: [
        { id: "good", text: "x", vector: [1, 0] },
        { id: "a", ...item },
      ],
    });
  await refused(client.create({ ...own, dimension: 3 }), "conflict", "index_differs");
  await refused(client.create({ index: "x", dimension: 7 }), "invalid", "dimension_differs");
  await refused(client.create({ index: "x", embedder: "no/such" }), "not_found", "no_such_model");
  await refused(client.create({ index: "x", embedder: null }), "invalid", "invalid");
  const i8 = { index: "x", quantization: "i8", metric: "ip" } as const;
  await refused(client.create(i8), "invalid", "invalid");
  await refused(upsert("own", { vector: [1, 2, 3] }), "invalid", "dimension_differs");
  await refused(upsert("own", { text: "words" }), "invalid", "no_query");
  await refused(upsert("own", {}), "invalid", "no_text");
  await refused(search({ vector: [1] }), "invalid", "dimension_differs");
  await refused(search({}), "invalid", "no_query");
  await refused(search({ query_text: "x" }), "invalid", "no_query");
  await refused(search({ query_text: "x", mode: "lexical" }), "conflict", "not_lexical");
  await refused(
    client.search({ index: "texts", mode: "mixed", vector: [...fakeVector("x")] }),
    "invalid",
    "no_query",
  );
  await refused(client.hybrid({ index: "texts", query_text: "x" }), "conflict", "no_source");
  await refused(client.search({ index: "none", query_text: "x" }), "not_found", "no_such_index");
  assert.equal((await client.stats({ index: "own" })).items, 0);
  assert.deepEqual(
    (await client.list({})).indexes.map(({ index }) => index),
    ["own", "texts"],
  );
});

test("an index remembers its embedder: another model or dimension is a conflict", async (t) => {
  const root = await tempDir(t);
  const first = await openVector(root);
  await first.client.create({ index: "books" });
  await first.client.upsert({ index: "books", items: books });
  await first.close();
  const embeds = [fakeEmbed("other/model"), fakeEmbed(FAKE_MODEL, 16)];
  for (const handlers of embeds) {
    const opened = await openVector(root, { embed: connectLocal(embed, handlers) });
    const conflict = { code: "conflict", reason: "embedder_differs" };
    await assert.rejects(opened.client.search({ index: "books", query_text: "sea" }), conflict);
    await assert.rejects(opened.client.upsert({ index: "books", items: books }), conflict);
    const words = await opened.client.search({
      index: "books",
      query_text: "sea",
      mode: "lexical",
    });
    assert.equal(words.hits.length, 2);
    await opened.close();
  }
});

test("searches with many callers at once each get their own answer", async (t) => {
  const { client, close } = await openVector(await tempDir(t));
  t.after(close);
  await client.create({ index: "many", lexical: false });
  const items = Array.from({ length: 3000 }, (_, at) => ({
    id: `i${at}`,
    text: `item number ${at}`,
  }));
  await client.upsert({ index: "many", items });
  const found = await Promise.all(
    items.slice(0, 300).map(({ text }) => client.search({ index: "many", query_text: text, k: 1 })),
  );
  // The graph may miss one now and then; answers given to the wrong caller would all be wrong.
  const right = found.filter(({ hits }, at) => hits[0]!.id === `i${at}`).length;
  assert.ok(right >= 290, `${right} of 300`);
});
