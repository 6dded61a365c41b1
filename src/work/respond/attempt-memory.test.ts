// Earlier attempts: told to the next drafts, judged by how those went, never fed back as news.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startCall } from "#kernel/call.ts";
import type { Client } from "#kernel/contract.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { silentLog } from "#kernel/log.ts";
import type { iterate } from "#contracts/iterate.ts";
import type { pathwayContract, PathwayHit } from "#contracts/pathway.ts";
import type { RespondAnswer } from "#contracts/respond.ts";
import { createAttemptMemory } from "./attempt-memory.ts";
import type { RespondInput } from "./retrieve.ts";
import type { PlannedTask } from "./task-planner.ts";

type Pathways = Client<typeof pathwayContract>;

const PLANNED = { task_class: "shop.order", plan: { query_text: "order three lamps" } };
const INPUT = { task: "Order three lamps!", playbook_scope: "acme" };
const planned = PLANNED as PlannedTask;
const input = { ...INPUT, use_playbook: true, record_playbook: true } as RespondInput;
const SCOPE = { tenant: "acme", agent: "respond", task_class: "shop.order" };

function hit(pathway_id: string, refusals: string[], cosine: number | null = 0.9): PathwayHit {
  const content = { schema: "attempt.v1", task: "order lamps", refusals };
  return { pathway: { pathway_id, content }, components: { cosine } } as unknown as PathwayHit;
}

const ADDED = { result: "added", pathway_id: "new", reason: null };

function refused(reason: string, pathway_id: string | null) {
  return { result: "refused", pathway_id, reason };
}

/** Pathway memory that answers these hits and notes what it is told. */
function memory(hits: readonly PathwayHit[], add: () => object = () => ADDED) {
  const told: [string, Record<string, unknown>][] = [];
  const client = {
    search: async (asked: object) => {
      told.push(["search", { ...asked }]);
      return { hits };
    },
    bulk: async ({ items, ...asked }: { items: readonly object[] }) => {
      const results = items.map((item) => {
        told.push(["add", { ...asked, ...item }]);
        return add();
      });
      return { results };
    },
    outcome: async (asked: object) => void told.push(["outcome", { ...asked }]),
  };
  return { told, client: client as unknown as Pathways };
}

const prompts: string[] = [];
const drafting = {
  iterate: async ({ prompt }: { prompt: string }) => void prompts.push(prompt),
} as unknown as Client<typeof iterate>;

function answer(
  status: string,
  messages: string[] = [],
  remembering: object | null = { decision: "auto", simulated_in: null },
): RespondAnswer {
  const history = messages.map((message) => ({
    error: { kind: "phantom", field: "id", message },
  }));
  return { status, iterations: 2, model: "m", history, remembering } as unknown as RespondAnswer;
}

test("what like tasks were refused for stands fenced in the prompt, far ones are left out", async () => {
  const near = hit("near", ["phantom id: L9 is no lamp"]);
  const { client, told } = memory([near, hit("far", ["other"], 0.1), hit("fine", [])]);
  const attempts = createAttemptMemory(client, silentLog);
  const recalled = await attempts.recall(planned, input, drafting, startCall());
  assert.deepEqual(told, [["search", { ...SCOPE, query_text: "order three lamps", k: 3 }]]);
  assert.deepEqual(recalled.pathway_ids, ["near"]);
  await recalled.iterate.iterate({ kind: "k", prompt: "do it" });
  assert.match(prompts.at(-1)!, /^do it\n\nDrafts for like tasks[^]+L9 is no lamp/);
  assert.doesNotMatch(prompts.at(-1)!, /other/);
});

test("an attempt is recorded once, and what was told to it is judged by it", async () => {
  const { client, told } = memory([]);
  const attempts = createAttemptMemory(client, silentLog);
  const recalled = { pathway_ids: ["p1"], iterate: drafting };
  const refused = answer("accepted", ["L9 is no lamp", "L9 is no lamp"]);
  assert.deepEqual(await attempts.record(planned, input, recalled, refused, startCall()), []);
  assert.deepEqual(told[0], ["outcome", { ...SCOPE, pathway_id: "p1", success: true }]);
  const content = {
    schema: "attempt.v1",
    task: "order three lamps",
    status: "accepted",
    iterations: 2,
    model: "m",
    refusals: ["phantom id: L9 is no lamp"],
  };
  assert.deepEqual(told[1], ["add", { ...SCOPE, content, tags: ["accepted"] }]);
});

test("what went as recalled is an outcome of what was recalled, not another trace", async () => {
  const { client, told } = memory([], () => refused("recalled_text", "p7"));
  const attempts = createAttemptMemory(client, silentLog);
  const recalled = { pathway_ids: [], iterate: drafting };
  const unwritten = await attempts.record(
    planned,
    input,
    recalled,
    answer("accepted"),
    startCall(),
  );
  assert.deepEqual(unwritten, []);
  assert.deepEqual(told.at(-1), ["outcome", { ...SCOPE, pathway_id: "p7", success: true }]);
});

test("what was retired or replaced since is not recorded again, and is no failure", async () => {
  for (const reason of ["retired_content", "superseded_content"]) {
    const { client, told } = memory([], () => refused(reason, "p8"));
    const attempts = createAttemptMemory(client, silentLog);
    const recalled = { pathway_ids: [], iterate: drafting };
    const done = answer("accepted");
    assert.deepEqual(await attempts.record(planned, input, recalled, done, startCall()), []);
    assert.deepEqual(
      told.map(([verb]) => verb),
      ["add"],
    );
  }
});

test("a memory that fails stops no work and is told", async () => {
  const { client } = memory([], () => {
    throw new LakehouseError("unavailable", "no room", { reason: "log_unwritable" });
  });
  const broken = { ...client, search: () => Promise.reject(new Error("down")) };
  const attempts = createAttemptMemory(broken as Pathways, silentLog);
  const recalled = await attempts.recall(planned, input, drafting, startCall());
  assert.equal(recalled.iterate, drafting);
  const unwritten = await attempts.record(
    planned,
    input,
    recalled,
    answer("accepted"),
    startCall(),
  );
  assert.deepEqual(unwritten, ["pathway: no room"]);
  const { client: full } = memory([], () => refused("pathway_full", null));
  const other = createAttemptMemory(full, silentLog);
  assert.deepEqual(await other.record(planned, input, recalled, answer("x"), startCall()), [
    "pathway: pathway memory refused it: pathway_full",
  ]);
});

test("nothing is recalled or recorded where the caller or the house has no memory", async () => {
  const { client, told } = memory([hit("near", ["x"])]);
  const attempts = createAttemptMemory(client, silentLog);
  const off = { ...input, use_playbook: false, record_playbook: false };
  const recalled = await attempts.recall(planned, off, drafting, startCall());
  await attempts.record(planned, off, recalled, answer("accepted"), startCall());
  assert.deepEqual(told, []);
  const without = createAttemptMemory(undefined, silentLog);
  assert.deepEqual((await without.recall(planned, input, drafting, startCall())).pathway_ids, []);
  assert.deepEqual(await without.record(planned, input, recalled, answer("x"), startCall()), []);
});

test("what permission keeps from memory is kept from it here too, a simulation apart", async () => {
  const told_only = ["dry_run", "block"].map((decision) => ({ decision, simulated_in: null }));
  // null: nobody could decide.
  for (const refused of [null, ...told_only]) {
    const { told, client } = memory([]);
    const attempts = createAttemptMemory(client, silentLog);
    const recalled = { pathway_ids: ["p1"], iterate: drafting };
    await attempts.record(planned, input, recalled, answer("accepted", [], refused), startCall());
    assert.deepEqual(told, []);
  }
  const { told, client } = memory([]);
  const simulated = { decision: "simulation", simulated_in: "acme.simulation" };
  const recalled = { pathway_ids: ["p1"], iterate: drafting };
  const attempts = createAttemptMemory(client, silentLog);
  await attempts.record(planned, input, recalled, answer("accepted", [], simulated), startCall());
  assert.deepEqual(
    told.map(([verb, { tenant }]) => [verb, tenant]),
    [["add", "acme.simulation"]],
  );
});
