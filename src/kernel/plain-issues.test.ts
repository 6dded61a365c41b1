// What is said of values that fit none of several forms.
import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { checkInput } from "./check-input.ts";
import type { LakehouseError } from "./problem.ts";

const text_or_list = z.union([z.string(), z.array(z.string()).max(2)]);
const schema = z.strictObject({
  input: text_or_list.optional(),
  deep: z.array(z.union([z.strictObject({ a: z.int() }), z.null()])).optional(),
  from: z.union([z.iso.datetime({ offset: true }), z.iso.date()]).optional(),
  kind: z
    .discriminatedUnion("type", [
      z.strictObject({ type: z.literal("a"), size: z.int() }),
      z.strictObject({ type: z.literal("b") }),
    ])
    .optional(),
  said: z.union([z.string(), z.boolean()], "yes, no or a word").optional(),
  named: z.record(z.string().regex(/^[a-z]+$/, "small letters only"), z.int()).optional(),
  nested: z.union([z.boolean(), text_or_list]).optional(),
});

function saidOf(input: unknown): string {
  try {
    checkInput(schema, input);
  } catch (error) {
    return (error as LakehouseError).message;
  }
  throw new Error("it fits");
}

for (const [what, input, said] of [
  [
    "another type",
    { input: 5 },
    /^input: Invalid input: expected string or array, received number/,
  ],
  ["a list of others", { input: [1, 2] }, /^input\.0: .*expected string, received number/],
  ["too many", { input: ["a", "b", "c"] }, /^input: Too big: expected array to have <=2 items/],
  ["an object in a list", { deep: [null, { a: 1.5 }] }, /^deep\.1\.a: .*expected int/],
  ["an unknown field", { deep: [{ a: 1, b: 2 }] }, /^deep\.0\.b: unknown field "b"/],
  [
    "a time",
    { from: "yesterday" },
    /^from: .*datetime \(e\.g\. 2027-01-31T00:00:00Z\), or .*date \(e\.g\. 2027-01-31\)/,
  ],
  ["no such kind", { kind: { type: "c" } }, /^kind\.type: Invalid/],
  ["a kind's field", { kind: { type: "a", size: "x" } }, /^kind\.size: .*expected number/],
  ["a union with words of its own", { said: 1 }, /^said: yes, no or a word$/],
  ["a name", { named: { B: 1 } }, /^named\.B: this name: small letters only/],
  ["forms of forms", { nested: 1 }, /^nested: .*expected boolean or string or array/],
] as const) {
  test(`${what} is told in the form that comes nearest`, () => {
    assert.match(saidOf(input), said);
  });
}
