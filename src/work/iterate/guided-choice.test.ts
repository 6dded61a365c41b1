// Choices for small models: read from a schema, asked one by one, narrowed after each refusal.
import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { startCall } from "#kernel/call.ts";
import type { ChatAnswer } from "#contracts/chat.ts";
import type { Attempt } from "#contracts/iterate.ts";
import type { AskedModel, AskModel } from "./ask-model.ts";
import { afterRefusal, choicesOf, createChooser, type Choices } from "./guided-choice.ts";
import { createGuide } from "./guided-session.ts";
import type { AttemptRequest } from "./attempt.ts";

const option = (id: string) => ({
  type: "object",
  properties: { id: { const: id } },
  required: ["id"],
  additionalProperties: false,
});

function schemaFor(ids: readonly string[], count: number) {
  const items = { anyOf: ids.map(option) };
  const list = { type: "array", minItems: count, maxItems: count, items };
  return { type: "object", properties: { picks: list }, required: ["picks"] };
}

function refusal(artifact: object, field: string, ...also: string[]): Attempt {
  const others = also.map((one) => ({ field: one, message: "no" }));
  const error = { kind: "policy" as const, field, message: "no", also: others };
  const said = { iteration: 1, raw: JSON.stringify(artifact), artifact, span_id: "s", usage: null };
  return { ...said, verdict: "validation_failed", error } as Attempt;
}

/** A model that takes the first thing that its schema allows, and what it was asked. */
function firstTaker() {
  const asked: AskedModel[] = [];
  const ask: AskModel = async (one) => {
    asked.push(one);
    const { anyOf } = one.schema!.schema as { anyOf: { properties: object }[] };
    const entries = Object.entries(anyOf[0]!.properties as Record<string, { const: unknown }>);
    const content = JSON.stringify(Object.fromEntries(entries.map(([k, v]) => [k, v.const])));
    const usage = { prompt_tokens: 2, completion_tokens: 1, total_tokens: 3 };
    return { content, usage, finish_reason: "stop", model: "m", provider: "p" } as ChatAnswer;
  };
  return { ask, asked };
}

const draft = async (ask: AskModel, choices: Choices) => {
  const { read, usage } = await createChooser(ask)({ choices } as AskedModel, [], startCall());
  assert.ok(read !== undefined && "artifact" in read);
  return { picks: read.artifact["picks"] as { id: string }[], usage };
};

test("choices are read from a list of constants, and from nothing else", () => {
  const read = choicesOf(schemaFor(["a", "b", "c"], 2))!;
  assert.equal(read.list, "picks");
  assert.deepEqual(read.options, [{ id: "a" }, { id: "b" }, { id: "c" }]);
  assert.deepEqual(read.places, [undefined, undefined]);
  const { properties } = schemaFor(["a"], 1);
  for (const other of [
    {},
    { properties: {} },
    { properties: { ...properties, more: {} } },
    { properties: { picks: { ...properties.picks, maxItems: 3 } } },
    { properties: { picks: { ...properties.picks, items: { type: "string" } } } },
    schemaFor(["a"], 2),
  ]) {
    assert.equal(choicesOf(other), undefined, JSON.stringify(other));
  }
});

test("each choice is asked for by itself, without those that are taken; tokens add up", async () => {
  const { ask, asked } = firstTaker();
  const { picks, usage } = await draft(ask, choicesOf(schemaFor(["a", "b", "c"], 2))!);
  assert.deepEqual(picks, [{ id: "a" }, { id: "b" }]);
  assert.equal(usage.total_tokens, 6);
  assert.deepEqual(
    asked.map(({ schema }) => (schema!.schema as { anyOf: unknown[] }).anyOf.length),
    [3, 2],
  );
});

test("after a refusal what was right stays, and what was refused is not offered again", async () => {
  const choices = choicesOf(schemaFor(["a", "b", "c", "d"], 2))!;
  const artifact = { picks: [{ id: "a" }, { id: "b" }] };
  const left = afterRefusal(choices, refusal(artifact, "picks.0.status"));
  assert.deepEqual(left.places, [undefined, { id: "b" }]);
  assert.deepEqual(left.options, [{ id: "b" }, { id: "c" }, { id: "d" }]);
  const { ask, asked } = firstTaker();
  assert.deepEqual((await draft(ask, left)).picks, [{ id: "c" }, { id: "b" }]);
  assert.equal(asked.length, 1);
  const both = afterRefusal(choices, refusal(artifact, "picks.0.status", "picks.1.shift"));
  assert.deepEqual(both.places, [undefined, undefined]);
  assert.deepEqual(both.options, [{ id: "c" }, { id: "d" }]);
  for (const elsewhere of ["picks", "", "other.0.id"]) {
    assert.equal(afterRefusal(choices, refusal(artifact, elsewhere)), choices);
  }
});

test("a choice is never offered twice, none is named twice, and the list is as long as asked", () => {
  return fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 3, maxLength: 12 }),
      fc.array(fc.nat(2), { maxLength: 6 }),
      async (ids, faults) => {
        let choices = choicesOf(schemaFor(ids, 3))!;
        const refused = new Set<string>();
        for (const at of faults) {
          const { picks } = await draft(firstTaker().ask, choices);
          assert.equal(new Set(picks.map(({ id }) => id)).size, 3);
          for (const { id } of picks) assert.ok(!refused.has(id), `${id} was refused`);
          const next = afterRefusal(choices, refusal({ picks }, `picks.${at}.id`));
          if (next === choices) break;
          refused.add(picks[at]!.id);
          choices = next;
        }
      },
    ),
  );
});

test("a draft that comes again is asked for warmer; without guidance nothing changes", () => {
  const request = { chat: { temperature: 0.2 } } as AttemptRequest;
  const again = refusal({ calculation: "1" }, "calculation");
  const guide = createGuide({ guided: true });
  guide.refused(again);
  assert.equal(guide.guided(request).chat.temperature, 0.2);
  guide.refused(again);
  assert.equal(guide.guided(request).chat.temperature, 0.6000000000000001);
  for (let times = 0; times < 9; times++) guide.refused(again);
  assert.equal(guide.guided(request).chat.temperature, 1.2);
  const none = createGuide({ guided: false, schema: schemaFor(["a"], 1) });
  none.refused(again);
  none.refused(again);
  assert.equal(none.guided(request), request);
});

test("guidance makes no draft colder than was asked for", () => {
  const request = { chat: { temperature: 1.8 } } as AttemptRequest;
  const guide = createGuide({ guided: true });
  const again = refusal({ calculation: "1" }, "calculation");
  for (let times = 0; times < 3; times++) {
    assert.equal(guide.guided(request).chat.temperature, 1.8);
    guide.refused(again);
  }
});
