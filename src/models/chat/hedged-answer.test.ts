// Two tries side by side: which failure of one ends both.
import { test } from "node:test";
import assert from "node:assert/strict";
import { LakehouseError } from "#kernel/problem.ts";
import { hedgedAnswer, type Attempt } from "./hedged-answer.ts";
import { failureOf } from "../../../test/support/failure-of.ts";

const NEVER_COMES = new Promise<never>(() => undefined);

/** The first try never answers, the second fails with `error`. */
function hedged(error: LakehouseError) {
  const left: string[] = [];
  const tries = [NEVER_COMES, Promise.reject(error)];
  tries[1]!.catch(() => undefined);
  const attempt = (): Attempt => ({
    began: performance.now(),
    started: tries.shift()!,
    leave: () => void left.push("left"),
  });
  const onLeft = () => void left.push("told");
  const rules = { hedge_after_ms: 5 };
  const answer = hedgedAnswer(
    attempt,
    rules,
    () => true,
    () => undefined,
    onLeft,
  );
  return { answer, left };
}

test("what is refused for what it asks ends both tries at once", async () => {
  const refused = new LakehouseError("invalid", "no such field");
  const { answer, left } = hedged(refused);
  assert.equal(await failureOf(answer), refused);
  assert.deepEqual(left, ["left", "told"]);
});

test("a try that fails otherwise leaves the other one to answer", async () => {
  const lost = new LakehouseError("unavailable", "x", { reason: "provider_failed" });
  const { answer, left } = hedged(lost);
  const late = new Promise((resolve) => setTimeout(resolve, 50, "waits"));
  assert.equal(await Promise.race([answer, late]), "waits");
  assert.deepEqual(left, []);
});
