// How long is waited before another try, and when there is none.
import { test } from "node:test";
import assert from "node:assert/strict";
import { LakehouseError } from "#kernel/problem.ts";
import { startCall } from "#kernel/call.ts";
import { failureOf } from "../../../test/support/failure-of.ts";
import { retriedAnswer, waitBefore } from "./retried-answer.ts";

const rules = { retries_max: 3, retry_base_ms: 100, retry_wait_max_ms: 1_000 };
const unreachable = new LakehouseError("unavailable", "x", { reason: "provider_unreachable" });

function busy(retry_after_s?: number): LakehouseError {
  const extra = retry_after_s === undefined ? {} : { retry_after_s };
  return new LakehouseError("rate_limited", "x", { reason: "provider_rate_limited", extra });
}

test("waits are random up to a ceiling that doubles and is bounded", () => {
  const all = () => 1;
  const bounded = { ...rules, retries_max: 9 };
  const waits = [0, 1, 2, 3, 4].map((tries) => waitBefore(unreachable, tries, bounded, all));
  assert.deepEqual(waits, [100, 200, 400, 800, 1_000]);
  assert.equal(
    waitBefore(unreachable, 2, rules, () => 0),
    0,
  );
  assert.equal(waitBefore(unreachable, 3, rules, all), undefined);
});

test("Retry-After is waited for in full, or not at all when it is too long", () => {
  assert.equal(waitBefore(busy(0.5), 0, rules), 500);
  // Of now or of a moment ago: all who were refused must not come at once.
  const jitter_ms = waitBefore(busy(0), 0, rules, () => 0.5);
  assert.equal(jitter_ms, 0.5 * rules.retry_base_ms);
  assert.equal(waitBefore(busy(3_600), 0, rules), undefined);
});

test("only failures that pass are tried again", () => {
  const failed = (provider_status: number) =>
    new LakehouseError("unavailable", "x", {
      reason: "provider_failed",
      extra: { provider_status },
    });
  assert.notEqual(waitBefore(failed(503), 0, rules), undefined);
  assert.equal(waitBefore(failed(500), 0, rules), undefined);
  assert.equal(waitBefore(failed(401), 0, rules), undefined);
  assert.equal(waitBefore(new LakehouseError("not_found", "x"), 0, rules), undefined);
});

test("what the provider said is told, and not that nobody asked it after that", async () => {
  const open = new LakehouseError("unavailable", "x", { reason: "provider_circuit_open" });
  const full = new LakehouseError("rate_limited", "x", { reason: "provider_queue_full" });
  const swift = { ...rules, retry_base_ms: 1 };
  const outcome = (errors: readonly LakehouseError[]) => {
    const left = [...errors];
    const attempt = () => Promise.reject(left.shift()!);
    return failureOf(retriedAnswer(attempt, swift, startCall(), () => undefined));
  };
  assert.equal(await outcome([busy(0), unreachable, open]), unreachable);
  assert.equal((await outcome([busy(0), full])).reason, "provider_rate_limited");
  assert.equal(await outcome([open]), open);
});
