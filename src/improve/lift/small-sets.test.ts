// Tests of small sets of one's own: something is left to ask, or an error says what is missing.
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { seededRandom } from "#kernel/random.ts";
import type { LakehouseError } from "#kernel/problem.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { planIntents } from "./evaluate-intents.ts";
import { readIntentFolder, type IntentFolder, type LabelledText } from "./intent-folder.ts";
import { chooseExemplars, prepareIntentSet } from "./prepare-intent-set.ts";

const request = { split: "train", queries_max: 100, seed: 7 };
const options = { queries_max: 100, seed: 7, exemplars_per_label: 10 };

/** So many lines of each label. */
function linesOf(labels: Record<string, number>): LabelledText[] {
  return Object.entries(labels).flatMap(([label, count]) =>
    Array.from({ length: count }, (_, at) => ({
      text: `${label} request number ${at}`,
      label,
      paraphrase: undefined,
    })),
  );
}

function folderOf(train: readonly LabelledText[], valid: readonly LabelledText[] = []) {
  const asked = new Map(valid.length === 0 ? [] : [["valid", valid]]);
  const folder: IntentFolder = {
    train,
    asked,
    few_shot: undefined,
    has_paraphrases: false,
    outside: [],
  };
  return folder;
}

async function writeSet(t: { after(fn: () => unknown): void }, files: Record<string, string>) {
  const root = await tempDir(t);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, "int", name)), { recursive: true });
    await writeFile(join(root, "int", name), text);
  }
  return join(root, "int");
}

test("of labels with few lines half are exemplars, and the rest is asked", async () => {
  const folder = folderOf(linesOf({ lamp: 10, song: 10, door: 3, bell: 1 }));
  const plan = planIntents(folder, request, 10);
  assert.deepEqual([plan.exemplars.length, plan.queries.length], [5 + 5 + 1 + 1, 5 + 5 + 2]);
  const set = await prepareIntentSet("int", folder, options, async () => []);
  assert.deepEqual([set.items.length, set.cases.length], [12, 12]);
});

test("of labels with many lines as many are exemplars as before", () => {
  const folder = folderOf(linesOf({ lamp: 20, song: 57 }));
  const chosen = chooseExemplars(folder, 10, seededRandom(7));
  const count = new Map<string, number>();
  const before = seededRandom(7)
    .shuffle(folder.train)
    .filter(({ label }) => {
      count.set(label, (count.get(label) ?? 0) + 1);
      return count.get(label)! <= 10;
    });
  assert.deepEqual(chosen, before);
});

test("a set of which nothing is left to ask is refused, and the error says what would help", async () => {
  const folder = folderOf(linesOf({ lamp: 1, song: 1 }), linesOf({ lamp: 2 }));
  assert.throws(
    () => planIntents(folder, request, 10),
    (error: LakehouseError) =>
      error.reason === "nothing_to_ask" &&
      /of 2 lines of train with 2 labels 2 are exemplars/.test(error.message) &&
      /two or more of each label, or ask its part with --split valid/.test(error.hint!),
  );
  await assert.rejects(
    prepareIntentSet("int", folder, options, async () => []),
    { reason: "nothing_to_ask" },
  );
  assert.equal(planIntents(folder, { ...request, split: "valid" }, 10).queries.length, 2);
});

test("files that do not go line by line are an error that names both counts", async (t) => {
  const texts = "turn on the lamp\nplay a song\n";
  const cases: [Record<string, string>, RegExp][] = [
    [{ "train/label": "lamp\n" }, /int\/train\/seq.in has 2 lines and int\/train\/label has 1/],
    [{ "train/label": "lamp\nsong\nbell\n" }, /has 2 lines and int\/train\/label has 3/],
    [{ "train/label": "\nsong\n" }, /line 1 of int\/train\/seq.in has no label/],
    [{ "train/label": "lamp\nsong\n", "train/para.in": "lamp on\n" }, /para.in has 1/],
    [
      { "train/label": "lamp\nsong\n", "valid/seq.in": "on\n", "valid/label": "\n" },
      /line 1 of int\/valid\/seq.in has no label/,
    ],
  ];
  for (const [files, message] of cases) {
    const folder = await writeSet(t, { "train/seq.in": texts, ...files });
    await assert.rejects(
      readIntentFolder(folder),
      (error: LakehouseError) =>
        error.reason === "set_not_understood" && message.test(error.message),
      String(message),
    );
  }
});

test("empty lines at the end, or a text that is empty, do no harm", async (t) => {
  const folder = await writeSet(t, {
    "train/seq.in": "turn on the lamp\n\nplay a song\n",
    "train/label": "lamp\nlamp\nsong\n\n\n",
  });
  const read = await readIntentFolder(folder);
  assert.deepEqual(
    read?.train.map(({ text, label }) => [text, label]),
    [
      ["turn on the lamp", "lamp"],
      ["play a song", "song"],
    ],
  );
});
