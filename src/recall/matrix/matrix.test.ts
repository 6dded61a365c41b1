// Tests of the matrix service on a real lake, real indexes and a real playbook.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { LakehouseError } from "#kernel/problem.ts";
import { openLake, put } from "#data/ingest/open-lake.suite.ts";
import { eachTransport } from "../../../test/support/each-transport.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { build, openMatrix, type OpenedMatrix } from "./open-matrix.suite.ts";

const TALES = [
  "the red fox jumps over the lazy dog",
  "a red fox in the winter forest",
  "the lazy dog sleeps all day",
  "red apples and green pears",
  "a recipe for onion soup",
  "the history of the fox in the city",
  "how to train a dog in the city",
  "winter forest walks for the family",
  "green tea from the mountains",
  "the fox and the grapes, a fable",
  "dogs and foxes: a guide",
  "the red barn by the lake",
];

const texts = (lines: readonly string[], shelf = "tales") => ({
  kind: "texts" as const,
  items: lines.map((text, at) => ({ id: `t${at}`, text, metadata: { shelf, at } })),
});

eachTransport("texts become a corpus that can be searched", async (connect, t) => {
  const opened = await openMatrix(t, { connect });
  const { corpus } = await build(opened, {
    corpus: "tales",
    source: texts(TALES),
    id_prefix: "x-",
  });
  assert.deepEqual((corpus as { items: number }).items, TALES.length);
  const { results, relevance } = await opened.client.search({
    query_text: "the red fox jumps over the dog",
    k: 3,
  });
  assert.equal(relevance.verdict, "relevant");
  assert.deepEqual(
    results.map((hit) => hit.rank),
    [1, 2, 3],
  );
  const [top] = results;
  assert.equal(top!.id, "x-t0");
  assert.equal(top!.provenance.source_id, "t0");
  assert.ok(top!.components.cosine! > 0.5 && top!.components.bm25! > 0);
  assert.ok(Math.abs(top!.distance - (1 - top!.score)) < 1e-9);
  const { corpora } = await opened.client.corpora({});
  assert.equal(corpora.length, 1);
});

eachTransport(
  "an unknown corpus names the nearest; an off-topic query gets nothing",
  async (connect, t) => {
    const opened = await openMatrix(t, { connect });
    await build(opened, { corpus: "tales", source: texts(TALES) });
    await assert.rejects(
      opened.client.search({ query_text: "fox", corpora: ["tale"] }),
      (error: LakehouseError) => error.reason === "no_such_corpus" && /"tales"/.test(error.hint!),
    );
    const asked = { query_text: "quantum chromodynamics lecture" };
    const { results, relevance } = await opened.client.search(asked);
    assert.equal(relevance.verdict, "nothing_relevant", relevance.reason);
    assert.deepEqual(results, []);
    assert.match(relevance.reason, /below the floor/);
    const open = await opened.client.search({ ...asked, relevance_floor: 0 });
    assert.ok(open.results.length > 0);
  },
);

test("an answer at rank 9 and more than twice the distance comes first when a playbook says so", async (t) => {
  const opened = await openMatrix(t, { settings: { relevance_floor: 0 } });
  const { client, playbook } = opened;
  await build(opened, { corpus: "tales", source: texts(TALES) });
  const query = { query_text: "the red fox jumps over the lazy dog", k: 10 };
  const cold = await client.search(query);
  const ninth = cold.results[8]!;
  assert.ok(ninth.distance > 2 * cold.results[0]!.distance);
  await playbook.record({
    query_text: query.query_text,
    answer_id: ninth.id,
    answer_corpus: "tales",
    score: 1,
  });
  const warm = await client.search(query);
  assert.equal(warm.results[0]!.id, ninth.id);
  assert.equal(warm.results[0]!.playbook?.effect, "boosted");
  assert.ok(Math.abs(warm.results[0]!.distance - ninth.distance * 0.05) < 1e-9);
  assert.equal(warm.results[0]!.base_distance, ninth.distance);
  const without = await client.search({ ...query, use_playbook: false });
  assert.deepEqual(
    without.results.map((hit) => hit.id),
    cold.results.map((hit) => hit.id),
  );
});

test("an answer that was not retrieved is injected, unless filters or corpora leave it out", async (t) => {
  const opened = await openMatrix(t, { settings: { candidates_min: 1, relevance_floor: 0 } });
  const { client, playbook } = opened;
  await build(opened, { corpus: "tales", source: texts(TALES) });
  await build(opened, { corpus: "notes", source: texts(["a note on the fox"], "notes") });
  const query_text = "the red fox jumps over the lazy dog";
  const answer = { answer_id: "t8", answer_corpus: "tales", score: 1 };
  await playbook.record({ query_text, ...answer });
  const warm = await client.search({ query_text, k: 1 });
  assert.deepEqual([warm.results[0]!.id, warm.results[0]!.playbook?.effect], ["t8", "injected"]);
  const filtered = await client.search({ query_text, k: 3, filters: { at: { lte: 7 } } });
  assert.ok(filtered.results.every((hit) => hit.id !== "t8" && hit.playbook === null));
  const elsewhere = await client.search({ query_text, k: 3, corpora: ["notes"] });
  assert.ok(elsewhere.results.every((hit) => hit.corpus === "notes" && hit.playbook === null));
  const other_scope = await client.search({ query_text, k: 3, playbook_scope: "other" });
  assert.deepEqual(other_scope.playbooks, []);
});

test("a corpus from a dataset follows it: unchanged, changed and vanished rows", async (t) => {
  const lake = await openLake(t);
  const opened = await openMatrix(t, { lake });
  const csv = (rows: readonly string[]) => ["id,title,shelf", ...rows].join("\n");
  const book = (at: number) => `${at},Tale ${at} of the fox,A${at}`;
  const rows = Array.from({ length: 25 }, (_, at) => book(at));
  await put(lake, "books", "books.csv", csv(rows));
  const input = {
    corpus: "books",
    id_prefix: "b-",
    source: {
      kind: "dataset" as const,
      dataset: "books",
      id_column: "id",
      template: "{title} on {shelf}",
      metadata_columns: ["shelf"],
    },
  };
  const first = await build(opened, input);
  assert.equal((first.corpus as { items: number }).items, 25);
  const again = await build(opened, input);
  assert.deepEqual(again.corpus, first.corpus);
  const changed = [...rows.slice(1), "99,A new tale of the wolf,"];
  await put(lake, "books", "books2.csv", csv(changed), { mode: "replace" });
  const next = await build(opened, input);
  assert.equal((next.corpus as { items: number }).items, 25);
  const { results } = await opened.client.search({ query_text: "a new tale of the wolf", k: 1 });
  assert.deepEqual([results[0]!.id, results[0]!.text], ["b-99", "A new tale of the wolf"]);
  assert.deepEqual(results[0]!.metadata, { shelf: null });
  assert.equal(results[0]!.provenance.dataset, "books");
  const all = await opened.client.search({
    query_text: "tale of the fox",
    k: 100,
    relevance_floor: 0,
  });
  assert.ok(!all.results.some((hit) => hit.id === "b-0"));
});

test("bad sources are refused and change nothing", async (t) => {
  const lake = await openLake(t);
  const opened = await openMatrix(t, { lake });
  await put(lake, "books", "books.csv", "id,title\n1,Atlas\n");
  const source = {
    kind: "dataset" as const,
    dataset: "books",
    id_column: "id",
    template: "{title}",
  };
  const cases = [
    [{ ...source, dataset: "boks" }, "no_such_dataset"],
    [{ ...source, template: "{titel}" }, "bad_template"],
    [{ ...source, id_column: "nr" }, "bad_template"],
    [{ ...source, where: "nonsense(" }, undefined],
  ] as const;
  for (const [bad, reason] of cases) {
    await assert.rejects(
      build(opened, { corpus: "books", source: bad }),
      (error: LakehouseError) => {
        return reason === undefined || error.reason === reason;
      },
    );
  }
  assert.deepEqual(await opened.client.corpora({}), { corpora: [] });
  assert.deepEqual(await opened.vector.list({}), { indexes: [] });
});

test("what a build that was stopped midway left behind is cleared by the next", async (t) => {
  const opened = await openMatrix(t);
  await build(opened, { corpus: "tales", source: texts(TALES) });
  const stray = { id: "stray", text: "left behind by a build that was stopped" };
  await opened.vector.upsert({ index: "corpus_tales", items: [stray] });
  await build(opened, { corpus: "tales", source: texts(TALES) });
  assert.equal((await opened.vector.stats({ index: "corpus_tales" })).items, TALES.length);
});

test("corpora are there after a restart, and gone once dropped", async (t) => {
  const dir = await tempDir(t);
  const before = await openMatrix(t, { dir });
  await build(before, { corpus: "tales", source: texts(TALES) });
  await build(before, { corpus: "notes", source: texts(["a note"]) });
  assert.deepEqual(await before.client.drop({ corpus: "notes" }), { dropped: true });
  assert.deepEqual(await before.client.drop({ corpus: "notes" }), { dropped: false });
  const { corpora } = await before.client.corpora({});
  await before.stop();
  const after = await openMatrix(t, { dir, lake: before.lake });
  assert.deepEqual((await after.client.corpora({})).corpora, corpora);
  const { results } = await after.client.search({ query_text: TALES[3]!, k: 1 });
  assert.equal(results[0]!.id, "t3");
});

const numbered = (word: string, items: number) => ({
  kind: "texts" as const,
  items: Array.from({ length: items }, (_, at) => ({ id: `n${at}`, text: `${word} number ${at}` })),
});

/** Begins a build and leaves it at its first progress. */
async function breakOff(
  { client }: Pick<OpenedMatrix, "client">,
  input: Parameters<OpenedMatrix["client"]["build"]>[0],
) {
  for await (const step of client.build(input)) {
    assert.equal(step.phase, "indexing");
    break;
  }
}

async function textOf({ vector }: OpenedMatrix, index: string, id: string) {
  return (await vector.fetch({ index, ids: [id] })).items[0]?.text;
}

test("a build that broke off is made good by the next, also after a restart", async (t) => {
  const dir = await tempDir(t);
  const lake = await openLake(t);
  const settings = { page_rows: 10, batch_items: 10 };
  const before = await openMatrix(t, { dir, lake, settings });
  await put(lake, "books", "b.csv", `id,title\n${range(40, (at) => `${at},Tale ${at}`)}`);
  const from = (template: string) => ({
    corpus: "books",
    source: { kind: "dataset" as const, dataset: "books", id_column: "id", template },
  });
  await build(before, from("one {title}"));
  await breakOff(before, from("two {title}"));
  assert.equal(
    (await before.client.search({ query_text: "tale", relevance_floor: 0 })).results.length > 0,
    true,
  );
  await build(before, from("one {title}"));
  assert.equal((await before.vector.stats({ index: "corpus_books" })).items, 40);
  assert.equal(await textOf(before, "corpus_books", "0"), "one Tale 0");
  await breakOff(before, from("two {title}"));
  await before.stop();
  const after = await openMatrix(t, { dir, lake, settings });
  await build(after, from("one {title}"));
  assert.equal((await after.vector.stats({ index: "corpus_books" })).items, 40);
  assert.equal(await textOf(after, "corpus_books", "0"), "one Tale 0");
});

const range = (n: number, of: (at: number) => string) =>
  `${Array.from({ length: n }, (_, at) => of(at)).join("\n")}\n`;

test("texts of a build that broke off do not stay under the manifest of the one before", async (t) => {
  const opened = await openMatrix(t, { settings: { page_rows: 10, batch_items: 10 } });
  await build(opened, { corpus: "tales", source: numbered("one", 30) });
  await breakOff(opened, { corpus: "tales", source: numbered("two", 30) });
  assert.equal(await textOf(opened, "corpus_tales", "n0"), "two number 0");
  await build(opened, { corpus: "tales", source: numbered("one", 30) });
  assert.equal(await textOf(opened, "corpus_tales", "n0"), "one number 0");
});

test("a corpus whose index was deleted, or lost items, is built anew", async (t) => {
  const lake = await openLake(t);
  const opened = await openMatrix(t, { lake });
  await put(lake, "books", "b.csv", "id,title\n1,Atlas of birds\n2,Atlas of fish\n");
  const source = {
    kind: "dataset" as const,
    dataset: "books",
    id_column: "id",
    template: "{title}",
  };
  const input = { corpus: "books", source };
  const index = "corpus_books";
  await build(opened, input);
  await opened.vector.drop({ index });
  await build(opened, input);
  assert.equal((await opened.vector.stats({ index })).items, 2);
  assert.equal((await opened.client.search({ query_text: "atlas of birds" })).results[0]!.id, "1");
  await opened.vector.remove({ index, ids: ["1"] });
  await build(opened, input);
  assert.equal(await textOf(opened, index, "1"), "Atlas of birds");
});

test("a condition that would break out of its brackets is refused", async (t) => {
  const lake = await openLake(t);
  const opened = await openMatrix(t, { lake, settings: { page_rows: 2 } });
  await put(lake, "books", "b.csv", "id,title\n1,A\n2,B\n3,C\n");
  const source = {
    kind: "dataset" as const,
    dataset: "books",
    id_column: "id",
    template: "{title}",
  };
  for (const where of ["true) OR (true", "true -- ", "id > $1", "true; DROP TABLE books"]) {
    await assert.rejects(
      build(opened, { corpus: "books", source: { ...source, where } }),
      (error: LakehouseError) => error.code === "invalid" && error.reason === "sql_syntax",
    );
  }
  assert.deepEqual(await opened.client.corpora({}), { corpora: [] });
  await build(opened, {
    corpus: "books",
    source: { ...source, where: "(id > 1) AND title <> ')'" },
  });
  assert.equal((await opened.vector.stats({ index: "corpus_books" })).items, 2);
});

eachTransport("a filter on a field that no item has names the nearest", async (connect, t) => {
  const opened = await openMatrix(t, { connect });
  await build(opened, { corpus: "tales", source: texts(TALES) });
  await build(opened, { corpus: "plain", source: numbered("one", 2) });
  await assert.rejects(
    opened.client.search({ query_text: "red fox", filters: { shelv: "tales" } }),
    (error: LakehouseError) => error.reason === "no_such_field" && /"shelf"/.test(error.hint!),
  );
  const found = await opened.client.search({ query_text: "red fox", filters: { shelf: "tales" } });
  assert.equal(found.relevance.verdict, "relevant");
});
