// Ollama, OpenAI-compatible and Anthropic providers against real loopback servers, good and bad.
import { createServer } from "node:net";
import { test } from "node:test";
import assert from "node:assert/strict";
import { LakehouseError } from "#kernel/problem.ts";
import { askRequest, chatModelSuite, collectDeltas } from "#ports/chat-model.suite.ts";
import { STILL_THERE, type ChatProvider } from "#ports/chat-model.ts";
import { createAnthropicProvider } from "./anthropic-provider.ts";
import { createOllamaProvider } from "./ollama-provider.ts";
import { toOllamaRequest } from "./ollama-request.ts";
import { createOpenAiCompatibleProvider } from "./openai-compatible-provider.ts";
import { listening } from "../../../test/support/listening.ts";
import {
  ANSWER_TEXT,
  startAnthropicServer,
  startOllamaServer,
  startOpenAiServer,
  type ModelServer,
  type ServerMode,
} from "../../../test/support/model-servers.ts";
import { startScriptedServer } from "../../../test/support/scripted-server.ts";
import type { HasAfter } from "../../../test/support/temp-dir.ts";

interface Kind {
  readonly name: string;
  start(t: HasAfter): Promise<ModelServer>;
  make(url: string): ChatProvider;
  readonly always_sent?: readonly string[];
  readonly prompt_details?: object;
}

const KINDS: Kind[] = [
  {
    name: "Ollama",
    start: startOllamaServer,
    make: (base_url) => createOllamaProvider({ base_url }),
  },
  {
    name: "OpenAI-compatible",
    start: startOpenAiServer,
    make: (url) =>
      createOpenAiCompatibleProvider({ name: "remote", base_url: `${url}/v1/`, api_key: "key-1" }),
  },
  {
    name: "Anthropic",
    start: startAnthropicServer,
    make: (base_url) => createAnthropicProvider({ base_url, api_key: "key-1" }),
    // Its API wants max_tokens always, and tells what its prompt cache read and wrote.
    always_sent: ["max_tokens"],
    prompt_details: { cached_tokens: 5, cache_write_tokens: 2, cache_write_1h_tokens: 1 },
  },
];

const GOOD: ServerMode[] = ["normal", "slow", "half_lines"];
const BAD: [ServerMode, string, string][] = [
  ["broken_500", "unavailable", "provider_failed"],
  ["unavailable_503", "unavailable", "provider_failed"],
  ["no_model_404", "not_found", "no_such_model"],
  ["no_key_401", "unavailable", "provider_failed"],
  ["busy", "rate_limited", "provider_rate_limited"],
  ["not_json", "unavailable", "bad_provider_answer"],
  ["huge", "unavailable", "bad_provider_answer"],
  ["cut", "unavailable", "provider_failed"],
  ["ends_early", "unavailable", "provider_failed"],
  ["error_inside", "unavailable", "provider_failed"],
];

for (const kind of KINDS) {
  chatModelSuite(kind.name, async (t) => {
    const server = await kind.start(t);
    return { provider: kind.make(server.url), model: "tiny" };
  });

  async function askIn(mode: ServerMode, t: HasAfter) {
    const server = await kind.start(t);
    server.next(mode);
    const deltas = await collectDeltas(kind.make(server.url).chat(askRequest("tiny")));
    const text = deltas.map(({ content }) => content).join("");
    return { deltas, text, last: deltas.at(-1)!, server };
  }

  for (const mode of GOOD) {
    test(`${kind.name}: an answer in mode ${mode} arrives whole, with reason and usage`, async (t) => {
      const { text, last } = await askIn(mode, t);
      assert.equal(text, ANSWER_TEXT);
      assert.equal(last.finish_reason, "stop");
      const { prompt_details } = kind;
      const details = prompt_details === undefined ? {} : { prompt_tokens_details: prompt_details };
      const counts = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 };
      assert.deepEqual(last.usage, { ...counts, ...details });
    });
  }

  test(`${kind.name}: an answer that was cut at the limit has reason "length"`, async (t) => {
    const { last } = await askIn("length", t);
    assert.equal(last.finish_reason, "length");
  });

  test(`${kind.name}: tool calls arrive, with reason "tool_calls"`, async (t) => {
    const { deltas, last } = await askIn("tools", t);
    assert.equal(last.finish_reason, "tool_calls");
    const pieces = deltas.flatMap(({ tool_calls }) => tool_calls ?? []) as {
      function: { name?: string; arguments?: string };
    }[];
    assert.equal(pieces[0]!.function.name, "lookup");
    const wanted = pieces.map((piece) => piece.function.arguments ?? "").join("");
    assert.deepEqual(JSON.parse(wanted), { city: "Zürich" });
  });

  for (const [mode, code, reason] of BAD) {
    test(`${kind.name}: mode ${mode} is ${code}, ${reason}`, async (t) => {
      await assert.rejects(askIn(mode, t), (error) => {
        assert.ok(error instanceof LakehouseError, String(error));
        assert.deepEqual([error.code, error.reason], [code, reason]);
        if (mode === "busy") assert.equal(error.extra["retry_after_s"], 0);
        if (mode === "error_inside") assert.match(error.message, /the runner has crashed/);
        assert.ok(!error.message.includes("key-1"));
        return true;
      });
    });
  }

  test(`${kind.name}: a server that is not there is provider_unreachable`, async () => {
    await assert.rejects(
      collectDeltas(kind.make("http://127.0.0.1:1").chat(askRequest("tiny"))),
      (error) => error instanceof LakehouseError && error.reason === "provider_unreachable",
    );
  });

  test(`${kind.name}: a caller that leaves a stalled answer closes the connection`, async (t) => {
    const server = await kind.start(t);
    server.next("stall");
    const controller = new AbortController();
    const request = askRequest("tiny", { signal: controller.signal });
    const deltas = kind.make(server.url).chat(request)[Symbol.asyncIterator]();
    let step = await deltas.next();
    while (step.value === STILL_THERE) step = await deltas.next();
    const rest = assert.rejects(
      deltas.next(),
      (error) => error instanceof LakehouseError && error.code === "cancelled",
    );
    controller.abort();
    await rest;
    await server.client_left;
  });

  test(`${kind.name}: a temperature that the model refuses is left out, with a note`, async (t) => {
    const server = await kind.start(t);
    const provider = kind.make(server.url);
    for (const asked of [2, 1]) {
      const before = server.requests.length;
      server.next("no_temperature", "no_temperature");
      const request = askRequest("tiny", { temperature: 0.2 });
      const { notes } = (await collectDeltas(provider.chat(request))).at(-1)!;
      assert.match(notes!.join("\n"), /does not take temperature 0\.2: left out/);
      // Asked once more the first time only: then it is known.
      assert.equal(server.requests.length - before, asked);
      assert.ok(!JSON.stringify(server.requests.at(-1)!.body).includes('"temperature"'));
    }
  });

  test(`${kind.name}: what is not set is not sent`, async (t) => {
    const { server } = await askIn("normal", t);
    const { body } = server.requests[0]!;
    const text = JSON.stringify(body);
    for (const name of ["temperature", "max_tokens", "num_predict", "stop", "seed", "options"]) {
      if (kind.always_sent?.includes(name)) continue;
      assert.ok(!text.includes(`"${name}"`), name);
    }
  });
}

test("Ollama: an image is read however its data URL is spelt", () => {
  for (const head of ["data:image/png;charset=utf-8;base64", "DATA:image/png;Base64"]) {
    const image = { type: "image_url", image_url: { url: `${head},QUJD` } };
    const request = askRequest("tiny", { messages: [{ role: "user", content: [image] }] });
    const { messages } = toOllamaRequest(request);
    assert.deepEqual(messages, [{ role: "user", content: "", images: ["QUJD"] }], head);
  }
});

test("Ollama: options, format, tools, images and tool results are spelt as it wants them", async (t) => {
  const server = await startOllamaServer(t);
  const call = { id: "c1", type: "function", function: { name: "f", arguments: '{"a":1}' } };
  const schema = { type: "object", properties: { a: { type: "number" } } };
  const image = { type: "image_url", image_url: { url: "data:image/png;base64,QUJD" } };
  await collectDeltas(
    createOllamaProvider({ base_url: server.url }).chat(
      askRequest("tiny", {
        messages: [
          { role: "developer", content: "be brief" },
          { role: "user", content: [{ type: "text", text: "look" }, image] },
          { role: "assistant", content: null, tool_calls: [call] },
          { role: "tool", content: "42", name: "f" },
        ],
        temperature: 0,
        max_tokens: 5,
        stop: ["END"],
        seed: 7,
        response_format: { type: "json_schema", json_schema: { name: "x", schema } },
        extra: { top_p: 0.5, user: "somebody" },
      }),
    ),
  );
  assert.deepEqual(server.requests[0]!.body, {
    model: "tiny",
    messages: [
      { role: "system", content: "be brief" },
      { role: "user", content: "look", images: ["QUJD"] },
      {
        role: "assistant",
        content: "",
        tool_calls: [{ function: { name: "f", arguments: { a: 1 } } }],
      },
      { role: "tool", content: "42", tool_name: "f" },
    ],
    stream: true,
    options: { temperature: 0, num_predict: 5, stop: ["END"], seed: 7, top_p: 0.5 },
    format: schema,
  });
});

test("Ollama: results of calls name their tool, arguments are objects", async (t) => {
  const server = await startOllamaServer(t);
  const call = (id: string, name: string, text: string) => ({
    id,
    type: "function",
    function: { name, arguments: text },
  });
  const tool_calls = [call("c1", "get_a", ""), call("c2", "get_b", "[]")];
  const messages = [
    { role: "assistant" as const, content: null, tool_calls },
    { role: "tool" as const, content: "B", tool_call_id: "c2" },
    { role: "tool" as const, content: "A", tool_call_id: "c1" },
  ];
  const provider = createOllamaProvider({ base_url: server.url });
  await collectDeltas(provider.chat(askRequest("tiny", { messages })));
  assert.deepEqual(server.requests[0]!.body["messages"], [
    {
      role: "assistant",
      content: "",
      tool_calls: [
        { function: { name: "get_a", arguments: {} } },
        { function: { name: "get_b", arguments: { arguments: "[]" } } },
      ],
    },
    { role: "tool", content: "B", tool_name: "get_b" },
    { role: "tool", content: "A", tool_name: "get_a" },
  ]);
});

test("Ollama: thinking is asked for in its words, and what has no place is noted", async (t) => {
  const server = await startOllamaServer(t);
  const provider = createOllamaProvider({ base_url: server.url });
  const think = async (extra: Record<string, unknown>) => {
    await collectDeltas(provider.chat(askRequest("tiny", { extra })));
    return server.requests.at(-1)!.body["think"];
  };
  assert.equal(await think({ reasoning_effort: "none" }), false);
  assert.equal(await think({ reasoning_effort: "minimal" }), "low");
  assert.equal(await think({ reasoning_effort: "high", think: false }), false);
  assert.equal(await think({}), undefined);
  const request = askRequest("tiny", {
    extra: { keep_alive: "5m", user: "u", top_p: 0.5 },
    tools: [{ type: "function", function: { name: "f" } }],
    tool_choice: "required",
  });
  const { notes } = (await collectDeltas(provider.chat(request))).at(-1)!;
  assert.equal(server.requests.at(-1)!.body["keep_alive"], "5m");
  assert.deepEqual(notes, ["user, tool_choice: this provider has no such field, left out"]);
});

test("Ollama: a model that cannot think is asked once more without an effort", async (t) => {
  const asked: Record<string, unknown>[] = [];
  const url = await startScriptedServer(t, (body) => {
    asked.push(body);
    if ("think" in body) return { status: 400, body: { error: '"m" does not support thinking' } };
    const message = { role: "assistant", content: "hi" };
    return { body: `${JSON.stringify({ message, done: true, done_reason: "stop" })}\n` };
  });
  const provider = createOllamaProvider({ base_url: url.replace(/\/v1$/, "") });
  const ask = async (extra: Record<string, unknown>) =>
    (await collectDeltas(provider.chat(askRequest("m", { extra })))).at(-1)!;
  for (const requests of [2, 3]) {
    const { content, notes } = await ask({ reasoning_effort: "high" });
    assert.equal(content, "hi");
    assert.deepEqual(notes, ["reasoning_effort: ollama/m does not take it, left out"]);
    assert.equal(asked.length, requests);
  }
  await assert.rejects(ask({ think: true }), { reason: "provider_failed" });
});

test("OpenAI-compatible: fields pass unchanged, and a server that does not stream is understood", async (t) => {
  const server = await startOpenAiServer(t);
  server.next("whole");
  const provider = createOpenAiCompatibleProvider({ name: "remote", base_url: `${server.url}/v1` });
  const request = askRequest("vendor/tiny", {
    temperature: 0.5,
    extra: { top_p: 0.9, model: "x" },
  });
  const deltas = await collectDeltas(provider.chat(request));
  assert.deepEqual(deltas, [
    {
      content: ANSWER_TEXT,
      finish_reason: "stop",
      usage: { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 },
    },
  ]);
  const { headers, body } = server.requests[0]!;
  assert.equal(headers["authorization"], undefined);
  assert.equal(body["model"], "vendor/tiny");
  assert.equal(body["temperature"], 0.5);
  assert.equal(body["top_p"], 0.9);
});

test("Ollama: what it cannot read is refused before anything is sent; tools may be kept from it", async (t) => {
  const server = await startOllamaServer(t);
  const provider = createOllamaProvider({ base_url: server.url });
  for (const part of [
    { type: "image_url", image_url: { url: "https://example.org/a.png" } },
    { type: "input_audio", input_audio: {} },
  ]) {
    const request = askRequest("tiny", { messages: [{ role: "user", content: [part] }] });
    await assert.rejects(
      collectDeltas(provider.chat(request)),
      (error) => error instanceof LakehouseError && error.code === "invalid",
    );
  }
  assert.equal(server.requests.length, 0);
  const tools = [{ type: "function", function: { name: "f" } }];
  await collectDeltas(provider.chat(askRequest("tiny", { tools, tool_choice: "none" })));
  assert.equal(server.requests[0]!.body["tools"], undefined);
});

test("a provider whose connection does not come to stand is given up at its connect timeout", async (t) => {
  if ("Bun" in globalThis) return t.skip("Bun's client has no connect timeout of its own");
  // It takes the connection and never answers the TLS greeting.
  const port = await listening(
    t,
    createServer(() => undefined),
  );
  const base_url = `https://127.0.0.1:${port}/v1`;
  const endpoint = { name: "deaf", base_url, connect_timeout_ms: 200 };
  const started_ms = performance.now();
  await assert.rejects(
    collectDeltas(createOpenAiCompatibleProvider(endpoint).chat(askRequest("tiny"))),
    (error) => error instanceof LakehouseError && error.reason === "provider_unreachable",
  );
  assert.ok(performance.now() - started_ms < 4_000);
});
