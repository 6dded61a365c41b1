// iterate: every way a session can end, its row, its trace; scripted models and the real solver.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createSolverProvider } from "#adapters/chat-model/solver-provider.ts";
import { startCall } from "#kernel/call.ts";
import { fixedClock, systemClock } from "#kernel/clock.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import type { Client, Handlers } from "#kernel/contract.ts";
import { readJsonlFile } from "#kernel/jsonl-read.ts";
import { silentLog } from "#kernel/log.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { SpanRecord } from "#kernel/trace.ts";
import { chat } from "#contracts/chat.ts";
import { iterate, sessionRow, type SessionRow } from "#contracts/iterate.ts";
import type { ChatMessage } from "#contracts/nouns.ts";
import { eventInput, type EventInput } from "#contracts/observe.ts";
import { validate } from "#contracts/validate.ts";
import { findErrors } from "#ports/context-bundle.ts";
import { createChat } from "#models/chat/chat-service.ts";
import { chatSettings } from "#models/chat/chat-settings.ts";
import { bookshopPack } from "../../../domains/bookshop/pack.ts";
import { eachTransport } from "../../../test/support/each-transport.ts";
import { tempDir, type HasAfter } from "../../../test/support/temp-dir.ts";
import { packQuery } from "#work/validate/pack-query.suite.ts";
import { createValidate } from "#work/validate/validate-service.ts";
import { validateSettings } from "#work/validate/validate-settings.ts";
import { createIterate } from "./iterate-service.ts";
import { iterateSettings } from "./iterate-settings.ts";
import { sessionLogColumns } from "./session-log-columns.ts";

type Asked = Parameters<Handlers<typeof chat>["chat"]>[0];

/** A model that says the given lines in turn; an error is thrown instead. */
function scriptedChat(
  lines: readonly (string | Error)[],
  asked: Asked[] = [],
  spans?: SpanRecord[],
) {
  const handlers = {
    async chat(input: Asked) {
      const line = lines[asked.length] ?? lines.at(-1)!;
      asked.push(structuredClone(input));
      if (line instanceof Error) throw line;
      const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
      const said = { content: line, finish_reason: "stop" as const, usage, duration_ms: 1 };
      return {
        model: "scripted/one",
        provider: "scripted",
        provider_kind: "model",
        ...said,
        trace_id: "",
      };
    },
    stream: never,
    completions: never,
    models: never,
    model: never,
    providers: never,
  } as unknown as Handlers<typeof chat>;
  return connectLocal(chat, handlers, spans && { witness: (span) => void spans.push(span) });
}

function never(): never {
  throw new LakehouseError("unimplemented", "not served here");
}

async function bookshop(t: HasAfter, spans: SpanRecord[]) {
  const query = await packQuery(bookshopPack, 12, await tempDir(t));
  t.after(() => query.stop());
  const needs = { query: query.client, packs: [bookshopPack], log: silentLog };
  const { handlers } = await createValidate(needs, validateSettings.parse({}));
  return connectLocal(validate, handlers, { witness: (span) => void spans.push(span) });
}

async function setUp(t: HasAfter, client: Client<typeof chat>, spans: SpanRecord[] = []) {
  const dir = await tempDir(t);
  const events: EventInput[] = [];
  const needs = {
    chat: client,
    validate: await bookshop(t, spans),
    tell: (event: EventInput) => void events.push(event),
    dir,
    log: silentLog,
    clock: systemClock,
  };
  const service = await createIterate(needs, iterateSettings.parse({}));
  t.after(() => service.stop());
  const rows = async (): Promise<SessionRow[]> => {
    const found: SessionRow[] = [];
    for await (const { row } of readJsonlFile<SessionRow>(`${dir}/sessions.jsonl`)) {
      found.push(sessionRow.parse(row));
    }
    return found;
  };
  const witness = (span: SpanRecord) => void spans.push(span);
  const told = connectLocal(iterate, service.handlers, { strict: true, witness });
  return { service, rows, events, client: told };
}

const RIGHT = '{"books":[{"book_id":"B-002","title":"Bread at Home"}]}';
const SOLD_OUT = '{"books":[{"book_id":"B-003","title":"Bread of the Mountains"}]}';
const PHANTOM = '{"books":[{"book_id":"B-777","title":"Unwritten"}]}';
const ORDER = {
  kind: "order",
  prompt: "one book about baking",
  context: { count: 1, subject: "baking" },
};

async function failure(promise: Promise<unknown>): Promise<LakehouseError> {
  const error = await promise.then(
    () => assert.fail("it was accepted"),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof LakehouseError);
  return error;
}

eachTransport(
  "the validator's own error goes back into the prompt until it is right",
  async (connect, t) => {
    const asked: Asked[] = [];
    const { service, rows } = await setUp(
      t,
      scriptedChat(["Hm, no.", PHANTOM, `Sure: ${RIGHT}`], asked),
    );
    const client = await connect(iterate, service.handlers);
    const answer = await client.iterate({ ...ORDER, system: "be brief", temperature: 0.2 });
    assert.deepEqual(answer.artifact, JSON.parse(RIGHT));
    assert.equal(answer.iterations, 3);
    assert.deepEqual(
      answer.history.map((one) => one.verdict),
      ["no_json", "validation_failed", "accepted"],
    );
    const last = asked[2]!.messages as ChatMessage[];
    assert.deepEqual(
      last.map((message) => message.role),
      ["system", "user", "assistant", "user", "assistant", "user"],
    );
    assert.equal(last[4]!.content, PHANTOM);
    const told = findErrors(String(last[5]!.content));
    assert.equal(told[0]!.kind, "phantom");
    assert.equal(told[0]!.field, "books.0.book_id");
    assert.equal(asked[0]!.temperature, 0.2);

    const [row] = await rows();
    assert.equal(row!.final_verdict, "accepted");
    assert.equal(row!.grounded_in_roster, true);
    assert.equal(row!.trace_id, answer.trace_id);
    assert.equal(row!.attempts.length, 3);
    assert.equal("raw" in row!.attempts[0]!, false);
  },
);

eachTransport("exhausted attempts answer 422 with the whole history", async (connect, t) => {
  const { service, rows } = await setUp(t, scriptedChat([SOLD_OUT]));
  const client = await connect(iterate, service.handlers);
  const error = await failure(client.iterate({ ...ORDER, max_iterations: 2 }));
  assert.equal(error.code, "rejected");
  assert.equal(error.reason, "max_iter_exhausted");
  assert.equal(error.extra["iterations"], 2);
  assert.equal((error.extra["history"] as unknown[]).length, 2);
  assert.equal((error.extra["error"] as { field: string }).field, "books.0.available");
  const [row] = await rows();
  assert.equal(row!.final_verdict, "max_iter_exhausted");
  assert.equal(row!.artifact, null);
});

test("a model that cannot be reached ends the session with a row that says so", async (t) => {
  const down = new LakehouseError("unavailable", "nobody answers", {
    reason: "provider_unreachable",
  });
  const { client, rows, service } = await setUp(t, scriptedChat([PHANTOM, down]));
  const error = await failure(client.iterate({ ...ORDER, model: "ollama/x" }));
  assert.equal(error.code, "unavailable");
  assert.equal(error.reason, "model_failed");
  assert.equal((error.extra["history"] as unknown[]).length, 2);
  const [row] = await rows();
  assert.equal(row!.final_verdict, "infra_error");
  assert.deepEqual(
    row!.attempts.map((one) => one.verdict),
    ["validation_failed", "infra_error"],
  );
  assert.equal((await service.health()).figures["infra_error"], 1);
});

eachTransport("what a provider says of waiting is said to the caller too", async (connect, t) => {
  const busy = new LakehouseError("rate_limited", "up answered 429", {
    reason: "provider_rate_limited",
    extra: { provider: "up", provider_status: 429, retry_after_s: 30 },
  });
  const spent = new LakehouseError("rate_limited", "the budget is used", {
    reason: "key_budget_spent",
    extra: { retry_after_s: 7 },
  });
  for (const why of [busy, spent]) {
    const { service, rows } = await setUp(t, scriptedChat([why]));
    const client = await connect(iterate, service.handlers);
    const { code, reason, extra } = await failure(client.iterate({ ...ORDER, model: "up/busy" }));
    assert.deepEqual(
      [code, reason, extra["cause_reason"]],
      ["rate_limited", "model_failed", why.reason],
    );
    assert.equal(extra["retry_after_s"], why.extra["retry_after_s"]);
    assert.equal(extra["provider_status"], why.extra["provider_status"]);
    assert.deepEqual([extra["model"], extra["provider"]], ["up/busy", "up"]);
    assert.equal((await rows())[0]!.model, "up/busy");
  }
});

test("a caller that leaves ends the session with a row too", async (t) => {
  const aborter = new AbortController();
  const handlers = {
    chat() {
      setImmediate(() => aborter.abort());
      return new Promise<never>(() => undefined);
    },
  };
  const all = {
    stream: never,
    completions: never,
    models: never,
    model: never,
    providers: never,
    ...handlers,
  };
  const { client, rows } = await setUp(
    t,
    connectLocal(chat, all as unknown as Handlers<typeof chat>),
  );
  const call = startCall({ signal: aborter.signal });
  const going = failure(client.iterate(ORDER, call));
  assert.equal((await going).code, "cancelled");
  for (let tries = 0; tries < 100 && (await rows()).length === 0; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.equal((await rows())[0]!.final_verdict, "infra_error");
});

test("an unknown kind costs no model call and is no session", async (t) => {
  const asked: Asked[] = [];
  const { client, rows } = await setUp(t, scriptedChat([RIGHT], asked));
  const error = await failure(client.iterate({ ...ORDER, kind: "ordre" }));
  assert.equal(error.reason, "no_such_kind");
  assert.equal(asked.length, 0);
  assert.equal((await rows()).length, 0);
});

test("each attempt is a span of the session's trace, and the temperature is low unless given", async (t) => {
  const asked: Asked[] = [];
  const spans: SpanRecord[] = [];
  const { client } = await setUp(t, scriptedChat([PHANTOM, RIGHT], asked, spans));
  const call = startCall({ trace_id: "trace-1" });
  const answer = await client.iterate(ORDER, call);
  assert.equal(answer.trace_id, "trace-1");
  assert.deepEqual(
    spans.map((span) => span.parent_span_id),
    answer.history.map((one) => one.span_id),
  );
  assert.ok(spans.every((span) => span.trace_id === "trace-1"));
  assert.equal(asked[0]!.temperature, 0.2);
  await client.iterate({ ...ORDER, temperature: 1 });
  assert.equal(asked.at(-1)!.temperature, 1);
});

test("the trace of a session is one tree: iterate, its attempts, what each attempt asked", async (t) => {
  const spans: SpanRecord[] = [];
  const { client, events } = await setUp(t, scriptedChat([PHANTOM, RIGHT], [], spans), spans);
  const answer = await client.iterate(ORDER, startCall({ trace_id: "trace-2" }));
  const session = spans.find((span) => span.service === "iterate")!;
  assert.deepEqual(
    events.map((event) => event.span_id),
    answer.history.map((one) => one.span_id),
  );
  assert.ok(events.every((event) => event.parent_span_id === session.span_id));
  assert.ok(events.every((event) => event.trace_id === "trace-2" && event.source === "iterate"));
  assert.deepEqual(
    events.map((event) => [event.endpoint, event.event_kind, event.success, event.task_class]),
    [
      ["iterate.attempt", "validation_failed", false, "bookshop.order"],
      ["iterate.attempt", "accepted", true, "bookshop.order"],
    ],
  );
  assert.match(events[0]!.error!, /B-777/);
  for (const { span_id } of events) {
    const below = spans.filter((span) => span.parent_span_id === span_id);
    assert.deepEqual(
      below.map((span) => span.service),
      ["chat", "validate"],
    );
  }
  for (const event of events) eventInput.parse(event);
});

test("a context that the validator cannot read is told to the caller with its issues", async (t) => {
  const asked: Asked[] = [];
  const { client, rows } = await setUp(t, scriptedChat([RIGHT], asked));
  const error = await failure(client.iterate({ ...ORDER, context: { cuont: 1 } }));
  assert.deepEqual([error.code, error.reason], ["invalid", "invalid_input"]);
  assert.match(error.issues[0]!.message, /did you mean "count"/);
  assert.deepEqual([asked.length, (await rows()).length], [0, 0], "no model call and no session");
});

test("the solver drafts from a bundle, reads the validator's error, and repairs", async (t) => {
  const needs = {
    providers: [createSolverProvider()],
    tiers: {},
    log: silentLog,
    clock: fixedClock(0),
  };
  const real = await createChat(needs, chatSettings.parse({}));
  const { client } = await setUp(t, connectLocal(chat, real.handlers));
  const { context, ...plan } = bookshopPack.tasks["order"]!.plan("a book about baking", {})!;
  const candidates = ["B-001", "B-003", "B-002"].map((id) => ({
    id: `b-${id}`,
    corpus: "books",
    text: "",
    boosted: false,
    metadata: BOOKS[id]!,
  }));
  const { system, prompt } = bookshopPack.tasks["order"]!.prompt(
    "x",
    { ...plan, context },
    candidates,
  );
  const input = { kind: "order", system, prompt, context: { ...context } };
  const answer = await client.iterate({ ...input, model: "builtin/solver" });
  assert.deepEqual(answer.artifact, JSON.parse(RIGHT));
  assert.equal(answer.iterations, 3);
  assert.equal(answer.provider_kind, "deterministic");
});

const BOOKS: Record<string, Record<string, string | number>> = {
  "B-001": { book_id: "B-001", title: "A Field Guide to Mosses", subject: "botany", in_stock: 3 },
  "B-003": { book_id: "B-003", title: "Bread of the Mountains", subject: "baking", in_stock: 0 },
  "B-002": { book_id: "B-002", title: "Bread at Home", subject: "baking", in_stock: 7 },
};

test("the columns of the session log are the fields of its rows", () => {
  const fields = Object.keys(sessionRow.shape);
  assert.deepEqual(
    sessionLogColumns.map((column) => column.name),
    fields,
  );
});
