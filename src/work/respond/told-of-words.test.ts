// A context that does not fit: the caller's own is named as it is, a planned one as the words.
import assert from "node:assert/strict";
import { test } from "node:test";
import { LakehouseError } from "#kernel/problem.ts";
import { toldOfWords } from "./told-of-words.ts";

function invalid(...paths: string[]): LakehouseError {
  const issues = paths.map((path) => ({ path, message: "too small" }));
  return new LakehouseError("invalid", `${paths[0]}: too small`, {
    reason: "invalid_input",
    issues,
  });
}

test("what was read in the words, or missed in them, is said of the task", () => {
  const told = toldOfWords(invalid("context.count", "context.role.name"), { count: 0 }, {});
  assert.deepEqual([told.code, told.reason], ["invalid", "invalid_input"]);
  assert.equal(told.message, "task: 0 was read in it as count: too small");
  assert.deepEqual(told.issues, [
    { path: "task", message: "0 was read in it as count: too small" },
    { path: "task", message: "no role was read in it: too small" },
  ]);
});

test("what the caller gave, and any other error, is passed on as it is", () => {
  const own = invalid("context.count");
  assert.equal(toldOfWords(own, { count: 0 }, { count: 0 }), own);
  const other = invalid("max_iterations");
  assert.equal(toldOfWords(other, { count: 0 }, {}), other);
  const away = new LakehouseError("unavailable", "away");
  assert.equal(toldOfWords(away, { count: 0 }, {}), away);
  const mixed = toldOfWords(invalid("context.a", "context.b"), { a: 1, b: 2 }, { a: 1 });
  assert.deepEqual(
    mixed.issues.map(({ path }) => path),
    ["context.a", "task"],
  );
});
