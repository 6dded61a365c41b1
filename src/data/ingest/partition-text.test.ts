// Partitioning as text: what is read, how fields are named, and what is refused with a reason.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { LakehouseError } from "#kernel/problem.ts";
import { partitioningOf, partitionText } from "./partition-text.ts";

test("columns and transforms are read, and named as Iceberg names them", () => {
  const text = 'day(since), bucket[16](id),city,truncate[4]( "odd, ""name""" ),void(x)';
  const fields = partitioningOf(text)!;
  assert.deepEqual(
    fields.map(({ column, transform, name }) => [column, transform, name]),
    [
      ["since", "day", "since_day"],
      ["id", "bucket[16]", "id_bucket"],
      ["city", "identity", "city"],
      ['odd, "name"', "truncate[4]", 'odd, "name"_trunc'],
      ["x", "void", "x_null"],
    ],
  );
  assert.equal(partitionText(fields.slice(0, 3)), "day(since),bucket[16](id),city");
  assert.equal(partitioningOf(undefined), undefined);
  const given = partitioningOf([{ column: "a", transform: "year", name: "y" }]);
  assert.deepEqual(given, [{ column: "a", transform: "year", name: "y" }]);
});

test("what is no partitioning is refused, with the part that is wrong", () => {
  const wrong = ["", "a,,b", "a,", ",a", "day(", "day(a", "day a)", "week(a)", "bucket(a)"];
  wrong.push(
    "bucket[0](a)",
    "bucket[x](a)",
    "day()",
    "a)",
    "a(b)c",
    '"a',
    "day(a),day(a)",
    "a b(c)",
  );
  for (const text of wrong) {
    assert.throws(
      () => partitioningOf(text),
      (error: LakehouseError) => error.reason === "bad_partitioning" && error.code === "invalid",
      text,
    );
  }
});
