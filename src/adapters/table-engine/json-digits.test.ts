// Numbers of JSON that a double would round are found wherever they stand, and only these.
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { mayRoundNumbers, quoteRoundedNumbers, type KeptDigits } from "./json-digits.ts";

const never = new AbortController().signal;

async function quoted(dir: string, text: string, keep: KeptDigits = "double") {
  const [from, to] = [join(dir, "a.json"), join(dir, "b.json")];
  await writeFile(from, text);
  const found = await mayRoundNumbers(from, keep, never);
  await quoteRoundedNumbers(from, to, keep, never);
  return { found, text: await readFile(to, "utf8") };
}

test("numbers that lose digits are set into quotes, others and texts stay", async (t) => {
  const dir = await tempDir(t);
  for (const [number, rounded] of [
    ["0.30000000000000004", false],
    ["1.5", false],
    ["9007199254740993", false],
    ["123456789012345678901234567890", false],
    ["0.1234567890123456789", true],
    ["-123456789.123456789", true],
    ["9007199254740993.5", true],
    ["1.2345678901234567891e-7", true],
  ] as const) {
    const made = await quoted(dir, `{"a": ${number}}`);
    assert.equal(made.found, rounded, number);
    assert.equal(made.text, rounded ? `{"a": "${number}"}` : `{"a": ${number}}`);
  }
  const text = '{"a":"\\"0.1234567890123456789","b":[1.5,"x: 0.1234567890123456789 "]}\n';
  assert.equal((await quoted(dir, text)).text, text);
});

test("seventeen digits are those of a double, and count where each written one does", async (t) => {
  const dir = await tempDir(t);
  const text = '{"a": -6927924.6050707037}';
  assert.equal((await quoted(dir, text)).text, text);
  assert.equal((await quoted(dir, text, "written")).text, '{"a": "-6927924.6050707037"}');
  const shortest = '{"a": 0.30000000000000004}';
  assert.equal((await quoted(dir, shortest, "written")).text, shortest);
});

test("one is found at any place of a file of several chunks", async (t) => {
  const dir = await tempDir(t);
  const place = fc.integer({ min: 0, max: 140_000 });
  const filler = fc.constantFrom(" ", "a");
  await fc.assert(
    fc.asyncProperty(place, filler, async (before, fill) => {
      const head = fill === " " ? " ".repeat(before) : `["${"a".repeat(before)}",`;
      const end = fill === " " ? "" : "]";
      const made = await quoted(dir, `${head}12.345678901234567890123${end}`);
      assert.equal(made.found, true);
      assert.equal(made.text, `${head}"12.345678901234567890123"${end}`);
    }),
    {
      numRuns: 60,
      examples: [
        [65_530, " "],
        [65_536, " "],
        [65_531, "a"],
        [131_060, "a"],
      ],
    },
  );
});
