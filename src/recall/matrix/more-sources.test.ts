// Corpora from folders of text and from logs of the house: built, refreshed, searched.
import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import type { LakehouseError } from "#kernel/problem.ts";
import { openLake } from "#data/ingest/open-lake.suite.ts";
import { outcomeLogColumns } from "#work/respond/outcome-log-columns.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { build, openMatrix } from "./open-matrix.suite.ts";
import { splitPassages } from "./text-passages.ts";

test("a folder of text becomes passages with their titles, and follows its files", async (t) => {
  const opened = await openMatrix(t);
  const folder = await tempDir(t);
  await mkdir(join(folder, "deep"));
  const long = Array.from({ length: 20 }, (_, at) => `Step ${at}: turn the wheel ${at} times.`);
  await writeFile(join(folder, "deep", "wheel.md"), `# The great wheel\n\n${long.join("\n\n")}\n`);
  await writeFile(join(folder, "fox-tale.TXT"), "The red fox jumps over the lazy dog.");
  await writeFile(join(folder, "picture.png"), "not text");
  const outside = await tempDir(t);
  await writeFile(join(outside, "secret.md"), "a secret about the fox");
  await symlink(join(outside, "secret.md"), join(folder, "link.md"));
  const request = { corpus: "notes", path: folder, passage_characters: 200, id_prefix: "n-" };
  const buildAll = async () => {
    let last: { corpus: { items: number } | null } | undefined;
    for await (const step of opened.client.build_folder(request)) last = step;
    return last!.corpus!.items;
  };
  const items = await buildAll();
  assert.ok(items > 4, `${items}`);
  const query_text = "the red fox jumps over the lazy dog";
  const fox = await opened.client.search({ query_text, k: 1 });
  const [hit] = fox.results;
  assert.ok(hit !== undefined, fox.relevance.reason);
  assert.deepEqual([hit!.id, hit!.metadata["title"]], ["n-fox-tale.TXT#1", "fox tale"]);
  const wheel = await opened.client.search({ query_text: "the great wheel, step 15", k: 3 });
  assert.ok(
    wheel.results.every(
      (one) =>
        one.text!.startsWith("# The great wheel") || one.text!.startsWith("The great wheel\n"),
    ),
  );
  const secret = await opened.client.search({ query_text: "secret about the fox", k: 9 });
  assert.ok(secret.results.every((one) => !one.text!.includes("secret")));
  await rm(join(folder, "fox-tale.TXT"));
  assert.equal(await buildAll(), items - 1);
  await assert.rejects(
    async () => {
      for await (const _ of opened.client.build_folder({ ...request, path: `${folder}/no` }))
        void _;
    },
    (error: LakehouseError) => error.reason === "no_such_folder",
  );
});

test("a log becomes a corpus, row by row; an unknown log names those there are", async (t) => {
  const dir = await tempDir(t);
  const file = join(dir, "outcomes.jsonl");
  const row = (at: number, task: string) =>
    JSON.stringify({ trace_id: `t${at}`, task, status: "accepted", accepted: true });
  await writeFile(file, `${row(1, "three painters in Chicago")}\n${row(2, "a cook in Boston")}\n`);
  const kb = () => [{ name: "outcomes", uris: [file], columns: outcomeLogColumns }];
  const lake = await openLake(t, { dir, kb });
  const opened = await openMatrix(t, { lake });
  const source = {
    kind: "log" as const,
    log: "outcomes",
    id_column: "trace_id",
    template: "{task}: {status}",
    metadata_columns: ["accepted"],
  };
  const first = await build(opened, { corpus: "done", source });
  assert.equal((first.corpus as { items: number }).items, 2);
  await writeFile(file, `${row(1, "three painters in Chicago")}\n${row(3, "a nurse in Denver")}\n`);
  await build(opened, { corpus: "done", source });
  const { results } = await opened.client.search({ query_text: "a nurse for Denver", k: 3 });
  assert.deepEqual([results[0]!.id, results[0]!.metadata["accepted"]], ["t3", true]);
  assert.ok(results.every((hit) => hit.id !== "t2"));
  await assert.rejects(
    build(opened, { corpus: "done", source: { ...source, log: "outcome" } }),
    (error: LakehouseError) => error.reason === "no_such_log" && /outcomes/u.test(error.hint!),
  );
});

test("passages keep every word in order, fit, and end at pauses where there are any", () => {
  const word = fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 });
  const text = fc.array(fc.oneof(word, fc.constantFrom("\n\n", "\n", ". ", " ", "\n# A head\n")));
  const bare = (value: string) => value.replaceAll(/\s+/gu, "");
  fc.assert(
    fc.property(text, fc.integer({ min: 2, max: 80 }), (pieces, characters_max) => {
      const whole = pieces.join(" ");
      const passages = splitPassages(whole, characters_max);
      assert.ok(passages.every((one) => one.length <= characters_max && one.trim() !== ""));
      assert.equal(bare(passages.join("")), bare(whole));
    }),
  );
  assert.deepEqual(splitPassages("One two. Three four.\n\nFive six.", 22), [
    "One two. Three four.",
    "Five six.",
  ]);
  assert.deepEqual(splitPassages(" \n ", 10), []);
});
