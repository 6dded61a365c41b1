// What keys and tokens have spent after a restart, and what a lost answer costs.
import { test } from "node:test";
import assert from "node:assert/strict";
import { fixedClock } from "#kernel/clock.ts";
import type { Principal } from "#kernel/call.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import { silentLog } from "#kernel/log.ts";
import { usage } from "#contracts/usage.ts";
import type { ModelOutcome } from "#ports/call-ledger.ts";
import { createUsage } from "./usage-service.ts";
import { usageSettings } from "./usage-settings.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";

const clock = fixedClock(Date.parse("2026-03-10T10:00:00Z"));

async function open(dir: string) {
  const service = await createUsage({ dir, log: silentLog, clock }, usageSettings.parse({}));
  return { service, client: connectLocal(usage, service.handlers, { strict: true }) };
}

function asked(caller: Principal) {
  const ids = { trace_id: "t", span_id: "s", task_class: undefined, stream: false };
  const most = { max_tokens: 60, promptTokensMax: () => 40 };
  return { caller, operation: "chat" as const, provider: "p", model: "m", ...ids, ...most };
}

function outcome(more: Partial<ModelOutcome> & { readonly broke_off?: boolean }): ModelOutcome {
  return {
    provider: "p",
    model: "m",
    usage: undefined,
    finish_reason: undefined,
    error: undefined,
    duration_ms: 1,
    first_token_ms: undefined,
    cache: "off",
    retries: 0,
    sent: true,
    ...more,
  };
}

test("what a key without a budget has spent is known after a restart", async (t) => {
  const dir = await tempDir(t);
  const first = await open(dir);
  const { secret } = await first.client.create_key({ name: "free" });
  const admitted = await first.service.ledger.admit(asked(first.service.holderOf(secret)!));
  const used = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
  await admitted.settle(outcome({ usage: used, finish_reason: "stop" }));
  const before = (await first.client.keys({})).keys[0]!.spent;
  assert.equal(before.day_tokens, 15);
  await first.service.stop();
  const second = await open(dir);
  assert.deepEqual((await second.client.keys({})).keys[0]!.spent, before);
  await second.service.stop();
});

test("who is lost after it was asked is charged what was held; who refused is not", async (t) => {
  const { service, client } = await open(await tempDir(t));
  const { secret } = await client.create_key({ name: "k", budget: { day_tokens: 10_000 } });
  const charged = async (more: Parameters<typeof outcome>[0]) => {
    const before = (await client.keys({})).keys[0]!.spent.day_tokens;
    const admitted = await service.ledger.admit(asked(service.holderOf(secret)!));
    await admitted.settle(outcome(more));
    return (await client.keys({})).keys[0]!.spent.day_tokens - before;
  };
  assert.equal(await charged({ error: "provider_failed", broke_off: true }), 100);
  assert.equal(await charged({ error: "provider_failed" }), 0);
  assert.equal(await charged({ error: "provider_unreachable" }), 0);
  await service.stop();
});

test("lost tries are charged what was held for their model, beside the answer, and for good", async (t) => {
  const dir = await tempDir(t);
  const { service, client } = await open(dir);
  const { secret } = await client.create_key({ name: "k", budget: { day_tokens: 1_000 } });
  const spent = async () => (await client.keys({})).keys[0]!.spent.day_tokens;
  const admit = (tries: { lost: number }) =>
    service.ledger.admit({ ...asked(service.holderOf(secret)!), tries });
  const used = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };

  const tries = { lost: 0 };
  const admitted = await admit(tries);
  // Two side by side, of one model.
  tries.lost = 2;
  assert.ok(admitted.covers("p", "second"));
  assert.equal(await spent(), 200);
  assert.ok(admitted.covers("p", "third"));
  await admitted.settle(outcome({ model: "third", usage: used }));
  assert.equal(await spent(), 215);

  const twice = { lost: 0 };
  const failed = await admit(twice);
  twice.lost = 1;
  assert.ok(failed.covers("p", "second"));
  twice.lost = 2;
  await failed.settle(outcome({ error: "provider_failed" }));
  assert.equal(await spent(), 415);

  // Who spoke and did not tell its tokens, beside another of the same model that was lost.
  const untold = { lost: 1 };
  await (await admit(untold)).settle(outcome({ first_token_ms: 1 }));
  assert.equal(await spent(), 615);
  await service.stop();
  const again = await open(dir);
  assert.equal((await again.client.keys({})).keys[0]!.spent.day_tokens, 615);
  await again.service.stop();
});
