// Which files an upsert looks at: bounds of its keys, only where they hold for every key.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { WrittenFile } from "#ports/table-engine.ts";
import { keyBounds } from "./key-columns.ts";

function written(...bounds: readonly (readonly [number, number])[]): WrittenFile {
  const stats = bounds.map(([lower, upper], at) => ({ field_id: at + 1, lower, upper }));
  return { path: "f", rows: 2, size_bytes: 1, partition: {}, split_offsets: [], stats };
}

const column = (name: string, type: string, field_id: number) => ({
  name,
  type,
  field_id,
  nullable: true,
});

test("bounds of keys leave files out, but not those of floats: NaN is outside of them", () => {
  const columns = [column("id", "long", 1), column("x", "double", 2), column("y", "float", 3)];
  const file = written([1, 5], [1, 5], [1, 5]);
  const of_id = [
    { op: "gte", column: "id", value: 1 },
    { op: "lte", column: "id", value: 5 },
  ];
  assert.deepEqual(keyBounds(["id"], columns, [file]), of_id);
  assert.deepEqual(keyBounds(["id", "x", "y"], columns, [file]), of_id);
  assert.equal(keyBounds(["x"], columns, [file]), undefined);
  assert.equal(keyBounds(["y"], columns, [file]), undefined);
  assert.equal(keyBounds(["id"], columns, [file, file]), undefined);
});
