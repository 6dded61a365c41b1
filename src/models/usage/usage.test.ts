// usage over both transports: lines and their cost, reports, virtual keys from making to ending.
import { test } from "node:test";
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fixedClock } from "#kernel/clock.ts";
import { LOCAL_PRINCIPAL, type Principal } from "#kernel/call.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import { silentLog } from "#kernel/log.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { usage, usageLine } from "#contracts/usage.ts";
import type { AskedModel, ModelOutcome } from "#ports/call-ledger.ts";
import { usageLogColumns } from "./usage-log-columns.ts";
import { createUsage } from "./usage-service.ts";
import { usageSettings } from "./usage-settings.ts";
import { eachTransport } from "../../../test/support/each-transport.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";

const START = Date.parse("2026-03-10T10:00:00Z");
const SETTINGS = usageSettings.parse({
  prices: [
    { model: "p/cheap", prompt_per_million: 1, completion_per_million: 2, cached_per_million: 0.5 },
    { model: "p/*", prompt_per_million: 100, completion_per_million: 200 },
  ],
  reserve_completion_tokens: 10,
});
const USAGE = { prompt_tokens: 1000, completion_tokens: 500, total_tokens: 1500 };

async function open(dir: string, clock = fixedClock(START)) {
  const service = await createUsage({ dir, log: silentLog, clock }, SETTINGS);
  return { service, clock, client: connectLocal(usage, service.handlers, { strict: true }) };
}

function asked(caller: Principal, more: Partial<AskedModel> = {}): AskedModel {
  const ids = { trace_id: "t", span_id: "s", task_class: undefined, stream: false };
  const one = { operation: "chat" as const, provider: "p", model: "cheap" };
  return { caller, ...one, ...ids, promptTokensMax: () => 0, ...more };
}

function answered(more: Partial<ModelOutcome> = {}): ModelOutcome {
  const times = { duration_ms: 12.3456, first_token_ms: 3, cache: "off" as const, retries: 0 };
  const end = { usage: USAGE, finish_reason: "stop" as const, error: undefined };
  return { provider: "p", model: "cheap", ...end, ...times, ...more };
}

function refused(reason: string) {
  return (error: unknown) => error instanceof LakehouseError && error.reason === reason;
}

eachTransport("each call is a line with its cost, and reports group them", async (connect, t) => {
  const dir = await tempDir(t);
  const { service, clock } = await open(dir);
  const client = await connect(usage, service.handlers);
  const settle = async (more: Partial<ModelOutcome>, ask: Partial<AskedModel> = {}) =>
    (await service.ledger.admit(asked(LOCAL_PRINCIPAL, ask))).settle(answered(more));
  await settle({}, { task_class: "fill" });
  await settle({ usage: { ...USAGE, prompt_tokens_details: { cached_tokens: 400 } } });
  clock.advance(24 * 3_600_000);
  await settle({ provider: "q", model: "free", retries: 2 });
  await settle({ usage: undefined, error: "provider_failed", finish_reason: undefined });
  await settle({ cache: "hit" });
  const { total, groups } = await client.report({});
  assert.deepEqual(
    groups.map(({ group, calls, errors, unpriced_calls }) => [
      group,
      calls,
      errors,
      unpriced_calls,
    ]),
    [
      ["p/cheap", 4, 1, 0],
      ["q/free", 1, 0, 1],
    ],
  );
  assert.deepEqual([total.calls, total.retries, total.cache_hits], [5, 2, 1]);
  // 1000 · 1 + 500 · 2, then with 400 of the 1000 at half the price, in millionths.
  assert.ok(Math.abs(total.cost - (2000 + 1800) / 1e6) < 1e-12, String(total.cost));
  const days = await client.report({ group_by: "day" });
  assert.deepEqual(
    days.groups.map(({ group, calls }) => [group, calls]),
    [
      ["2026-03-10", 2],
      ["2026-03-11", 3],
    ],
  );
  const latest = await client.report({ group_by: "day", limit: 1 });
  assert.deepEqual(
    [latest.groups.map(({ group }) => group), latest.groups_total, latest.total.calls],
    [["2026-03-11"], 2, 5],
  );
  const later = await client.report({ from: "2026-03-11", group_by: "task_class", limit: 1 });
  assert.deepEqual([later.total.calls, later.groups_total], [3, 1]);
  await service.stop();
  const lines = (await readFile(join(dir, "usage.jsonl"), "utf8")).trimEnd().split("\n");
  const columns = usageLogColumns.map(({ name }) => name);
  for (const line of lines) {
    const row = usageLine.parse(JSON.parse(line));
    assert.deepEqual(Object.keys(row), columns);
  }
  assert.equal(lines.length, 5);
});

eachTransport("a key is made, shown once, rotated with a grace time, ended", async (connect, t) => {
  const dir = await tempDir(t);
  const { service, clock } = await open(dir);
  const client = await connect(usage, service.handlers);
  const { key, secret } = await client.create_key({ name: "ci", models: ["p/*"] });
  assert.deepEqual(service.holderOf(secret), {
    name: "ci",
    scopes: ["read", "write"],
    key_id: key.key_id,
    models_only: true,
  });
  assert.equal(service.holderOf("sk-something-else"), undefined);
  assert.throws(() => service.holderOf(`${secret.slice(0, -1)}!`), refused("unknown_key"));
  assert.throws(() => service.holderOf("lhk_nonsense"), refused("unknown_key"));
  await assert.rejects(client.create_key({ name: "ci" }), refused("key_exists"));
  const rotated = await client.rotate_key({ key_id: key.key_id, grace_s: 60 });
  assert.ok(service.holderOf(secret) && service.holderOf(rotated.secret));
  clock.advance(61_000);
  assert.throws(() => service.holderOf(secret), refused("unknown_key"));
  assert.ok(service.holderOf(rotated.secret));
  const shown = JSON.stringify(await client.keys({}));
  const kept = await readFile(join(dir, "keys.jsonl"), "utf8");
  for (const one of [secret, rotated.secret]) {
    const proof = one.slice(21);
    assert.ok(!shown.includes(proof) && !kept.includes(proof));
  }
  assert.ok(!shown.includes("sha256"));
  await client.delete_key({ key_id: key.key_id });
  assert.throws(() => service.holderOf(rotated.secret), refused("unknown_key"));
  await assert.rejects(client.delete_key({ key_id: key.key_id }), refused("no_such_key"));
  await service.stop();
});

test("a key that is rotated twice keeps the grace of each, and none without grace", async (t) => {
  const { service, clock, client } = await open(await tempDir(t));
  const { key, secret: first } = await client.create_key({ name: "k" });
  const rotate = async (grace_s: number) =>
    (await client.rotate_key({ key_id: key.key_id, grace_s })).secret;
  const second = await rotate(60);
  clock.advance(10_000);
  const third = await rotate(60);
  for (const secret of [first, second, third]) assert.ok(service.holderOf(secret));
  clock.advance(51_000);
  assert.throws(() => service.holderOf(first), refused("unknown_key"));
  assert.ok(service.holderOf(second) && service.holderOf(third));
  const last = await rotate(0);
  for (const secret of [second, third]) {
    assert.throws(() => service.holderOf(secret), refused("unknown_key"));
  }
  assert.ok(service.holderOf(last));
  await service.stop();
});

test("keys, their rotation and what they have spent outlive the process", async (t) => {
  const dir = await tempDir(t);
  const first = await open(dir);
  const budget = { day_tokens: 2000, month_cost: 1 };
  const made = await first.client.create_key({ name: "a", budget });
  const { secret } = await first.client.rotate_key({ key_id: made.key.key_id, grace_s: 0 });
  const gone = await first.client.create_key({ name: "b" });
  await first.client.delete_key({ key_id: gone.key.key_id });
  const caller = first.service.holderOf(secret)!;
  await (await first.service.ledger.admit(asked(caller))).settle(answered());
  await first.service.stop();
  const { service, client } = await open(dir);
  assert.throws(() => service.holderOf(made.secret), refused("unknown_key"));
  assert.throws(() => service.holderOf(gone.secret), refused("unknown_key"));
  const { keys } = await client.keys({});
  assert.deepEqual(keys[0]!.spent, {
    day_cost: 0.002,
    day_tokens: 1500,
    month_cost: 0.002,
    month_tokens: 1500,
  });
  const again = service.holderOf(secret)!;
  await (await service.ledger.admit(asked(again))).settle(answered());
  await assert.rejects(service.ledger.admit(asked(again)), refused("key_budget_spent"));
  await service.stop();
});

test("what was spent is told without the digits that adding up makes", async (t) => {
  const { service, client } = await open(await tempDir(t));
  const { secret } = await client.create_key({ name: "k", budget: { day_cost: 10 } });
  const ask = asked(service.holderOf(secret)!);
  const usage = { prompt_tokens: 100_000, completion_tokens: 0, total_tokens: 100_000 };
  for (let nr = 0; nr < 3; nr++)
    await (await service.ledger.admit(ask)).settle(answered({ usage }));
  // 0.1 + 0.1 + 0.1 is 0.30000000000000004.
  assert.equal((await client.report({})).total.cost, 0.3);
  const [key] = (await client.keys({})).keys;
  assert.deepEqual([key!.spent.day_cost, key!.spent.month_cost], [0.3, 0.3]);
  await service.stop();
});

test("a key asks its models only, until it expires or is deleted", async (t) => {
  const { service, client, clock } = await open(await tempDir(t));
  const expires_at = new Date(START + 60_000).toISOString();
  const { key, secret } = await client.create_key({ name: "k", models: ["p/cheap"], expires_at });
  const caller = service.holderOf(secret)!;
  const admitted = await service.ledger.admit(asked(caller));
  assert.deepEqual([admitted.covers("p", "cheap"), admitted.covers("p", "dear")], [true, false]);
  await assert.rejects(
    service.ledger.admit(asked(caller, { model: "dear" })),
    refused("model_not_allowed"),
  );
  clock.advance(60_001);
  assert.throws(() => service.holderOf(secret), refused("key_expired"));
  await assert.rejects(service.ledger.admit(asked(caller)), refused("key_expired"));
  await client.delete_key({ key_id: key.key_id });
  await assert.rejects(service.ledger.admit(asked(caller)), refused("unknown_key"));
  // What was admitted before is settled all the same.
  await admitted.settle(answered());
  assert.equal((await client.report({})).total.calls, 1);
  await service.stop();
});

test("a key that is over, one for no model, and a time that ends before it begins", async (t) => {
  const { service, client } = await open(await tempDir(t));
  const expires_at = new Date(START).toISOString();
  const refusal = refused("invalid_input");
  await assert.rejects(client.create_key({ name: "k", expires_at }), refusal);
  for (const model of ["tier/fast", "qwen:1b", ""]) {
    await assert.rejects(client.create_key({ name: "k", models: [model] }), refusal);
  }
  assert.deepEqual((await client.keys({})).keys, []);
  const range = { from: "2026-02-01", to: "2026-01-01" };
  await assert.rejects(client.report(range), refusal);
  await service.stop();
});

test("the slower of two requests of one call is no call of its own", async (t) => {
  const { service, client } = await open(await tempDir(t));
  const admitted = await service.ledger.admit(asked(LOCAL_PRINCIPAL));
  await admitted.lost(
    answered({ usage: undefined, error: "hedge_lost", finish_reason: undefined }),
  );
  await admitted.settle(answered({ hedged: true }));
  const { total } = await client.report({});
  assert.deepEqual([total.calls, total.errors, total.unpriced_calls], [1, 0, 0]);
  await service.stop();
});

test("64 concurrent callers pass a budget of cost by one request at the most", async (t) => {
  const { service, client } = await open(await tempDir(t));
  const one = 0.002;
  const budget = { day_cost: 40.5 * one };
  const { secret } = await client.create_key({ name: "k", budget });
  const caller = service.holderOf(secret)!;
  let answers = 0;
  let refusals = 0;
  const caller_of = async () => {
    for (let turn = 0; turn < 4; turn++) {
      try {
        const ask = asked(caller, { max_tokens: 500, promptTokensMax: () => 1000 });
        const admitted = await service.ledger.admit(ask);
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
        await admitted.settle(answered());
        answers++;
      } catch (error) {
        assert.ok(refused("key_budget_spent")(error), String(error));
        refusals++;
      }
    }
  };
  await Promise.all(Array.from({ length: 64 }, caller_of));
  assert.equal(answers, 41);
  assert.equal(refusals, 4 * 64 - 41);
  await service.stop();
});

test("who spoke and does not tell its tokens is charged what was held", async (t) => {
  const { service, client } = await open(await tempDir(t));
  const { secret } = await client.create_key({ name: "k", budget: { day_tokens: 100 } });
  const ask = asked(service.holderOf(secret)!, { max_tokens: 60, promptTokensMax: () => 40 });
  const silent = await service.ledger.admit(ask);
  const failed = { usage: undefined, error: "provider_unreachable", first_token_ms: undefined };
  await silent.settle(answered(failed));
  await (await service.ledger.admit(ask)).settle(answered({ usage: undefined }));
  await assert.rejects(service.ledger.admit(ask), refused("key_budget_spent"));
  await service.stop();
});
