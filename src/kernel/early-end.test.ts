// Signals that plain functions hear of, and limits that share one timer.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createEarlyEnd, offAbort, onAbort } from "./early-end.ts";
import { createWaits, startIdleWait, startWait, stopWait } from "./long-wait.ts";

test("everybody who listens hears of the end once, with the first reason, in order", () => {
  const early = createEarlyEnd();
  const heard: string[] = [];
  const left = () => void heard.push("left");
  onAbort(early.signal, () => void heard.push("first"));
  onAbort(early.signal, left);
  onAbort(early.signal, () => void heard.push("second"));
  early.signal.addEventListener("abort", () => void heard.push("event"));
  offAbort(early.signal, left);
  offAbort(early.signal, left);
  early.end(new Error("one"));
  early.end(new Error("two"));
  assert.deepEqual(heard.toSorted(), ["event", "first", "second"]);
  assert.ok(heard.indexOf("first") < heard.indexOf("second"));
  assert.equal(early.signal.aborted, true);
  assert.equal((early.signal.reason as Error).message, "one");
});

test("signals of others are listened to in the same way", () => {
  const controller = new AbortController();
  const heard: string[] = [];
  const left = () => void heard.push("left");
  onAbort(controller.signal, () => void heard.push("stayed"));
  onAbort(controller.signal, left);
  offAbort(controller.signal, left);
  controller.abort();
  assert.deepEqual(heard, ["stayed"]);
});

test("a listener may stop listening, and others begin, while the end is told", () => {
  const early = createEarlyEnd();
  const heard: string[] = [];
  const self = () => {
    heard.push("self");
    offAbort(early.signal, self);
  };
  onAbort(early.signal, self);
  onAbort(early.signal, () => void heard.push("next"));
  early.end(new Error("over"));
  assert.deepEqual(heard, ["self", "next"]);
});

test("a short wait is over in time, and one that is stopped never is", async () => {
  const over: string[] = [];
  const stopped = startWait(5, () => void over.push("stopped"));
  const began = performance.now();
  await new Promise<void>((resolve) => {
    startWait(20, () => resolve());
    stopWait(stopped);
    stopWait(stopped);
  });
  assert.ok(performance.now() - began >= 15);
  assert.deepEqual(over, []);
});

test("waits that share a timer are over after their time, unless they are stopped", async () => {
  const waits = createWaits(10);
  const over: number[] = [];
  const began = performance.now();
  const started = [95, 31, 600_000, 42, 45].map((wait_ms) =>
    waits.start(wait_ms, () => {
      assert.ok(performance.now() - began >= wait_ms, `${wait_ms} was over too early`);
      over.push(wait_ms);
    }),
  );
  const [, stopped, last] = started;
  waits.stop(stopped!);
  waits.stop(stopped!);
  while (over.length < 3) {
    assert.ok(performance.now() - began < 5_000, "a wait was not over in time");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.deepEqual(over, [42, 45, 95]);
  // One that begins when all the others are over is over too.
  waits.stop(last!);
  await new Promise<void>((resolve) => void waits.start(20, resolve));
});

test("an idle wait keeps no process alive, however long it is", async () => {
  const timersThatHold = () =>
    process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
  const before = timersThatHold();
  const waits = [5_000, 600_000].map((wait_ms) => startIdleWait(wait_ms, () => undefined));
  assert.equal(timersThatHold(), before);
  for (const wait of waits) stopWait(wait);
  await new Promise<void>((resolve) => {
    const holds = setTimeout(() => assert.fail("the idle wait was not over in time"), 5_000);
    startIdleWait(20, () => {
      clearTimeout(holds);
      resolve();
    });
  });
});
