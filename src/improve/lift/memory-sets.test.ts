// Tests of the sets about memory: pairs, templated tasks, minimal edits and their controls.
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { seededRandom } from "#kernel/random.ts";
import { openPlaybook } from "#recall/playbook/open-playbook.suite.ts";
import { startCall } from "#kernel/call.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { readEditSentences } from "./edit-sentences.ts";
import { evaluateEdits } from "./evaluate-edits.ts";
import { evaluatePairs, pairsOfSplit } from "./evaluate-pairs.ts";
import { evaluateTasks } from "./evaluate-tasks.ts";
import { liftSettings } from "./lift-settings.ts";
import { EDIT_TYPES, makeMinimalEdits } from "./minimal-edits.ts";
import { partOfPair, readPairFolder } from "./pair-folder.ts";
import { recallAtFalse } from "./recall-at-false.ts";
import { rephrase } from "./rephrase.ts";
import { SENTENCES } from "./sample-sentences.suite.ts";
import { readTaskFolder } from "./task-folder.ts";

const REQUEST = { split: "train", queries_max: 100, seed: 7 };

async function result<T>(steps: AsyncGenerator<unknown, T>): Promise<T> {
  for (;;) {
    const { done, value } = await steps.next();
    if (done) return value;
  }
}

test("edits are made again from their seed, differ from their source, and name their type", () => {
  const make = (seed: number) => makeMinimalEdits(SENTENCES, 3, seededRandom(seed));
  const edits = make(7);
  assert.deepEqual(make(7), edits);
  assert.ok(edits.length >= 5, `${edits.length} edits`);
  for (const { type, source, edited } of edits) {
    assert.notEqual(source, edited);
    assert.ok(EDIT_TYPES.includes(type));
    assert.ok(SENTENCES.includes(source));
  }
  assert.equal(new Set(edits.map((edit) => edit.source)).size, edits.length, "one edit each");
});

test("a sentence is rephrased by rule, the same for the same seed", () => {
  for (const sentence of SENTENCES) {
    const said = rephrase(sentence, seededRandom(3));
    assert.notEqual(said, sentence);
    assert.equal(rephrase(sentence, seededRandom(3)), said);
  }
});

test("recall is read at the score that so many of the others exceed", () => {
  const scored = Array.from({ length: 100 }, (_, at) => ({ score: at, is_same: at % 2 === 1 }));
  assert.equal(recallAtFalse(scored, 0).hits, 1);
  assert.equal(recallAtFalse(scored, 0.1).hits, 6);
  assert.equal(recallAtFalse([], 0.1).rate, null);
});

test("pairs are recognised, keep their part, and are judged by the service", async (t) => {
  const folder = await tempDir(t);
  const lines = Array.from({ length: 40 }, (_, at) => {
    const same = at % 2 === 0;
    const first = `In ${1900 + at} the team of Boston beat the team of Dallas in the final game`;
    const second = same
      ? `The team of Boston beat the team of Dallas in the final game in ${1900 + at}`
      : `In ${1900 + at} the team of Dallas beat the team of Boston in the final game`;
    return `${at}\t${first}\t${second}\t${Number(same)}\r`;
  });
  await writeFile(join(folder, "dev.tsv"), `id\tone\ttwo\tlabel\n${lines.join("\n")}\n`);
  const set = (await readPairFolder(folder))!;
  assert.equal(set.files.get("dev")!.length, 40);
  const held = pairsOfSplit(set, REQUEST);
  assert.ok(held.length > 0 && held.every((pair) => partOfPair(pair.id) === "held_out"));
  assert.equal(pairsOfSplit(set, { ...REQUEST, split: "dev.tsv" }).length, 40);
  assert.throws(() => pairsOfSplit(set, { ...REQUEST, split: "nothing" }), /no split "nothing"/);
  const { client: playbook } = await openPlaybook(t);
  const parts = { playbook, settings: liftSettings.parse({}) };
  const { by_mode } = await result(evaluatePairs(parts, held, "pairs", startCall()));
  assert.equal(by_mode["same"]!["auroc"], 1);
  assert.equal(by_mode["same"]!["reuse, other"], 0);
  assert.equal((await playbook.list({ status: "active" })).total, 0, "nothing is left behind");
});

test("templated tasks: the template is found first and no wrong answer is reused", async (t) => {
  const folder = await tempDir(t);
  const cities = ["Oslo", "Rome", "Lima", "Cairo", "Quito", "Minsk"];
  const tasks = cities.flatMap((city, at) => [
    task(at, 1, `What is the zip code of ${city}?`, city),
    task(at + 10, 2, `Show the walking distance from the museum to ${city} harbour`, city),
    task(at + 20, 3, "Add this product to my wishlist", `product ${at}`),
  ]);
  await writeFile(join(folder, "tasks.json"), JSON.stringify(tasks));
  const read = (await readTaskFolder(folder))!;
  assert.equal(read.length, 18);
  const { client: playbook } = await openPlaybook(t);
  const parts = { playbook, settings: liftSettings.parse({}) };
  const { by_mode } = await result(evaluateTasks(parts, read, REQUEST, "tasks", startCall()));
  for (const mode of ["with facts", "words only"]) {
    assert.equal(by_mode[mode]!["right template first"], 1, mode);
    assert.equal(by_mode[mode]!["wrong answer reused"], 0, mode);
    assert.ok(by_mode[mode]!["wrong answer, if reused naively"]! > 0.9, mode);
  }
  assert.ok(by_mode["templates permuted"]!["right template first"]! < 0.9, "control");
});

function task(task_id: number, intent_template_id: number, intent: string, answer: string) {
  return { task_id, intent_template_id, intent, sites: ["shop"], eval: { answer } };
}

test("no edit is reused, its paraphrase is boosted, origins permuted are not", async (t) => {
  const root = await tempDir(t);
  await mkdir(join(root, "small/train"), { recursive: true });
  await writeFile(join(root, "small/train/seq.in"), `${SENTENCES.join("\n")}\n`);
  await writeFile(join(root, "small/train/label"), `${SENTENCES.map((_, at) => at).join("\n")}\n`);
  const sentences = await readEditSentences(root);
  assert.equal(sentences.length, SENTENCES.length);
  const { client: playbook } = await openPlaybook(t);
  const parts = { playbook, settings: liftSettings.parse({}) };
  const { queries, figures } = await result(
    evaluateEdits(parts, sentences, REQUEST, "edits", startCall()),
  );
  assert.ok(queries >= 5);
  assert.equal(figures["edits: falsely reused"], 0);
  assert.ok(figures["paraphrases: boosted"]! >= 0.8);
  assert.equal(figures["paraphrases, origins permuted: boosted"], 0);
});
