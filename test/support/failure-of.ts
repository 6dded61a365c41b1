// What a step fails with, as an error of ours.
import assert from "node:assert/strict";
import { LakehouseError } from "#kernel/problem.ts";

/** Fails the test when the step does not, or with an error of another kind. */
export async function failureOf(step: Promise<unknown>): Promise<LakehouseError> {
  const error = await step.then(
    () => assert.fail("it did not fail"),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof LakehouseError, String(error));
  return error;
}
