// Ids of a replacement's columns are those that the catalog will give.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Dataset } from "#contracts/catalog.ts";
import { numberColumns } from "#ports/column-type.ts";
import { replacementColumns, sameColumns } from "./replacement-columns.ts";

const column = (name: string, type: string) => ({ name, type, nullable: true });

test("kept columns keep their ids, new ones come after the last, narrower types stay wide", () => {
  const fields = [
    { ...column("a", "double"), field_id: 3 },
    { ...column("b", "int"), field_id: 4 },
  ];
  const present = { fields, last_field_id: 9 } as unknown as Dataset;
  const found = numberColumns(
    [column("new", "list<long>"), column("b", "long"), column("a", "long")],
    0,
  ).columns;
  assert.deepEqual(replacementColumns(present, found), [
    { ...column("new", "list<long>"), field_id: 10, nested_ids: { element: 11 } },
    { ...column("b", "long"), field_id: 4 },
    { ...column("a", "double"), field_id: 3 },
  ]);
});

test("columns are the same when names, types and all ids are", () => {
  const [one] = numberColumns([column("m", "map<string,long>")], 0).columns;
  assert.ok(sameColumns([one!], [{ ...one!, type: "map<string, long>" }]));
  assert.ok(!sameColumns([one!], [{ ...one!, nested_ids: { key: 2, value: 4 } }]));
  assert.ok(!sameColumns([one!], [{ ...one!, field_id: 2 }]));
});
