// The witness sink: nothing waits for it, one bad event holds up no other, what is lost is counted.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { EventInput } from "#contracts/observe.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { silentLog } from "#kernel/log.ts";
import { createWitnessSink, type TakeEvents } from "./witness-sink.ts";

/** An observer that refuses events of one endpoint and can be away. */
function observer() {
  const kept: EventInput[] = [];
  const state = { away: false };
  const take: TakeEvents = async (events) => {
    if (state.away) throw new LakehouseError("unavailable", "away");
    if (events.some((event) => event.endpoint === "bad")) {
      throw new LakehouseError("invalid", "an event is not valid");
    }
    kept.push(...events);
  };
  return { kept, state, take };
}

test("an event that the observer refuses is counted, the others arrive in order", async () => {
  const { kept, take } = observer();
  const sink = createWitnessSink(() => take, silentLog);
  for (const endpoint of ["a", "bad", "b", "c"]) sink.tell({ endpoint });
  await sink.flush();
  assert.deepEqual(
    kept.map((event) => event.endpoint),
    ["a", "b", "c"],
  );
  assert.equal(sink.lost(), 1);
  await sink.stop();
});

test("events wait while the observer is away, and are sent when it is back", async () => {
  const { kept, state, take } = observer();
  const sink = createWitnessSink(() => take, silentLog);
  state.away = true;
  sink.tell({ endpoint: "a" });
  await sink.flush();
  assert.deepEqual([kept.length, sink.stuck(), sink.lost()], [0, 1, 0]);
  state.away = false;
  sink.tell({ endpoint: "b" });
  await sink.flush();
  assert.deepEqual(
    kept.map((event) => event.endpoint),
    ["a", "b"],
  );
  assert.equal(sink.stuck(), 0);
  await sink.stop();
});

test("an observer that is away is told of once, and once that it is back", async () => {
  const { state, take } = observer();
  const said: string[] = [];
  const say = (_fields: object, message: string) => void said.push(message);
  const sink = createWitnessSink(() => take, { ...silentLog, warn: say, info: say });
  state.away = true;
  for (const endpoint of ["a", "b", "c"]) {
    sink.tell({ endpoint });
    await sink.flush();
  }
  assert.deepEqual(said, ["the observer takes no events: they wait here"]);
  state.away = false;
  await sink.flush();
  await sink.flush();
  assert.deepEqual(said.slice(1), ["the observer takes events again"]);
  await sink.stop();
});

test("texts that a caller made long are cut to what the observer takes", async () => {
  const { kept, take } = observer();
  const sink = createWitnessSink(() => take, silentLog);
  sink.witness({
    service: "query",
    operation: "rows",
    kind: "read",
    trace_id: "t".repeat(1_000),
    span_id: "s",
    parent_span_id: undefined,
    principal: "local",
    started_ms: 0,
    duration_ms: 1,
    error: new LakehouseError("not_found", "x".repeat(200_000)),
  });
  await sink.stop();
  assert.equal(kept.length, 1);
  assert.ok((kept[0]?.error?.length ?? 0) <= 2_000);
  assert.ok((kept[0]?.trace_id?.length ?? 0) <= 128);
});

test("an observer that goes away in the midst of a batch gets the rest of it, in order", async () => {
  const { kept, state, take } = observer();
  const leaving: TakeEvents = async (events) => {
    await take(events);
    state.away = kept.length === 1;
  };
  const sink = createWitnessSink(() => leaving, silentLog);
  for (const endpoint of ["a", "bad", "b", "c"]) sink.tell({ endpoint });
  await sink.flush();
  assert.deepEqual([kept.length, sink.stuck(), sink.lost()], [1, 3, 0]);
  state.away = false;
  sink.tell({ endpoint: "d" });
  await sink.flush();
  assert.deepEqual(
    kept.map((event) => event.endpoint),
    ["a", "b", "c", "d"],
  );
  assert.deepEqual([sink.stuck(), sink.lost()], [0, 1]);
  await sink.stop();
});

test("events wait for an observer that has not come yet, and for one that comes back later", async () => {
  const { kept, take } = observer();
  const late: { take?: TakeEvents } = {};
  const sink = createWitnessSink(() => late.take, silentLog);
  for (let n = 0; n < 5_000; n++) sink.tell({ endpoint: `${n}` });
  await sink.flush();
  sink.tell({ endpoint: "5000" });
  assert.equal(sink.stuck(), 5_001);
  late.take = take;
  await sink.flush();
  assert.deepEqual([kept.length, sink.stuck(), sink.lost()], [5_001, 0, 0]);
  assert.ok(kept.every(({ endpoint }, n) => endpoint === `${n}`));
  await sink.stop();
});
