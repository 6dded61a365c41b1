// Conditions told from SQL are sound: files without a row that meets them may be left out.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Cell, ColumnCondition } from "#ports/table-engine.ts";
import { allRows, convertText, idColumns, sqlRequest, tableOf } from "#ports/table-engine.suite.ts";
import { testRuns } from "../../../test/support/test-runs.ts";
import { ownDuckDb } from "./duckdb-table-engine.suite.ts";

const COLUMNS = idColumns({ a: "long", x: "double", s: "string", d: "date" });
type Row = readonly [number | null, number | null, string | null, string | null];

const whole = fc.integer({ min: -3, max: 3 });
const half = whole.map((number) => number / 2);
const word = fc.constantFrom("", "a", "ab", "abc", "b", "B", "é");
const day = fc.constantFrom("1969-12-31", "2024-01-01", "2024-02-29", "2024-03-01");
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { freq: 4 });
const row: fc.Arbitrary<Row> = fc.tuple(maybe(whole), maybe(half), maybe(word), maybe(day));

const quoted = (text: string) => `'${text}'`;
/** A column and how constants of its type are written. */
const column = fc.constantFrom("a", "x", "s", "d").chain((name) => {
  const of = { a: whole.map(String), x: half.map(String), s: word.map(quoted), d: day.map(quoted) };
  const dated = day.chain((text) =>
    fc.constantFrom(
      `'${text}'`,
      `DATE '${text}'`,
      `'${text}'::DATE`,
      `TIMESTAMP '${text} 00:00:00'`,
    ),
  );
  const text = name === "d" ? dated : of[name as "a"];
  return fc.record({
    name: fc.constantFrom(name, `t.${name}`, name.toUpperCase()),
    text: fc.constant(text),
  });
});

const comparison = column.chain(({ name, text }) => {
  const op = fc.constantFrom("=", "<>", "<", "<=", ">", ">=", "IS NOT DISTINCT FROM");
  const list = fc.array(text, { minLength: 1, maxLength: 3 }).map((all) => all.join(", "));
  return fc.oneof(
    fc.tuple(op, text).map(([sign, value]) => `${name} ${sign} ${value}`),
    fc.tuple(op, text).map(([sign, value]) => `${value} ${sign} ${name}`),
    fc.tuple(text, text).map(([low, high]) => `${name} BETWEEN ${low} AND ${high}`),
    list.map((values) => `${name} IN (${values})`),
    list.map((values) => `${name} NOT IN (${values})`),
    fc.constantFrom(`${name} IS NULL`, `${name} IS NOT NULL`, `NOT ${name} IS NULL`),
    word.map((start) => `s LIKE '${start}%'`),
    word.map((start) => `starts_with(s, '${start}')`),
    word.map((text_) => `s LIKE '${text_}'`),
  );
});

const { condition } = fc.letrec<{ condition: string }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    comparison,
    fc.tuple(tie("condition"), tie("condition")).map(([a, b]) => `(${a} AND ${b})`),
    fc.tuple(tie("condition"), tie("condition")).map(([a, b]) => `(${a} AND ${b})`),
    fc.tuple(tie("condition"), tie("condition")).map(([a, b]) => `(${a} OR ${b})`),
    tie("condition").map((a) => `NOT (${a})`),
  ),
}));

const statement = condition.chain((where) =>
  fc.constantFrom(
    `SELECT * FROM t WHERE ${where}`,
    `SELECT count(*), min(a), max(s) FROM t WHERE ${where}`,
    `WITH w AS (SELECT * FROM t WHERE ${where}) SELECT * FROM w WHERE a > 0`,
    `SELECT * FROM (SELECT * FROM t WHERE ${where}) UNION ALL SELECT 1, 2, '3', NULL`,
    `SELECT t.* FROM t LEFT JOIN (VALUES (1), (2)) u(k) ON t.a = u.k WHERE ${where}`,
    `SELECT t.*, u.k FROM (VALUES (1), (2)) u(k) LEFT JOIN t ON t.a = u.k WHERE ${where}`,
    `SELECT * FROM t WHERE ${where} AND EXISTS (SELECT 1 FROM t AS o WHERE o.a = t.x)`,
    `SELECT k, (SELECT count(*) FROM t WHERE ${where}) FROM (VALUES (1), (2)) u(k)`,
    `SELECT a AS s, count(*) AS a FROM t WHERE ${where} GROUP BY 1`,
  ),
);

/** What the conditions say of one row; a value of another kind tells nothing. */
function meets(values: Row, told: ColumnCondition): boolean {
  const at = COLUMNS.findIndex(({ name }) => name === told.column.toLowerCase());
  if (at < 0) return true;
  const own = values[at]!;
  if (told.op === "is_null") return own === null;
  if (own === null) return false;
  if (told.op === "not_null") return true;
  const comparable = (value: Cell) =>
    typeof value === typeof own &&
    (COLUMNS[at]!.type !== "date" || /^[\d-]{10}$/.test(String(value)));
  if (told.op === "in" || told.op === "not_in") {
    return !told.values.every(comparable) || told.values.includes(own) === (told.op === "in");
  }
  if (!("value" in told)) return true;
  const { value } = told;
  if (!comparable(value) || value === null) return true;
  if (told.op === "starts_with") return String(own).startsWith(String(value));
  if (told.op === "eq") return own === value;
  if (told.op === "ne") return own !== value;
  if (told.op === "lt") return own < value;
  if (told.op === "lte") return own <= value;
  return told.op === "gt" ? own > value : own >= value;
}

test("a query answers the same over the files that its conditions leave", async (t) => {
  const { engine, dir } = await ownDuckDb(t);
  const rows = fc.sample(row, { numRuns: 60, seed: 7 });
  const files: { uri: string; rows: readonly Row[] }[] = [];
  for (let at = 0; at < rows.length; at += 3) {
    const own = rows.slice(at, at + 3);
    const lines = own.map((values) =>
      JSON.stringify(Object.fromEntries(values.map((value, i) => [COLUMNS[i]!.name, value]))),
    );
    const more = { format: "ndjson", columns: COLUMNS } as const;
    const { target_path } = await convertText(engine, dir, `${lines.join("\n")}\n`, more);
    files.push({ uri: target_path, rows: own });
  }
  let pruned = 0;
  const answer = async (sql: string, uris: readonly string[]) => {
    const relations = [tableOf(COLUMNS, uris)];
    const answered = await allRows(engine, sqlRequest(sql, { relations }));
    return answered.map((values) => JSON.stringify(values)).toSorted();
  };
  await fc.assert(
    fc.asyncProperty(statement, async (sql) => {
      const told = (await engine.conditions(sql, [])).get("t") ?? [];
      const kept = files.filter((file) =>
        file.rows.some((values) => told.every((one) => meets(values, one))),
      );
      pruned += files.length - kept.length;
      const uris = (some: readonly { uri: string }[]) => some.map(({ uri }) => uri);
      assert.deepEqual(await answer(sql, uris(kept)), await answer(sql, uris(files)), sql);
    }),
    { numRuns: testRuns(30), examples: [["SELECT * FROM t WHERE a = 3 AND s = 'b'"]] },
  );
  assert.ok(pruned >= 10, `${pruned} files were left out`);
});

test("conditions are told quickly", async (t) => {
  const { engine } = await ownDuckDb(t);
  const where = Array.from({ length: 20 }, (_, i) => `c${i} BETWEEN ${i} AND ${i + 1}`).join(
    " AND ",
  );
  await engine.conditions("SELECT 1", []);
  const found = await engine.conditions(`SELECT * FROM t WHERE ${where}`, []);
  assert.equal(found.get("t")!.length, 40);
});
