// The JSONL log: order, group fsync, torn tails, corruption, full disks.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { appendFile, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { promisify } from "node:util";
import fc from "fast-check";
import { tempDir } from "../../test/support/temp-dir.ts";
import { openJsonlLog, type JsonlLog } from "./jsonl-log.ts";
import { LINE_BYTES_MAX, readJsonlFile, type CorruptLine } from "./jsonl-read.ts";
import { LakehouseError } from "./problem.ts";

const LOG_MODULE = new URL("./jsonl-log.ts", import.meta.url).href;

async function rowsOf<T>(log: JsonlLog<T>, from_offset = 0): Promise<T[]> {
  const rows: T[] = [];
  for await (const { row } of log.read(from_offset)) rows.push(row);
  return rows;
}

test("rows come back in the order of appending, and again after opening anew", async (t) => {
  const path = join(await tempDir(t), "deep", "er", "log.jsonl");
  const log = await openJsonlLog<{ n: number }>(path);
  const offsets = await Promise.all(Array.from({ length: 500 }, (_, n) => log.append({ n })));
  assert.deepEqual(
    offsets,
    offsets.toSorted((a, b) => a - b),
  );
  const expected = Array.from({ length: 500 }, (_, n) => ({ n }));
  assert.deepEqual(await rowsOf(log), expected);
  assert.deepEqual(await rowsOf(log, offsets[498]), [{ n: 498 }, { n: 499 }]);
  assert.equal(log.size(), (await stat(path)).size);
  await log.close();
  await log.close();
  const again = await openJsonlLog<{ n: number }>(path);
  t.after(() => again.close());
  assert.equal(again.repaired_bytes, 0);
  assert.deepEqual(await rowsOf(again), expected);
});

test("any rows survive any cut: what is whole is kept, the torn tail is set aside", async (t) => {
  const dir = await tempDir(t);
  let run = 0;
  const property = fc.asyncProperty(
    fc.array(fc.jsonValue({ maxDepth: 2 }), { minLength: 1, maxLength: 6 }),
    fc.double({ min: 0, max: 1, noNaN: true }),
    async (rows, part) => {
      const path = join(dir, `${run++}.jsonl`);
      const log = await openJsonlLog(path);
      for (const row of rows) await log.append(row);
      await log.close();
      const whole = await readFile(path);
      const cut = Math.floor(whole.length * part);
      await truncate(path, cut);
      const kept = whole.subarray(0, cut).toString("latin1").split("\n").length - 1;
      const again = await openJsonlLog(path);
      await again.append("after");
      const expected = rows.slice(0, kept).map((row) => JSON.parse(JSON.stringify(row)) as unknown);
      assert.deepEqual(await rowsOf(again), [...expected, "after"]);
      const torn = cut - (whole.subarray(0, cut).lastIndexOf(0x0a) + 1);
      assert.equal(again.repaired_bytes, torn);
      if (torn > 0) {
        const aside = await readFile(`${path}.torn`);
        assert.deepEqual(
          aside,
          Buffer.concat([whole.subarray(cut - torn, cut), Buffer.from("\n")]),
        );
      }
      await again.close();
    },
  );
  await fc.assert(property, { numRuns: 40 });
});

test("a torn tail longer than one block is set aside whole", async (t) => {
  const path = join(await tempDir(t), "log.jsonl");
  await writeFile(path, `{"n":1}\n${"x".repeat(200_000)}`);
  const log = await openJsonlLog<{ n: number }>(path);
  t.after(() => log.close());
  assert.equal(log.repaired_bytes, 200_000);
  assert.equal((await stat(`${path}.torn`)).size, 200_001);
  assert.deepEqual(await rowsOf(log), [{ n: 1 }]);
});

test("unreadable lines are told with file, line and offset, and reading goes on", async (t) => {
  const path = join(await tempDir(t), "log.jsonl");
  const bad_utf8 = Buffer.from([0x22, 0xff, 0xfe, 0x22, 0x0a]);
  await writeFile(path, '{"n":1}\nnot json\n\n{"n":2}\n\0\0\0\0\n');
  await appendFile(path, bad_utf8);
  await appendFile(path, '{"n":3}\n');
  const corrupt: CorruptLine[] = [];
  const log = await openJsonlLog<{ n: number }>(path, { onCorrupt: (line) => corrupt.push(line) });
  t.after(() => log.close());
  assert.deepEqual(await rowsOf(log), [{ n: 1 }, { n: 2 }, { n: 3 }]);
  const places = corrupt.map(({ line, offset }) => [line, offset]);
  assert.deepEqual(places, [
    [2, 8],
    [5, 26],
    [6, 31],
  ]);
  assert.ok(corrupt.every((line) => line.path === path && line.message !== ""));
});

test("rows that JSON cannot say are refused and leave the log as it was", async (t) => {
  const log = await openJsonlLog<unknown>(join(await tempDir(t), "log.jsonl"));
  const refused = (error: unknown) => error instanceof LakehouseError && error.code === "invalid";
  await assert.rejects(log.append(undefined), refused);
  await assert.rejects(log.append(1n), refused);
  await assert.rejects(log.appendAll([{ good: 1 }, undefined]), refused);
  await log.append({ good: 2 });
  assert.deepEqual(await rowsOf(log), [{ good: 2 }]);
  await log.close();
  await assert.rejects(log.append({ late: 1 }), { code: "unavailable" });
});

test("a line too long to hold is told and skipped in bounded memory", async (t) => {
  const path = join(await tempDir(t), "log.jsonl");
  await writeFile(path, '{"n":1}\n');
  // A hole of zero bytes: long to read, nothing to store.
  await truncate(path, 8 + 4 * LINE_BYTES_MAX);
  await appendFile(path, '\n{"n":2}\n');
  const corrupt: CorruptLine[] = [];
  const rows: unknown[] = [];
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  const options = { onCorrupt: (line: CorruptLine) => void corrupt.push(line) };
  for await (const { row } of readJsonlFile(path, options)) {
    rows.push(row);
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  }
  assert.deepEqual(rows, [{ n: 1 }, { n: 2 }]);
  assert.equal(corrupt.length, 1);
  assert.match(corrupt[0]!.message, /too long/);
  assert.ok(most < 2.5 * LINE_BYTES_MAX, `${most} bytes held`);
});

test("readers see only what is durable, also while rows are being added", async (t) => {
  const log = await openJsonlLog<{ n: number }>(join(await tempDir(t), "log.jsonl"));
  t.after(() => log.close());
  await log.append({ n: 0 });
  const reading = rowsOf(log);
  const adding = Promise.all(Array.from({ length: 100 }, (_, n) => log.append({ n: n + 1 })));
  assert.deepEqual(await reading, [{ n: 0 }]);
  await adding;
  assert.equal((await rowsOf(log)).length, 101);
});

// A real limit of the operating system stands in for a full disk: writes beyond fail half-way.
const FULL_DISK = `
  const { openJsonlLog } = await import(process.argv[1]);
  const log = await openJsonlLog(process.argv[2], process.argv[3] ? { sync_after_ms: 5 } : {});
  const kept = [];
  const failed = [];
  for (let n = 0; n < 60; n++) {
    const row = { n, text: "x".repeat(n % 3 === 0 ? 900 : 10) };
    await log.append(row).then(() => kept.push(n), (error) => failed.push(error.reason));
  }
  await log.close();
  console.log(JSON.stringify({ kept, failed }));
`;

async function failHalfWay(t: TestContext, sync_after_ms: string): Promise<void> {
  if (process.platform === "win32") return t.skip("no file size limits here");
  const path = join(await tempDir(t), "log.jsonl");
  const script = `ulimit -f 8; exec "$0" --input-type=module -e "$1" "$2" "$3" "$4"`;
  const args = ["-c", script, process.execPath, FULL_DISK, LOG_MODULE, path, sync_after_ms];
  const { stdout } = await promisify(execFile)("sh", args);
  const { kept, failed } = JSON.parse(stdout) as { kept: number[]; failed: string[] };
  assert.ok(failed.length > 0 && kept.length > 0, stdout);
  assert.ok(failed.every((reason) => reason === "log_unwritable"));
  const log = await openJsonlLog<{ n: number }>(path);
  t.after(() => log.close());
  assert.equal(log.repaired_bytes, 0);
  assert.deepEqual(
    (await rowsOf(log)).map((row) => row.n),
    kept,
  );
}

for (const sync_after_ms of ["", "5"]) {
  const when = sync_after_ms === "" ? "synced" : "written";
  test(`a write that fails half-way leaves no half line, and smaller rows still fit (${when})`, (t) =>
    failHalfWay(t, sync_after_ms));
}

test("rows that are only written at once are read at once, and closing syncs them", async (t) => {
  const path = join(await tempDir(t), "log.jsonl");
  const log = await openJsonlLog<{ n: number }>(path, { sync_after_ms: 20_000 });
  const began = performance.now();
  const offsets = [];
  for (let n = 0; n < 50; n++) offsets.push(await log.append({ n }));
  const crowd = await Promise.all(
    Array.from({ length: 500 }, (_, at) => log.append({ n: 50 + at })),
  );
  assert.ok(performance.now() - began < 15_000, "nobody waits for the sync");
  const all = [...offsets, ...crowd];
  assert.deepEqual(
    all,
    all.toSorted((a, b) => a - b),
  );
  assert.deepEqual(
    await rowsOf(log),
    Array.from({ length: 550 }, (_, n) => ({ n })),
  );
  await log.close();
  await log.close();
  assert.equal((await stat(path)).size, log.size());
});
