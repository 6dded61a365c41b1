// Events held for an observer that is away: in order, together, within their bound.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { EventInput } from "#contracts/observe.ts";
import { createHeldEvents } from "./held-events.ts";

const named = (...names: readonly string[]): EventInput[] =>
  names.map((endpoint) => ({ endpoint, error: "Ø, [ and ]" }));

test("what is held comes back as it was, in order, as many together as may be", () => {
  const held = createHeldEvents(1_000, 3);
  for (const name of ["a", "b", "c", "d"]) assert.equal(held.hold(named(name)), 0);
  assert.equal(held.hold([]), 0);
  assert.equal(held.count(), 4);
  assert.deepEqual(held.take(), named("a", "b", "c"));
  assert.deepEqual(held.take(), named("d"));
  assert.deepEqual([held.take(), held.count()], [undefined, 0]);
});

test("what is put back stands before all others", () => {
  const held = createHeldEvents(1_000, 10);
  held.hold(named("a", "b"));
  const taken = held.take()!;
  held.hold(named("c"));
  held.putBack(taken.slice(1));
  held.putBack([]);
  assert.equal(held.count(), 2);
  assert.deepEqual([held.take(), held.take()], [named("b"), named("c")]);
});

test("over the bound the oldest are given up and counted; the last are kept whatever their size", () => {
  const bytes = Buffer.byteLength(JSON.stringify(named("a", "b"))) - 2;
  const held = createHeldEvents(2 * bytes, 2);
  assert.equal(held.hold(named("a", "b")), 0);
  assert.equal(held.hold(named("c", "d")), 0);
  assert.equal(held.hold(named("e", "f")), 2);
  assert.deepEqual(held.take(), named("c", "d"));
  const long = [{ endpoint: "long", error: "x".repeat(10 * bytes) }];
  assert.equal(held.hold(long), 2);
  assert.equal(held.count(), 1);
  assert.equal(held.take()?.[0]?.endpoint, "long");
});

test("what JSON cannot say is given up and counted, and holds up no other", () => {
  const held = createHeldEvents(1_000, 10);
  const odd = [{ endpoint: "odd", details: { count: 1n } }] as unknown as EventInput[];
  assert.equal(held.hold(odd), 1);
  assert.equal(held.hold([...odd, ...named("a")]), 1);
  assert.equal(held.putBack(odd), 1);
  assert.equal(held.putBack([...named("b"), ...odd]), 1);
  assert.equal(held.count(), 2);
  assert.deepEqual([held.take(), held.take(), held.take()], [named("b"), named("a"), undefined]);
});
