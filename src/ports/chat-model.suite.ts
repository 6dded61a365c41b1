// What every provider of chat completions must do; run by each adapter's test.
import { test, type TestContext } from "node:test";
import assert from "node:assert/strict";
import { LakehouseError } from "#kernel/problem.ts";
import type { ChatDelta, ChatProvider, ChatRequest } from "./chat-model.ts";

export interface ChatModelFixture {
  readonly provider: ChatProvider;
  /** A model that answers. */
  readonly model: string;
  /** Keeps the answers of a slow one short. */
  readonly max_tokens?: number;
}

export function askRequest(model: string, changes: Partial<ChatRequest> = {}): ChatRequest {
  return {
    model,
    messages: [{ role: "user", content: "hello" }],
    temperature: undefined,
    max_tokens: undefined,
    stop: undefined,
    seed: undefined,
    response_format: undefined,
    tools: undefined,
    tool_choice: undefined,
    signal: new AbortController().signal,
    ...changes,
  };
}

export async function collectDeltas(deltas: AsyncIterable<ChatDelta>): Promise<ChatDelta[]> {
  const all: ChatDelta[] = [];
  for await (const delta of deltas) all.push(delta);
  return all;
}

/** `open` is called once for each test; what it opens, it closes by `t.after`. */
export function chatModelSuite(
  name: string,
  open: (t: TestContext) => Promise<ChatModelFixture>,
): void {
  test(`${name}: answers in deltas, the last of which carries the reason and the usage`, async (t) => {
    const { provider, model, max_tokens } = await open(t);
    const deltas = await collectDeltas(provider.chat(askRequest(model, { max_tokens })));
    assert.ok(deltas.length > 0);
    assert.notEqual(deltas.map(({ content }) => content).join(""), "");
    assert.deepEqual(
      deltas.map(({ finish_reason }) => finish_reason !== undefined),
      deltas.map((_, at) => at === deltas.length - 1),
    );
    const { usage } = deltas.at(-1)!;
    assert.ok(usage !== undefined);
    assert.equal(usage.total_tokens, usage.prompt_tokens + usage.completion_tokens);
  });

  test(`${name}: an aborted signal ends the answer with "cancelled"`, async (t) => {
    const { provider, model } = await open(t);
    const signal = AbortSignal.abort();
    await assert.rejects(
      collectDeltas(provider.chat(askRequest(model, { signal }))),
      (error) => error instanceof LakehouseError && error.code === "cancelled",
    );
  });

  test(`${name}: a reader may leave after the first delta`, async (t) => {
    const { provider, model } = await open(t);
    let seen = 0;
    for await (const delta of provider.chat(askRequest(model))) {
      assert.equal(typeof delta.content, "string");
      seen++;
      break;
    }
    assert.equal(seen, 1);
  });

  test(`${name}: lists its models under its own name`, async (t) => {
    const { provider } = await open(t);
    const models = await provider.models(new AbortController().signal);
    assert.ok(models.length > 0);
    for (const entry of models) {
      assert.equal(entry.provider, provider.name);
      assert.notEqual(entry.id, "");
    }
  });
}
