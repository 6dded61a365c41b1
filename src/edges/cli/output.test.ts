// Tables of the command line: straight with colours, whole in a pipe, readable in a terminal.
import assert from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";
import { test } from "node:test";
import { table } from "./output.ts";

const linesOf = (text: string) => stripVTControlCharacters(text).split("\n");

test("colours take no room", () => {
  const rows = [
    ["\u001b[32m✓\u001b[39m", "up", 1],
    ["\u001b[31m✗\u001b[39m", "a longer name", 20],
  ];
  assert.deepEqual(linesOf(table(["", "name", "models"], rows)), [
    "   name           models",
    "─  ─────────────  ──────",
    "✓  up                  1",
    "✗  a longer name      20",
  ]);
});

test("nothing is cut in a pipe; a terminal cuts what is widest, and no short column", () => {
  const why = "it cannot be reached ".repeat(6).trim();
  const rows = [["up", why]];
  assert.ok(table(["name", "state"], rows).endsWith(why));
  const [, , row] = linesOf(table(["name", "state"], rows, 60));
  assert.equal(row!.length, 60);
  assert.ok(row!.startsWith("up    it cannot be reached") && row!.endsWith("…"));
});

test("one long value in a pipe widens no other row, and an empty result has its head", () => {
  const long = "x".repeat(300_000);
  const rows = Array.from({ length: 2_000 }, (_, at) => [at === 7 ? long : "short", at]);
  const text = table(["body", "id"], rows);
  assert.ok(text.length < 600_000);
  assert.ok(text.includes(`${long}     7\n`));
  const wide = Array.from({ length: 5 }, () => "a title of its own");
  assert.equal(linesOf(table(wide, [], 40)).length, 2);
});

test("many columns in a narrow terminal become a block for each row, and nothing is lost", () => {
  const head = ["key id", "name", "a minute", "today", "this month"];
  const long = ["0123456789abcdef", "team", "60 requests, 1,000 tokens"];
  const rows = [
    [...long, "0.5 of 1, 200 tokens", "7 of 30, 2,000 tokens"],
    [...long, "", null],
  ];
  const lines = linesOf(table(head, rows, 60));
  assert.deepEqual(lines.slice(0, 6), [
    "key id      0123456789abcdef",
    "name        team",
    "a minute    60 requests, 1,000 tokens",
    "today       0.5 of 1, 200 tokens",
    "this month  7 of 30, 2,000 tokens",
    "",
  ]);
  assert.equal(lines.length, 9);
});
