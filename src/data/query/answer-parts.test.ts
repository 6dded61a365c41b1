// The parts that decide what may be left out and what may be held.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DuckDBInstance } from "@duckdb/node-api";
import fc from "fast-check";
import type { ColumnCondition } from "#ports/table-engine.ts";
import { fittingConditions } from "./fitting-conditions.ts";
import { createHeldAnswers, keeping } from "./held-answers.ts";
import { isRepeatable, statementKey } from "./repeatable-sql.ts";

function fits(type: string, op: string, value: unknown): unknown {
  const given = op === "is_null" ? {} : { value };
  const condition = { op, column: "C", ...given } as ColumnCondition;
  const [one] = fittingConditions([condition], [{ name: "c", type, nullable: true }]);
  return one === undefined ? undefined : "value" in one ? one.value : one.op;
}

test("a condition counts only where the engine's comparison is that of the bounds", () => {
  const table: [string, string, unknown, unknown][] = [
    ["long", "eq", 5, 5],
    ["long", "gt", "5", 5],
    ["long", "eq", "900719925474099312", "900719925474099312"],
    ["long", "lt", "1.5", undefined],
    ["long", "eq", 2 ** 60, undefined],
    ["string", "eq", "05", "05"],
    ["string", "eq", 5, undefined],
    ["string", "starts_with", "ab", "ab"],
    ["date", "gte", "2024-01-01", "2024-01-01"],
    ["date", "gte", "2024-01-01 10:00:00", undefined],
    ["timestamp", "lt", "2024-01-01", "2024-01-01T00:00:00"],
    ["timestamp", "lt", "2024-01-01 10:00:00.5", "2024-01-01T10:00:00.5"],
    ["timestamp", "lt", "2024-01-01T10:00:00Z", undefined],
    ["timestamptz", "eq", "2024-01-01T10:00:00", "2024-01-01T10:00:00+00:00"],
    ["timestamptz", "eq", "2024-01-01T10:00:00+00:00", "2024-01-01T10:00:00+00:00"],
    ["timestamptz", "eq", "2024-01-01T10:00:00+02:00", undefined],
    ["float", "eq", 0.1, 0.1],
    ["float", "eq", 0.5, 0.5],
    ["double", "lt", 0.1, 0.1],
    ["double", "gt", "0.1", 0.1],
    ["double", "gt", "NaN", undefined],
    ["decimal(9,2)", "eq", 0.1, "0.1"],
    ["decimal(9,2)", "eq", "0.155", undefined],
    ["decimal(38,2)", "eq", 0.1, undefined],
    ["boolean", "eq", true, true],
    ["boolean", "eq", "true", undefined],
    ["binary", "eq", "00", undefined],
    ["list<long>", "eq", 1, undefined],
    ["list<long>", "is_null", undefined, "is_null"],
    ["long", "eq", null, undefined],
  ];
  for (const [type, op, value, expected] of table) {
    assert.equal(fits(type, op, value), expected, `${type} ${op} ${String(value)}`);
  }
  const columns = ["a", "A"].map((name) => ({ name, type: "long", nullable: true }));
  assert.deepEqual(fittingConditions([{ op: "eq", column: "a", value: 1 }], columns), []);
});

test("every function that the engine calls unrepeatable is known", async (t) => {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  t.after(() => connection.closeSync());
  const reader = await connection.runAndReadAll(
    `SELECT DISTINCT function_name FROM duckdb_functions()
     WHERE stability <> 'CONSISTENT' AND function_type IN ('scalar', 'aggregate')`,
  );
  const names = reader.getRows().map((row) => String(row[0]));
  assert.ok(names.length > 15, `only ${names.length}`);
  const missed = names.filter((name) => isRepeatable(`SELECT ${name}() FROM t`, []));
  assert.deepEqual(missed, []);
  assert.equal(isRepeatable("SELECT a, sum(b) FROM t WHERE c = $1 GROUP BY 1", ["x"]), true);
  assert.equal(isRepeatable("SELECT $1::TIMESTAMPTZ FROM t", ["now"]), false);
});

test("only space around a statement and a final semicolon make no other key", () => {
  const form = { params: [], form: "csv", rows_max: 5 };
  const key = (sql: string, more = {}) => statementKey({ ...form, sql, ...more }, "duckdb");
  assert.equal(key("SELECT 1"), key("\n SELECT 1 ; "));
  assert.notEqual(key("SELECT ' a'"), key("SELECT '  a'"));
  assert.notEqual(key("SELECT 1"), key("SELECT 1", { params: [1] }));
  assert.notEqual(key("SELECT 1"), key("SELECT 1", { rows_max: 6 }));
  assert.notEqual(key("SELECT 1"), key("SELECT 1", { at: "x" }));
});

test("held answers never take more bytes than they may, and the least used goes", () => {
  const operation = fc.record({ key: fc.nat(20), size: fc.nat(3_000), read: fc.boolean() });
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
      const held = createHeldAnswers(10_000, 2_000);
      for (const { key, size, read } of operations) {
        const answer = { pieces: [new Uint8Array(size)], row_count: size, truncated: false };
        if (!read) held.put(`k${key}`, answer);
        else {
          const found = held.get(`k${key}`);
          assert.ok(found === undefined || found.pieces[0]!.length === found.row_count);
        }
        const figures = held.figures();
        assert.ok(figures["cache_bytes"]! <= 10_000 && figures["cache_bytes"]! >= 0);
        assert.equal(figures["cache_bytes"] === 0, figures["cache_entries"] === 0);
      }
    }),
  );
  const held = createHeldAnswers(2_000, 1_000);
  const answer = { pieces: [new Uint8Array(400)], row_count: 1, truncated: false };
  held.put("a", answer);
  held.put("b", answer);
  assert.ok(held.get("a"));
  held.put("c", answer);
  assert.deepEqual([held.get("b"), held.get("a"), held.get("c")], [undefined, answer, answer]);
});

test("what grows over the size of an entry passes but is not kept", async () => {
  const kept: number[] = [];
  const pass = async (sizes: readonly number[]) => {
    const source = (async function* () {
      for (const size of sizes) yield new Uint8Array(size);
    })();
    let bytes = 0;
    for await (const piece of keeping(source, 100, (all) => kept.push(all.length))) {
      bytes += piece.length;
    }
    return bytes;
  };
  assert.deepEqual([await pass([50, 50]), await pass([50, 51])], [100, 101]);
  assert.deepEqual(kept, [2]);
});
