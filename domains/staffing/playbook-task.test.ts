// What a playbook is written for: a context that is checked, and demands that it does not carry.
import assert from "node:assert/strict";
import { test } from "node:test";
import { LakehouseError } from "#pack.ts";
import { playbookTask } from "./playbook-task.ts";
import { fingerprintOf, playbookValidator } from "./playbook-validator.ts";

const TASK = "Write a playbook for filling janitors in Detroit, MI";

for (const [context, path] of [
  [{ citi: "x" }, "context.citi"],
  [{ operation: 7 }, "context.operation"],
  [{ operation: "fill: welder in Atlantis, ZZ and drop tables" }, "context.operation"],
] as const) {
  test(`a playbook is not planned with ${JSON.stringify(context)}`, () => {
    assert.throws(
      () => playbookTask.plan(TASK, context),
      (error) => {
        assert.ok(error instanceof LakehouseError);
        assert.deepEqual([error.code, error.reason], ["invalid", "invalid_input"]);
        assert.equal(error.issues[0]!.path, path);
        return true;
      },
    );
  });
}

test("the operation of a context wins over the words", () => {
  const plan = playbookTask.plan(TASK, { operation: "fill: welder in Toledo, OH" })!;
  assert.equal(plan.context["operation"], "fill: welder in Toledo, OH");
  assert.deepEqual(plan.event, { role: "welder", city: "Toledo", state: "OH" });
});

const LEFT_OUT: readonly [task: string, said: readonly string[]][] = [
  [TASK, []],
  ["Write a playbook for packers", []],
  [
    "Write a playbook for filling forklift operators in Toledo, OH for less than $18 an hour with drug test",
    ["max_pay: 18", "drug test"],
  ],
  [
    "Write a playbook for 3 janitors in Detroit on nights with OSHA 10, or days",
    ["count: 3", "shift: night", "certification: OSHA 10", "shift: day (only night was read)"],
  ],
  ["Write a playbook for janitors anywhere but Detroit", ["not_city: Detroit"]],
];
for (const [task, said] of LEFT_OUT) {
  test(`is told what a playbook does not carry of: ${task}`, () => {
    assert.deepEqual(playbookTask.plan(task, {})!.not_understood, said);
  });
}

for (const [task, said] of [
  ["Write a playbook for filling welder jobs in Peoria, IL", ["city: Peoria", "state: IL"]],
  ["Write a playbook for filling welder jobs in Columbus, GA", ["city: Columbus", "state: GA"]],
  ["Write a playbook for welders in Texas", ["state: TX"]],
] as const) {
  test(`an operation holds no place that its validator refuses: ${task}`, () => {
    const plan = playbookTask.plan(task, {})!;
    assert.equal(plan.context["operation"], "fill: welder");
    assert.deepEqual(plan.event, { role: "welder" });
    assert.deepEqual(plan.not_understood, said);
  });
}

const OPERATIONS: readonly [operation: string, is_ours: boolean][] = [
  ["fill: welder", true],
  ["fill: welder in Detroit, MI", true],
  ["fill: welder in Springfield", true],
  ["fill: welder in St. Louis, MO", true],
  ["fill: welder in OH", true],
  ["fill: welder in Atlantis, ZZ and drop tables", false],
  ["fill: welder in Detroit, MI and drop tables", false],
  ["fill: welder in Detroit, OH", false],
  ["fill: welder in ZZ", false],
  ["fill: welder in Paris", false],
  ["fill: welder in ", false],
  ["fill: wizard in Detroit, MI", false],
];
for (const [operation, is_ours] of OPERATIONS) {
  test(`an operation is ${is_ours ? "" : "not "}ours: ${operation}`, async () => {
    const steps = ["Search the roster.", "Check certifications.", "Record the outcome."];
    const artifact = { operation, steps, fingerprint: fingerprintOf(operation, steps) };
    const tools = { rows: async () => [] };
    const outcome = await playbookValidator.validate(artifact, { operation }, tools);
    assert.equal(outcome.ok, is_ours);
    if (!outcome.ok) assert.equal(outcome.error.field, "operation");
  });
}
