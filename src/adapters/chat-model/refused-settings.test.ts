// A refused temperature costs one request once, whatever numbers stand beside it.
import { test } from "node:test";
import assert from "node:assert/strict";
import { askRequest } from "#ports/chat-model.suite.ts";
import { createOpenAiCompatibleProvider } from "./openai-compatible-provider.ts";
import { completionOf, startScriptedServer } from "../../../test/support/scripted-server.ts";
import type { HasAfter } from "../../../test/support/temp-dir.ts";

type Body = Readonly<Record<string, unknown>>;

/** A model that takes no temperature where `refuses` says so, and how often it was asked. */
async function open(t: HasAfter, refuses: (body: Body) => boolean) {
  let asked = 0;
  const base_url = await startScriptedServer(t, (body) => {
    asked++;
    const refused = body["temperature"] !== undefined && refuses(body);
    const error = { message: "temperature is not supported here" };
    return refused ? { status: 400, body: { error } } : { body: completionOf({ content: "hi" }) };
  });
  const provider = createOpenAiCompatibleProvider({ name: "up", base_url });
  const ask = async (extra: Body) => {
    const { notes } = await provider.whole!(askRequest("m", { temperature: 0.5, extra }));
    return notes !== undefined;
  };
  return { ask, asked: () => asked };
}

test("twenty budgets of thoughts, or values of top_p, cost one request more", async (t) => {
  for (const [beside, extraOf] of [
    ["thinking", (nr: number) => ({ thinking: { type: "enabled", budget_tokens: 1_024 + nr } })],
    ["top_p", (nr: number) => ({ top_p: nr / 20 })],
    ["reasoning", (nr: number) => ({ reasoning: { max_tokens: 1_024 + nr } })],
  ] as const) {
    const { ask, asked } = await open(t, (body) => body[beside] !== undefined);
    for (let nr = 0; nr < 20; nr++) assert.ok(await ask(extraOf(nr)), beside);
    assert.equal(asked(), 21, beside);
    // Nothing beside it: the model takes it.
    assert.ok(!(await ask({})), beside);
    assert.equal(asked(), 22, beside);
  }
});

test("how hard a model thinks is told by words, and each stands for itself", async (t) => {
  const { ask, asked } = await open(t, (body) => body["reasoning_effort"] !== "none");
  assert.ok(await ask({ reasoning_effort: "high" }));
  assert.ok(!(await ask({ reasoning_effort: "none" })));
  assert.ok(await ask({ reasoning_effort: "high" }));
  assert.equal(asked(), 4);
});
