// kill -9 and full disks at random instants through ingest, commit, compaction, expiry and uploads.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, statfs, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { seededRandom } from "#kernel/random.ts";
import type { LakeAck } from "../support/lake-crash-child.ts";
import { startChild } from "../support/killed-writers.ts";
import { ROOT } from "../support/source-tree.ts";
import { tempDir } from "../support/temp-dir.ts";

const CHILD = [process.execPath, "--no-warnings", join(ROOT, "test/support/lake-crash-child.ts")];
/** Kills in all; a fifth of them on a disk that is full now and then. */
const KILLS = Number(process.env["LAKEHOUSE_TEST_LAKE_KILLS"] ?? 500);
const WORK_MS_MAX = 1_200;
const VERIFY_EVERY = 25;
const SMALL_DISK_MB = 160;

interface Lake {
  readonly base: string;
  readonly kills: number;
  /** Goes on until some operation met a full disk. */
  readonly until_full?: boolean;
  readonly seed: number;
  /** Fills the disk up for this kill, or frees it again. */
  readonly fill: (full: boolean) => Promise<void>;
}

const KINDS = ["append", "delete", "upkeep", "upload", "upsert"];

test("kills lose no commit and leave no half one", { timeout: 1_500_000 }, async (t) => {
  const dir = await tempDir(t);
  const kills = Math.ceil(KILLS * 0.4);
  const lakes = [1, 2].map((seed): Lake => {
    return { base: join(dir, `lake-${seed}`), kills, seed, fill: async () => undefined };
  });
  const outcomes = await Promise.all(lakes.map((lake) => killRepeatedly(t, lake)));
  const acks = outcomes.flatMap((outcome) => outcome.acks);
  assert.deepEqual([...new Set(acks.map((ack) => ack.kind))].toSorted(), KINDS);
  const orphans = outcomes.reduce((sum, outcome) => sum + outcome.orphans, 0);
  assert.ok(orphans > 0, "no kill left an orphan: nothing was hit midway");
  t.diagnostic(`${2 * kills} kills, ${acks.length} acknowledgements, none lost`);
  t.diagnostic(`${orphans} orphans were left and removed`);
});

test("a full disk loses no commit and leaves no half one", { timeout: 900_000 }, async (t) => {
  const base = await smallDisk(t);
  if (base === undefined) return t.skip("no small disk: tmpfs cannot be mounted here");
  const filler = join(base, "filler");
  const lake: Lake = {
    base,
    kills: Math.ceil(KILLS * 0.2),
    until_full: true,
    seed: 3,
    async fill(full) {
      await rm(filler, { force: true });
      if (!full) return;
      const { bavail, bsize } = await statfs(base);
      // A little room is left, so that some steps of an operation still succeed.
      const free_bytes = Math.max(0, bavail * bsize - Math.floor(Math.random() * 400_000));
      await writeFile(filler, Buffer.alloc(free_bytes)).catch(() => undefined);
    },
  };
  const { acks, full, kills } = await killRepeatedly(t, lake);
  assert.ok(full > 0, "the disk was never full");
  t.diagnostic(`${kills} kills, ${acks.length} acknowledgements, disk full ${full} times`);
});

async function smallDisk(t: TestContext): Promise<string | undefined> {
  const base = await mkdtemp(join(tmpdir(), "lakehouse-small-disk-"));
  try {
    const size = `size=${SMALL_DISK_MB}m`;
    execFileSync("mount", ["-t", "tmpfs", "-o", size, "tmpfs", base], { stdio: "ignore" });
  } catch {
    await rm(base, { recursive: true });
    return undefined;
  }
  t.after(async () => {
    execFileSync("umount", ["-l", base]);
    await rm(base, { recursive: true });
  });
  return base;
}

async function killRepeatedly(t: TestContext, lake: Lake) {
  const { base, seed, fill, until_full = false } = lake;
  const data_dir = join(base, "data");
  await mkdir(data_dir, { recursive: true });
  const random = seededRandom(seed);
  const acks: LakeAck[] = [];
  let full = 0;
  let orphans = 0;
  let round = 0;
  const isEnough = () => full > 0 || !until_full || round === 10 * lake.kills;
  while (round < lake.kills || !isEnough()) {
    round++;
    const work_ms = Math.floor(random.next() * WORK_MS_MAX);
    const fill_after_ms = random.next() < 0.5 ? work_ms * 0.3 : Infinity;
    const done = await workAndKill(data_dir, round, work_ms, () => fill(true), fill_after_ms);
    await fill(false);
    acks.push(...done.acks);
    full += done.full;
    await removeSources(base);
    if (round % VERIFY_EVERY === 0) orphans += await verifyAll(base, data_dir, acks);
  }
  orphans += await verifyAll(base, data_dir, acks);
  t.diagnostic(`lake ${seed}: ${acks.length} acknowledgements stand after ${round} kills`);
  return { acks, full, orphans, kills: round };
}

interface WorkDone {
  readonly acks: LakeAck[];
  readonly full: number;
}

function workAndKill(
  data_dir: string,
  round: number,
  work_ms: number,
  fill: () => Promise<void>,
  fill_after_ms: number,
): Promise<WorkDone> {
  return new Promise((resolve, reject) => {
    const child = startChild([...CHILD, "work", data_dir, String(round)]);
    const acks: LakeAck[] = [];
    let full = 0;
    let rest = "";
    let filling: Promise<void> = Promise.resolve();
    const startFilling = () => void (filling = fill());
    child.stdout.on("data", (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split("\n");
      rest = lines.pop()!;
      for (const line of lines) {
        if (line === "ready") {
          setTimeout(() => child.kill("SIGKILL"), work_ms);
          if (fill_after_ms < work_ms) setTimeout(startFilling, fill_after_ms);
        }
        if (line.startsWith("full ")) full++;
        const [word, kind, id, value] = line.split(" ");
        if (word === "ack") acks.push({ kind: kind as LakeAck["kind"], id: id!, value: value! });
      }
    });
    child.once("close", (code, signal) => {
      // A filler that is still being written would fill the disk up again after it was freed.
      if (signal === "SIGKILL") filling.then(() => resolve({ acks, full }), reject);
      else reject(new Error(`round ${round} ended by itself (${code}): ${child.errors()}`));
    });
  });
}

/** Everything that was ever acknowledged is looked for; answers how many orphans there were. */
async function verifyAll(base: string, data_dir: string, acks: readonly LakeAck[]) {
  await writeFile(join(base, "acks.json"), JSON.stringify(acks));
  const child = startChild([...CHILD, "verify", data_dir]);
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise((resolve) => child.once("close", resolve));
  assert.equal(code, 0, `verifying failed: ${child.errors()}`);
  const lost = output.split("\n").filter((line) => line.startsWith("lost "));
  assert.deepEqual(lost.slice(0, 10), []);
  const found = new RegExp(`^verified ${acks.length} (\\d+)$`, "m").exec(output);
  assert.ok(found !== null, output);
  return Number(found[1]);
}

async function removeSources(base: string): Promise<void> {
  for (const name of await readdir(base)) {
    if (name.endsWith(".csv")) await rm(join(base, name));
  }
}
