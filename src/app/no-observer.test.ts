// A house that is told to have no observer keeps no operation waiting for one, and is well.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServiceName } from "#contracts/all-contracts.ts";
import { startCall } from "#kernel/call.ts";
import { silentLog } from "#kernel/log.ts";
import { tempDir, type HasAfter } from "../../test/support/temp-dir.ts";
import { composeHouse } from "./compose.ts";
import { houseSettings } from "./settings.ts";
import { createUnobserved } from "./witness-sink.ts";

/** Nothing listens at port 1. */
const AWAY = "http://127.0.0.1:1";

async function openHouse(t: HasAfter, observe: string, only: ServiceName[] = ["usage", "chat"]) {
  const settings = houseSettings.parse({ data_dir: await tempDir(t), services: { observe } });
  const house = await composeHouse({ settings, log: silentLog, variables: {}, only });
  t.after(() => house.stop());
  return house;
}

test("without an observer by its settings a house is well; with one that is away it is not", async (t) => {
  const none = await openHouse(t, "none");
  const away = await openHouse(t, AWAY);
  for (const house of [none, away]) {
    await house.clients.chat.models({});
    await house.flushWitness();
  }
  const zero = { lost_events: 0, stuck_events: 0, unjournalled: 0 };
  assert.deepEqual((await none.health())["witness"], {
    status: "ok",
    figures: { observer: "none", ...zero },
  });
  const { status, figures } = (await away.health())["witness"]!;
  assert.equal(status, "degraded");
  assert.ok(Number(figures["stuck_events"]) > 0);
});

test("whoever asks the observer that is not there hears why", async (t) => {
  const { clients } = await openHouse(t, "none");
  const refusal = { code: "unavailable", hint: /services\.observe = "none"/ };
  await assert.rejects(clients.observe.stats({}), refusal);
  const followed = clients.observe.follow({}, startCall());
  await assert.rejects(Promise.resolve(followed[Symbol.asyncIterator]().next()), refusal);
});

test("an observer of this process is one, whatever the settings say of others", async (t) => {
  const house = await openHouse(t, "none", ["usage", "chat", "observe"]);
  await house.clients.chat.models({});
  await house.flushWitness();
  const { events } = await house.clients.observe.events({});
  assert.ok(events.some(({ endpoint }) => endpoint === "chat.models"));
});

test("what is exported is exported without an observer too", () => {
  const heard: string[] = [];
  const sink = createUnobserved(({ endpoint }) => void heard.push(endpoint!));
  sink.tell({ endpoint: "a" });
  const call = { trace_id: "t", span_id: "s", parent_span_id: undefined, principal: "local" };
  sink.witness({
    ...call,
    service: "chat",
    operation: "models",
    kind: "read",
    started_ms: 0,
    duration_ms: 1,
    error: undefined,
  });
  assert.deepEqual(heard, ["a", "chat.models"]);
});
