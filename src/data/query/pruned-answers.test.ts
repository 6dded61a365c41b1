// Leaving files out never changes an answer: random conditions, with and without.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { query } from "#contracts/query.ts";
import { systemClock } from "#kernel/clock.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import { silentLog } from "#kernel/log.ts";
import { openLake, put, type Lake } from "#data/ingest/open-lake.suite.ts";
import { createQuery } from "./query-service.ts";
import { querySettings } from "./query-settings.ts";

/** Each file holds a narrow range of each column, with nulls here and there. */
const FILES = 8;
const ROWS_EACH = 6;

function fileOf(file: number): string {
  const rows = Array.from({ length: ROWS_EACH }, (_, row) => {
    const n = file * ROWS_EACH + row;
    const day = new Date(Date.UTC(2024, 0, 1 + n)).toISOString().slice(0, 10);
    const fields = {
      n: row === 2 ? null : n,
      d: n / 4,
      price: `${n}.${String(n % 100).padStart(2, "0")}`,
      day,
      at: `${day} 12:30:00.${String(n).padStart(6, "0")}`,
      word: ["ä", "b", "é", "Z", "aa", "😀"][row]! + String(file),
      code: String(n).padStart(3, "0"),
      ok: file % 2 === 0,
    };
    return `${JSON.stringify(fields)}\n`;
  });
  return rows.join("");
}

const number = fc.oneof(fc.integer({ min: -5, max: 55 }), fc.constantFrom(1.25, 7.5, 47.47, 1e10));
const day = fc.integer({ min: -3, max: 60 }).map((n) => {
  return new Date(Date.UTC(2024, 0, 1 + n)).toISOString().slice(0, 10);
});
const literal = fc.oneof(
  number.map(String),
  number.map((one) => `'${one}'`),
  day.map((one) => `'${one}'`),
  day.map((one) => `DATE '${one}'`),
  day.map((one) => `TIMESTAMP '${one} 12:30:00.000009'`),
  day.map((one) => `TIMESTAMPTZ '${one} 12:30:00+00'`),
  fc.constantFrom("'b3'", "'é'", "'😀7'", "'aa'", "'007'", "true", "'t'", "NULL", "'x'"),
);
const column = fc.constantFrom("n", "d", "price", "day", "at", "word", "code", "ok", "T.N");
const sign = fc.constantFrom("=", "<>", "<", "<=", ">", ">=", "IS NOT DISTINCT FROM");
const simple = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(column, sign, literal).map((parts) => parts.join(" ")) },
  fc.tuple(literal, sign, column).map((parts) => parts.join(" ")),
  fc.tuple(column, literal, literal).map(([c, a, b]) => `${c} BETWEEN ${a} AND ${b}`),
  fc.tuple(column, literal, literal).map(([c, a, b]) => `${c} IN (${a}, ${b})`),
  fc.tuple(column, literal).map(([c, a]) => `${c} NOT IN (${a})`),
  column.map((c) => `${c} IS NULL`),
  column.map((c) => `${c} IS NOT NULL`),
  fc.constantFrom(
    "word LIKE 'b%'",
    "starts_with(code, '00')",
    "word NOT LIKE 'a%'",
    "ok",
    "NOT ok",
  ),
);
const condition = fc.oneof(
  { weight: 3, arbitrary: simple },
  fc.tuple(simple, simple).map(([a, b]) => `${a} AND ${b}`),
  fc.tuple(simple, simple).map(([a, b]) => `(${a} OR ${b})`),
  simple.map((one) => `NOT (${one})`),
);
const from = fc.constantFrom(
  "things t",
  "main.things AS t",
  "things t LEFT JOIN (SELECT 1 AS k) o ON o.k = t.n",
  "(SELECT 5 AS k) o LEFT JOIN things t ON o.k = t.n",
  "things t JOIN things u ON t.n = u.n",
);

async function openBoth(lake: Lake) {
  const { catalog, engine } = lake;
  const blind = { ...engine, conditions: async () => new Map() };
  const needs = { catalog, kb: [], log: silentLog, clock: systemClock };
  const whole = await createQuery(
    { ...needs, engine: blind, dir: join(lake.dir, "whole") },
    querySettings.parse({}),
  );
  return connectLocal(query, whole.handlers);
}

test("an answer is the same with files left out as with all of them", async (t) => {
  const lake = await openLake(t);
  const fields = [
    { name: "n", type: "long", nullable: true },
    { name: "d", type: "double", nullable: true },
    { name: "price", type: "decimal(9,2)", nullable: true },
    { name: "day", type: "date", nullable: true },
    { name: "at", type: "timestamp", nullable: true },
    { name: "word", type: "string", nullable: true },
    { name: "code", type: "string", nullable: true },
    { name: "ok", type: "boolean", nullable: true },
  ];
  await lake.catalog.register({ name: "things", fields });
  for (let file = 0; file < FILES; file++)
    await put(lake, "things", `f${file}.ndjson`, fileOf(file));
  const whole = await openBoth(lake);
  let left_out = 0;
  const answer = (client: typeof whole, sql: string) =>
    client.rows({ sql, cache: false }).then(
      ({ rows }) => JSON.stringify(rows),
      (error: { reason: string }) => `error ${error.reason}`,
    );
  await fc.assert(
    fc.asyncProperty(from, condition, async (source, where) => {
      const told_apart = where.replaceAll(/\b(n|d)\b/g, "t.$1");
      const sql = `SELECT t.code, t.n FROM ${source} WHERE ${told_apart} ORDER BY 1, 2`;
      const [some, all] = [await answer(lake.query, sql), await answer(whole, sql)];
      // What fails on a row that was left out does not fail; nothing else may differ.
      if (!all.startsWith("error")) assert.equal(some, all, sql);
      const told = await lake.query.explain({ sql }).catch(() => undefined);
      const [things] = told?.tables ?? [];
      if (things !== undefined) left_out += things.files_total - things.files_read;
    }),
    { numRuns: 250 },
  );
  assert.ok(left_out > 300, `only ${left_out} files were left out`);
});
