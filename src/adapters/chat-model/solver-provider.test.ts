// builtin/solver as a provider: reads the messages, streams, and never passes for a model.
import { test } from "node:test";
import assert from "node:assert/strict";
import { renderBundle, renderError, type ContextBundle } from "#ports/context-bundle.ts";
import { askRequest, chatModelSuite, collectDeltas } from "#ports/chat-model.suite.ts";
import type { ChatRequest } from "#ports/chat-model.ts";
import { createSolverProvider } from "./solver-provider.ts";

const provider = createSolverProvider();

chatModelSuite("solver", async () => ({ provider, model: "solver" }));

const BUNDLE: ContextBundle = {
  base: { order: "ö-1" },
  list_field: "picks",
  item: { person_id: "id" },
  count: 1,
  candidates: [{ id: "w-1" }, { id: "w-2" }, { id: "w-3" }],
};
const PHANTOM = { kind: "phantom" as const, field: "picks.0.person_id", message: "no such id" };

async function ask(messages: ChatRequest["messages"], changes: Partial<ChatRequest> = {}) {
  const deltas = await collectDeltas(provider.chat(askRequest("solver", { messages, ...changes })));
  const text = deltas.map(({ content }) => content).join("");
  return { text, deltas };
}

test("it drafts from the bundle in the prompt, in a few chunks", async () => {
  const { text, deltas } = await ask([
    { role: "system", content: "Answer in JSON." },
    { role: "user", content: `Fill this.\n\n${renderBundle(BUNDLE)}\n\nThanks.` },
  ]);
  assert.deepEqual(JSON.parse(text), { order: "ö-1", picks: [{ person_id: "w-1" }] });
  assert.ok(deltas.length > 2 && deltas.length <= 6);
  assert.equal(deltas.at(-1)!.finish_reason, "stop");
});

test("errors in one prompt or over several turns teach the same", async () => {
  const first = renderError({ ...PHANTOM, actual: "w-1" });
  const second = renderError({ ...PHANTOM, actual: "w-2" });
  const one = await ask([
    { role: "user", content: [renderBundle(BUNDLE), first, second].join("\n") },
  ]);
  const turns = await ask([
    { role: "user", content: renderBundle(BUNDLE) },
    { role: "assistant", content: one.text },
    { role: "user", content: `${renderBundle(BUNDLE)}\n${first}` },
    { role: "assistant", content: "…" },
    { role: "user", content: [{ type: "text", text: second }] },
  ]);
  assert.deepEqual(JSON.parse(one.text), { order: "ö-1", picks: [{ person_id: "w-3" }] });
  assert.equal(turns.text, one.text);
});

test("errors about an earlier bundle are not held against a new one", async () => {
  const other = { ...BUNDLE, base: { order: "o-2" } };
  const { text } = await ask([
    {
      role: "user",
      content: `${renderBundle(BUNDLE)}\n${renderError({ ...PHANTOM, actual: "w-1" })}`,
    },
    { role: "user", content: renderBundle(other) },
  ]);
  assert.deepEqual(JSON.parse(text), { order: "o-2", picks: [{ person_id: "w-1" }] });
});

test("without a bundle it says what it is and what it cannot do", async () => {
  const { text } = await ask([{ role: "user", content: "Write me a poem." }]);
  assert.match(text, /deterministic drafting engine, not a language model/);
  assert.match(text, /no context bundle/);
  assert.equal(provider.kind, "deterministic");
});

test("a limit of tokens cuts the draft and says so", async () => {
  const messages = [{ role: "user" as const, content: renderBundle(BUNDLE) }];
  const { text, deltas } = await ask(messages, { max_tokens: 3 });
  assert.equal(text.length, 12);
  assert.equal(deltas.at(-1)!.finish_reason, "length");
  assert.equal(deltas.at(-1)!.usage!.completion_tokens, 3);
});

test("another builtin name is not found", async () => {
  await assert.rejects(collectDeltas(provider.chat(askRequest("genius"))), /no builtin\/genius/);
});
