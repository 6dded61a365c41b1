// The small parts of the kernel: ids, canonical JSON, random, calls, lifecycle, nearest names.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { boundedCall, childCall, remainingMs, startCall, throwIfOver } from "./call.ts";
import { nearestName } from "./check-input.ts";
import { canonicalJson, newId, sha256Hex } from "./ids.ts";
import { createLifecycle } from "./lifecycle.ts";
import { silentLog } from "./log.ts";
import { fromProblem, LakehouseError, retryAfterHeader, toProblem } from "./problem.ts";
import { seededRandom } from "./random.ts";

test("ids are UUIDv7, unique, and sort by time", () => {
  const ids = Array.from({ length: 1000 }, (_, index) => newId(1_700_000_000_000 + index));
  assert.equal(new Set(ids).size, 1000);
  assert.deepEqual(ids, ids.toSorted());
  for (const id of ids)
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-/);
});

test("canonical JSON is the same for equal values, whatever the order of keys", () => {
  assert.equal(
    canonicalJson({ b: 1, a: { d: [1, { z: 1, y: 2 }], c: 2 } }),
    '{"a":{"c":2,"d":[1,{"y":2,"z":1}]},"b":1}',
  );
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const reversed = Object.fromEntries(Object.entries(value).toReversed());
      assert.equal(canonicalJson(reversed), canonicalJson(value));
      assert.equal(sha256Hex(canonicalJson(value)).length, 64);
    }),
  );
});

test("seeded random repeats itself and spreads evenly", () => {
  const draw = (seed: number) => {
    const random = seededRandom(seed);
    return Array.from({ length: 10_000 }, () => random.int(10));
  };
  assert.deepEqual(draw(3), draw(3));
  assert.notDeepEqual(draw(3), draw(4));
  const counts = draw(3).reduce(
    (all, value) => all.with(value, all[value]! + 1),
    Array.from({ length: 10 }, () => 0),
  );
  for (const count of counts) assert.ok(count > 850 && count < 1150, `${count}`);
  assert.deepEqual(seededRandom(1).shuffle([1, 2, 3, 4, 5]).toSorted(), [1, 2, 3, 4, 5]);
});

test("a child call keeps trace and principal and never outlives its parent", () => {
  const parent = startCall({ timeout_ms: 1000, trace_id: "t" });
  const child = childCall(parent, { timeout_ms: 50_000 });
  assert.equal(child.trace_id, "t");
  // The first span of a trace has none above it, the next one has it.
  assert.equal(child.parent_span_id, undefined);
  assert.equal(childCall(child).parent_span_id, child.span_id);
  assert.equal(child.deadline_ms, parent.deadline_ms);
  assert.ok(remainingMs(childCall(parent, { timeout_ms: 10 })) <= 10);
});

test("a bounded call is the same span, shorter and with another end", () => {
  const call = childCall(startCall({ timeout_ms: 1000 }), { noted: {} });
  const over = new AbortController();
  const bounded = boundedCall(call, { timeout_ms: 10, signal: over.signal });
  assert.ok(remainingMs(bounded) <= 10);
  assert.equal(boundedCall(call, { timeout_ms: 50_000 }).deadline_ms, call.deadline_ms);
  const { deadline_ms: _, signal, ...same } = bounded;
  const { deadline_ms: __, signal: ___, ...own } = call;
  assert.deepEqual(same, own);
  over.abort();
  assert.deepEqual([signal.aborted, call.signal.aborted], [true, false]);
});

test("a call that is over says whether it was cancelled or late", () => {
  const codeOf = (run: () => void) => {
    try {
      run();
    } catch (error) {
      return (error as LakehouseError).code;
    }
    return "none";
  };
  assert.equal(
    codeOf(() => throwIfOver(startCall({ timeout_ms: -1 }))),
    "deadline_exceeded",
  );
  assert.equal(
    codeOf(() => throwIfOver(startCall({ signal: AbortSignal.abort() }))),
    "cancelled",
  );
  assert.equal(
    codeOf(() => throwIfOver(startCall())),
    "none",
  );
});

test("things stop in the reverse order, all of them, and the first failure is told", async () => {
  const order: string[] = [];
  const lifecycle = createLifecycle(silentLog);
  lifecycle.add("first", async () => void order.push("first"));
  lifecycle.add("second", async () => {
    order.push("second");
    throw new Error("second failed");
  });
  lifecycle.add("third", async () => void order.push("third"));
  await assert.rejects(lifecycle.stop(), /second failed/);
  await assert.rejects(lifecycle.stop(), /second failed/);
  assert.deepEqual(order, ["third", "second", "first"]);
});

test("a problem document gives back the error it was made of", () => {
  const error = new LakehouseError("conflict", "no", {
    reason: "because",
    hint: "do",
    issues: [{ path: "a.b", message: "wrong" }],
    extra: { difference: [1, 2] },
  });
  const back = fromProblem(JSON.parse(JSON.stringify(toProblem(error, "t"))))!;
  assert.deepEqual(
    [back.code, back.message, back.reason, back.hint, back.issues, back.extra],
    [error.code, error.message, error.reason, error.hint, error.issues, error.extra],
  );
  assert.equal(fromProblem({ error: "something else" }), undefined);
});

test("the nearest name is found by edit distance, and none is offered when none is close", () => {
  assert.equal(nearestName("querry", ["query", "limit"]), "query");
  assert.equal(nearestName("query", ["query_text", "k"]), "query_text");
  assert.equal(nearestName("zzzzzz", ["query_text", "k"]), undefined);
});

test("Retry-After is of whole seconds, rounded up, whatever a provider said", () => {
  const header = (retry_after_s: unknown) =>
    retryAfterHeader(new LakehouseError("rate_limited", "slow", { extra: { retry_after_s } }));
  assert.deepEqual([3599.545, 0.2, 0, 7].map(header), ["3600", "1", "0", "7"]);
  assert.equal(header(1e21), "31536000");
  for (const unsaid of [undefined, "5", -1, Number.NaN]) assert.equal(header(unsaid), undefined);
});
