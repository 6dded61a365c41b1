// Random upserts: a table holds what a map of rows by key would hold.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { testRuns } from "../../../test/support/test-runs.ts";
import { lakesOfOneEngine, put, select } from "./open-lake.suite.ts";

const openLake = lakesOfOneEngine();

const batch = fc.array(
  fc.record({ id: fc.integer({ min: 0, max: 12 }), k: fc.constantFrom("x", "y, z", "ü") }),
  { minLength: 1, maxLength: 8 },
);
const batches = fc.array(
  fc.record({ rows: batch, evolve: fc.boolean(), width: fc.integer({ min: 1, max: 4 }) }),
  { minLength: 2, maxLength: 6 },
);

test("random upserts hold what a map of rows by key would hold", async (t) => {
  const lake = await openLake(t);
  let tables = 0;
  await fc.assert(
    fc.asyncProperty(batches, async (all) => {
      const dataset = `m${++tables}`;
      const model = new Map<string, Record<string, unknown>>();
      let columns: string[] = [];
      for (const [turn, { rows, evolve, width }] of all.entries()) {
        const wanted = Array.from({ length: width }, (_, at) => `c${at}`);
        const more = evolve || turn === 0 ? wanted : columns;
        const lines = rows.map(({ id, k }, at) => {
          const values = Object.fromEntries(more.map((name) => [name, `t${turn}r${at}${name}`]));
          model.set(JSON.stringify([id, k]), { id, k, ...values });
          return [id, `"${k}"`, ...Object.values(values)].join(",");
        });
        columns = [...new Set([...columns, ...more])];
        const csv = `${["id", "k", ...more].join(",")}\n${lines.join("\n")}\n`;
        const options = { mode: "upsert", key: ["id", "k"], evolve: evolve && turn > 0 };
        await put(lake, dataset, `${turn}.csv`, csv, options);
      }
      const names = ["id", "k", ...columns];
      const found = await select(lake, `SELECT ${names.join(", ")} FROM ${dataset} ORDER BY id, k`);
      const expected = [...model.values()].map((row) => names.map((name) => row[name] ?? null));
      const sorted = (some: unknown[][]) => some.map((row) => JSON.stringify(row)).toSorted();
      assert.deepEqual(sorted(found), sorted(expected));
    }),
    { numRuns: testRuns(3) },
  );
});
