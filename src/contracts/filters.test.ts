// Tests of what is said of conditions that are none.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkInput } from "#kernel/check-input.ts";
import type { LakehouseError } from "#kernel/problem.ts";
import { matrix } from "./matrix.ts";

const { input } = matrix.operations.search;
const search = (condition: unknown) =>
  checkInput(input, { query_text: "tea", filters: { price: condition } });

test("values, lists, bounds and exclusions are conditions", () => {
  for (const condition of ["x", 3, true, ["x", 3], { gte: 1, lte: 2 }, { not: "x" }]) {
    assert.deepEqual(search(condition).filters, { price: condition });
  }
});

test("an unknown operator is named together with those there are", () => {
  const said = (condition: unknown) => {
    try {
      return JSON.stringify(search(condition));
    } catch (error) {
      return (error as LakehouseError).message;
    }
  };
  const unknown = (name: string, hint = "") =>
    `filters.price.${name}: unknown field "${name}"${hint} (known: gte, lte, not)`;
  assert.equal(said({ gt: 3, lte: 5 }), unknown("gt", ', did you mean "gte"?'));
  assert.equal(said({ ne: 3 }), unknown("ne"));
  assert.equal(said({ in: [3, 5] }), unknown("in"));
  for (const condition of [{ not: [1] }, null]) {
    assert.match(said(condition), /^filters.price: a condition is a value, a list of values/);
  }
});
