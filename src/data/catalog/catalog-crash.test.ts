// The catalog under several processes, and under processes that are killed.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { testRuns } from "../../../test/support/test-runs.ts";
import { openCatalog } from "./open-catalog.suite.ts";

const CHILD = fileURLToPath(new URL("./append-forever.suite.ts", import.meta.url));

/** Of the catalog alone; `test/scenarios/lake-crash.test.ts` kills the whole lake more often. */
const KILLS = testRuns(2);

interface Acknowledged {
  readonly keys: string[];
  readonly snapshot_ids: string[];
}

/** Runs a child until it ends, or kills it once it has acknowledged so many. */
async function runChild(args: string[], kill_after = Infinity): Promise<Acknowledged> {
  const child = spawn(process.execPath, [CHILD, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => {
    text += part;
    if (text.split("\n").length > kill_after) child.kill("SIGKILL");
  });
  await new Promise((resolve) => child.once("close", resolve));
  const lines = text.split("\n").slice(0, -1);
  return {
    keys: lines.map((line) => line.split(" ")[0]!),
    snapshot_ids: lines.map((line) => line.split(" ")[1]!),
  };
}

test("two processes on the same file and folder lose no commit", async (t) => {
  const dir = await tempDir(t);
  const [one, two] = await Promise.all([
    runChild([dir, "one", "6", "journal-one"]),
    runChild([dir, "two", "6", "journal-two"]),
  ]);
  const house = await openCatalog(dir, { journal_dir: "journal-three" });
  t.after(() => house.stop());
  const { files } = await house.catalog.files({ name: "events" });
  const acknowledged = [...one.keys, ...two.keys];
  assert.equal(acknowledged.length, 24);
  assert.deepEqual(files.map((file) => file.key).toSorted(), acknowledged.toSorted());
});

test("kill -9 while committing loses nothing, and all commits are journalled", async (t) => {
  const dir = await tempDir(t);
  const acknowledged: string[] = [];
  for (let round = 0; round < KILLS; round++) {
    const found = await runChild([dir, `r${round}`, "1000"], 3 + 4 * (round % 5));
    acknowledged.push(...found.keys);
    const house = await openCatalog(dir);
    const { files } = await house.catalog.files({ name: "events" });
    const keys = new Set(files.map((file) => file.key));
    for (const key of acknowledged) assert.ok(keys.has(key), `${key} was lost`);
    const checked = await house.catalog.verify({ name: "events" });
    assert.deepEqual([checked.dataset.status, checked.missing_keys], ["healthy", []]);
    assert.equal((await house.journal.verify({})).ok, true);
    const { snapshots } = await house.catalog.snapshots({ name: "events", limit: 1000 });
    const { events } = await house.journal.list({ action: "catalog.commit", limit: 1000 });
    const journalled = events.map((event) => event.after);
    assert.deepEqual(
      journalled,
      snapshots.map((snapshot) => snapshot.snapshot_id),
    );
    await house.stop();
  }
  assert.ok(acknowledged.length > 4 * KILLS);
});
