// Leaving files out never changes an answer: random conditions, with and without.
import assert from "node:assert/strict";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { query } from "#contracts/query.ts";
import { NEVER } from "#kernel/call.ts";
import { systemClock } from "#kernel/clock.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import { silentLog } from "#kernel/log.ts";
import type { LakehouseError } from "#kernel/problem.ts";
import type { QueryEngine } from "#ports/table-engine.ts";
import { openLake, put, type Lake } from "#data/ingest/open-lake.suite.ts";
import { testRuns } from "../../../test/support/test-runs.ts";
import { createQuery } from "./query-service.ts";
import { querySettings } from "./query-settings.ts";

/** Each file holds a narrow range of each column, with nulls and NaN here and there. */
const FILES = 8;
const ROWS_EACH = 6;

const FIELDS = [
  ["n", "long"],
  ["d", "double"],
  ["f", "float"],
  ["price", "decimal(9,2)"],
  ["day", "date"],
  ["at", "timestamp"],
  ["zoned", "timestamptz"],
  ["word", "string"],
  ["code", "string"],
  ["ok", "boolean"],
] as const;

/** Rows of one file; NaN is in every third one. */
function rowsOf(file: number): string {
  const words = ["ä", "b", "é", "Z", "aa", "😀"].map((word) => `'${word}${file}'`).join(", ");
  const nan = file % 3 === 0 ? "WHEN i % 6 = 4 THEN 'NaN'::DOUBLE" : "";
  return `
    SELECT CASE WHEN i % 6 <> 2 THEN i END::BIGINT AS n,
      CASE ${nan} WHEN i % 6 = 3 THEN NULL ELSE i / 4 END::DOUBLE AS d,
      (i / 10)::FLOAT AS f,
      (i + (i % 100) / 100)::DECIMAL(9,2) AS price,
      DATE '2024-01-01' + i::INTEGER AS day,
      TIMESTAMP '2024-01-01 12:30:00' + to_days(i::INTEGER) + to_microseconds(i) AS at,
      (TIMESTAMP '2024-01-01 12:30:00' + to_days(i::INTEGER))::TIMESTAMPTZ AS zoned,
      list_value(${words})[(i % 6 + 1)::INTEGER] AS word,
      lpad(i::VARCHAR, 3, '0') AS code,
      ${file % 2 === 0} AS ok
    FROM range(${file * ROWS_EACH}, ${(file + 1) * ROWS_EACH}) AS r (i)`;
}

const MATCHING: Readonly<Record<string, fc.Arbitrary<string>>> = {
  "t.n": fc.integer({ min: -5, max: 55 }).map(String),
  "T.N": fc.constantFrom("7.5", "'07'", "1e10", "30"),
  "t.d": fc.constantFrom("0.25", "'7.5'", "1e300", "'NaN'", "11"),
  "t.f": fc.constantFrom("0.1", "3.3", "'0.7'", "4"),
  "t.price": fc.constantFrom("5.05", "'7.07'", "30", "12.345", "'12.345'"),
  "t.word": fc.constantFrom("'b3'", "'é'", "'😀7'", "'aa'", "'ä1'"),
  "t.code": fc.constantFrom("'007'", "'040'", "7", "'x'"),
  "t.ok": fc.constantFrom("true", "'t'", "false"),
};
const day = fc.integer({ min: -3, max: 60 }).map((n) => {
  const text = new Date(Date.UTC(2024, 0, 1 + n)).toISOString().slice(0, 10);
  return { date: `'${text}'`, typed: `DATE '${text}'`, time: `'${text} 12:30:00.000009'` };
});
const times = day.chain(({ date, typed, time }) =>
  fc.constantFrom(date, typed, time, `TIMESTAMP ${time}`, `TIMESTAMPTZ ${time}`, "NULL"),
);
const column = fc.constantFrom("T.N", ...FIELDS.map(([name]) => `t.${name}`));
/** A column with two constants: mostly such as it holds, sometimes of another type. */
const column_and_two = fc.tuple(column, column, fc.nat(9)).chain(([own, other, dice]) => {
  const value = MATCHING[dice === 0 ? other : own] ?? times;
  return fc.tuple(fc.constant(own), value, value);
});
const sign = fc.constantFrom("=", "<>", "<", "<=", ">", ">=", "IS NOT DISTINCT FROM");
const simple = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.tuple(column_and_two, sign).map(([[c, a], op]) => `${c} ${op} ${a}`),
  },
  fc.tuple(column_and_two, sign).map(([[c, a], op]) => `${a} ${op} ${c}`),
  column_and_two.map(([c, a, b]) => `${c} BETWEEN ${a} AND ${b}`),
  column_and_two.map(([c, a, b]) => `${c} IN (${a}, ${b})`),
  column_and_two.map(([c, a]) => `${c} NOT IN (${a})`),
  column.map((c) => `${c} IS NULL`),
  column.map((c) => `${c} IS NOT NULL`),
  fc.constantFrom("t.word LIKE 'b%'", "starts_with(t.code, '00')", "t.word NOT LIKE 'a%'"),
  fc.constantFrom("t.ok", "NOT t.ok"),
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

/** What leaves files out for certain: what is drawn by chance may happen not to. */
const LEAVING_OUT: [string, string][] = [
  ["things t", "t.n > 40"],
  ["main.things AS t", "t.code = '007'"],
  ["things t", "t.day < '2024-01-05'"],
];

/** The service over an engine that tells conditions or none, and how many files it was given. */
async function openOver(lake: Lake, conditions: QueryEngine["conditions"], dir: string) {
  const given: number[] = [];
  const engine: QueryEngine = {
    ...lake.engine,
    conditions,
    rows(request) {
      const [things] = request.relations;
      given.push(things?.kind === "table" ? things.files.length : 0);
      return lake.engine.rows(request);
    },
  };
  const needs = { catalog: lake.catalog, engine, kb: [], log: silentLog, clock: systemClock };
  const service = await createQuery({ ...needs, dir }, querySettings.parse({}));
  const client = connectLocal(query, service.handlers);
  const answer = (sql: string) =>
    client.rows({ sql, cache: false }).then(
      ({ rows }) => JSON.stringify(rows),
      (error: LakehouseError) => `error ${error.reason}`,
    );
  return { answer, given };
}

test("an answer is the same with files left out as with all of them", async (t) => {
  const lake = await openLake(t);
  const fields = FIELDS.map(([name, type]) => ({ name, type, nullable: true }));
  await lake.catalog.register({ name: "things", fields });
  for (let file = 0; file < FILES; file++) {
    const path = join(lake.dir, "things.parquet");
    const limits = { rows_max: 1000, timeout_ms: 10_000 };
    const asked = { sql: rowsOf(file), params: [], relations: [], limits, signal: NEVER };
    await lake.engine.toParquet(asked, path);
    await put(lake, "things", `f${file}.parquet`, await readFile(path));
    await rm(path);
  }
  const some = await openOver(lake, lake.engine.conditions, join(lake.dir, "some"));
  const all = await openOver(lake, async () => new Map(), join(lake.dir, "all"));
  let answered = 0;
  await fc.assert(
    fc.asyncProperty(from, condition, async (source, where) => {
      const sql = `SELECT t.code, t.n FROM ${source} WHERE ${where} ORDER BY 1, 2`;
      const whole = await all.answer(sql);
      const pruned = await some.answer(sql);
      // What fails on a row that was left out does not fail; nothing else may differ.
      if (!whole.startsWith("error")) {
        assert.equal(pruned, whole, sql);
        answered++;
      }
    }),
    { numRuns: testRuns(30), examples: LEAVING_OUT },
  );
  assert.ok(answered >= LEAVING_OUT.length, `only ${answered} conditions were taken`);
  const sum = (list: readonly number[]) => list.reduce((total, one) => total + one, 0);
  const left_out = sum(all.given) - sum(some.given);
  assert.ok(left_out >= 4 * LEAVING_OUT.length, `only ${left_out} files were left out`);
});
