// When a provider is left alone, and how it comes back; places, queue and who waits in it.
import { test } from "node:test";
import assert from "node:assert/strict";
import { startCall } from "#kernel/call.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { createCircuitBreaker } from "./circuit-breaker.ts";
import { failureClass } from "./failure-class.ts";
import { createProviderLane } from "./provider-lane.ts";

const RULES = { breaker_failures: 3, breaker_open_ms: 1_000 };
const failed = new LakehouseError("unavailable", "x", { reason: "provider_failed" });
const busy = new LakehouseError("rate_limited", "x", { reason: "provider_rate_limited" });

function reasonOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return (error as LakehouseError).reason;
  }
}

test("failures in a row open the circuit; one call tries when the time is over", () => {
  let now = 0;
  const breaker = createCircuitBreaker("p", RULES, () => now);
  breaker.admit().failed(failed);
  breaker.admit().failed(failed);
  breaker.admit().succeeded();
  for (let at = 0; at < 3; at++) {
    assert.equal(breaker.state(), "closed");
    breaker.admit().failed(failed);
  }
  assert.deepEqual([breaker.state(), breaker.opened()], ["open", 1]);
  assert.equal(
    reasonOf(() => breaker.admit()),
    "provider_circuit_open",
  );
  now = 1_000;
  assert.equal(breaker.state(), "half_open");
  const probe = breaker.admit();
  assert.equal(
    reasonOf(() => breaker.admit()),
    "provider_circuit_open",
  );
  probe.failed(failed);
  assert.deepEqual([breaker.state(), breaker.opened()], ["open", 2]);
  now = 2_000;
  breaker.admit().unknown();
  breaker.admit().succeeded();
  assert.equal(breaker.state(), "closed");
});

test("a call that finds out closes the circuit with its first piece, however long it takes", () => {
  let now = 0;
  const breaker = createCircuitBreaker("p", RULES, () => now);
  for (let at = 0; at < 3; at++) breaker.admit().failed(failed);
  now = 1_000;
  const probe = breaker.admit();
  probe.speaks();
  assert.equal(breaker.state(), "closed");
  // One failure more opens it: nothing has ended well yet.
  breaker.admit().failed(failed);
  assert.deepEqual([breaker.state(), breaker.opened()], ["open", 2]);
  // Its end tells of the time before that.
  probe.succeeded();
  assert.equal(breaker.state(), "open");
  now = 2_000;
  const second = breaker.admit();
  second.speaks();
  second.succeeded();
  for (let at = 0; at < 2; at++) breaker.admit().failed(failed);
  assert.equal(breaker.state(), "closed");
});

test("a provider that breaks off after each first piece is left alone again", () => {
  let now = 0;
  const breaker = createCircuitBreaker("p", RULES, () => now);
  for (let at = 0; at < 3; at++) breaker.admit().failed(failed);
  for (now = 1_000; now < 4_000; now += 1_000) {
    const probe = breaker.admit();
    probe.speaks();
    probe.failed(failed);
    assert.equal(breaker.state(), "open");
  }
  assert.equal(breaker.opened(), 4);
});

test("where the call that finds out stays silent, another one goes after the same time", () => {
  let now = 0;
  const breaker = createCircuitBreaker("p", RULES, () => now);
  for (let at = 0; at < 3; at++) breaker.admit().failed(failed);
  now = 1_000;
  const silent = breaker.admit();
  now = 1_999;
  const early = (error: LakehouseError) => error.extra["retry_after_s"] === 1;
  assert.throws(() => breaker.admit(), early);
  now = 2_000;
  const second = breaker.admit();
  assert.throws(() => breaker.admit(), { reason: "provider_circuit_open" });
  second.succeeded();
  assert.equal(breaker.state(), "closed");
  silent.failed(failed);
  assert.equal(breaker.state(), "closed");
});

test("what one caller's request or account is refused for opens no circuit for others", () => {
  const refusals = [
    { provider_status: 401 },
    { provider_status: 402 },
    { provider_status: 403 },
    { answer_characters_max: 4 },
    { answer_bytes_max: 4 },
  ].map((extra) => new LakehouseError("unavailable", "x", { reason: "provider_failed", extra }));
  let now = 0;
  const breaker = createCircuitBreaker("p", RULES, () => now);
  for (const error of [...refusals, ...refusals]) breaker.admit().failed(error);
  assert.equal(breaker.state(), "closed");
  // Who answers so is back, and another provider may do better.
  for (const error of refusals) {
    for (let at = 0; at < 3; at++) breaker.admit().failed(failed);
    assert.equal(breaker.state(), "open");
    now += 1_000;
    breaker.admit().failed(error);
    assert.equal(breaker.state(), "closed");
    assert.equal(failureClass(error), "failed");
  }
});

test("a busy provider, a bad request and a caller in a hurry open no circuit", () => {
  const breaker = createCircuitBreaker("p", RULES, () => 0);
  const late = new LakehouseError("deadline_exceeded", "x");
  const unknown = new LakehouseError("not_found", "x", { reason: "no_such_model" });
  for (const error of [busy, busy, busy, unknown, unknown, unknown, late, late, late]) {
    breaker.admit().failed(error);
  }
  assert.equal(breaker.state(), "closed");
});

test("failures with another answer between them are not in a row; what was never sent is none", () => {
  let now = 0;
  const breaker = createCircuitBreaker("p", RULES, () => now);
  const bad = new LakehouseError("invalid", "x", { reason: "provider_failed" });
  const unknown = new LakehouseError("not_found", "x", { reason: "no_such_model" });
  const unsayable = new LakehouseError("invalid", "x", { reason: "invalid_input" });
  for (const answered of [busy, bad, unknown]) {
    for (let at = 0; at < 2; at++) breaker.admit().failed(failed);
    breaker.admit().failed(answered);
  }
  for (const error of [failed, unsayable, failed]) breaker.admit().failed(error);
  assert.equal(breaker.state(), "closed");
  breaker.admit().failed(failed);
  assert.equal(breaker.state(), "open");
  now = 1_000;
  breaker.admit().failed(unsayable);
  assert.equal(breaker.state(), "half_open");
  breaker.admit().failed(bad);
  assert.equal(breaker.state(), "closed");
});

test("a fault of ours says nothing of a provider: it ends no row of failures, nor does it begin one", () => {
  let now = 0;
  const breaker = createCircuitBreaker("p", RULES, () => now);
  const ours = new LakehouseError("internal", "x");
  for (let at = 0; at < 10; at++) breaker.admit().failed(ours);
  assert.equal(breaker.state(), "closed");
  for (const error of [failed, failed, ours, failed]) breaker.admit().failed(error);
  assert.equal(breaker.state(), "open");
  now = 1_000;
  // Somebody else finds out at once.
  breaker.admit().failed(ours);
  assert.equal(breaker.state(), "half_open");
  breaker.admit().succeeded();
  assert.equal(breaker.state(), "closed");
});

test("late ends of calls from before do not close an open circuit", () => {
  const breaker = createCircuitBreaker("p", RULES, () => 0);
  const old = breaker.admit();
  for (let at = 0; at < 3; at++) breaker.admit().failed(failed);
  old.succeeded();
  assert.equal(breaker.state(), "open");
});

test("failures have classes; what another provider would not do better has none", () => {
  const silent = new LakehouseError("deadline_exceeded", "x", { extra: { silent_ms: 5 } });
  const refused = new LakehouseError("rejected", "x", { reason: "provider_failed" });
  const classes = [failed, busy, silent, refused, new LakehouseError("cancelled", "x")];
  assert.deepEqual(classes.map(failureClass), [
    "failed",
    "rate_limited",
    "deadline",
    undefined,
    undefined,
  ]);
});

function lane(concurrency_max: number, queue_max: number) {
  return createProviderLane("p", { ...RULES, concurrency_max, queue_max }, () => 0);
}

test("calls wait in order for a place, and one too many is told to come back", async () => {
  const one = lane(1, 2);
  const first = await one.enter(startCall());
  const order: string[] = [];
  const second = one.enter(startCall()).then((place) => (order.push("second"), place));
  const third = one.enter(startCall()).then((place) => (order.push("third"), place));
  await assert.rejects(one.enter(startCall()), (error) => {
    assert.ok(error instanceof LakehouseError);
    assert.deepEqual([error.code, error.reason], ["rate_limited", "provider_queue_full"]);
    return error.extra["retry_after_s"] === 1;
  });
  assert.deepEqual([one.figures().running, one.figures().waiting], [1, 2]);
  first.over({ spoke: true });
  first.over({ spoke: true });
  (await second).over({ spoke: true });
  (await third).over({ spoke: true });
  assert.deepEqual(order, ["second", "third"]);
  assert.deepEqual([one.figures().running, one.figures().waiting], [0, 0]);
});

test("who leaves the queue or waits past its deadline takes no place", async () => {
  const one = lane(1, 9);
  const first = await one.enter(startCall());
  const leaving = new AbortController();
  const left = assert.rejects(one.enter(startCall({ signal: leaving.signal })), {
    code: "cancelled",
  });
  const late = assert.rejects(one.enter(startCall({ timeout_ms: 5 })), {
    code: "deadline_exceeded",
  });
  leaving.abort();
  await Promise.all([left, late]);
  first.over({ spoke: false });
  assert.deepEqual([one.figures().running, one.figures().waiting], [0, 0]);
  (await one.enter(startCall())).over({ spoke: true });
});

test("a call that goes on keeps its place, and tells the circuit that it speaks", async () => {
  let now = 0;
  const one = createProviderLane("p", { ...RULES, concurrency_max: 1, queue_max: 0 }, () => now);
  for (let at = 0; at < 3; at++) {
    (await one.enter(startCall())).over({ spoke: false, error: failed });
  }
  now = 1_000;
  const place = await one.enter(startCall());
  assert.equal(one.figures().circuit, "half_open");
  place.over({ spoke: true, goes_on: true });
  assert.deepEqual([one.figures().circuit, one.figures().running], ["closed", 1]);
  await assert.rejects(one.enter(startCall()), { reason: "provider_queue_full" });
  place.over({ spoke: true });
  place.over({ spoke: true, goes_on: true });
  assert.equal(one.figures().running, 0);
});

test("an open circuit refuses and keeps its places", async () => {
  const two = lane(2, 0);
  for (let at = 0; at < 3; at++) {
    (await two.enter(startCall())).over({ spoke: false, error: failed });
  }
  await assert.rejects(two.enter(startCall()), { reason: "provider_circuit_open" });
  assert.deepEqual(two.figures(), { circuit: "open", circuit_opened: 1, running: 0, waiting: 0 });
});

test("what was asked before the circuit opened does not open it again", () => {
  let now = 0;
  const breaker = createCircuitBreaker("p", RULES, () => now);
  const early = Array.from({ length: 9 }, () => breaker.admit());
  for (const pass of early.slice(0, 3)) pass.failed(failed);
  assert.deepEqual([breaker.state(), breaker.opened()], ["open", 1]);
  now = 1_000;
  const probe = breaker.admit();
  probe.speaks();
  for (const pass of early.slice(3, 6)) pass.failed(failed);
  probe.succeeded();
  for (const pass of early.slice(6)) pass.failed(failed);
  assert.deepEqual([breaker.state(), breaker.opened()], ["closed", 1]);
  // Those from after it count as ever.
  for (let at = 0; at < 3; at++) breaker.admit().failed(failed);
  assert.equal(breaker.state(), "open");
});

test("an idle connection that was closed tells nothing of the provider", () => {
  const extra = { stale_connection: true };
  const stale = new LakehouseError("unavailable", "x", { reason: "provider_unreachable", extra });
  let now = 0;
  const breaker = createCircuitBreaker("p", RULES, () => now);
  for (let at = 0; at < 10; at++) breaker.admit().failed(stale);
  assert.equal(breaker.state(), "closed");
  for (let at = 0; at < 3; at++) breaker.admit().failed(failed);
  now = 1_000;
  breaker.admit().failed(stale);
  // The next one finds out.
  breaker.admit().succeeded();
  assert.equal(breaker.state(), "closed");
});
