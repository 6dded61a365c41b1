// respond: real validators, iterate and solver on generated data; retrieval and playbooks in
// memory.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createSolverProvider } from "#adapters/chat-model/solver-provider.ts";
import { systemClock } from "#kernel/clock.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import type { Client, Handlers } from "#kernel/contract.ts";
import { readJsonlFile } from "#kernel/jsonl-read.ts";
import { silentLog } from "#kernel/log.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { chat } from "#contracts/chat.ts";
import { iterate } from "#contracts/iterate.ts";
import { matrix, type MatrixHit } from "#contracts/matrix.ts";
import { eventInput, type EventInput } from "#contracts/observe.ts";
import { playbookContract } from "#contracts/playbook.ts";
import { outcomeRow, respond, type OutcomeRow } from "#contracts/respond.ts";
import { validate } from "#contracts/validate.ts";
import type { DomainPack } from "#ports/domain-pack.ts";
import { bookshopPack } from "../bookshop/pack.ts";
import { staffingPack } from "./pack.ts";
import { eachTransport } from "../../test/support/each-transport.ts";
import { tempDir } from "../../test/support/temp-dir.ts";
import { createChat } from "#models/chat/chat-service.ts";
import { chatSettings } from "#models/chat/chat-settings.ts";
import { createIterate } from "#work/iterate/iterate-service.ts";
import { iterateSettings } from "#work/iterate/iterate-settings.ts";
import { packQuery } from "#work/validate/pack-query.suite.ts";
import { createValidate } from "#work/validate/validate-service.ts";
import { validateSettings } from "#work/validate/validate-settings.ts";
import { outcomeLogColumns } from "#work/respond/outcome-log-columns.ts";
import { createRespond } from "#work/respond/respond-service.ts";
import { respondSettings } from "#work/respond/respond-settings.ts";

interface HasAfter {
  after(fn: () => unknown): void;
}

interface Remembered {
  playbook_id: string;
  query_text: string;
  answer_id: string;
  scope: string;
  outcomes: boolean[];
}

const words = (text: string) => new Set(text.toLowerCase().match(/[a-z0-9]+/g) ?? []);

/** Word overlap over the workers of the city asked for; playbooks of the same words first. */
function memoryMatrix(rows: readonly Record<string, unknown>[], memory: Remembered[]) {
  const hit = (row: Record<string, unknown>, score: number, from?: Remembered): MatrixHit => ({
    id: `w-${String(row["worker_id"])}`,
    corpus: "workers",
    rank: 0,
    score,
    distance: 1 - score,
    base_distance: 1 - score,
    text: `${String(row["role"])} ${String(row["notes"])}`,
    metadata: row as MatrixHit["metadata"],
    components: { cosine: null, bm25: score, mixed: score },
    provenance: { dataset: "workers", source_id: "", snapshot_id: null, indexed_at: "" },
    playbook:
      from === undefined
        ? null
        : { playbook_id: from.playbook_id, confidence: 1, score: 1, effect: "boosted" },
  });
  const handlers = {
    async search(input: Parameters<Handlers<typeof matrix>["search"]>[0]) {
      const asked = words(input.query_text);
      const applied = memory.filter(
        (one) =>
          input.use_playbook &&
          one.scope === input.playbook_scope &&
          one.query_text === input.query_text,
      );
      const fitting = rows.filter((row) =>
        Object.entries(input.filters ?? {}).every(([field, value]) => row[field] === value),
      );
      const results = fitting
        .map((row) => {
          const text = [row["role"], row["shift"], row["certifications"], row["notes"]].join(" ");
          const score = [...words(text)].filter((word) => asked.has(word)).length / 10;
          const from = applied.find((one) => one.answer_id === `w-${String(row["worker_id"])}`);
          return hit(row, from === undefined ? score : 1, from);
        })
        .filter((one) => one.score > 0)
        .toSorted((a, b) => b.score - a.score)
        .slice(0, input.k);
      const verdict = results.length > 0 ? "relevant" : "nothing_relevant";
      const relevance = {
        verdict,
        top_score: 0,
        floor: 0,
        reason: results.length > 0 ? "" : "nothing there fits",
      };
      return { results, relevance, playbooks: [], took_ms: 0, trace_id: "" };
    },
  };
  return connectLocal(matrix, withRefusals(matrix, handlers));
}

function memoryPlaybook(memory: Remembered[], broken: boolean) {
  const handlers = {
    async bulk({ entries, scope }: Parameters<Handlers<typeof playbookContract>["bulk"]>[0]) {
      if (broken) throw new LakehouseError("unavailable", "the disk is full");
      const ids = entries.map((entry) => {
        const playbook_id = `pb-${memory.length + 1}`;
        memory.push({ playbook_id, ...entry, scope, outcomes: [] });
        return playbook_id;
      });
      return { recorded: ids.length, merged: 0, playbook_ids: ids };
    },
    async outcome({ playbook_id, success }: { playbook_id: string; success: boolean }) {
      memory.find((one) => one.playbook_id === playbook_id)!.outcomes.push(success);
      return {};
    },
  };
  return connectLocal(playbookContract, withRefusals(playbookContract, handlers));
}

function withRefusals<C extends { operations: object }>(contract: C, handlers: object): never {
  const names = Object.keys(contract.operations);
  const refuse = () => {
    throw new LakehouseError("unimplemented", "not served here");
  };
  return { ...Object.fromEntries(names.map((name) => [name, refuse])), ...handlers } as never;
}

async function house(
  t: HasAfter,
  options: { broken_playbook?: boolean; chat?: Client<typeof chat>; pack?: DomainPack } = {},
) {
  const dir = await tempDir(t);
  const query = await packQuery(staffingPack, 4_000, dir);
  t.after(() => query.stop());
  const found = await query.client.rows({ sql: "SELECT * FROM workers ORDER BY worker_id" });
  const names = found.columns.map((column) => column.name);
  const rows = found.rows.map((row) =>
    Object.fromEntries(names.map((name, at) => [name, row[at]])),
  );
  const base = { log: silentLog, clock: systemClock };
  const packs = [bookshopPack, options.pack ?? staffingPack];
  const judge = await createValidate(
    { ...base, query: query.client, packs },
    validateSettings.parse({}),
  );
  const solver = await createChat(
    { ...base, providers: [createSolverProvider()], tiers: {} },
    chatSettings.parse({ default_model: "builtin/solver" }),
  );
  const drafting = await createIterate(
    {
      ...base,
      dir,
      chat: options.chat ?? connectLocal(chat, solver.handlers),
      validate: connectLocal(validate, judge.handlers),
      tell: () => undefined,
    },
    iterateSettings.parse({}),
  );
  const memory: Remembered[] = [];
  const events: EventInput[] = [];
  const service = await createRespond(
    {
      ...base,
      packs,
      kb_dir: `${dir}/kb`,
      matrix: memoryMatrix(rows, memory),
      playbook: memoryPlaybook(memory, options.broken_playbook ?? false),
      iterate: connectLocal(iterate, drafting.handlers),
      tell: (event) => void events.push(event),
    },
    respondSettings.parse({}),
  );
  t.after(async () => {
    await service.stop();
    await drafting.stop();
  });
  const outcomes = async (): Promise<OutcomeRow[]> => {
    const all: OutcomeRow[] = [];
    for await (const { row } of readJsonlFile<OutcomeRow>(`${dir}/kb/outcomes.jsonl`)) {
      all.push(outcomeRow.parse(row));
    }
    return all;
  };
  return {
    service,
    memory,
    events,
    outcomes,
    client: connectLocal(respond, service.handlers, { strict: true }),
  };
}

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

test("a playbook failed when the validator refused its very answer", async (t) => {
  const { client, memory } = await house(t);
  await client.respond({ task: TASK, max_iterations: 6, k: 50 });
  const task = "Need 3 highly reliable forklift operators in Toledo, OH, night shift";
  for (const one of memory) one.query_text = task;
  const answer = await client.respond({ task, k: 50, max_iterations: 1 });
  assert.equal(answer.status, "max_iter_exhausted");
  const error = answer.history[0]!.error as { field: string };
  const refused = Number(error.field.split(".")[1]);
  const { fills } = answer.history[0]!.artifact as { fills: { worker_id: string }[] };
  const blamed = memory.filter((one) => one.outcomes.join() === "false");
  assert.deepEqual(
    blamed.map((one) => one.answer_id),
    [`w-${fills[refused]!.worker_id}`],
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
