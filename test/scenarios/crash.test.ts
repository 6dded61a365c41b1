// kill -9 at random instants while it ingests, records, observes and indexes: nothing acknowledged
// is lost.
import assert from "node:assert/strict";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { seededRandom } from "#kernel/random.ts";
import type { Ack } from "../support/crash-child.ts";
import { startChild } from "../support/killed-writers.ts";
import { ROOT } from "../support/source-tree.ts";
import { tempDir } from "../support/temp-dir.ts";

const CHILD = [process.execPath, "--no-warnings", join(ROOT, "test/support/crash-child.ts")];
/** Kills in all, over two houses that run side by side. */
const KILLS = Number(process.env["LAKEHOUSE_TEST_KILLS"] ?? 200);
const HOUSES = 2;
/** A killed house works for this long at most after it is open, or after its first record. */
const WORK_MS_MAX = 700;
/** Every so many kills all that was ever acknowledged is looked for. */
const VERIFY_EVERY = 10;

test(`${KILLS} kills lose nothing that was acknowledged`, { timeout: 1_200_000 }, async (t) => {
  const dir = await tempDir(t);
  const runs = Array.from({ length: HOUSES }, (_, index) => killRepeatedly(t, dir, index));
  const acks = (await Promise.all(runs)).flat();
  const kinds = new Set(acks.map((ack) => ack.kind));
  assert.deepEqual([...kinds].toSorted(), ["index", "ingest", "observe", "record"]);
  t.diagnostic(`${KILLS} kills, ${acks.length} acknowledgements, none lost`);
});

async function killRepeatedly(t: TestContext, dir: string, index: number): Promise<Ack[]> {
  const base = join(dir, `house-${index}`);
  const data_dir = join(base, "data");
  await mkdir(data_dir, { recursive: true });
  const random = seededRandom(1000 + index);
  const acks: Ack[] = [];
  const rounds = Math.ceil(KILLS / HOUSES);
  for (let round = 1; round <= rounds; round++) {
    acks.push(...(await workAndKill(data_dir, round, Math.floor(random.next() * WORK_MS_MAX))));
    await removeSources(base);
    if (round % VERIFY_EVERY === 0 || round === rounds) await verifyAll(t, base, data_dir, acks);
  }
  return acks;
}

/** The acknowledgements that were heard before the kill. */
function workAndKill(data_dir: string, round: number, work_ms: number): Promise<Ack[]> {
  return new Promise((resolve, reject) => {
    const child = startChild([...CHILD, "work", data_dir, String(round)]);
    const acks: Ack[] = [];
    let rest = "";
    // A first record waits for the embedder, on a slow machine for longer than a house may work.
    const begins = round % 2 === 0 ? "ready" : "ack record ";
    let dying = false;
    child.stdout.on("data", (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split("\n");
      rest = lines.pop()!;
      for (const line of lines) {
        if (!dying && line.startsWith(begins)) {
          dying = true;
          setTimeout(() => child.kill("SIGKILL"), work_ms);
        }
        const [word, kind, id] = line.split(" ");
        if (word === "ack") acks.push({ kind: kind as Ack["kind"], id: id! });
      }
    });
    child.once("close", (code, signal) => {
      if (signal === "SIGKILL") resolve(acks);
      else reject(new Error(`round ${round} ended by itself (${code}): ${child.errors()}`));
    });
  });
}

async function verifyAll(
  t: TestContext,
  base: string,
  data_dir: string,
  acks: readonly Ack[],
): Promise<void> {
  await writeFile(join(base, "acks.json"), JSON.stringify(acks));
  const child = startChild([...CHILD, "verify", data_dir]);
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise((resolve) => child.once("close", resolve));
  assert.equal(code, 0, `verifying failed: ${child.errors()}`);
  const lost = output.split("\n").filter((line) => line.startsWith("lost "));
  assert.deepEqual(lost.slice(0, 10), []);
  assert.match(output, new RegExp(`verified ${acks.length}\n`));
  t.diagnostic(`${acks.length} acknowledgements stand`);
}

async function removeSources(base: string): Promise<void> {
  for (const name of readdirSync(base)) {
    if (name.endsWith(".csv")) await rm(join(base, name));
  }
}
