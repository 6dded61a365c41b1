// Two and eight processes commit to the same tables, some are killed: nothing lost, nothing twice.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { seededRandom } from "#kernel/random.ts";
import { startPostgres } from "../support/postgres-server.ts";
import { startChild } from "../support/killed-writers.ts";
import { ROOT } from "../support/source-tree.ts";
import { tempDir } from "../support/temp-dir.ts";
import { openSharedCatalog, TABLES, type Attempt } from "../support/writer-child.ts";

const FIELDS = [{ name: "n", type: "long", nullable: true }];
const ROUNDS = 3;
const TURNS = 15;

interface Heard {
  readonly attempts: Map<string, Attempt>;
  readonly acked: Set<string>;
  readonly refused: Set<string>;
  kills: number;
}

for (const writers of [2, 8]) {
  test(`${writers} processes lose no commit on SQLite`, { timeout: 600_000 }, (t) =>
    manyWriters(t, writers, ""),
  );
  test(`${writers} processes lose no commit on PostgreSQL`, { timeout: 600_000 }, async (t) => {
    const server = await startPostgres();
    t.after(() => server.stop());
    await manyWriters(t, writers, server.url);
  });
}

async function manyWriters(t: TestContext, writers: number, postgres_url: string): Promise<void> {
  const dir = await tempDir(t);
  const first = await openSharedCatalog(dir, "first", postgres_url);
  for (const name of TABLES) await first.catalog.register({ name, fields: FIELDS });
  await first.stop();
  const heard: Heard = { attempts: new Map(), acked: new Set(), refused: new Set(), kills: 0 };
  const random = seededRandom(writers);
  for (let round = 0; round < ROUNDS; round++) {
    const names = Array.from({ length: writers }, (_, index) => `r${round}w${index}`);
    await Promise.all(
      names.map((who) => {
        // Half of them are killed somewhere on their way.
        const kill_after_ms = random.next() < 0.5 ? 50 + random.next() * 1500 : Infinity;
        return listen(heard, [dir, who, String(TURNS), postgres_url], kill_after_ms);
      }),
    );
    await check(dir, postgres_url, heard, `check-${round}`);
  }
  const { acked, refused, kills } = heard;
  assert.ok(acked.size > writers * TURNS, `only ${acked.size} commits were acknowledged`);
  t.diagnostic(`${acked.size} commits, ${refused.size} refused as conflicting, ${kills} kills`);
}

function listen(heard: Heard, args: readonly string[], kill_after_ms: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const program = join(ROOT, "test/support/writer-child.ts");
    const child = startChild([process.execPath, "--no-warnings", program, ...args]);
    let rest = "";
    child.stdout.on("data", (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split("\n");
      rest = lines.pop()!;
      for (const line of lines) hear(heard, line);
      if (lines.includes("ready") && kill_after_ms < Infinity) {
        setTimeout(() => child.kill("SIGKILL"), kill_after_ms);
      }
    });
    child.once("close", (code, signal) => {
      if (signal === "SIGKILL") heard.kills++;
      if (code === 0 || signal === "SIGKILL") resolve();
      else reject(new Error(`a writer failed (${code}): ${child.errors()}`));
    });
  });
}

function hear(heard: Heard, line: string): void {
  const space = line.indexOf(" ");
  const [word, rest] = [line.slice(0, space), line.slice(space + 1)];
  if (word === "try") {
    const attempt = JSON.parse(rest) as Attempt;
    heard.attempts.set(attempt.op_id, attempt);
  }
  if (word === "ack") heard.acked.add(rest);
  if (word === "no") heard.refused.add(rest.split(" ")[0]!);
}

/** The history of each table against what was announced, acknowledged and refused. */
async function check(dir: string, postgres_url: string, heard: Heard, who: string): Promise<void> {
  const shared = await openSharedCatalog(dir, who, postgres_url);
  try {
    const done = new Set<string>();
    for (const name of TABLES) {
      const metadata = (await shared.catalog.load_table({ name })).metadata;
      const history = metadata["snapshots"] as Record<string, unknown>[];
      let parent: unknown;
      for (const [at, one] of history.entries()) {
        assert.equal(one["parent-snapshot-id"] ?? undefined, parent, "the history is one line");
        assert.equal(one["sequence-number"], at + 1);
        parent = one["snapshot-id"];
        const op_id = String((one["summary"] as Record<string, unknown>)["op_id"]);
        assert.ok(!done.has(op_id), `${op_id} was applied twice`);
        assert.ok(!heard.refused.has(op_id), `${op_id} was refused and applied`);
        assert.equal(heard.attempts.get(op_id)?.table, name);
        done.add(op_id);
      }
      await checkFiles(shared, name, history, heard);
    }
    for (const op_id of heard.acked) assert.ok(done.has(op_id), `${op_id} was lost`);
  } finally {
    await shared.stop();
  }
}

/** The live files are those that replaying the history in order leaves. */
async function checkFiles(
  shared: Awaited<ReturnType<typeof openSharedCatalog>>,
  name: string,
  history: readonly Record<string, unknown>[],
  heard: Heard,
): Promise<void> {
  const live = new Set<string>();
  for (const one of history) {
    const { added, removed } = heard.attempts.get(
      String((one["summary"] as Record<string, unknown>)["op_id"]),
    )!;
    for (const key of removed) assert.ok(live.delete(key), `${key} was removed twice`);
    for (const key of added) live.add(key);
  }
  const { files } = await shared.catalog.files({ name, locate: false });
  assert.deepEqual(files.map((file) => file.key).toSorted(), [...live].toSorted());
}
