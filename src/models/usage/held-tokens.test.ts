// Access tokens with limits are held as virtual keys are, and what they spent outlives the process.
import { test, type TestContext } from "node:test";
import assert from "node:assert/strict";
import { fixedClock } from "#kernel/clock.ts";
import { LOCAL_PRINCIPAL, type Principal } from "#kernel/call.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import { silentLog } from "#kernel/log.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { usage } from "#contracts/usage.ts";
import type { AskedModel, ModelOutcome } from "#ports/call-ledger.ts";
import type { TokenLimits } from "./held-tokens.ts";
import { createUsage } from "./usage-service.ts";
import { usageSettings } from "./usage-settings.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";

const START = Date.parse("2026-03-10T10:00:00Z");
const FREE: TokenLimits = {
  name: "free",
  models: ["*"],
  requests_per_minute: null,
  tokens_per_minute: null,
  budget: { day_cost: null, day_tokens: null, month_cost: null, month_tokens: null },
};
const CI: Principal = { name: "ci", scopes: ["write"] };

function asked(caller: Principal, model = "m"): AskedModel {
  const ids = { trace_id: "t", span_id: "s", task_class: undefined, stream: false };
  return { caller, operation: "chat", provider: "p", model, ...ids, max_tokens: 1 };
}

const ANSWERED: ModelOutcome = {
  provider: "p",
  model: "m",
  usage: { prompt_tokens: 2, completion_tokens: 1, total_tokens: 3 },
  finish_reason: "stop",
  error: undefined,
  duration_ms: 1,
  first_token_ms: 1,
  cache: "off",
  retries: 0,
};

async function open(t: TestContext, dir: string, tokens: readonly TokenLimits[]) {
  const clock = fixedClock(START);
  const service = await createUsage(
    { dir, log: silentLog, clock, tokens },
    usageSettings.parse({}),
  );
  t.after(() => service.stop());
  const call = async (caller: Principal, model?: string) =>
    (await service.ledger.admit(asked(caller, model))).settle(ANSWERED);
  return { service, clock, call };
}

function refused(reason: string, message: RegExp) {
  return (error: unknown) =>
    error instanceof LakehouseError && error.reason === reason && message.test(error.message);
}

test("a token's requests, tokens, budget and models are held, and nobody else's", async (t) => {
  const tokens = [
    FREE,
    { ...FREE, name: "ci", requests_per_minute: 2, models: ["p/*"] },
    { ...FREE, name: "fast", tokens_per_minute: 4 },
    { ...FREE, name: "day", budget: { ...FREE.budget, day_tokens: 4 } },
  ];
  const { call, clock } = await open(t, await tempDir(t), tokens);
  const as = (name: string): Principal => ({ ...CI, name });
  await call(CI);
  await call(CI);
  await assert.rejects(call(CI), refused("key_rate_limited", /^token "ci" may use 2 requests/));
  clock.advance(61_000);
  await call(CI);
  const { service } = await open(t, await tempDir(t), tokens);
  const elsewhere = service.ledger.admit({ ...asked(CI), provider: "q" });
  await assert.rejects(elsewhere, refused("model_not_allowed", /^token "ci" may not ask q\/m$/));
  for (const [name, reason] of [
    ["fast", "key_rate_limited"],
    ["day", "key_budget_spent"],
  ] as const) {
    await call(as(name));
    await call(as(name));
    await assert.rejects(call(as(name)), refused(reason, new RegExp(`token "${name}"`)));
  }
  for (let turn = 0; turn < 5; turn++) {
    await call(as("free"));
    await call(LOCAL_PRINCIPAL);
  }
});

test("what a token spent outlives the process, also before it had a budget", async (t) => {
  const dir = await tempDir(t);
  const first = await open(t, dir, [{ ...FREE, name: "ci" }]);
  await first.call(CI);
  await first.service.stop();
  const limited = [{ ...FREE, name: "ci", budget: { ...FREE.budget, day_tokens: 5 } }];
  const second = await open(t, dir, limited);
  await second.call(CI);
  await second.service.stop();
  const third = await open(t, dir, limited);
  await assert.rejects(third.call(CI), refused("key_budget_spent", /token "ci" is 5 tokens a day/));
});

test("a key of the same name as a token has its own account", async (t) => {
  const limited = [{ ...FREE, name: "ci", requests_per_minute: 1 }];
  const { service, call } = await open(t, await tempDir(t), limited);
  const admin = connectLocal(usage, service.handlers);
  const { secret } = await admin.create_key({ name: "ci" });
  await call(CI);
  for (let turn = 0; turn < 3; turn++) await call(service.holderOf(secret)!);
  await assert.rejects(call(CI), refused("key_rate_limited", /./));
});

test("what a caller may ask is told by whatever holds it", async (t) => {
  const { service } = await open(t, await tempDir(t), [{ ...FREE, name: "ci", models: ["p/*"] }]);
  const client = connectLocal(usage, service.handlers);
  const { secret } = await client.create_key({ name: "k", models: ["q/*"] });
  const key = service.holderOf(secret)!;
  const asks = (caller: Principal) => ["p/m", "q/m"].filter(service.allowedTo(caller));
  assert.deepEqual(asks(CI), ["p/m"]);
  assert.deepEqual(asks(key), ["q/m"]);
  assert.deepEqual(asks(LOCAL_PRINCIPAL), ["p/m", "q/m"]);
  await client.delete_key({ key_id: key.key_id! });
  assert.throws(() => asks(key), { reason: "unknown_key" });
});
