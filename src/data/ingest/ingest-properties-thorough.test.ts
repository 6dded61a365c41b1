// Whatever a table holds: written as CSV, ingested and selected again, it holds the same.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { testRuns } from "../../../test/support/test-runs.ts";
import { lakesOfOneEngine, put, select } from "./open-lake.suite.ts";

const openLake = lakesOfOneEngine();

const COLUMN = fc.oneof(
  fc.record({ kind: fc.constant("long"), value: fc.constant(fc.maxSafeInteger()) }),
  fc.record({
    kind: fc.constant("double"),
    value: fc.constant(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e12, max: 1e12 })),
  }),
  fc.record({ kind: fc.constant("boolean"), value: fc.constant(fc.boolean()) }),
  fc.record({
    kind: fc.constant("text"),
    value: fc.constant(fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 })),
  }),
  fc.record({
    kind: fc.constant("sql"),
    value: fc.constant(
      fc.constantFrom(
        "a,b",
        'say "x"',
        "two\nlines",
        "r\r\nn",
        " lead",
        "trail ",
        ";",
        "#no comment",
        "NULL",
        "007",
        "1.5",
        "true",
        "2024-01-01",
        "-",
        "\\",
        "'",
        "tab\there",
      ),
    ),
  }),
);

const table = fc.array(COLUMN, { minLength: 2, maxLength: 5 }).chain((columns) =>
  fc.record({
    width: fc.constant(columns.length),
    rows: fc.array(
      fc.tuple(
        ...columns.map(({ value }) => fc.option(value as fc.Arbitrary<unknown>, { freq: 6 })),
      ),
      { minLength: 1, maxLength: 30 },
    ),
  }),
);

function cell(value: unknown): string {
  if (value === null) return "";
  const text = String(value);
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

test("random tables come back from CSV as they went in", async (t) => {
  const lake = await openLake(t);
  let at = 0;
  await fc.assert(
    fc.asyncProperty(table, async ({ width, rows }) => {
      const dataset = `t${++at}`;
      const names = Array.from({ length: width }, (_, i) => `c${i}`);
      const lines = [["row", ...names], ...rows.map((row, i) => [i, ...row])];
      const csv = lines.map((line) => line.map(cell).join(",")).join("\n");
      const report = await put(lake, dataset, "t.csv", `${csv}\n`);
      assert.deepEqual([report.rows, report.rejected_rows], [rows.length, 0]);
      const found = await select(lake, `SELECT ${names.join(", ")} FROM ${dataset} ORDER BY row`);
      rows.forEach((row, i) => {
        row.forEach((value, j) =>
          assert.ok(
            same(value, found[i]![j]),
            `${JSON.stringify(value)} → ${JSON.stringify(found[i]![j])}`,
          ),
        );
      });
    }),
    { numRuns: testRuns(8) },
  );
});

/** The type may differ (a column of texts that all are numbers); what it says must not. */
function same(sent: unknown, found: unknown): boolean {
  if (sent === null || found === null) return sent === found;
  if (typeof sent === "number" || typeof found === "number") return Number(sent) === Number(found);
  return String(sent) === String(found);
}

/** More rows than the sample that types are told from (20,480). */
const EARLY_ROWS = 21_000;

const LATE: readonly (readonly [string, string])[] = [
  ["abc", "string"],
  ["1.5", "double"],
  ["007", "string"],
  ["9007199254740993", "long"],
  ["99999999999999999999", "string"],
  ["1e3", "double"],
  ["", "long"],
  ["2024-01-01", "string"],
];

test("types from a sample are those of the whole file, whatever comes late", async (t) => {
  const lake = await openLake(t);
  let tables = 0;
  // Some alone in their column, since one that surprises has the others looked at again; then all.
  for (const some of [...LATE.slice(0, 3).map((one) => [one]), LATE]) {
    const dataset = `late${++tables}`;
    const names = some.map((_, at) => `n${at}`);
    const early = `${names.map(() => "7").join(",")},y\n`.repeat(EARLY_ROWS);
    const late = some.map(([value]) => value).join(",");
    const report = await put(lake, dataset, "t.csv", `${names.join(",")},x\n${early}${late},z\n`);
    assert.deepEqual([report.rows, report.rejected_rows], [EARLY_ROWS + 1, 0]);
    assert.deepEqual(
      report.columns.slice(0, -1).map(({ type }) => type),
      some.map(([, type]) => type),
      late,
    );
    const texts = names.map((name) => `${name}::VARCHAR`).join(", ");
    const last = await select(lake, `SELECT ${texts} FROM ${dataset} WHERE x = 'z'`);
    const said = (value: string) => (value === "" ? null : value === "1e3" ? "1000.0" : value);
    assert.deepEqual(last, [some.map(([value]) => said(value))]);
  }
  const dates = `d,e\n${"2024-01-01,\n".repeat(EARLY_ROWS)}2024-01-01T10:00:00.25,5\n`;
  const report = await put(lake, "dates", "t.csv", dates);
  assert.deepEqual(
    report.columns.map(({ type }) => type),
    ["timestamp", "long"],
  );
  const last = await select(lake, "SELECT d, e FROM dates WHERE e IS NOT NULL");
  assert.deepEqual(last, [["2024-01-01T10:00:00.25", 5]]);
});
