// A file of keys with a line that cannot be read: nobody knows then which secrets are good.
import { test } from "node:test";
import assert from "node:assert/strict";
import { appendFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fixedClock } from "#kernel/clock.ts";
import { silentLog } from "#kernel/log.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { openVirtualKeys, type NewKey } from "./virtual-keys.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";

const clock = fixedClock(Date.parse("2026-03-10T10:00:00Z"));
const KEY: NewKey = {
  name: "ci",
  scopes: ["write"],
  models_only: true,
  models: ["*"],
  requests_per_minute: null,
  tokens_per_minute: null,
  budget: { day_cost: null, day_tokens: null, month_cost: 5, month_tokens: null },
  expires_at: null,
};

/** Lines of one key that was rotated twice and of one that was deleted. */
async function written(dir: string): Promise<string[]> {
  const keys = await openVirtualKeys(dir, clock, silentLog);
  const kept = await keys.create(KEY);
  await keys.rotate(kept.key.key_id, 3_600);
  await keys.rotate(kept.key.key_id, 3_600);
  const gone = await keys.create({ ...KEY, name: "gone" });
  await keys.remove(gone.key.key_id);
  await keys.close();
  return (await readFile(join(dir, "keys.jsonl"), "utf8")).trimEnd().split("\n");
}

test("keys are not opened where a line cannot be read, and the error says which", async (t) => {
  const dir = await tempDir(t);
  const path = join(dir, "keys.jsonl");
  const lines = await written(dir);
  assert.equal(lines.length, 5);
  const damages = [
    "null",
    "{}",
    '"put"',
    "[]",
    "{broken",
    '{"op":"put"}',
    '{"op":"put","key":null}',
    '{"op":"forget","key_id":"0123456789abcdef"}',
    '{"op":"remove"}',
    '{"op":"remove","key_id":"0123456789abcdef"}',
    lines[0]!.replace(/"sha256":"[0-9a-f]{64}"/, '"sha256":"00"'),
    lines[0]!.replace('"models":["*"]', '"models":"*"'),
    lines[0]!.replace('"month_cost":5', '"month_cost":"5"'),
  ];
  for (const [nr] of lines.entries()) {
    for (const damage of damages) {
      const text = lines.toSpliced(nr, 1, damage).join("\n") + "\n";
      await writeFile(path, text);
      await assert.rejects(openVirtualKeys(dir, clock, silentLog), (error) => {
        assert.ok(error instanceof LakehouseError, `${damage}: ${String(error)}`);
        assert.deepEqual([error.code, error.reason], ["unavailable", "damaged_keys"]);
        assert.match(error.message, /keys\.jsonl cannot be read/);
        assert.ok(error.message.startsWith(`line ${nr + 1} `), `${damage}: ${error.message}`);
        return /backup/.test(error.hint ?? "");
      });
      assert.equal(await readFile(path, "utf8"), text, "nothing of the file is lost");
    }
  }
});

test("bytes that are no text are such a line too", async (t) => {
  const dir = await tempDir(t);
  const lines = await written(dir);
  const bytes = Buffer.from(lines.join("\n") + "\n");
  bytes[lines[0]!.length + 20] = 0xff;
  await writeFile(join(dir, "keys.jsonl"), bytes);
  await assert.rejects(openVirtualKeys(dir, clock, silentLog), { reason: "damaged_keys" });
});

test("a torn last line is set aside, told, and the keys before it are good", async (t) => {
  const dir = await tempDir(t);
  const lines = await written(dir);
  await appendFile(join(dir, "keys.jsonl"), '{"op":"put","key":{"key_id":"01');
  const said: string[] = [];
  const log = { ...silentLog, warn: (_fields: object, text: string) => void said.push(text) };
  const keys = await openVirtualKeys(dir, clock, log);
  assert.deepEqual(
    keys.list().map(({ name }) => name),
    ["ci"],
  );
  assert.deepEqual(said, ["torn line of the keys set aside"]);
  await keys.close();
  assert.equal((await readFile(join(dir, "keys.jsonl"), "utf8")).trimEnd(), lines.join("\n"));
});

test("fields of a newer version stay where a key is changed", async (t) => {
  const dir = await tempDir(t);
  const lines = await written(dir);
  const path = join(dir, "keys.jsonl");
  await writeFile(path, lines[0]!.replace('"name":', '"team":"blue","name":') + "\n");
  const keys = await openVirtualKeys(dir, clock, silentLog);
  await keys.rotate(keys.list()[0]!.key_id, 0);
  await keys.close();
  assert.match((await readFile(path, "utf8")).trimEnd().split("\n")[1]!, /"team":"blue"/);
});
