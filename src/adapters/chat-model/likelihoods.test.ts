// Likelihoods of tokens, asked for and read back, in OpenAI's protocol and in Ollama's.
import { createServer } from "node:http";
import { test } from "node:test";
import assert from "node:assert/strict";
import type { Token } from "node-llama-cpp";
import { askRequest, collectDeltas } from "#ports/chat-model.suite.ts";
import type { ChatProvider } from "#ports/chat-model.ts";
import { likelihood } from "./local-scored.ts";
import { createOllamaProvider } from "./ollama-provider.ts";
import { createOpenAiCompatibleProvider } from "./openai-compatible-provider.ts";
import { logprobsOf } from "./openai-shapes.ts";
import type { HasAfter } from "../../../test/support/temp-dir.ts";
import { listening } from "../../../test/support/listening.ts";

const GOOD = {
  token: "good",
  logprob: -0.1,
  bytes: [103, 111, 111, 100],
  top_logprobs: [
    { token: "good", logprob: -0.1 },
    { token: "bad", logprob: -2.4 },
  ],
};
const BANG = { token: "!", logprob: -0.5 };

const chunk = (choice: object) => `data: ${JSON.stringify({ choices: [choice] })}\n\n`;
const line = (document: object) => `${JSON.stringify(document)}\n`;
const said = (content: string) => ({ role: "assistant", content });

const OPENAI_STREAM = [
  chunk({ index: 0, delta: { content: "good" }, logprobs: { content: [GOOD] } }),
  chunk({ index: 0, delta: { content: "!" }, logprobs: { content: [BANG] } }),
  chunk({ index: 0, delta: {}, logprobs: null, finish_reason: "stop" }),
  "data: [DONE]\n\n",
].join("");
const OPENAI_WHOLE = JSON.stringify({
  choices: [
    {
      index: 0,
      message: said("good!"),
      logprobs: { content: [GOOD, BANG], refusal: null },
      finish_reason: "stop",
    },
  ],
});
const OLLAMA_STREAM = [
  line({ message: said("good"), done: false, logprobs: [GOOD] }),
  line({ message: said("!"), done: false, logprobs: [BANG] }),
  line({ message: said(""), done: true, done_reason: "stop" }),
].join("");

/** Answers everything with one text, and keeps what was asked. */
async function startServer(t: HasAfter, answers: Readonly<Record<string, string>>) {
  const asked: Record<string, unknown>[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (piece: string) => (text += piece));
    request.on("end", () => {
      const body = JSON.parse(text) as Record<string, unknown>;
      asked.push(body);
      const type = body["stream"] === true ? "text/event-stream" : "application/json";
      response.writeHead(200, { "content-type": type });
      response.end(answers[String(body["stream"])]);
    });
  });
  const port = await listening(t, server);
  return { url: `http://127.0.0.1:${port}`, asked };
}

async function likelihoodsOf(provider: ChatProvider, top_logprobs: number | undefined) {
  const deltas = await collectDeltas(provider.chat(askRequest("tiny", { top_logprobs })));
  return deltas.flatMap(({ logprobs }) => logprobs ?? []);
}

test("OpenAI: likelihoods are asked for by their names, and come with each piece and whole", async (t) => {
  const server = await startServer(t, { true: OPENAI_STREAM, false: OPENAI_WHOLE });
  const provider = createOpenAiCompatibleProvider({ name: "remote", base_url: server.url });
  assert.deepEqual(await likelihoodsOf(provider, 5), [GOOD, BANG]);
  assert.deepEqual([server.asked[0]!["logprobs"], server.asked[0]!["top_logprobs"]], [true, 5]);
  const whole = await provider.whole!(askRequest("tiny", { top_logprobs: 0 }));
  assert.deepEqual(whole.logprobs, [GOOD, BANG]);
  assert.equal(server.asked[1]!["logprobs"], true);
  assert.ok(!("top_logprobs" in server.asked[1]!));
  await provider.whole!(askRequest("tiny"));
  assert.ok(!("logprobs" in server.asked[2]!));
});

test("Ollama: likelihoods are asked for by their names, and come with each piece", async (t) => {
  const server = await startServer(t, { true: OLLAMA_STREAM });
  const provider = createOllamaProvider({ base_url: server.url });
  assert.deepEqual(await likelihoodsOf(provider, 3), [GOOD, BANG]);
  assert.deepEqual([server.asked[0]!["logprobs"], server.asked[0]!["top_logprobs"]], [true, 3]);
  await likelihoodsOf(provider, undefined);
  assert.ok(!("logprobs" in server.asked[1]!));
});

test("what is no likelihood is left out, and a list without any is none", () => {
  assert.equal(logprobsOf(undefined), undefined);
  assert.equal(logprobsOf({ token: "a" }), undefined);
  assert.equal(logprobsOf([]), undefined);
  assert.equal(logprobsOf([{ token: "a" }, null, "b"]), undefined);
  const odd = { token: "a", logprob: -1, top_logprobs: [{ token: 1, logprob: -1 }] };
  assert.deepEqual(logprobsOf([odd]), [{ token: "a", logprob: -1, top_logprobs: [] }]);
});

test("a local model's tokens have bytes and a list of the likeliest, be it empty", () => {
  const texts = ["é", "\uFFFD"];
  const of = (token: number) => token as Token;
  const probabilities = new Map([
    [of(0), 0.5],
    [of(1), 0.25],
  ]);
  const told = (token: number, top: number) =>
    likelihood(of(token), probabilities, top, (one) => texts[one]!);
  const first = { token: "é", logprob: Math.log(0.5), bytes: [0xc3, 0xa9] };
  assert.deepEqual(told(0, 0), { ...first, top_logprobs: [] });
  const half = { token: "\uFFFD", logprob: Math.log(0.25), bytes: null };
  assert.deepEqual(told(1, 2), { ...half, top_logprobs: [first, half] });
});
