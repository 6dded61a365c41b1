// The downgrade gate: measured acceptance decides, in doubt the model stays.
import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { decideDowngrade, isSameModel, wilsonLower, type ModelTrials } from "./downgrade-gate.ts";

const RULE = { acceptance_min: 0.8, trials_min: 10 };
const ASKED = {
  task_class: "fill",
  model: "openrouter/big",
  weak_models: ["local/tiny", "local/small"],
  remembered: undefined,
  relevant: undefined,
};
const row = (model: string, trials: number, accepted: number, remembered = false): ModelTrials => ({
  model,
  remembered,
  trials,
  accepted,
});

test("the first weak model that holds up even at the lower end is taken, with the figures", () => {
  const measured = [row("tiny", 40, 30), row("local/small", 60, 58), row("other", 9, 9)];
  const decided = decideDowngrade(ASKED, measured, RULE);
  assert.deepEqual(
    [decided.decision, decided.model, decided.why],
    ["downgrade", "local/small", "acceptance_holds"],
  );
  assert.match(decided.reason, /58 of 60 fill tasks.*0\.89.*0\.8 is asked for/u);
  assert.equal(decided.evidence.length, 2);
});

test("in doubt the model stays, and the answer says why", () => {
  const decide = (changes: Partial<typeof ASKED> | object, measured: readonly ModelTrials[]) =>
    decideDowngrade({ ...ASKED, ...changes }, measured, RULE);
  const good = [row("local/tiny", 100, 100)];
  assert.equal(decide({ model: "tiny" }, good).why, "already_weak");
  assert.equal(decide({ weak_models: [] }, good).why, "no_weak_model");
  assert.equal(decide({ relevant: false }, good).why, "nothing_relevant");
  assert.equal(decide({}, []).why, "not_measured");
  assert.equal(decide({}, [row("local/tiny", 9, 9)]).why, "not_measured");
  // 10 of 10 may still be .72.
  assert.equal(decide({}, [row("local/tiny", 10, 10)]).why, "acceptance_too_low");
  for (const why of [decide({}, []), decide({ relevant: false }, good)]) {
    assert.deepEqual([why.decision, why.model], ["keep", "openrouter/big"]);
  }
});

test("acceptance with memory promises nothing for a task without it", () => {
  const measured = [row("local/tiny", 50, 50, true), row("local/tiny", 50, 20)];
  const remembered = decideDowngrade({ ...ASKED, remembered: true }, measured, RULE);
  assert.deepEqual(
    [remembered.decision, remembered.evidence[0]!.counted],
    ["downgrade", "remembered"],
  );
  const cold = decideDowngrade({ ...ASKED, remembered: false }, measured, RULE);
  assert.deepEqual([cold.why, cold.evidence[0]!.trials], ["acceptance_too_low", 50]);
});

test("the lower bound is that of the textbook, below the rate, and rises with trials", () => {
  assert.ok(Math.abs(wilsonLower({ trials: 10, accepted: 10 }) - 0.7225) < 1e-4);
  assert.ok(Math.abs(wilsonLower({ trials: 100, accepted: 90 }) - 0.8256) < 1e-4);
  assert.equal(wilsonLower({ trials: 0, accepted: 0 }), 0);
  fc.assert(
    fc.property(fc.nat(200), fc.nat(200), (accepted, refused) => {
      const trials = accepted + refused + 1;
      const lower = wilsonLower({ trials, accepted });
      assert.ok(lower >= 0 && lower <= accepted / trials + 1e-12);
      assert.ok(wilsonLower({ trials: trials * 2, accepted: accepted * 2 }) >= lower - 1e-12);
    }),
  );
});

test("a model is the same with its provider and without, and no other", () => {
  assert.ok(isSameModel("local/tiny", "tiny"));
  assert.ok(!isSameModel("local/tiny", "local/tiny-2"));
  assert.ok(!isSameModel("a/tiny", "b/tiny"));
});
