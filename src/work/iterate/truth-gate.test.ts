// Truth rules behind a validator: what they deny is mended like any other fault, reviews are told.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startCall } from "#kernel/call.ts";
import { systemClock } from "#kernel/clock.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import type { Handlers } from "#kernel/contract.ts";
import { readJsonlFile } from "#kernel/jsonl-read.ts";
import { silentLog } from "#kernel/log.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { chat } from "#contracts/chat.ts";
import { iterate, sessionRow, type SessionRow } from "#contracts/iterate.ts";
import { truth } from "#contracts/truth.ts";
import { validate } from "#contracts/validate.ts";
import { packQuery } from "#work/validate/pack-query.suite.ts";
import { createValidate } from "#work/validate/validate-service.ts";
import { validateSettings } from "#work/validate/validate-settings.ts";
import { createTruth } from "#work/truth/truth-service.ts";
import { truthSettings } from "#work/truth/truth-settings.ts";
import { bookshopPack } from "../../../domains/bookshop/pack.ts";
import { tempDir, type HasAfter } from "../../../test/support/temp-dir.ts";
import { createIterate } from "./iterate-service.ts";
import { iterateSettings } from "./iterate-settings.ts";
import { withTruth } from "./truth-gate.ts";

const BREAD = '{"books":[{"book_id":"B-002","title":"Bread at Home"}]}';
const MOSSES = '{"books":[{"book_id":"B-001","title":"A Field Guide to Mosses"}]}';
const ORDER = { kind: "order", prompt: "one book", context: { count: 1 } };
const FIRST_ID = "artifact.books.0.book_id";

const rule = (name: string, action: string, when: object) => ({
  name,
  task_class: "bookshop.order",
  when,
  action,
  message: `${name} says so`,
});
const NO_BREAD = rule("no_bread", "deny", { kind: "field_equals", path: FIRST_ID, value: "B-002" });
const ASK_ABOUT_MOSSES = rule("mosses", "require_review", {
  kind: "field_equals",
  path: FIRST_ID,
  value: "B-001",
});
const UNKNOWABLE = rule("owner", "deny", { kind: "field_equals", path: "context.owner", value: 1 });

async function bookshopIterate(t: HasAfter, rules: readonly object[], lines: readonly string[]) {
  const dir = await tempDir(t);
  const query = await packQuery(bookshopPack, 12, dir);
  t.after(() => query.stop());
  const base = { log: silentLog, clock: systemClock };
  const packs = [bookshopPack];
  const judge = await createValidate(
    { ...base, query: query.client, packs },
    validateSettings.parse({}),
  );
  const known = await createTruth({ packs }, truthSettings.parse({ rules }));
  let asked = 0;
  const never = () => Promise.reject(new LakehouseError("unimplemented", "not served here"));
  const handlers = {
    stream: never,
    completions: never,
    models: never,
    model: never,
    providers: never,
    async chat() {
      const content = lines[asked++] ?? lines.at(-1)!;
      const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
      const said = { content, finish_reason: "stop", usage, duration_ms: 1, trace_id: "" };
      return { model: "scripted/one", provider: "scripted", provider_kind: "model", ...said };
    },
  } as unknown as Handlers<typeof chat>;
  const service = await createIterate(
    {
      ...base,
      dir,
      chat: connectLocal(chat, handlers),
      validate: connectLocal(validate, judge.handlers),
      truth: connectLocal(truth, known.handlers),
      tell: () => undefined,
    },
    iterateSettings.parse({}),
  );
  t.after(() => service.stop());
  const rows = async () => {
    const found: SessionRow[] = [];
    for await (const { row } of readJsonlFile<SessionRow>(`${dir}/sessions.jsonl`)) {
      found.push(sessionRow.parse(row));
    }
    return found;
  };
  return { client: connectLocal(iterate, service.handlers, { strict: true }), rows };
}

test("a draft that a rule denies is refused as policy and mended in the next iteration", async (t) => {
  const { client, rows } = await bookshopIterate(t, [NO_BREAD], [BREAD, MOSSES]);
  const answer = await client.iterate(ORDER);
  assert.deepEqual(answer.artifact, JSON.parse(MOSSES));
  const [first, second] = answer.history;
  assert.deepEqual([first!.verdict, second!.verdict], ["validation_failed", "accepted"]);
  assert.deepEqual(first!.error, {
    kind: "policy",
    field: "",
    message: "a rule of bookshop.order denies it: no_bread: no_bread says so",
  });
  assert.equal(answer.validation.review, undefined);
  assert.equal((await rows())[0]!.review, null);
});

test("a rule of the bare kind is asked as that of its full name is", async (t) => {
  const { client } = await bookshopIterate(t, [{ ...NO_BREAD, task_class: "order" }], [BREAD]);
  for (const kind of ["order", "bookshop.order"]) {
    await assert.rejects(client.iterate({ ...ORDER, kind, max_iterations: 1 }), {
      message: /no_bread says so/,
    });
  }
});

test("what every rule denies is never accepted", async (t) => {
  const { client, rows } = await bookshopIterate(t, [NO_BREAD], [BREAD]);
  await assert.rejects(client.iterate({ ...ORDER, max_iterations: 2 }), {
    reason: "max_iter_exhausted",
  });
  assert.deepEqual(
    (await rows()).map((one) => [one.final_verdict, one.artifact]),
    [["max_iter_exhausted", null]],
  );
});

test("a wanted review, and a rule that cannot be evaluated, are told with accepted work", async (t) => {
  const reviewed = await bookshopIterate(t, [ASK_ABOUT_MOSSES], [MOSSES]);
  const { validation } = await reviewed.client.iterate({ ...ORDER, kind: "bookshop.order" });
  assert.equal(validation.review, "mosses: mosses says so");
  assert.equal((await reviewed.rows())[0]!.review, "mosses: mosses says so");
  const open = await bookshopIterate(t, [UNKNOWABLE], [BREAD]);
  const answer = await open.client.iterate(ORDER);
  assert.match(answer.validation.review!, /^owner could not be evaluated: /);
});

test("rules that cannot be asked end the session as the validator's failure would", async () => {
  const away = new LakehouseError("unavailable", "truth is away");
  const report = { kind: "order", ok: true, checks: [], grounded: true };
  const judge = {
    validate: async () => report,
    kinds: async () => ({ kinds: [{ kind: "order", domain: "bookshop", summary: "" }] }),
  };
  const rules = { evaluate: () => Promise.reject(away), rules: () => Promise.reject(away) };
  const judged = withTruth(judge as never, rules as never);
  await assert.rejects(judged.validate({ kind: "order", artifact: {} }, startCall()), away);
});
