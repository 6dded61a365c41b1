// What rows of sessions say: one name for a kind, whom a question was for that nobody answered, and
// what was spent; what is refused before anybody is asked.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startCall, type Call } from "#kernel/call.ts";
import { systemClock } from "#kernel/clock.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import type { Client, Handlers } from "#kernel/contract.ts";
import { readJsonlFile } from "#kernel/jsonl-read.ts";
import { silentLog } from "#kernel/log.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { chat } from "#contracts/chat.ts";
import { iterate, sessionRow, type SessionRow } from "#contracts/iterate.ts";
import type { EventInput } from "#contracts/observe.ts";
import { query } from "#contracts/query.ts";
import { validate } from "#contracts/validate.ts";
import type { DomainPack } from "#ports/domain-pack.ts";
import { createLookup } from "#work/validate/row-lookup.ts";
import { createValidate } from "#work/validate/validate-service.ts";
import { validateSettings } from "#work/validate/validate-settings.ts";
import { bookshopPack } from "../../../domains/bookshop/pack.ts";
import { eachTransport } from "../../../test/support/each-transport.ts";
import { tempDir, type HasAfter } from "../../../test/support/temp-dir.ts";
import { runAttempt, type AttemptNeeds } from "./attempt.ts";
import { createIterate } from "./iterate-service.ts";
import { iterateSettings } from "./iterate-settings.ts";

type Asked = Parameters<Handlers<typeof chat>["chat"]>[0];
type Answer = Awaited<ReturnType<Handlers<typeof chat>["chat"]>>;

const WRONG = '{"books":[]}';
const ORDER = { kind: "order", prompt: "one book", context: { count: 1 }, max_iterations: 1 };

const said: Answer = {
  model: "up/real",
  provider: "up",
  provider_kind: "model",
  content: WRONG,
  finish_reason: "stop",
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
  duration_ms: 1,
  trace_id: "",
};

function serving(contract: { readonly operations: object }, handlers: object): never {
  const refuse = () => Promise.reject(new LakehouseError("unimplemented", "not served here"));
  const all = Object.keys(contract.operations).map((name) => [name, refuse]);
  return connectLocal(contract as typeof chat, {
    ...Object.fromEntries(all),
    ...handlers,
  }) as never;
}

async function setUp(
  t: HasAfter,
  answer: (input: Asked, call: Call) => Promise<Answer>,
  {
    packs = [bookshopPack],
    ...settings
  }: { packs?: DomainPack[]; attempt_timeout_ms?: number } = {},
) {
  const dir = await tempDir(t);
  const asked: Asked[] = [];
  const events: EventInput[] = [];
  const needs = { query: serving(query, {}), packs, log: silentLog };
  const judge = await createValidate(needs, validateSettings.parse({}));
  const service = await createIterate(
    {
      chat: serving(chat, {
        chat: (input: Asked, call: Call) => (asked.push(input), answer(input, call)),
        providers: async () => ({ default_model: "up/usual", providers: [] }),
      }),
      validate: connectLocal(validate, judge.handlers),
      tell: (event) => void events.push(event),
      dir,
      log: silentLog,
      clock: systemClock,
    },
    iterateSettings.parse(settings),
  );
  let stopped: Promise<void> | undefined;
  const stop = () => (stopped ??= service.stop());
  t.after(stop);
  const rows = async (): Promise<SessionRow[]> => {
    const found: SessionRow[] = [];
    for await (const { row } of readJsonlFile<SessionRow>(`${dir}/sessions.jsonl`)) {
      found.push(sessionRow.parse(row));
    }
    return found;
  };
  return { service, client: connectLocal(iterate, service.handlers), rows, asked, events, stop };
}

test("a kind has one name in rows, events and the ledger, however it is asked for", async (t) => {
  const { client, rows, asked, events } = await setUp(t, async () => said);
  for (const kind of ["order", "bookshop.order"]) {
    await assert.rejects(client.iterate({ ...ORDER, kind }), { reason: "max_iter_exhausted" });
  }
  const twice = ["bookshop.order", "bookshop.order"];
  const kinds = (await rows()).map((row) => row.kind);
  const told = events.map((event) => event.task_class);
  const charged = asked.map((input) => input.task_class);
  assert.deepEqual([kinds, told, charged], [twice, twice, twice]);
});

/** A model that never answers; the caller leaves as soon as it is asked. */
function leaving() {
  const aborter = new AbortController();
  const silent = () => {
    setImmediate(() => aborter.abort());
    return new Promise<never>(() => undefined);
  };
  return { silent, call: () => startCall({ trace_id: "left", signal: aborter.signal }) };
}

const ASKED: readonly [Partial<Asked>, string, string][] = [
  [{ model: "up/tiny" }, "up/tiny", "up"],
  [{ model: "tiny", provider: "up" }, "tiny", "up"],
  [{}, "up/usual", "up"],
  [{ model: "tier/small" }, "tier/small", ""],
];

eachTransport("who leaves can still be told how the session ended", async (connect, t) => {
  for (const [names, model, provider] of ASKED) {
    const { silent, call } = leaving();
    const { service, rows } = await setUp(t, silent);
    const client = await connect(iterate, service.handlers);
    await assert.rejects(client.iterate({ ...ORDER, ...names }, call()), { code: "cancelled" });
    const { sessions } = await client.sessions({ trace_id: "left" });
    const { session_id } = sessions[0]!;
    const ended = { session_id, kind: "bookshop.order", model, provider, iterations: 1 };
    const told = { ...ended, final_verdict: "infra_error" as const, parent_span_id: null };
    assert.deepEqual(sessions, [told]);
    const [row] = await rows();
    assert.deepEqual([row!.session_id, row!.model, row!.provider], [session_id, model, provider]);
    assert.deepEqual(await client.sessions({ trace_id: "another" }), { sessions: [] });
  }
});

test("who answered to a tier before is who was asked", async (t) => {
  const { silent, call } = leaving();
  let turns = 0;
  const { client } = await setUp(t, async () => (turns++ === 0 ? said : silent()));
  const order = { ...ORDER, model: "tier/small" };
  await assert.rejects(client.iterate(order), { reason: "max_iter_exhausted" });
  await assert.rejects(client.iterate(order, call()), { code: "cancelled" });
  const { sessions } = await client.sessions({ trace_id: "left" });
  assert.deepEqual([sessions[0]!.model, sessions[0]!.provider], ["tier/small", "up"]);
});

test("who leaves while drafts are under way ends the session in that very round", async (t) => {
  const { silent, call } = leaving();
  const { client, rows, asked, events, stop } = await setUp(t, async ({ seed }) => {
    if (seed === undefined) return said;
    for (let tries = 0; tries < 100 && events.length === 0; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return silent();
  });
  const order = { ...ORDER, max_iterations: 3, drafts: 2 };
  await assert.rejects(client.iterate(order, call()), { code: "cancelled" });
  await stop();
  const [row] = await rows();
  const verdicts = row!.attempts.map(({ verdict }) => verdict);
  assert.deepEqual(verdicts, ["validation_failed", "infra_error"]);
  const { iterations, final_verdict } = row!;
  assert.deepEqual([iterations, final_verdict, asked.length], [1, "infra_error", 2]);
});

test("a house that stops waits for the rows of sessions whose callers have left", async (t) => {
  const { silent, call } = leaving();
  const { client, rows, stop } = await setUp(t, silent);
  await assert.rejects(client.iterate(ORDER, call()), { code: "cancelled" });
  await stop();
  const verdicts = (await rows()).map((row) => row.final_verdict);
  assert.deepEqual(verdicts, ["infra_error"]);
});

const LOST = new LakehouseError("unavailable", "up broke off", { reason: "provider_failed" });
const UNKNOWN = new LakehouseError("not_found", 'no provider "away" is registered', {
  reason: "no_such_provider",
});
const STOPPING = new LakehouseError("unavailable", "the house stops", { reason: "stopping" });

const FAILURES: readonly [string, LakehouseError, Partial<Asked>, string, string][] = [
  ["a connection that is lost", LOST, { model: "up/tiny" }, "up/tiny", "up"],
  ["a house that stops", STOPPING, {}, "up/usual", "up"],
  ["a provider that is none", UNKNOWN, { model: "tiny", provider: "away" }, "tiny", "away"],
  ["a tier of which nobody answered yet", LOST, { model: "tier/small" }, "tier/small", ""],
];

for (const [what, failure, names, model, provider] of FAILURES) {
  test(`${what}: the row names whom the question was for`, async (t) => {
    const { client, rows } = await setUp(t, () => Promise.reject(failure));
    await assert.rejects(client.iterate({ ...ORDER, ...names }), { reason: "model_failed" });
    const [row] = await rows();
    assert.deepEqual([row!.model, row!.provider], [model, provider]);
  });
}

test("a model that took over and failed is not named with the provider of another", async (t) => {
  const { client, rows } = await setUp(t, async ({ model }) => {
    if (model === "away/big/one") throw UNKNOWN;
    return said;
  });
  const escalate = [{ at: 2, model: "away/big/one" }];
  const order = { ...ORDER, model: "up/real", max_iterations: 2, escalate };
  await assert.rejects(client.iterate(order), (thrown) => {
    const { extra } = thrown as LakehouseError;
    assert.deepEqual([extra["model"], extra["provider"]], ["away/big/one", "away"]);
    return true;
  });
  const [row] = await rows();
  assert.deepEqual([row!.model, row!.provider], ["away/big/one", "away"]);
});

const options = ["B-002", "B-003"].map((book_id) => ({
  properties: { book_id: { const: book_id } },
}));
const choosing = (count: number) => ({
  properties: {
    books: { type: "array", minItems: count, maxItems: count, items: { anyOf: options } },
  },
});

test("what a guided attempt spent before it failed stands in the row", async (t) => {
  let turns = 0;
  const { client, rows } = await setUp(t, async () => {
    if (turns++ > 0) throw LOST;
    return { ...said, content: '{"book_id":"B-002"}' };
  });
  const order = { ...ORDER, model: "up/tiny", guided: true, schema: choosing(2) };
  await assert.rejects(client.iterate(order), { reason: "model_failed" });
  const [row] = await rows();
  assert.equal(row!.usage!.total_tokens, 2);
  assert.equal(row!.attempts[0]!.usage!.total_tokens, 2);
});

test("a list of no choices is asked for as any other artifact", async (t) => {
  const { client, asked } = await setUp(t, async () => said);
  const order = { ...ORDER, context: {}, guided: true, schema: choosing(0) };
  const { artifact, model, provider } = await client.iterate(order);
  assert.deepEqual([artifact, model, provider], [{ books: [] }, "up/real", "up"]);
  assert.equal(asked.length, 1);
});

eachTransport(
  "the limit of an attempt is told with the model and the setting",
  async (connect, t) => {
    const silent = () => new Promise<never>(() => undefined);
    const { service, rows } = await setUp(t, silent, { attempt_timeout_ms: 20 });
    const client = await connect(iterate, service.handlers);
    const order = { ...ORDER, model: "up/slow" };
    await assert.rejects(client.iterate(order), (thrown) => {
      const { code, message, hint } = thrown as LakehouseError;
      assert.deepEqual(
        [code, message],
        ["deadline_exceeded", "up/slow did not answer within 20 ms"],
      );
      assert.match(hint!, /iterate\.attempt_timeout_ms/);
      return true;
    });
    assert.equal((await rows())[0]!.provider, "up");
  },
);

test("the limit of an answer is that of each question of a guided draft", async (t) => {
  const deadlines: number[] = [];
  const answer = async (_asked: Asked, { deadline_ms }: Call) => {
    deadlines.push(deadline_ms);
    await new Promise((resolve) => setTimeout(resolve, 20));
    return { ...said, content: `{"book_id":"B-00${deadlines.length + 1}"}` };
  };
  const { client } = await setUp(t, answer, { attempt_timeout_ms: 60_000 });
  const order = { ...ORDER, guided: true, schema: choosing(2) };
  await assert.rejects(client.iterate(order), { reason: "max_iter_exhausted" });
  const [first, second] = deadlines;
  assert.equal(deadlines.length, 2);
  assert.ok(first! <= Date.now() + 60_000 && second! - first! >= 15, String(deadlines));
});

test("a validator has no longer than an answer has", async () => {
  const deadlines: number[] = [];
  const hears = async (_input: unknown, { deadline_ms }: Call) => {
    deadlines.push(deadline_ms);
    await new Promise((resolve) => setTimeout(resolve, deadline_ms - Date.now()));
    throw new LakehouseError("deadline_exceeded", "too late");
  };
  const needs = {
    ask: async () => said,
    validate: { validate: hears },
    validate_timeout_ms: 100,
    tell: () => undefined,
  } as unknown as AttemptNeeds;
  const request = { iteration: 1, kind: "order", context: {}, chat: {} };
  const { failed } = await runAttempt(needs, request, [], startCall({ timeout_ms: 60_000 }));
  assert.equal(failed?.reason, "validator_failed");
  assert.equal(failed.message, "the validator did not answer within 100 ms");
  assert.match(failed.hint ?? "", /iterate\.attempt_timeout_ms/);
  assert.ok(deadlines[0]! <= Date.now(), String(deadlines));
});

test("a look-up that is too slow is told as that, with its own setting", async () => {
  const rows = () => Promise.reject(new LakehouseError("deadline_exceeded", "took over 50 ms"));
  const client = { rows } as unknown as Client<typeof query>;
  const settings = validateSettings.parse({ lookup_timeout_ms: 50 });
  const validate = (_input: unknown, call: Call) =>
    createLookup(client, settings, call).rows("SELECT 1", []);
  const needs = {
    ask: async () => said,
    validate: { validate },
    validate_timeout_ms: 5_000,
    tell: () => undefined,
  } as unknown as AttemptNeeds;
  const request = { iteration: 1, kind: "order", context: {}, chat: {} };
  const { failed } = await runAttempt(needs, request, [], startCall({ timeout_ms: 60_000 }));
  assert.match(failed!.message, /look-up of the validator failed: took over 50 ms/);
  assert.match(failed!.hint ?? "", /validate\.lookup_timeout_ms/);
});

test("a caller's own deadline is not told as the limit of an attempt", async (t) => {
  const { rows, client } = await setUp(t, () => new Promise<never>(() => undefined));
  const call = startCall({ timeout_ms: 30 });
  const left = client.iterate({ ...ORDER, model: "up/slow" }, call);
  await assert.rejects(left, { code: "deadline_exceeded", message: /deadline of the call/ });
  for (let tries = 0; tries < 100 && (await rows()).length === 0; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const { error } = (await rows())[0]!.attempts[0]!;
  assert.match(error!.message, /deadline of the call/);
});

test("a context that nothing can be judged with is refused before anybody is asked", async (t) => {
  const field = "context";
  const message = "the context needs a shelf";
  const error = { kind: "completeness" as const, field, message };
  const validate = async () => ({ ok: false as const, error });
  const order = { summary: "wants a shelf", validate };
  const pack: DomainPack = { ...bookshopPack, validators: { order } };
  const { client, asked, rows } = await setUp(t, async () => said, { packs: [pack] });
  await assert.rejects(client.iterate({ ...ORDER, context: {} }), (thrown) => {
    const { code, reason, issues } = thrown as LakehouseError;
    assert.deepEqual([code, reason], ["invalid", "invalid_input"]);
    assert.deepEqual(issues, [{ path: "context", message }]);
    return true;
  });
  assert.deepEqual([asked, await rows()], [[], []]);
});
