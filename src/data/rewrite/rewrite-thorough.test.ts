// Random appends, deletes and compactions on a real lake: the rows are those of a model.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { lakesOfOneEngine, put, select } from "#data/ingest/open-lake.suite.ts";
import { testRuns } from "../../../test/support/test-runs.ts";
import { keysOf } from "./rewrite.suite.ts";

const openLake = lakesOfOneEngine();

const step = fc.oneof(
  fc.record({
    kind: fc.constant("add" as const),
    rows: fc.array(
      fc.record({ n: fc.integer({ min: -5, max: 5 }), s: fc.constantFrom("a", "b", "") }),
      { minLength: 1, maxLength: 6 },
    ),
  }),
  fc.record({
    kind: fc.constant("delete" as const),
    n: fc.integer({ min: -5, max: 5 }),
    op: fc.constantFrom("<", "=", ">"),
    s: fc.option(fc.constantFrom("a", "b"), { nil: undefined }),
  }),
  fc.record({ kind: fc.constant("compact" as const) }),
);

test("random appends, deletes and compactions hold what a list of rows would hold", async (t) => {
  const lake = await openLake(t);
  let tables = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 8 }), async (steps) => {
      const dataset = `m${++tables}`;
      await put(lake, dataset, "0.csv", "u,n,s\n0,0,a\n1,,b\n");
      let model: [number, number | null, string | null][] = [
        [0, 0, "a"],
        [1, null, "b"],
      ];
      let u = 2;
      for (const one of steps) {
        if (one.kind === "add") {
          const rows = one.rows.map(({ n, s }): (typeof model)[number] => [u++, n, s || null]);
          model.push(...rows);
          await put(
            lake,
            dataset,
            "f.csv",
            `u,n,s\n${rows.map((row) => row.join(",")).join("\n")}\n`,
          );
        } else if (one.kind === "delete") {
          const { n, op, s } = one;
          const more = s === undefined ? "" : " AND s = $1";
          const where = `n ${op} ${n}${more}`;
          const params = s === undefined ? [] : [s];
          const matches = ([, m, text]: (typeof model)[number]) =>
            m !== null &&
            (op === "<" ? m < n : op === ">" ? m > n : m === n) &&
            (s === undefined || text === s);
          const done = await lake.rewrite.delete_rows({ dataset, where, params });
          assert.equal(done.deleted_rows, model.filter(matches).length, where);
          model = model.filter((row) => !matches(row));
        } else {
          const before = (await keysOf(lake, dataset)).length;
          const done = await lake.rewrite.compact({ dataset });
          assert.equal(done.rows, model.length);
          assert.ok((await keysOf(lake, dataset)).length <= Math.max(1, before));
        }
      }
      assert.deepEqual(await select(lake, `SELECT u, n, s FROM ${dataset} ORDER BY u`), model);
    }),
    { numRuns: testRuns(3) },
  );
});
