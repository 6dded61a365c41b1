// Likelihoods of tokens in OpenAI's shapes: in a whole completion, and in the chunks of a stream.
import { test } from "node:test";
import assert from "node:assert/strict";
import type { ChatDelta } from "#ports/chat-model.ts";
import { completionEvents, completionObject, NO_USAGE } from "./openai-completion.ts";

const HEAD = { id: "1", created: 2, model: "p/m" };
const GOOD = { token: "good", logprob: -0.5, top_logprobs: [{ token: "bad", logprob: -1 }] };

test("a completion carries the likelihoods of its tokens, or null", () => {
  const answer = { content: "good", tool_calls: undefined, usage: NO_USAGE } as const;
  const choice = (rest: object) =>
    completionObject(HEAD, { ...answer, finish_reason: "stop", ...rest }).choices[0]!;
  assert.deepEqual(choice({ logprobs: [GOOD] }).logprobs, { content: [GOOD], refusal: null });
  assert.equal(choice({}).logprobs, null);
});

test("a chunk carries the likelihoods of its own tokens", async () => {
  async function* deltas(): AsyncGenerator<ChatDelta> {
    yield { content: "good", logprobs: [GOOD] };
    yield { content: "!" };
    yield { content: "", finish_reason: "stop" };
  }
  let text = "";
  for await (const piece of completionEvents(HEAD, deltas(), false)) {
    text += Buffer.from(piece).toString();
  }
  const chunks = [...text.matchAll(/^data: (\{.*)$/gm)].map((found) => JSON.parse(found[1]!));
  assert.deepEqual(
    chunks.map(({ choices: [{ delta, logprobs }] }) => [delta.content, logprobs]),
    [
      ["", null],
      ["good", { content: [GOOD], refusal: null }],
      ["!", null],
      [undefined, null],
    ],
  );
});
