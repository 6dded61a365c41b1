// Pathway memory under kill -9, torn tails, full disks, many writers and many random operations.
// LAKEHOUSE_TEST_RUNS=25 makes 1,000 kills, 10,000 adds a writer, a million operations in one go
// and 10,000 short sequences.
import assert from "node:assert/strict";
import { appendFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { pathwayContract } from "#contracts/pathway.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import { listen } from "#kernel/listen.ts";
import { seededRandom } from "#kernel/random.ts";
import { serveHttp } from "#kernel/serve-http.ts";
import { runModel } from "#recall/pathway/pathway-model.suite.ts";
import { startChild } from "../support/killed-writers.ts";
import { CHILD_SCOPE, openWordsOnly, type PathwayAck } from "../support/pathway-child.ts";
import { ROOT } from "../support/source-tree.ts";
import { tempDir } from "../support/temp-dir.ts";
import { testRuns } from "../support/test-runs.ts";

const CHILD = join(ROOT, "test/support/pathway-child.ts");
const TIMEOUT_MS = 7_200_000;

interface Heard {
  readonly acks: PathwayAck[];
  full: number;
}

/** Runs a child that is killed after so many acknowledgements, or ends by itself. */
function runChild(command: readonly string[], kill_after: number): Promise<Heard> {
  const heard: Heard = { acks: [], full: 0 };
  return new Promise((resolve, reject) => {
    const child = startChild(command);
    let rest = "";
    child.stdout.on("data", (piece: Buffer) => {
      const lines = (rest + piece.toString()).split("\n");
      rest = lines.pop()!;
      for (const line of lines) {
        if (line.startsWith("ack ")) heard.acks.push(JSON.parse(line.slice(4)) as PathwayAck);
        if (line === "full") heard.full++;
      }
      if (heard.acks.length >= kill_after) child.kill("SIGKILL");
    });
    child.once("close", (code, signal) => {
      if (code === 0 || signal === "SIGKILL") resolve(heard);
      else reject(new Error(`the child failed (${code}): ${child.errors()}`));
    });
  });
}

/** Everything that was acknowledged stands in the memory that is opened anew. */
async function checkAll(dir: string, acks: readonly PathwayAck[]): Promise<number> {
  const { client, service } = await openWordsOnly(dir);
  try {
    const outcomes = new Map<string, number>();
    for (const { op, pathway_id, content } of acks) {
      const pathway = await client.get({ ...CHILD_SCOPE, pathway_id });
      if (content !== undefined) assert.equal(pathway.content, content);
      if (op === "retire") assert.equal(pathway.status, "retired");
      if (op === "outcome") outcomes.set(pathway_id, (outcomes.get(pathway_id) ?? 0) + 1);
      const least = outcomes.get(pathway_id) ?? 0;
      assert.ok(pathway.successes >= least, `an outcome of ${pathway_id} was lost`);
    }
    const { problems, traces } = await client.verify({});
    assert.deepEqual(problems, []);
    return traces;
  } finally {
    await service.stop();
  }
}

const NODE = [process.execPath, "--no-warnings", CHILD, "work"];

test(
  "kill -9 and torn tails lose nothing that was acknowledged",
  { timeout: TIMEOUT_MS },
  async (t) => {
    const random = seededRandom(5);
    const trials = testRuns(40);
    let dir = await tempDir(t);
    let acks: PathwayAck[] = [];
    let total = 0;
    for (let trial = 0; trial < trials; trial++) {
      const heard = await runChild([...NODE, dir, `t${trial}`], 1 + random.int(120));
      assert.ok(heard.acks.length > 0, "the child did something before it was killed");
      acks.push(...heard.acks);
      total += heard.acks.length;
      if (trial % 2 === 0) {
        // What a power cut may leave behind the last whole line.
        const half = '{"op":"add","at":"2026-01-01T00:00:00.000Z","content":"half a ro';
        await appendFile(join(dir, "pathways.jsonl"), half.slice(0, 1 + random.int(half.length)));
      }
      if (trial % 10 === 9 || trial === trials - 1) {
        await checkAll(dir, acks);
        dir = await tempDir(t);
        acks = [];
      }
    }
    t.diagnostic(`${trials} kills, ${total} acknowledgements, none lost`);
  },
);

test(
  "a full disk loses nothing, and writing goes on when there is room again",
  { timeout: TIMEOUT_MS },
  async (t) => {
    const random = seededRandom(6);
    const trials = testRuns(8);
    for (let trial = 0; trial < trials; trial++) {
      const dir = await tempDir(t);
      // A file may grow to so many blocks of 512 or 1,024 bytes: then every write fails.
      const script = `ulimit -f ${20 + random.int(60)}; exec "$@"`;
      const heard = await runChild(["sh", "-c", script, "sh", ...NODE, dir, `t${trial}`], Infinity);
      assert.ok(heard.full > 0, "the disk was full at some time");
      assert.ok(heard.acks.length > 10, "there was room before");
      const { size } = await stat(join(dir, "pathways.jsonl"));
      assert.ok(size > 5_000 && size < 90_000, `the log has ${size} bytes`);
      const more = await runChild([...NODE, dir, `later${trial}`], 20);
      await checkAll(dir, [...heard.acks, ...more.acks]);
    }
  },
);

test(
  "eight processes write at the same time: nothing lost, nothing mixed",
  { timeout: TIMEOUT_MS },
  async (t) => {
    const dir = await tempDir(t);
    const { client, service } = await openWordsOnly(dir);
    const local = connectLocal(pathwayContract, service.handlers);
    const server = await listen(serveHttp([{ contract: pathwayContract, client: local }]), {
      port: 0,
    });
    const names = Array.from({ length: 8 }, (_, at) => `writer${at}`);
    const count = testRuns(400);
    const command = [process.execPath, "--no-warnings", CHILD, "write", server.url];
    await Promise.all(names.map((name) => runChild([...command, name, String(count)], Infinity)));
    const numbers = new Map(names.map((name) => [name, new Set<number>()]));
    for (const tenant of ["shared", ...names]) {
      let after: string | undefined;
      do {
        const page = { limit: 1000, ...(after === undefined ? {} : { after }) };
        const answer = await client.list({ ...CHILD_SCOPE, tenant, ...page });
        for (const { content, evidence } of answer.pathways) {
          const { writer, number } = content as { writer: string; number: number };
          assert.equal(evidence, 1);
          assert.ok(tenant === (number % 2 === 0 ? "shared" : writer), "a row in another's scope");
          assert.ok(!numbers.get(writer)!.has(number), "written twice");
          numbers.get(writer)!.add(number);
        }
        after = answer.next_after ?? undefined;
      } while (after !== undefined);
    }
    for (const [name, seen] of numbers) assert.equal(seen.size, count, `${name} lost some`);
    assert.deepEqual((await client.verify({})).problems, []);
    await server.stop();
    await service.stop();
  },
);

test(
  "random operations over scopes: no leak, nothing retired recalled",
  { timeout: TIMEOUT_MS },
  async (t) => {
    const runs = testRuns(20);
    let operations = 0;
    let searches = 0;
    for (let seed = 100; seed < 100 + runs; seed++) {
      const { client, service } = await openWordsOnly(await tempDir(t));
      const run = await runModel(client, seed, 2_000);
      operations += run.operations;
      searches += run.searches;
      assert.deepEqual((await client.verify({})).problems, []);
      await service.stop();
    }
    assert.ok(searches > operations / 5);
    t.diagnostic(`${operations} operations, ${searches} searches compared`);
  },
);

test(
  "many short sequences of operations: nothing retired is ever recalled",
  { timeout: TIMEOUT_MS },
  async (t) => {
    const sequences = testRuns(400);
    const { client, service } = await openWordsOnly(await tempDir(t));
    let searches = 0;
    for (let seed = 0; seed < sequences; seed++) {
      searches += (await runModel(client, seed, 30, `-${seed}`)).searches;
    }
    assert.deepEqual((await client.verify({})).problems, []);
    await service.stop();
    t.diagnostic(`${sequences} sequences, ${searches} searches compared`);
  },
);
