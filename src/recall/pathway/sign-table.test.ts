// Signs of vectors: both ways of counting agree with each other and with counting bit by bit.
import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "#kernel/random.ts";
import { signScanModule } from "./sign-scan-module.ts";
import { createSignTable, SCAN_ROWS_MAX, signsOf } from "./sign-table.ts";

test("the scan finds the rows within a bound, whatever the dimension, as counting does", () => {
  assert.ok(signScanModule() !== undefined, "this runtime has no 128-bit instructions");
  const random = seededRandom(5);
  for (const dimension of [1, 31, 100, 128, 384, 1000, 4096]) {
    const vector = () => Float32Array.from({ length: dimension }, () => random.next() - 0.5);
    const vectors = Array.from({ length: 300 }, vector);
    const tables = [createSignTable(dimension), createSignTable(dimension, true)];
    for (const [row, one] of vectors.entries()) for (const table of tables) table.put(row, one);
    const query = vector();
    const rows = Int32Array.from({ length: 200 }, (_, at) => (at % 7 === 3 ? -1 : random.int(300)));
    const distance = (row: number) =>
      vectors[row]!.filter((value, at) => value > 0 !== query[at]! > 0).length;
    for (const bound of [0, dimension * 0.45, dimension]) {
      const limit = Math.floor(bound);
      const expected = [...rows].flatMap((row, at) =>
        row >= 0 && distance(row) <= limit ? [at, distance(row)] : [],
      );
      for (const table of tables) {
        const found = new Int32Array(SCAN_ROWS_MAX * 2);
        const kept = table.within(rows, rows.length, signsOf(query), limit, found);
        assert.deepEqual([...found.subarray(0, kept * 2)], expected);
      }
      if (limit === dimension) assert.ok(expected.length > 300);
    }
  }
});
