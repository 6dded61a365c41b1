// What a key is charged where more than one try was made for a call: each tells for itself whether
// there may be work in it.
import type { Socket } from "node:net";
import { test } from "node:test";
import assert from "node:assert/strict";
import { createOllamaProvider } from "#adapters/chat-model/ollama-provider.ts";
import { createOpenAiCompatibleProvider } from "#adapters/chat-model/openai-compatible-provider.ts";
import { startCall } from "#kernel/call.ts";
import { systemClock } from "#kernel/clock.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import { silentLog } from "#kernel/log.ts";
import { chat } from "#contracts/chat.ts";
import { usage } from "#contracts/usage.ts";
import { createUsage } from "#models/usage/usage-service.ts";
import { usageSettings } from "#models/usage/usage-settings.ts";
import { createChat } from "./chat-service.ts";
import { chatSettings } from "./chat-settings.ts";
import { startDeafServer } from "../../../test/support/deaf-server.ts";
import { failureOf } from "../../../test/support/failure-of.ts";
import { sayJson, startRawProvider, type RawAnswer } from "../../../test/support/raw-provider.ts";
import { completionOf } from "../../../test/support/scripted-server.ts";
import { tempDir, type HasAfter } from "../../../test/support/temp-dir.ts";

const MAX_TOKENS = 60;
/** `hi`, what stands around it, and the answer. */
const HELD = 2 + 16 + MAX_TOKENS + 2;
const USED = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };

const answers: RawAnswer = (socket) =>
  sayJson(socket, 200, completionOf({ role: "assistant", content: "ok" }, { usage: USED }));
const refuses: RawAnswer = (socket) => sayJson(socket, 429);
const fails: RawAnswer = (socket) => sayJson(socket, 500);
const breaksOff: RawAnswer = (socket) => void socket.destroy();
const isSilent: RawAnswer = () => undefined;

/** Where it is asked, and how often it was. */
async function provider(t: HasAfter, answer: RawAnswer | "away" | "deaf") {
  if (answer === "deaf") {
    const url = `http://127.0.0.1:${await startDeafServer(t)}/v1`;
    return { url, asked: () => 0, first: undefined };
  }
  if (answer === "away") return { url: "http://127.0.0.1:1/v1", asked: () => 0, first: undefined };
  return startRawProvider(t, answer);
}

interface Trial {
  readonly a: RawAnswer | "away" | "deaf";
  readonly b?: RawAnswer | "away";
  readonly changes?: object;
  readonly day_tokens?: number;
  readonly prices?: object[];
}

async function open(t: HasAfter, { a, b = isSilent, ...trial }: Trial) {
  const [one, other] = [await provider(t, a), await provider(t, b)];
  const own = { dir: await tempDir(t), log: silentLog, clock: systemClock };
  const books = await createUsage(own, usageSettings.parse({ prices: trial.prices ?? [] }));
  t.after(() => books.stop());
  const keys = connectLocal(usage, books.handlers, { strict: true });
  const budget = { day_tokens: trial.day_tokens ?? 10_000 };
  const { secret } = await keys.create_key({ name: "k", budget });
  const principal = books.holderOf(secret)!;
  const providers = [
    createOpenAiCompatibleProvider({ name: "a", base_url: one.url }),
    createOpenAiCompatibleProvider({ name: "b", base_url: other.url }),
    createOllamaProvider({ base_url: "http://127.0.0.1:1" }),
  ];
  const needs = { providers, tiers: {}, ledger: books.ledger, log: silentLog, clock: systemClock };
  const settings = chatSettings.parse({ retry_base_ms: 1, ...trial.changes });
  const { handlers } = await createChat(needs, settings);
  const client = connectLocal(chat, handlers, { strict: true });
  const ask = (signal?: AbortSignal, more: object = {}) =>
    client.chat(
      {
        model: "a/m",
        messages: [{ role: "user", content: "hi" }],
        max_tokens: MAX_TOKENS,
        ...more,
      },
      startCall(signal === undefined ? { principal } : { principal, signal }),
    );
  const over = async () => {
    const { calls, passed_on } = (await keys.report({})).total;
    return calls - passed_on;
  };
  /** Once so many requests are over, also for those that left them. */
  const spent = async (requests = 1) => {
    for (let look = 0; look < 500 && (await over()) < requests; look++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return (await keys.keys({})).keys[0]!.spent;
  };
  return { ask, spent, one, other, client, principal };
}

const STANDS_IN = { fallbacks: { "a/m": ["b/m"] }, retries_max: 0 };

test("what stands in is charged for its own work, whatever became of the first", async (t) => {
  const silence = { ...STANDS_IN, first_token_timeout_ms: 100 };
  for (const [name, trial, reason, charged] of [
    ["refused, then lost", { a: refuses, b: breaksOff }, "provider_rate_limited", HELD],
    ["failed, then lost", { a: fails, b: breaksOff }, "provider_failed", HELD],
    ["away, then lost", { a: "away", b: breaksOff }, "provider_unreachable", HELD],
    ["refused, then silent", { a: refuses, b: isSilent, changes: silence }, undefined, HELD],
    ["lost, then refused", { a: breaksOff, b: refuses }, "provider_failed", HELD],
    ["lost, then lost", { a: breaksOff, b: breaksOff }, "provider_failed", 2 * HELD],
    ["refused, then failed", { a: refuses, b: fails }, "provider_rate_limited", 0],
    ["away twice", { a: "away", b: "away" }, "provider_unreachable", 0],
  ] as const) {
    const { ask, spent } = await open(t, { changes: STANDS_IN, ...trial });
    const error = await failureOf(ask());
    if (reason !== undefined) assert.equal(error.reason, reason, name);
    assert.equal((await spent()).day_tokens, charged, name);
  }
});

test("an answer does not make free what was lost before it", async (t) => {
  const { ask, spent } = await open(t, { a: breaksOff, b: answers, changes: STANDS_IN });
  assert.equal((await ask()).model, "b/m");
  assert.equal((await spent()).day_tokens, HELD + USED.total_tokens);
});

test("each model's lost work is charged at its own price", async (t) => {
  const price = (model: string, per_million: number) => ({
    model,
    prompt_per_million: per_million,
    completion_per_million: per_million,
  });
  const prices = [price("a/m", 1_000_000), price("b/m", 3_000_000)];
  const both = { a: breaksOff, b: breaksOff, changes: STANDS_IN, prices };
  const { ask, spent } = await open(t, both);
  await failureOf(ask());
  assert.equal((await spent()).day_cost, HELD + 3 * HELD);
});

test("a budget holds for whoever leaves what stands in, as for whoever leaves the first", async (t) => {
  const changes = { ...STANDS_IN, breaker_failures: 1_000 };
  const { ask, other, spent } = await open(t, { a: fails, changes, day_tokens: 100 });
  const reasons: string[] = [];
  for (let nr = 0; nr < 5; nr++) {
    const leaving = new AbortController();
    setTimeout(() => leaving.abort(), 50);
    reasons.push((await failureOf(ask(leaving.signal))).reason);
    await spent(Math.min(nr + 1, 2));
  }
  const over = Array.from({ length: 3 }, () => "key_budget_spent");
  assert.deepEqual(reasons, ["cancelled", "cancelled", ...over]);
  assert.deepEqual([other.asked(), (await spent(2)).day_tokens], [2, 2 * HELD]);
});

test("a stand-in is not asked where the lost work has used the budget; both are told of", async (t) => {
  const { ask, other, spent } = await open(t, {
    a: breaksOff,
    b: answers,
    changes: STANDS_IN,
    day_tokens: HELD,
  });
  assert.equal((await failureOf(ask())).reason, "key_budget_spent");
  assert.deepEqual([other.asked(), (await spent()).day_tokens], [0, HELD]);
});

test("who leaves while it is waited for a next try is charged nothing", async (t) => {
  const pause = { retry_base_ms: 60_000, retry_wait_max_ms: 60_000 };
  const later: RawAnswer = (socket) => sayJson(socket, 429, {}, "retry-after: 30\r\n");
  for (const [name, a] of [
    ["away", "away"],
    ["429", later],
    ["503", (socket: Socket) => sayJson(socket, 503)],
  ] as const) {
    const { ask, spent, one } = await open(t, { a, changes: pause });
    const leaving = new AbortController();
    const asking = failureOf(ask(leaving.signal));
    await one.first;
    setTimeout(() => leaving.abort(), 100);
    assert.equal((await asking).code, "cancelled", name);
    assert.equal((await spent()).day_tokens, 0, name);
  }
});

test("who leaves while a provider may work is charged what was held", async (t) => {
  const { ask, spent, one } = await open(t, { a: isSilent });
  const leaving = new AbortController();
  const asking = failureOf(ask(leaving.signal));
  await one.first;
  leaving.abort();
  assert.equal((await asking).code, "cancelled");
  assert.equal((await spent()).day_tokens, HELD);
});

test("who leaves or is too late while it is connected to a provider is charged nothing", async (t) => {
  if ("Bun" in globalThis) return t.skip("Bun's client does not tell whether it has sent");
  for (const [name, changes, code] of [
    ["left", {}, "cancelled"],
    ["left by the stream's guard", { ask_whole: false }, "cancelled"],
    ["no first piece", { first_token_timeout_ms: 100 }, "deadline_exceeded"],
    ["no whole answer", { whole_answer_timeout_ms: 100 }, "deadline_exceeded"],
  ] as const) {
    const { ask, spent } = await open(t, { a: "deaf", changes });
    const leaving = new AbortController();
    const asking = failureOf(ask(leaving.signal));
    if (code === "cancelled") setTimeout(() => leaving.abort(), 100);
    assert.equal((await asking).code, code, name);
    assert.equal((await spent()).day_tokens, 0, name);
  }
});

test("who leaves soon after it was sent on a used connection is charged, and ends no other", async (t) => {
  const { ask, spent, one } = await open(t, {
    a: (socket, nr) => {
      sockets.add(socket);
      if (nr !== 3) answers(socket, nr);
    },
  });
  const sockets = new Set<Socket>();
  await Promise.all([ask(), ask()]);
  const leaving = new AbortController();
  const asking = failureOf(ask(leaving.signal));
  for (let look = 0; look < 500 && one.asked() < 3; look++) {
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  leaving.abort();
  assert.equal((await asking).code, "cancelled");
  assert.equal((await spent(3)).day_tokens, 2 * USED.total_tokens + HELD);
  await ask();
  if (!("Bun" in globalThis)) assert.equal(sockets.size, 2);
});

test("who leaves a stream whose end was there, and told its tokens, is charged those", async (t) => {
  const { client, principal, spent } = await open(t, { a: answers });
  const messages = [{ role: "user" as const, content: "hi" }];
  const asked = { model: "a/m", messages, stream: true, max_tokens: MAX_TOKENS };
  const { body } = await client.completions(asked, startCall({ principal }));
  for await (const piece of body) {
    assert.match(Buffer.from(piece).toString(), /"role":"assistant"/);
    break;
  }
  assert.equal((await spent()).day_tokens, USED.total_tokens);
});

test("what cannot be said to a provider is charged nothing", async (t) => {
  const { ask, spent } = await open(t, { a: isSilent });
  const content = [{ type: "input_audio", input_audio: { data: "", format: "wav" } }];
  const messages = [{ role: "user", content }];
  const error = await failureOf(ask(undefined, { model: "ollama/m", messages }));
  assert.equal(error.reason, "invalid_input");
  assert.equal((await spent()).day_tokens, 0);
});

test("of two requests of which one was lost with work, neither is asked again", async (t) => {
  const { ask, one, spent } = await open(t, {
    a: (socket, nr) => {
      if (nr === 1) setTimeout(() => socket.destroy(), 150);
      else if (nr === 2) setTimeout(() => refuses(socket, nr), 200);
      else answers(socket, nr);
    },
    changes: { hedge_after_ms: 50 },
  });
  const error = await failureOf(ask());
  assert.deepEqual([error.reason, error.extra["broke_off"]], ["provider_failed", true]);
  assert.deepEqual([one.asked(), (await spent()).day_tokens], [2, HELD]);
});

test("the second request's answer does not make free the first, which was lost", async (t) => {
  const { ask, spent } = await open(t, {
    a: (socket, nr) => {
      if (nr === 1) setTimeout(() => socket.destroy(), 150);
      else
        setTimeout(
          () => sayJson(socket, 200, completionOf({ content: "ok" }, { usage: USED })),
          250,
        );
    },
    changes: { hedge_after_ms: 50 },
  });
  assert.equal((await ask()).content, "ok");
  assert.equal((await spent()).day_tokens, HELD + USED.total_tokens);
});

test("an answer without counts is charged beside the request that was lost", async (t) => {
  const { ask, spent } = await open(t, {
    a: (socket, nr) => {
      if (nr === 1) setTimeout(() => socket.destroy(), 150);
      else setTimeout(() => sayJson(socket, 200, completionOf({ content: "ok" })), 250);
    },
    changes: { hedge_after_ms: 50 },
  });
  assert.equal((await ask()).content, "ok");
  assert.equal((await spent()).day_tokens, 2 * HELD);
});

test("a circuit that opens between two tries does not hide what the provider said", async (t) => {
  const { ask, one } = await open(t, {
    a: (socket) => sayJson(socket, 503, { error: { message: "overloaded" } }),
    changes: { breaker_failures: 2, retries_max: 5 },
  });
  const error = await failureOf(ask());
  assert.deepEqual([error.reason, error.extra["provider_status"]], ["provider_failed", 503]);
  assert.match(error.message, /overloaded/);
  assert.equal(one.asked(), 2);
  assert.equal((await failureOf(ask())).reason, "provider_circuit_open");
});
