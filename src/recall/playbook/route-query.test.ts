// `route` over the contract: kinds of task, scopes, retirement, restart, the nearest queries.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eachTransport } from "../../../test/support/each-transport.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { openPlaybook } from "./open-playbook.suite.ts";

const KINDS = {
  card: ["where is my card", "my card has not arrived", "track my card", "when does my card come"],
  weather: [
    "weather in paris",
    "will it rain today",
    "weather forecast today",
    "is it sunny today",
  ],
  timer: ["set a timer", "start a timer for tea", "timer for five minutes", "stop the timer"],
};

function entries() {
  return Object.entries(KINDS).flatMap(([task_class, texts]) =>
    texts.map((query_text) => ({
      query_text,
      task_class,
      answer_id: `how to ${task_class}`,
      answer_corpus: "ways",
      score: 1,
    })),
  );
}

eachTransport("a query is routed to the kind of task it resembles", async (connect, t) => {
  const { client } = await openPlaybook(t, { connect });
  await client.bulk({ entries: entries() });
  const route = await client.route({ query_text: "timer for ten minutes", k: 2 });
  assert.equal(route.task_class, "timer");
  assert.equal(route.alternatives[0]!.task_class, "timer");
  assert.deepEqual([route.learnt_from, route.classes], [12, 3]);
  assert.equal(route.nearest.length, 2);
  assert.equal(route.nearest[0]!.query_text, "timer for five minutes");
  assert.deepEqual(route.nearest[0]!.task_classes, ["timer"]);
  assert.match(route.reason, /"timer"/u);
});

test("an empty scope, and a scope without classes, route nothing and say so", async (t) => {
  const { client } = await openPlaybook(t);
  const nothing = await client.route({ query_text: "set a timer" });
  assert.equal(nothing.task_class, null);
  assert.match(nothing.reason, /nothing is remembered/u);
  for (const { task_class: _, ...entry } of entries()) await client.record(entry);
  const unclassed = await client.route({ query_text: "set a timer" });
  assert.equal(unclassed.task_class, null);
  assert.match(unclassed.reason, /nothing with a task class/u);
  assert.equal(unclassed.nearest[0]!.query_text, "set a timer");
  assert.equal(unclassed.nearest[0]!.likeness, 1);
});

test("scopes are apart, and retired entries teach nothing any more", async (t) => {
  const { client } = await openPlaybook(t);
  const { playbook_ids } = await client.bulk({ entries: entries(), scope: "mine" });
  assert.equal((await client.route({ query_text: "set a timer" })).learnt_from, 0);
  for (const playbook_id of playbook_ids.slice(-4)) await client.retire({ playbook_id });
  const route = await client.route({ query_text: "set a timer", scope: "mine" });
  assert.deepEqual([route.learnt_from, route.classes], [8, 2]);
  assert.ok(route.nearest.every((it) => !it.task_classes.includes("timer")));
});

test("a class that is learnt later, or corrected, counts at once and after a restart", async (t) => {
  const dir = await tempDir(t);
  const opened = await openPlaybook(t, { dir });
  const [first, ...others] = entries();
  await opened.client.bulk({ entries: others });
  await opened.client.record({ ...first!, task_class: null });
  assert.equal((await opened.client.route({ query_text: "my card" })).learnt_from, 11);
  await opened.client.record({ ...first!, task_class: "parcel" });
  const before = await opened.client.route({ query_text: "where is my card please" });
  assert.deepEqual([before.learnt_from, before.classes], [12, 4]);
  await opened.service.stop();
  const again = await openPlaybook(t, { dir });
  const after = await again.client.route({ query_text: "where is my card please" });
  assert.equal(after.task_class, before.task_class);
  assert.ok(Math.abs(after.probability - before.probability) < 1e-6);
  assert.deepEqual(
    after.nearest.map((it) => it.query_text),
    before.nearest.map((it) => it.query_text),
  );
});
