// respond: real validators, iterate and solver on generated data; retrieval and playbooks in
// memory.
import assert from "node:assert/strict";
import { test } from "node:test";
import { connectLocal } from "#kernel/connect-local.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { chat } from "#contracts/chat.ts";
import type { ValidationError } from "#contracts/nouns.ts";
import { eventInput } from "#contracts/observe.ts";
import { outcomeRow, respond } from "#contracts/respond.ts";
import { staffingPack } from "./pack.ts";
import { eachTransport } from "../../test/support/each-transport.ts";
import { outcomeLogColumns } from "#work/respond/outcome-log-columns.ts";
import { respondHouse as house, withRefusals } from "./respond-house.suite.ts";

const TASK = "Need 3 highly reliable forklift operators in Toledo, OH";

eachTransport(
  "work is accepted, remembered, and the same task is done at once the second time",
  async (connect, t) => {
    const { service, memory, events, outcomes } = await house(t);
    const client = await connect(respond, service.handlers);
    const first = await client.respond({ task: TASK, max_iterations: 6, k: 50 });
    assert.equal(first.status, "accepted");
    assert.equal(first.task_class, "staffing.fill");
    assert.ok(first.iterations > 1, "the first draft is not right");
    assert.equal(first.provider_kind, "deterministic");
    assert.equal(first.playbooks_recorded.length, 3);
    assert.deepEqual(first.not_recorded, []);
    assert.deepEqual(
      memory.map((one) => one.query_text),
      [TASK, TASK, TASK],
    );

    const second = await client.respond({ task: TASK, k: 50 });
    assert.equal(second.iterations, 1);
    assert.deepEqual(second.playbooks_applied.toSorted(), first.playbooks_recorded.toSorted());
    assert.deepEqual(second.playbooks_recorded, [], "what was recalled is no new evidence");
    assert.deepEqual(
      memory.map((one) => one.outcomes),
      [[true], [true], [true]],
    );
    assert.equal(second.sig_hash, first.sig_hash);

    const rows = await outcomes();
    assert.deepEqual(
      rows.map((row) => [row.status, row.accepted]),
      [
        ["accepted", true],
        ["accepted", true],
      ],
    );
    assert.equal(rows[1]!.playbook_ids.length, 3);
    assert.equal(events.length, 2);
    assert.deepEqual(
      [events[0]!.source, events[0]!.task_class, events[0]!.city, events[0]!.count],
      ["respond", "staffing.fill", "Toledo", 3],
    );
  },
);

test("what is nobody's business and what nothing fits is refused without a model", async (t) => {
  const asked = connectLocal(chat, withRefusals(chat, {}));
  const { client, outcomes } = await house(t, { chat: asked });
  const nurse = await client.respond({ task: "We need a registered nurse in Toledo" });
  assert.equal(nurse.status, "nothing_relevant");
  assert.equal(nurse.task_class, null);
  assert.match(nurse.reason, /no domain here/);
  const paris = await client.respond({ task: "a packer in Paris" });
  assert.deepEqual([paris.status, paris.task_class], ["nothing_relevant", "staffing.fill"]);
  assert.equal(paris.reason, "nothing there fits");
  const named = await client.respond({ task: "a packer in Toledo", kind: "order" });
  assert.match(named.reason, /kind order/);
  assert.deepEqual(
    (await outcomes()).map((row) => row.status),
    Array(3).fill("nothing_relevant"),
  );
});

test("a kind that no domain has is not found", async (t) => {
  const { client } = await house(t);
  await assert.rejects(client.respond({ task: TASK, kind: "fil" }), {
    reason: "no_such_kind",
    message: /did you mean "fill"/,
  });
});

test("work that is not accepted says so, remembers nothing, and blames no playbook for others", async (t) => {
  const { client, memory, outcomes } = await house(t);
  await client.respond({ task: TASK, max_iterations: 6, k: 50 });
  const task = "Need 100 highly reliable forklift operators in Toledo, OH";
  for (const one of memory) one.query_text = task;
  const answer = await client.respond({ task, k: 50 });
  assert.equal(answer.status, "max_iter_exhausted");
  assert.equal(answer.artifact, null);
  assert.equal(answer.history.length, 3);
  assert.deepEqual(answer.playbooks_recorded, []);
  assert.ok(memory.every((one) => one.outcomes.length === 0));
  assert.equal((await outcomes())[1]!.accepted, false);
});

test("the playbooks failed whose very answers the validator refused", async (t) => {
  const { client, memory } = await house(t);
  await client.respond({ task: TASK, max_iterations: 6, k: 50 });
  const task = "Need 3 highly reliable forklift operators in Toledo, OH, night shift";
  for (const one of memory) one.query_text = task;
  const answer = await client.respond({ task, k: 50, max_iterations: 1 });
  assert.equal(answer.status, "max_iter_exhausted");
  const error = answer.history[0]!.error as ValidationError;
  const refused = [error, ...error.also!].map(({ field }) => Number(field.split(".")[1]));
  const { fills } = answer.history[0]!.artifact as { fills: { worker_id: string }[] };
  const blamed = memory.filter((one) => one.outcomes.join() === "false");
  assert.ok(blamed.length < memory.length);
  assert.deepEqual(
    blamed.map((one) => one.answer_id).toSorted(),
    refused.map((at) => `w-${fills[at]!.worker_id}`).toSorted(),
  );
});

test("a contract of more workers than the default k is filled", async (t) => {
  const { client } = await house(t);
  const answer = await client.respond({
    task: "Need 25 warehouse associates in Ohio",
    max_iterations: 20,
  });
  assert.equal(answer.status, "accepted", answer.reason);
  assert.equal((answer.artifact as { fills: unknown[] }).fills.length, 25);
});

test("a demand that was not read is told, and such work is not remembered", async (t) => {
  const { client, memory } = await house(t);
  const task = "Need 3 forklift operators in Toledo, OH for days or nights";
  const answer = await client.respond({ task, max_iterations: 10, k: 50 });
  assert.equal(answer.status, "accepted", answer.reason);
  assert.deepEqual(answer.not_understood, ["shift: night (only day was read)"]);
  assert.deepEqual([answer.playbooks_recorded, memory.length], [[], 0]);
  const settled = await client.respond({ task, context: { shift: "day" }, max_iterations: 10 });
  assert.deepEqual(settled.not_understood, []);
});

test("a context that asks for something unknown is invalid before anything is done", async (t) => {
  const { client, outcomes } = await house(t);
  await assert.rejects(client.respond({ task: TASK, context: { citty: "Columbus" } }), {
    code: "invalid",
    reason: "invalid_input",
    message: /did you mean "city"/,
  });
  assert.equal((await outcomes()).length, 0);
});

test("fields of a domain that an event does not have go to its details", async (t) => {
  const fill = staffingPack.tasks["fill"]!;
  const odd = (...args: Parameters<typeof fill.plan>) => {
    const plan = fill.plan(...args);
    return plan && { ...plan, event: { ...plan.event, count: "many", weather: "fair" } };
  };
  const tasks = { ...staffingPack.tasks, fill: { ...fill, plan: odd } };
  const { client, events } = await house(t, { pack: { ...staffingPack, tasks } });
  await client.respond({ task: TASK, max_iterations: 6, k: 50 });
  const event = eventInput.parse(events[0]);
  assert.deepEqual([event.city, event.count], ["Toledo", undefined]);
  assert.deepEqual([event.details!["count"], event.details!["weather"]], ["many", "fair"]);
});

test("a model that fails is an error, written down, and nobody is blamed", async (t) => {
  const down = { chat: () => Promise.reject(new LakehouseError("unavailable", "nobody answers")) };
  const { client, outcomes, events } = await house(t, {
    chat: connectLocal(chat, withRefusals(chat, down)),
  });
  await assert.rejects(client.respond({ task: TASK }), {
    code: "unavailable",
    reason: "model_failed",
  });
  assert.equal((await outcomes())[0]!.status, "infra_error");
  assert.equal(events[0]!.success, false);
});

test("a failure to record is told and counted, and the accepted work stands", async (t) => {
  const { client, service } = await house(t, { broken_playbook: true });
  const answer = await client.respond({ task: TASK, max_iterations: 6, k: 50 });
  assert.equal(answer.status, "accepted");
  assert.deepEqual(answer.not_recorded, ["playbooks: the disk is full"]);
  assert.equal((await service.health()).status, "degraded");
});

test("playbooks are neither used nor recorded when the caller does not want them", async (t) => {
  const { client, memory } = await house(t);
  const input = { task: TASK, max_iterations: 6, k: 50 };
  await client.respond({ ...input, record_playbook: false });
  assert.equal(memory.length, 0);
  await client.respond(input);
  const again = await client.respond({ ...input, use_playbook: false, record_playbook: false });
  assert.deepEqual(again.playbooks_applied, []);
});

test("e-mails and playbooks are written through the same path", async (t) => {
  const { client } = await house(t);
  const email = await client.respond({
    task: "E-mail W-000042 about the forklift operator night shift in Toledo on Monday",
  });
  assert.equal(email.status, "accepted", email.reason);
  const book = await client.respond({ task: "Write a playbook for filling welders in Detroit" });
  assert.equal(book.status, "accepted", book.reason);
  assert.equal(book.task_class, "staffing.playbook");
});

test("the columns of the outcome log are the fields of its rows", () => {
  assert.deepEqual(
    outcomeLogColumns.map((column) => column.name),
    Object.keys(outcomeRow.shape),
  );
});
