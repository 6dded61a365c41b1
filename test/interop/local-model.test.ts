// local/<model> with real weights (TinyLlama 1.1B); where they are not, these count as not run.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { test } from "node:test";
import { createLocalProvider, type LocalOptions } from "#adapters/chat-model/local-provider.ts";
import { silentLog } from "#kernel/log.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { askRequest, chatModelSuite, collectDeltas } from "#ports/chat-model.suite.ts";
import type { ChatDelta, ChatRequest } from "#ports/chat-model.ts";
import { tempDir, type HasAfter } from "../support/temp-dir.ts";

const weights_dir = process.env["LAKEHOUSE_TEST_WEIGHTS"] ?? join(".cache", "models");
const model = "tinyllama-1b";
const there = existsSync(join(weights_dir, `${model}.gguf`));

const engine = import.meta.resolve("node-llama-cpp");
/** The real engine, for which a thought begins where its model says Paris. */
const THINKING_ENGINE = `
  import { ChatMLChatWrapper, LlamaChat as Chat, LlamaText } from "${engine}";
  export * from "${engine}";
  class Thinking extends ChatMLChatWrapper {
    constructor() {
      super();
      const thought = { prefix: LlamaText("Paris"), suffix: LlamaText("no such end") };
      this.settings = { ...this.settings, segments: { thought } };
    }
  }
  export class LlamaChat extends Chat {
    constructor(options) {
      super({ ...options, chatWrapper: new Thinking() });
    }
  }
`;

function open(t: HasAfter, changes: Partial<LocalOptions> = {}) {
  const provider = createLocalProvider({
    weights_dir,
    context_tokens: 512,
    gpu: false,
    threads: 0,
    idle_unload_ms: 60_000,
    waiting_max: 4,
    log: silentLog,
    ...changes,
  });
  t.after(() => provider.close!());
  return provider;
}

const say = (content: string, changes: Partial<ChatRequest> = {}) =>
  askRequest(model, { messages: [{ role: "user", content }], max_tokens: 24, ...changes });
const textOf = (deltas: readonly ChatDelta[]) => deltas.map(({ content }) => content).join("");

if (there) {
  chatModelSuite("local", async (t) => ({ provider: open(t), model, max_tokens: 16 }));

  test("local: a simple question is answered, in pieces", async (t) => {
    const deltas = await collectDeltas(open(t).chat(say("What is the capital of France?")));
    assert.match(textOf(deltas), /Paris/);
    assert.ok(deltas.length > 3, `${deltas.length} pieces`);
  });

  test("local: an answer is held to the JSON schema that was asked for", async (t) => {
    const schema = {
      type: "object",
      properties: {
        city: { type: "string", maxLength: 20 },
        size: { enum: ["small", "big"] },
      },
      required: ["city", "size"],
      additionalProperties: false,
    };
    const response_format = { type: "json_schema", json_schema: { name: "place", schema } };
    const request = say("Tell me about Paris.", { response_format, max_tokens: 100 });
    const deltas = await collectDeltas(open(t).chat(request));
    const place = JSON.parse(textOf(deltas)) as { city: string; size: string };
    assert.deepEqual(Object.keys(place).toSorted(), ["city", "size"]);
    assert.ok(["small", "big"].includes(place.size));
    assert.equal(deltas.at(-1)!.finish_reason, "stop");
  });

  test("local: likelihoods come with each token, the likeliest first, in whole and held answers", async (t) => {
    const provider = open(t);
    const capital = say("What is the capital of France?", { top_logprobs: 5, temperature: 0 });
    const deltas = await collectDeltas(provider.chat(capital));
    const text = textOf(deltas);
    const tokens = deltas.flatMap(({ logprobs }) => logprobs ?? []);
    assert.ok(deltas.length > 3, `${deltas.length} pieces`);
    const said = tokens.map(({ token }) => token).join("");
    assert.equal(said.trim(), text.trim());
    // The end token is counted and told, and has no text.
    assert.equal(tokens.length, deltas.at(-1)!.usage!.completion_tokens);
    for (const { top_logprobs, ...told } of tokens) {
      assert.equal(top_logprobs!.length, 5);
      assert.deepEqual(top_logprobs![0], told);
      assert.deepEqual(told["bytes"], [...Buffer.from(told.token)]);
      const sum = top_logprobs!.reduce((all, one) => all + Math.exp(one.logprob), 0);
      assert.ok(sum > 0 && sum <= 1.0001, String(sum));
      const sorted = top_logprobs!.toSorted((one, other) => other.logprob - one.logprob);
      assert.deepEqual(top_logprobs, sorted);
    }
    const plain = await collectDeltas(provider.chat({ ...capital, top_logprobs: undefined }));
    assert.equal(textOf(plain), text);
    assert.ok(plain.every(({ logprobs }) => logprobs === undefined));

    const schema = { enum: ["yes", "no"] };
    const response_format = { type: "json_schema", json_schema: { name: "word", schema } };
    const held = { ...say("Is Paris a city?"), response_format, top_logprobs: 2 };
    const word = await collectDeltas(provider.chat(held));
    assert.ok(["yes", "no"].includes(JSON.parse(textOf(word)) as string));
    assert.equal(word.at(-1)!.finish_reason, "stop");
    const cut = await collectDeltas(provider.chat({ ...capital, stop: ["Paris"] }));
    assert.ok(!textOf(cut).includes("Paris"));
    const leaving = new AbortController();
    const long = { ...say("word ".repeat(300)), top_logprobs: 1, signal: leaving.signal };
    const left = collectDeltas(provider.chat(long));
    setTimeout(() => leaving.abort(), 500);
    await assert.rejects(
      left,
      (error) => error instanceof LakehouseError && error.code === "cancelled",
    );
    const pid = provider.pid();
    assert.match(textOf(await collectDeltas(provider.chat(capital))), /Paris/);
    assert.equal(provider.pid(), pid);
  });

  const heldTo = (schema: object) => ({
    response_format: { type: "json_schema", json_schema: { name: "answer", schema } },
  });

  test("local: likelihoods end with the JSON they are of, and tell nothing of a stop word", async (t) => {
    const provider = open(t);
    const schema = { type: "object", properties: { a: { type: "integer" } } };
    const number = { ...say("How many days has a week?", heldTo(schema)), max_tokens: undefined };
    const scored = await collectDeltas(provider.chat({ ...number, top_logprobs: 0 }));
    assert.deepEqual(Object.keys(JSON.parse(textOf(scored)) as object), ["a"]);
    assert.equal(scored.at(-1)!.finish_reason, "stop");
    assert.equal(textOf(scored), textOf(await collectDeltas(provider.chat(number))));
    const capital = say("What is the capital of France?", { temperature: 0 });
    const first = textOf(await collectDeltas(provider.chat(capital))).slice(0, 12);
    const stopped = { ...capital, stop: [first], top_logprobs: 0 };
    assert.equal(textOf(await collectDeltas(provider.chat(stopped))), "");
  });

  test("local: schemas in other spellings hold, and what cannot hold is told", async (t) => {
    const provider = open(t);
    const of = async (schema: object) => {
      const asked = say("Tell me about Paris.", { ...heldTo(schema), max_tokens: 120 });
      const deltas = await collectDeltas(provider.chat(asked));
      return { text: textOf(deltas), notes: deltas.at(-1)!.notes };
    };
    const definitions = { A: { enum: ["x", "y"] } };
    const word = await of({ $ref: "#/definitions/A", definitions });
    assert.match(word.text, /^"[xy]"$/);
    const untyped = { properties: { a: { minimum: 3, maximum: 5, type: "integer" } } };
    assert.match((await of(untyped)).text, /^\{\s*"a":\s*[345]\s*\}$/);
    const next = { anyOf: [{ $ref: "#" }, { type: "null" }] };
    // It may go on for as long as it likes.
    const list = await of({ type: "object", properties: { next } });
    assert.match(list.text, /^(\{\s*"next":\s*)+/);
    const { notes } = await of({ type: "string", maxLength: 9, pattern: "^[0-9]{4}$" });
    assert.deepEqual(notes, ["pattern: no grammar holds an answer to it"]);
  });

  test("local: thoughts are told as thoughts, as they are made", async (t) => {
    const engine_module = join(await tempDir(t), "engine.mjs");
    await writeFile(engine_module, THINKING_ENGINE);
    const provider = open(t, { engine_module });
    const deltas = await collectDeltas(provider.chat(say("What is the capital of France?")));
    assert.ok(deltas.filter(({ reasoning }) => reasoning !== undefined).length > 2);
    assert.ok(!textOf(deltas).includes("Paris"), textOf(deltas));
  });

  test("local: asked twice at once without a seed, chance answers twice", async (t) => {
    const provider = open(t);
    const name = say("Invent a name for a ship.", { temperature: 1.5, max_tokens: 12 });
    const told = [1, 2, 3, 4].map(() => collectDeltas(provider.chat(name)).then(textOf));
    assert.ok(new Set(await Promise.all(told)).size > 1);
  });

  test("local: max_tokens ends an answer with reason length, at so many tokens", async (t) => {
    const request = say("Count from one to a hundred.", { max_tokens: 5 });
    const last = (await collectDeltas(open(t).chat(request))).at(-1)!;
    assert.equal(last.finish_reason, "length");
    assert.ok(last.usage!.completion_tokens <= 6, JSON.stringify(last.usage));
  });

  test("local: a prompt that does not fit is refused, not cut", async (t) => {
    const request = say("word ".repeat(600));
    await assert.rejects(
      collectDeltas(open(t).chat(request)),
      (error) => error instanceof LakehouseError && error.code === "rejected",
    );
  });

  test("local: a caller that leaves stops the model, and the next one is answered", async (t) => {
    const provider = open(t);
    const controller = new AbortController();
    const long = say("Tell a long story.", { max_tokens: 400, signal: controller.signal });
    const leaving = (async () => {
      for await (const _ of provider.chat(long)) controller.abort();
    })();
    const next = collectDeltas(provider.chat(say("What is the capital of France?")));
    await assert.rejects(
      leaving,
      (error) => error instanceof LakehouseError && error.code === "cancelled",
    );
    assert.match(textOf(await next), /Paris/);
  });

  test("local: a slow reader keeps nobody waiting, and still gets all of its answer", async (t) => {
    const provider = open(t);
    const slow = provider.chat(say("What is the capital of France?"))[Symbol.asyncIterator]();
    const first = await slow.next();
    const other = await collectDeltas(provider.chat(say("Hello", { max_tokens: 4 })));
    assert.ok(other.at(-1)!.finish_reason !== undefined);
    let text = (first.value as ChatDelta).content;
    for (let next = await slow.next(); !next.done; next = await slow.next()) {
      text += next.value.content;
    }
    assert.match(text, /Paris/);
  });

  test("local: weights that are not used leave memory, and come back when asked", async (t) => {
    const provider = open(t, { idle_unload_ms: 50 });
    for (let times = 0; times < 2; times++) {
      const deltas = await collectDeltas(provider.chat(say("Hello", { max_tokens: 2 })));
      assert.ok(deltas.at(-1)!.usage!.completion_tokens > 0);
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  });

  test("local: loading and running weights leave the event loop alone", async (t) => {
    const provider = open(t, { context_tokens: 2048 });
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const prompt = "The quick brown fox. ".repeat(40);
    await collectDeltas(provider.chat(say(prompt, { max_tokens: 16 })));
    delay.disable();
    const [p99_ms, max_ms] = [delay.percentile(99) / 1e6, delay.max / 1e6];
    t.diagnostic(`event loop: p99 ${p99_ms.toFixed(1)} ms, at most ${max_ms.toFixed(1)} ms`);
    assert.ok(p99_ms < 50, `${p99_ms} ms`);
  });

  test("local: an engine that is killed while it answers is an error, and heals", async (t) => {
    const provider = open(t);
    const long = say("Tell a long story.", { max_tokens: 400 });
    const broken = (async () => {
      for await (const _ of provider.chat(long)) process.kill(provider.pid()!, "SIGKILL");
    })();
    await assert.rejects(
      broken,
      (error) => error instanceof LakehouseError && error.reason === "provider_failed",
    );
    const deltas = await collectDeltas(provider.chat(say("What is the capital of France?")));
    assert.match(textOf(deltas), /Paris/);
  });
} else {
  test("local: real weights", {
    skip: `no ${model}.gguf in ${dirname(join(weights_dir, "x"))}: lakehouse models pull ${model}`,
  });
}
