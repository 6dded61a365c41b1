// The semantic cache's judge on public sentences: no edited request passes for the one it was.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { seededRandom } from "#kernel/random.ts";
import { readEditSentences } from "#improve/lift/edit-sentences.ts";
import { makeMinimalEdits } from "#improve/lift/minimal-edits.ts";
import { partOfPair, readPairFolder } from "#improve/lift/pair-folder.ts";
import { rephrase } from "#improve/lift/rephrase.ts";
import { createSameRequest } from "#recall/playbook/same-request.ts";
import { ROOT } from "../support/source-tree.ts";

const DATA = process.env["LAKEHOUSE_TEST_DATA"] ?? join(ROOT, "../shared/data");
const skip = existsSync(DATA) ? false : `no data sets in ${DATA}`;
const judge = createSameRequest([]);
const PASSED_MIN = 0.2;

function same(asked: string, kept: string): boolean {
  const [a, b] = [judge.read(asked), judge.read(kept)];
  return a !== undefined && b !== undefined && judge.isSame(a, b);
}

test("no minimal edit is the same request; most polite rewordings are", { skip }, async (t) => {
  const sentences = (await readEditSentences(DATA)).map(({ text }) => text);
  const edits = makeMinimalEdits(sentences, 400, seededRandom(5));
  assert.ok(edits.length > 3_000, `${edits.length} edits`);
  const wrong = edits.filter(({ edited, source }) => same(edited, source));
  assert.deepEqual(wrong, []);
  const random = seededRandom(6);
  const reworded = sentences.slice(0, 4_000).map((text) => [rephrase(text, random), text] as const);
  const passed = reworded.filter(([asked, kept]) => same(asked, kept)).length;
  t.diagnostic(`${edits.length} edits, none the same; ${passed} of ${reworded.length} reworded`);
  assert.ok(passed > PASSED_MIN * reworded.length, `${passed} of ${reworded.length}`);
});

test("no pair with the words in other roles is the same request", { skip }, async (t) => {
  const { files } = (await readPairFolder(join(DATA, "paws_wiki")))!;
  const pairs = [...files.values()].flat().filter(({ id }) => partOfPair(id) === "held_out");
  const others = pairs.filter(({ is_same }) => !is_same);
  assert.ok(others.length > 1_500, `${others.length} pairs`);
  assert.deepEqual(
    others.filter(({ first, second }) => same(first, second)),
    [],
  );
  t.diagnostic(`${others.length} pairs that say something else, none the same`);
});
