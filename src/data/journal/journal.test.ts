// The journal: order and durability, the chain under tampering, failed writes, killed writers.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import fc from "fast-check";
import { journal, type JournalEvent } from "#contracts/journal.ts";
import { startCall } from "#kernel/call.ts";
import { systemClock } from "#kernel/clock.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import { silentLog } from "#kernel/log.ts";
import { failsWith } from "#ports/object-store.suite.ts";
import { eachTransport, type Connect } from "../../../test/support/each-transport.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { journalLogColumns } from "./journal-log-columns.ts";
import { createJournal } from "./journal-service.ts";
import { journalSettings } from "./journal-settings.ts";
import { readLinesBackward } from "./read-backward.ts";

const SETTINGS = journalSettings.parse({});
const local: Connect = async (c, h) => connectLocal(c, h, { strict: true });

async function open(dir: string, connect: Connect = local) {
  const service = await createJournal({ dir, log: silentLog, clock: systemClock }, SETTINGS);
  return { service, client: await connect(journal, service.handlers) };
}

const change = (n: number) => ({
  action: n % 2 === 0 ? "catalog.commit" : "ingest.file",
  subject: `dataset:d${n % 3}`,
  details: { n },
});

eachTransport("events are numbered, linked, listed and verified", async (connect, t) => {
  const { service, client } = await open(await tempDir(t), connect);
  t.after(() => service.stop());
  assert.deepEqual(await client.list({}), { events: [], total: 0 });
  const call = startCall({ trace_id: "trace-of-one" });
  await client.append(change(0), call);
  for (let n = 1; n < 10; n++) await client.append(change(n));
  const { events, total } = await client.list({});
  assert.equal(total, 10);
  assert.deepEqual(
    events.map((event) => event.seq),
    [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
  );
  assert.equal(events[9]!.trace_id, "trace-of-one");
  assert.equal(events[9]!.before, null);
  for (let at = 0; at < 9; at++) assert.equal(events[at]!.prev_hash, events[at + 1]!.hash);
  const seqs = async (query: Parameters<typeof client.list>[0]) =>
    (await client.list(query)).events.map((event) => event.seq);
  assert.deepEqual(await seqs({ order: "oldest", limit: 2 }), [0, 1]);
  assert.deepEqual(await seqs({ limit: 3, before_seq: 5 }), [4, 3, 2]);
  assert.deepEqual(await seqs({ from_seq: 8 }), [9, 8]);
  assert.deepEqual(await seqs({ from_seq: 3, order: "oldest", limit: 2 }), [3, 4]);
  assert.deepEqual(await seqs({ action: "ingest.file", subject: "dataset:d0" }), [9, 3]);
  assert.deepEqual(await seqs({ trace_id: "trace-of-one" }), [0]);
  const head_hash = events[0]!.hash;
  const sound = { ok: true, events: 10, head_hash, first_break: null };
  assert.deepEqual(await client.verify({}), sound);
});

test("the actor is the principal of the call", async (t) => {
  const { service, client } = await open(await tempDir(t));
  t.after(() => service.stop());
  const principal = { name: "nightly", scopes: ["admin"] as const };
  const event = await client.append(change(1), startCall({ principal }));
  assert.equal(event.actor, "nightly");
  const names = journalLogColumns.map((column) => column.name);
  assert.deepEqual(names.toSorted(), Object.keys(event).toSorted());
});

test("many at the same time make one chain, and it goes on after opening again", async (t) => {
  const dir = await tempDir(t);
  const first = await open(dir);
  const made = await Promise.all(
    Array.from({ length: 300 }, (_, n) => first.client.append(change(n))),
  );
  assert.deepEqual(
    made.map((event) => event.seq),
    Array.from({ length: 300 }, (_, n) => n),
  );
  await first.service.stop();
  const second = await open(dir);
  t.after(() => second.service.stop());
  const next = await second.client.append(change(300));
  assert.equal(next.prev_hash, made.at(-1)!.hash);
  assert.equal((await second.client.verify({})).events, 301);
});

test("details of every JSON kind keep the chain sound", async (t) => {
  const { service, client } = await open(await tempDir(t));
  t.after(() => service.stop());
  const details = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 5 });
  const property = fc.asyncProperty(details, async (value) => {
    await client.append({ action: "a.b", subject: "s", details: value });
  });
  await fc.assert(property, { numRuns: 60 });
  const odd = JSON.parse('{"__proto__":{"x":1},"1":2,"constructor":null}') as Record<
    string,
    unknown
  >;
  await client.append({ action: "a.b", subject: "s", details: odd });
  await client.append({ action: "a.b", subject: "s", details: { at: new Date(), no: undefined } });
  assert.equal((await client.verify({})).ok, true);
  const large = { text: "x".repeat(SETTINGS.details_bytes_max) };
  const refused = client.append({ action: "a.b", subject: "s", details: large });
  await assert.rejects(refused, failsWith("too_large", "details_too_large"));
});

type Tamper = (lines: string[]) => void;
const edit = (line: string, by: (event: JournalEvent) => void) => {
  const event = JSON.parse(line) as JournalEvent;
  by(event);
  return JSON.stringify(event);
};
const TAMPERS: [string, number, Tamper][] = [
  ["a changed row", 3, (l) => (l[3] = edit(l[3]!, (e) => (e.details["n"] = 99)))],
  ["a changed actor", 4, (l) => (l[4] = edit(l[4]!, (e) => (e.actor = "someone")))],
  ["an added field", 2, (l) => (l[2] = l[2]!.replace(/}$/, ',"more":1}'))],
  ["a missing row", 5, (l) => void l.splice(5, 1)],
  ["a missing first row", 0, (l) => void l.shift()],
  ["two rows in the other order", 2, (l) => void l.splice(2, 2, l[3]!, l[2]!)],
  ["a row that stands twice", 4, (l) => void l.splice(4, 0, l[3]!)],
  ["a line that is not JSON", 6, (l) => (l[6] = "garbage")],
  ["a row replaced and renumbered", 7, (l) => (l[7] = edit(l[6]!, (e) => (e.seq = 7)))],
];

for (const [what, seq, tamper] of TAMPERS) {
  test(`verify names the place of ${what}, before and after opening again`, async (t) => {
    const dir = await tempDir(t);
    const { service, client } = await open(dir);
    for (let n = 0; n < 10; n++) await client.append(change(n));
    const path = join(dir, "journal.jsonl");
    const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
    tamper(lines);
    await writeFile(path, `${lines.join("\n")}\n`);
    const now = await client.verify({});
    await service.stop();
    const again = await open(dir);
    t.after(() => again.service.stop());
    for (const found of [now, await again.client.verify({})]) {
      assert.equal(found.ok, false);
      assert.equal(found.first_break?.seq, seq);
      assert.equal(found.first_break?.line, seq + 1);
      assert.equal(found.events, seq);
    }
    assert.equal((await again.client.append(change(11))).seq > 8, true);
  });
}

test("rows cut off the end are missed while the journal runs", async (t) => {
  const dir = await tempDir(t);
  const { service, client } = await open(dir);
  t.after(() => service.stop());
  for (let n = 0; n < 5; n++) await client.append(change(n));
  const path = join(dir, "journal.jsonl");
  const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
  await writeFile(path, `${lines.slice(0, 3).join("\n")}\n`);
  const found = await client.verify({});
  assert.deepEqual([found.ok, found.events, found.first_break?.seq], [false, 3, 3]);
});

test("lines are read backward like forward, for any lengths", async (t) => {
  const path = join(await tempDir(t), "lines");
  const line = fc.oneof(
    fc.constant(""),
    fc.nat(70_000).map((n) => "é".repeat(n / 2)),
    fc.constant("x"),
  );
  const property = fc.asyncProperty(
    fc.array(line, { minLength: 1, maxLength: 8 }),
    async (lines) => {
      const text = Buffer.from(lines.map((one) => `${one}\n`).join(""));
      await writeFile(path, text);
      const found: string[] = [];
      for await (const one of readLinesBackward(path, text.length)) found.push(one);
      assert.deepEqual(found.toReversed(), lines);
    },
  );
  await fc.assert(property, { numRuns: 40 });
});

const WRITER = `
  const { createJournal } = await import(process.argv[1]);
  const { startCall } = await import(process.argv[2]);
  const quiet = () => undefined;
  const log = { debug: quiet, info: quiet, warn: quiet, error: quiet, child: () => log };
  const clock = { now: () => Date.now() };
  const dir = process.argv[3];
  const settings = { details_bytes_max: 100000 };
  const { handlers, stop } = await createJournal({ dir, log, clock }, settings);
  const input = (n) => ({ action: "a.b", subject: "s", before: null, after: null,
    details: { n, text: "x".repeat(n % 6 === 4 ? 90000 : 10) } });
  if (process.argv[4] === "full") {
    const kept = [];
    let failed = 0;
    let kept_after_failure = 0;
    for (let n = 0; n < 30; n++) {
      const append = (m) => handlers.append(input(m), startCall());
      const some = await Promise.allSettled([append(n * 2), append(n * 2 + 1)]);
      for (const one of some) {
        if (one.status === "rejected") failed++;
        else if (kept.push(one.value.seq) && failed > 0) kept_after_failure++;
      }
    }
    await stop();
    console.log(JSON.stringify({ kept, failed, kept_after_failure }));
  } else {
    const run = async (from) => {
      for (let n = from; ; n += 4) {
        const { seq } = await handlers.append(input(n), startCall());
        process.stdout.write(seq + "\\n");
      }
    };
    await Promise.all([0, 1, 2, 3].map(run));
  }
`;
const MODULES = ["./journal-service.ts", "../../kernel/call.ts"].map(
  (path) => new URL(path, import.meta.url).href,
);

test("a write that fails leaves no gap in the chain", async (t) => {
  if (process.platform === "win32") return t.skip("no file size limits here");
  const dir = await tempDir(t);
  const script = `ulimit -f 16; exec "$0" --input-type=module -e "$1" "$2" "$3" "$4" full`;
  const args = ["-c", script, process.execPath, WRITER, ...MODULES, dir];
  const { stdout } = await promisify(execFile)("sh", args);
  const { kept, failed, kept_after_failure } = JSON.parse(stdout) as {
    kept: number[];
    failed: number;
    kept_after_failure: number;
  };
  assert.ok(failed > 0 && kept_after_failure > 0, stdout);
  const { service, client } = await open(dir);
  t.after(() => service.stop());
  assert.deepEqual(
    kept,
    kept.map((_, at) => at),
  );
  const found = await client.verify({});
  assert.deepEqual([found.ok, found.events], [true, kept.length]);
});

test("kill -9 while appending leaves a sound chain with all that was acknowledged", async (t) => {
  const dir = await tempDir(t);
  let highest = -1;
  for (let round = 0; round < 4; round++) {
    const args = ["--input-type=module", "-e", WRITER, ...MODULES, dir];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    const wanted = 30 + 23 * round;
    child.stdout.setEncoding("utf8").on("data", (part: string) => {
      text += part;
      if (text.split("\n").length > wanted) child.kill("SIGKILL");
    });
    await new Promise((resolve) => child.once("close", resolve));
    for (const line of text.split("\n").slice(0, -1)) highest = Math.max(highest, Number(line));
    const { service, client } = await open(dir);
    const found = await client.verify({});
    assert.equal(found.ok, true, JSON.stringify(found));
    assert.ok(found.events > highest, `${found.events} events, ${highest} acknowledged`);
    await service.stop();
  }
});
