// Answers to similar queries, and hits explained in words.
import { test } from "node:test";
import assert from "node:assert/strict";
import { explainHit } from "./explain-hit.ts";
import { build, openMatrix } from "./open-matrix.suite.ts";

const TALES = [
  "the red fox jumps over the lazy dog",
  "a red fox in the winter forest",
  "the lazy dog sleeps all day",
  "green tea from the mountains",
  "the fox and the grapes, a fable",
];
const source = {
  kind: "texts" as const,
  items: TALES.map((text, at) => ({ id: `t${at}`, text, metadata: { at } })),
};

test("the answer to a similar query is raised when the settings say so, and only then", async (t) => {
  for (const feedback_weight of [0, 0.5]) {
    const opened = await openMatrix(t, { settings: { feedback_weight, relevance_floor: 0 } });
    await build(opened, { corpus: "tales", source });
    const answer = { answer_id: "t4", answer_corpus: "tales", score: 1 };
    // A number that differs: the entry may not speak for the other query.
    await opened.playbook.record({ query_text: "two red foxes in the forest", ...answer });
    const query_text = "three red foxes in the forest";
    const { results, playbooks } = await opened.client.search({ query_text, k: 5 });
    assert.deepEqual(
      playbooks.map((one) => one.applied),
      [false],
    );
    const raised = results.find((hit) => hit.id === "t4")!;
    const others = results.filter((hit) => hit.id !== "t4");
    assert.ok(others.every((hit) => hit.components.feedback === 0 && hit.playbook === null));
    assert.equal(raised.playbook, null);
    if (feedback_weight === 0) {
      assert.equal(raised.components.feedback, 0);
      continue;
    }
    const { feedback, mixed } = raised.components;
    assert.ok(feedback > 0.01 && feedback <= 0.5, `${feedback}`);
    assert.ok(Math.abs(raised.score - mixed - feedback) < 1e-9);
    assert.match(raised.explain, /from answers to similar queries/u);
    const filtered = await opened.client.search({ query_text, k: 5, filters: { at: { lte: 3 } } });
    assert.ok(filtered.results.every((hit) => hit.id !== "t4"));
    const [entry] = playbooks;
    await opened.playbook.contradict({ playbook_id: entry!.playbook.playbook_id });
    const after = await opened.client.search({ query_text, k: 5 });
    assert.ok(after.results.every((hit) => hit.components.feedback === 0));
  }
});

test("a hit tells what it measured and what it weighs; modes alone have all the weight", async (t) => {
  const opened = await openMatrix(t, { settings: { relevance_floor: 0 } });
  await build(opened, { corpus: "tales", source });
  const ask = async (mode: "mixed" | "vector" | "lexical") =>
    (await opened.client.search({ query_text: TALES[0]!, k: 1, mode })).results[0]!;
  const [mixed, vector, lexical] = [await ask("mixed"), await ask("vector"), await ask("lexical")];
  assert.match(
    mixed.explain,
    /^meaning 1\.00 × 0\.\d\d \(cosine 1\.00, unrelated texts 0\.\d\d\)/u,
  );
  assert.match(mixed.explain, /words 0\.\d\d × 0\.\d\d \(BM25 \d+\.\d\) = 0\.\d\d$/u);
  assert.match(vector.explain, /^meaning 1\.00 × 1\.00 .* = 1\.00$/u);
  assert.match(lexical.explain, /^words 0\.\d\d × 1\.00/u);
  assert.equal(lexical.components.background, null);
  assert.ok(mixed.components.background! < 0.9);
});

test("an explanation names the playbook and what it did to the distance", () => {
  const explained = explainHit(
    {
      score: 0.4,
      distance: 0.03,
      base_distance: 0.6,
      components: {
        cosine: null,
        background: null,
        bm25: 20,
        mixed: 0.4,
        feedback: 0,
        rerank: null,
      },
      playbook: { playbook_id: "p1", confidence: 0.95, score: 1, effect: "injected" },
    },
    { semantic_weight: 0.2, bm25_half: 20 },
  );
  assert.equal(
    explained,
    "words 0.50 × 0.80 (BM25 20.0) = 0.40; playbook p1 (injected, confidence 0.95) brings the " +
      "distance from 0.60 to 0.03",
  );
});
