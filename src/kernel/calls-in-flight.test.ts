// Calls in flight: streams end when the house stops, others after a grace, what is over never.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createCallsInFlight } from "./calls-in-flight.ts";

test("when the house stops, open streams end at once and open calls only after a grace", () => {
  const stopping = new AbortController();
  const calls = createCallsInFlight(stopping.signal);
  const streams = Array.from({ length: 5 }, () => calls.open(true, undefined));
  const others = Array.from({ length: 5 }, () => calls.open(false, undefined));
  streams[0]!.end();
  streams[2]!.end();
  streams[2]!.end();
  streams[4]!.end();
  others[3]!.leave();
  stopping.abort(new Error("closing"));
  const aborted = (all: readonly { signal: AbortSignal }[]) => all.map((one) => one.signal.aborted);
  assert.deepEqual(aborted(streams), [false, true, false, true, false]);
  assert.deepEqual(aborted(others), [false, false, false, true, false]);
  assert.equal(streams[1]!.signal.reason, stopping.signal.reason);
  assert.ok(calls.open(true, undefined).signal.aborted, "a stream that begins now ends at once");
});

test("a caller that leaves ends its own call alone", () => {
  const calls = createCallsInFlight(new AbortController().signal);
  const caller = new AbortController();
  const [left, stayed] = [calls.open(false, caller.signal), calls.open(false, undefined)];
  caller.abort(new Error("gone"));
  assert.deepEqual([left.signal.aborted, stayed.signal.aborted], [true, false]);
});
