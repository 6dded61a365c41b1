// The corpus of malformed answers through iterate, over HTTP: one call for slips of spelling, two
// for the rest; drafts side by side, escalation and schemas against the same kind of server.
import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { createOpenAiCompatibleProvider } from "#adapters/chat-model/openai-compatible-provider.ts";
import { systemClock } from "#kernel/clock.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import { readJsonlFile } from "#kernel/jsonl-read.ts";
import { silentLog } from "#kernel/log.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { chat } from "#contracts/chat.ts";
import { iterate, sessionRow, type SessionRow } from "#contracts/iterate.ts";
import { query } from "#contracts/query.ts";
import { validate } from "#contracts/validate.ts";
import { artifactSchema } from "#ports/artifact-schema.ts";
import { findErrors } from "#ports/context-bundle.ts";
import type { DomainPack, Validator } from "#ports/domain-pack.ts";
import { createChat } from "#models/chat/chat-service.ts";
import { chatSettings } from "#models/chat/chat-settings.ts";
import { createValidate } from "#work/validate/validate-service.ts";
import { validateSettings } from "#work/validate/validate-settings.ts";
import { bookshopPack } from "../../../domains/bookshop/pack.ts";
import { tempDir, type HasAfter } from "../../../test/support/temp-dir.ts";
import { createIterate } from "./iterate-service.ts";
import { iterateSettings } from "./iterate-settings.ts";
import { malformedAnswers, ORDERS } from "./malformed-answers.suite.ts";
import {
  startScriptedModel,
  type AskedCompletion,
  type ScriptedAnswer,
} from "./scripted-model.suite.ts";

const orderShape = z.strictObject({
  order_id: z.string(),
  priority: z.int(),
  rush: z.boolean(),
  coupon: z.string().nullable(),
  books: z.array(z.strictObject({ book_id: z.string(), title: z.string() })),
  note: z.string().refine((note) => !note.startsWith("\\"), "a note starts with a letter"),
});

/** Schema first, then one rule that no schema can say. */
const orderValidator: Validator = {
  summary: "an order whose priority is the number of its books",
  schema: artifactSchema(orderShape),
  async validate(artifact) {
    const parsed = orderShape.safeParse(artifact);
    if (!parsed.success) {
      const { path, message } = parsed.error.issues[0]!;
      return { ok: false, error: { kind: "schema", field: path.join("."), message } };
    }
    const { priority, books } = parsed.data;
    if (priority === books.length) return { ok: true, checks: ["schema"], grounded: false };
    const message = "the priority is the number of books";
    const [expected, actual] = [books.length, priority];
    return {
      ok: false,
      error: { kind: "consistency", field: "priority", message, expected, actual },
    };
  },
};

const pack: DomainPack = { ...bookshopPack, validators: { order: orderValidator } };

async function setUp(
  t: HasAfter,
  answer: (asked: AskedCompletion, number: number) => ScriptedAnswer,
) {
  const server = await startScriptedModel(t, answer);
  const dir = await tempDir(t);
  const base = { log: silentLog, clock: systemClock };
  const provider = createOpenAiCompatibleProvider({ name: "script", base_url: server.base_url });
  const models = await createChat(
    { ...base, providers: [provider], tiers: { judge: "script/large" } },
    chatSettings.parse({ default_model: "script/small" }),
  );
  const refuse = () => {
    throw new LakehouseError("unimplemented", "no look-ups here");
  };
  const rows = new Proxy({}, { get: () => refuse });
  const judge = await createValidate(
    { query: connectLocal(query, rows as never), packs: [pack], log: silentLog },
    validateSettings.parse({}),
  );
  const service = await createIterate(
    {
      ...base,
      dir,
      chat: connectLocal(chat, models.handlers),
      validate: connectLocal(validate, judge.handlers),
      tell: () => undefined,
    },
    iterateSettings.parse({}),
  );
  t.after(async () => {
    await service.stop();
    await models.stop();
  });
  const sessions = async (): Promise<SessionRow[]> => {
    const found: SessionRow[] = [];
    for await (const { row } of readJsonlFile<SessionRow>(`${dir}/sessions.jsonl`)) {
      found.push(sessionRow.parse(row));
    }
    return found;
  };
  const client = connectLocal(iterate, service.handlers, { strict: true });
  return { server, client, sessions };
}

const ASK = { kind: "order", prompt: "place the order" };
const RIGHT = JSON.stringify(ORDERS[0]);
const WRONG = JSON.stringify({ ...ORDERS[0], priority: 9 });

test("each syntactic case takes one call upstream, each semantic one two, and nothing is lost", async (t) => {
  const corpus = malformedAnswers(20_261);
  let script: readonly ScriptedAnswer[] = [];
  let first = 0;
  const { server, client } = await setUp(t, (_asked, number) => script[number - first]!);
  for (const { name, sort, text, finish_reason, right } of corpus) {
    first = server.asked.length;
    script = [{ content: text, finish_reason }, { content: JSON.stringify(right) }];
    const answer = await client.iterate(ASK);
    const calls = server.asked.length - first;
    assert.equal(calls, sort === "syntactic" ? 1 : 2, `${name}: ${calls} calls\n${text}`);
    assert.deepEqual(answer.artifact, right, name);
    if (sort === "syntactic") continue;
    const [error] = findErrors(String(server.asked.at(-1)!.messages.at(-1)!.content));
    assert.ok(error !== undefined && error.message !== "", `${name}: no error was told`);
  }
});

test("several drafts side by side: the first right one wins, the others are cancelled upstream", async (t) => {
  const { server, client, sessions } = await setUp(t, (asked) =>
    asked.seed === 2 ? { content: RIGHT } : asked.seed === 3 ? { content: WRONG } : { hangs: true },
  );
  const answer = await client.iterate({ ...ASK, drafts: 4 });
  assert.deepEqual(answer.artifact, ORDERS[0]);
  assert.deepEqual([answer.iterations, server.asked.length], [1, 4]);
  const verdicts = answer.history.map((one) => [one.draft, one.verdict]);
  const by_draft = new Map(verdicts as [number, string][]);
  assert.deepEqual([by_draft.get(1), by_draft.get(2)], ["cancelled", "accepted"]);
  assert.equal(by_draft.get(4), "cancelled");
  for (let tries = 0; tries < 100 && server.left() < 2; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.ok(server.left() >= 2, "the server was not told");
  const [row] = await sessions();
  assert.deepEqual([row!.drafts, row!.final_verdict, row!.iterations], [4, "accepted", 1]);
  assert.equal(row!.attempts.length, 4);
});

test("when no draft is right, the one that came furthest is gone on from", async (t) => {
  const { server, client } = await setUp(t, (asked, number) =>
    number >= 2 ? { content: RIGHT } : { content: asked.seed === 2 ? WRONG : "no idea" },
  );
  const answer = await client.iterate({ ...ASK, drafts: 2 });
  assert.equal(answer.iterations, 2);
  const again = server.asked.at(-1)!.messages;
  assert.equal(again.at(-2)!.content, WRONG);
  assert.equal(findErrors(String(again.at(-1)!.content))[0]!.field, "priority");
});

test("a model that fails ends the session only when every draft failed", async (t) => {
  const broken = { status: 400, message: "no" };
  const { client } = await setUp(t, (asked) => (asked.seed === 2 ? { content: RIGHT } : broken));
  const answer = await client.iterate({ ...ASK, drafts: 2 });
  assert.deepEqual(answer.artifact, ORDERS[0]);
  const { client: down, sessions } = await setUp(t, () => broken);
  await assert.rejects(down.iterate({ ...ASK, drafts: 2 }), { reason: "model_failed" });
  assert.equal((await sessions())[0]!.final_verdict, "infra_error");
});

test("from the iteration named on another model is asked, and the row says which", async (t) => {
  const { server, client, sessions } = await setUp(t, (asked) => ({
    content: asked.model === "large" ? RIGHT : WRONG,
  }));
  const escalate = [{ at: 3, model: "tier/judge" }];
  const answer = await client.iterate({ ...ASK, max_iterations: 4, provider: "script", escalate });
  assert.equal(answer.iterations, 3);
  assert.deepEqual(
    server.asked.map((one) => one.model),
    ["small", "small", "large"],
  );
  assert.equal(answer.model, "script/large");
  assert.deepEqual(
    answer.history.map((one) => one.model),
    ["script/small", "script/small", "script/large"],
  );
  const [row] = await sessions();
  assert.equal(row!.escalated_to, "tier/judge");
  assert.equal(row!.usage!.total_tokens, 45);
});

test("the same draft refused the same way ends the session when that is asked for", async (t) => {
  const { server, client, sessions } = await setUp(t, () => ({ content: WRONG }));
  await assert.rejects(client.iterate({ ...ASK, max_iterations: 9, drift_after: 2 }), {
    code: "rejected",
    reason: "drifted",
  });
  assert.equal(server.asked.length, 2);
  assert.equal((await sessions())[0]!.final_verdict, "drifted");
});

test("who repeats itself is heard until the one that was named takes over, and counts alone", async (t) => {
  const { server, client } = await setUp(t, (asked, number) => ({
    content: asked.model === "large" && number % 4 === 3 ? RIGHT : WRONG,
  }));
  const large = "script/large";
  for (const at of [3, 4]) {
    const escalate = [{ at, model: large }];
    const drifting = { ...ASK, max_iterations: 4, drift_after: 2, escalate };
    assert.equal((await client.iterate(drifting)).iterations, 4, `from ${at} on`);
  }
  const short = { ...ASK, max_iterations: 3, drift_after: 2 };
  const too_late = { ...short, escalate: [{ at: 4, model: large }] };
  const small = "script/small";
  const to_itself = { ...short, model: small, escalate: [{ at: 3, model: small }] };
  for (const drifting of [too_late, to_itself]) {
    const first = server.asked.length;
    await assert.rejects(client.iterate(drifting), { reason: "drifted" });
    assert.equal(server.asked.length - first, 2);
  }
});

test("the model is held to the schema of the kind; one that refuses is asked without, once and for all", async (t) => {
  const { server, client } = await setUp(t, (asked) =>
    asked.model === "small" && asked.response_format !== undefined
      ? { status: 400, message: "response_format is not supported" }
      : { content: RIGHT },
  );
  await client.iterate({ ...ASK, model: "script/large" });
  const { type, json_schema } = server.asked[0]!.response_format as Record<string, unknown>;
  assert.equal(type, "json_schema");
  const { name, schema } = json_schema as { name: string; schema: Record<string, unknown> };
  assert.deepEqual([name, schema["type"]], ["order", "object"]);
  assert.ok("books" in (schema["properties"] as object));

  await client.iterate(ASK);
  await client.iterate(ASK);
  assert.deepEqual(
    server.asked.slice(1).map((one) => one.response_format !== undefined),
    [true, false, false],
  );
});
