// chat over both transports, with real providers on loopback servers in every mood.
import { test } from "node:test";
import assert from "node:assert/strict";
import { connectLocal } from "#kernel/connect-local.ts";
import { startCall } from "#kernel/call.ts";
import { fixedClock } from "#kernel/clock.ts";
import { silentLog } from "#kernel/log.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { createOllamaProvider } from "#adapters/chat-model/ollama-provider.ts";
import { createOpenAiCompatibleProvider } from "#adapters/chat-model/openai-compatible-provider.ts";
import { createSolverProvider } from "#adapters/chat-model/solver-provider.ts";
import { chat } from "#contracts/chat.ts";
import { renderBundle } from "#ports/context-bundle.ts";
import { createChat } from "./chat-service.ts";
import { chatSettings } from "./chat-settings.ts";
import { eachTransport } from "../../../test/support/each-transport.ts";
import {
  ANSWER_PIECES,
  ANSWER_TEXT,
  startOllamaServer,
  startOpenAiServer,
  type ServerMode,
} from "../../../test/support/model-servers.ts";
import type { HasAfter } from "../../../test/support/temp-dir.ts";

const MESSAGES = [{ role: "user" as const, content: "hello" }];
const USAGE = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 };

async function open(t: HasAfter, changes: Record<string, unknown> = {}) {
  const [ollama, openai] = await Promise.all([startOllamaServer(t), startOpenAiServer(t)]);
  const settings = chatSettings.parse({ retry_base_ms: 1, ...changes });
  const providers = [
    createSolverProvider(),
    createOllamaProvider({ base_url: ollama.url }),
    createOpenAiCompatibleProvider({ name: "openrouter", base_url: `${openai.url}/v1` }),
  ];
  const tiers = { local_fast: "ollama/tiny" };
  const clock = fixedClock(1_700_000_000_000);
  const service = await createChat({ providers, tiers, log: silentLog, clock }, settings);
  return { service, ollama, openai };
}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

function eventsOf(text: string): Record<string, unknown>[] {
  assert.ok(text.endsWith("\n\n"));
  return text
    .split("\n\n")
    .filter((part) => part !== "" && part !== "data: [DONE]")
    .map((part) => JSON.parse(part.slice("data: ".length)) as Record<string, unknown>);
}

eachTransport(
  "a name leads to its provider, and the answer says who gave it",
  async (connect, t) => {
    const { service, ollama, openai } = await open(t);
    const client = await connect(chat, service.handlers);
    for (const [model, full_name, provider] of [
      ["tiny", "ollama/tiny", "ollama"],
      ["tier/local_fast", "ollama/tiny", "ollama"],
      ["openrouter/vendor/tiny", "openrouter/vendor/tiny", "openrouter"],
    ] as const) {
      const answer = await client.chat({ model, messages: MESSAGES });
      const { duration_ms, trace_id, ...rest } = answer;
      assert.ok(duration_ms > 0 && trace_id !== "");
      assert.deepEqual(rest, {
        model: full_name,
        provider,
        provider_kind: "model",
        content: ANSWER_TEXT,
        finish_reason: "stop",
        usage: USAGE,
      });
    }
    assert.deepEqual(
      ollama.requests.map(({ body }) => body["model"]),
      ["tiny", "tiny"],
    );
    assert.equal(openai.requests[0]!.body["model"], "vendor/tiny");
    assert.equal("temperature" in openai.requests[0]!.body, false);
  },
);

eachTransport("without a model the default answers, named as what it is", async (connect, t) => {
  const { service } = await open(t);
  const client = await connect(chat, service.handlers);
  const bundle = {
    base: {},
    list_field: "l",
    item: { id: "id" },
    count: 1,
    candidates: [{ id: "a" }],
  };
  const messages = [{ role: "user" as const, content: renderBundle(bundle) }];
  const answer = await client.chat({ messages });
  assert.deepEqual(JSON.parse(answer.content), { l: [{ id: "a" }] });
  assert.deepEqual([answer.model, answer.provider_kind], ["builtin/solver", "deterministic"]);
});

eachTransport("a stream brings the pieces as they come", async (connect, t) => {
  const { service } = await open(t);
  const client = await connect(chat, service.handlers);
  const items = [];
  for await (const item of client.stream({ model: "ollama/tiny", messages: MESSAGES })) {
    items.push(item);
  }
  assert.deepEqual(
    items.slice(0, 4).map(({ content }) => content),
    ANSWER_PIECES,
  );
  const head = { model: "ollama/tiny", provider: "ollama" };
  assert.deepEqual(items.at(-1), { content: "", finish_reason: "stop", usage: USAGE, ...head });
});

const OUTCOMES: [ServerMode, string, string][] = [
  ["broken_500", "unavailable", "provider_failed"],
  ["no_model_404", "not_found", "no_such_model"],
  ["busy_long", "rate_limited", "provider_rate_limited"],
  ["not_json", "unavailable", "bad_provider_answer"],
  ["cut", "unavailable", "provider_failed"],
  ["ends_early", "unavailable", "provider_failed"],
  ["error_inside", "unavailable", "provider_failed"],
  ["huge", "unavailable", "bad_provider_answer"],
  ["silent", "deadline_exceeded", "deadline_exceeded"],
  ["stall", "deadline_exceeded", "deadline_exceeded"],
];

for (const [mode, code, reason] of OUTCOMES) {
  eachTransport(`a provider in mode ${mode} is ${code}, ${reason}`, async (connect, t) => {
    const waits = mode === "silent" || mode === "stall";
    const limits = { first_token_timeout_ms: waits ? 300 : 5_000, gap_timeout_ms: 60 };
    const { service, ollama, openai } = await open(t, limits);
    const client = await connect(chat, service.handlers);
    const asks: [typeof ollama, string][] = [
      [ollama, "ollama/tiny"],
      [openai, "openrouter/tiny"],
    ];
    for (const [server, model] of asks) {
      server.next(mode);
      await assert.rejects(client.chat({ model, messages: MESSAGES }), (error) => {
        assert.ok(error instanceof LakehouseError, String(error));
        assert.deepEqual([error.code, error.reason], [code, reason], error.message);
        if (mode === "busy_long") assert.equal(error.extra["retry_after_s"], 3600);
        return true;
      });
      assert.equal(server.requests.length, 1);
      if (waits) await server.client_left;
    }
  });
}

eachTransport(
  "busy and unavailable providers are asked again before the first piece",
  async (connect, t) => {
    const { service, ollama, openai } = await open(t);
    const client = await connect(chat, service.handlers);
    ollama.next("busy", "unavailable_503");
    openai.next("unavailable_503", "busy");
    for (const model of ["ollama/tiny", "openrouter/tiny"]) {
      assert.equal((await client.chat({ model, messages: MESSAGES })).content, ANSWER_TEXT);
    }
    assert.deepEqual([ollama.requests.length, openai.requests.length], [3, 3]);
  },
);

eachTransport("a provider that stays busy is given up after the last retry", async (connect, t) => {
  const { service, ollama } = await open(t, { retries_max: 1 });
  const client = await connect(chat, service.handlers);
  ollama.next("busy", "busy", "busy");
  await assert.rejects(
    client.chat({ model: "ollama/tiny", messages: MESSAGES }),
    (error) => error instanceof LakehouseError && error.reason === "provider_rate_limited",
  );
  assert.equal(ollama.requests.length, 2);
});

eachTransport("an unregistered provider is not found, with those that are", async (connect, t) => {
  const { service } = await open(t);
  const client = await connect(chat, service.handlers);
  await assert.rejects(client.chat({ model: "kimi/k3", messages: MESSAGES }), (error) => {
    assert.ok(error instanceof LakehouseError);
    assert.deepEqual([error.code, error.reason], ["not_found", "no_such_provider"]);
    assert.match(error.hint!, /builtin, ollama, openrouter/);
    return true;
  });
});

eachTransport("completions have OpenAI's whole form", async (connect, t) => {
  const { service, openai } = await open(t);
  const client = await connect(chat, service.handlers);
  const { body, content_type } = await client.completions({
    model: "openrouter/vendor/tiny",
    messages: MESSAGES,
    max_completion_tokens: 9,
    top_p: 0.5,
  });
  assert.match(content_type, /^application\/json/);
  const { id, ...rest } = JSON.parse(await textOf(body)) as Record<string, unknown>;
  assert.match(id as string, /^chatcmpl-/);
  const message = { role: "assistant", content: ANSWER_TEXT, refusal: null };
  assert.deepEqual(rest, {
    object: "chat.completion",
    created: 1_700_000_000,
    model: "openrouter/vendor/tiny",
    system_fingerprint: null,
    choices: [{ index: 0, message, logprobs: null, finish_reason: "stop" }],
    usage: USAGE,
  });
  assert.equal(openai.requests[0]!.body["max_completion_tokens"], 9);
  assert.equal(openai.requests[0]!.body["top_p"], 0.5);
});

eachTransport("tool calls are joined in a whole completion", async (connect, t) => {
  const { service, ollama, openai } = await open(t);
  const client = await connect(chat, service.handlers);
  ollama.next("tools");
  openai.next("tools");
  for (const model of ["ollama/tiny", "openrouter/tiny"]) {
    const { body } = await client.completions({ model, messages: MESSAGES });
    const { choices } = JSON.parse(await textOf(body)) as {
      choices: { finish_reason: string; message: { content: null; tool_calls: object[] } }[];
    };
    assert.equal(choices[0]!.finish_reason, "tool_calls");
    assert.equal(choices[0]!.message.content, null);
    const [call] = choices[0]!.message.tool_calls as { function: { arguments: string } }[];
    assert.deepEqual(JSON.parse(call!.function.arguments), { city: "Zürich" });
  }
});

eachTransport(
  "streamed completions: role, pieces, reason, usage when asked, [DONE]",
  async (connect, t) => {
    const { service } = await open(t);
    const client = await connect(chat, service.handlers);
    const { body, content_type } = await client.completions({
      model: "ollama/tiny",
      messages: MESSAGES,
      stream: true,
      stream_options: { include_usage: true },
    });
    assert.match(content_type, /^text\/event-stream/);
    const text = await textOf(body);
    assert.ok(text.endsWith("data: [DONE]\n\n"));
    const events = eventsOf(text);
    for (const event of events) {
      assert.equal(event["object"], "chat.completion.chunk");
      assert.equal(event["id"], events[0]!["id"]);
      assert.equal(event["model"], "ollama/tiny");
    }
    const choices = events.map((event) => (event["choices"] as Record<string, unknown>[])[0]);
    const deltas = choices.map((choice) => choice?.["delta"]);
    assert.deepEqual(deltas, [
      { role: "assistant", content: "", refusal: null },
      ...ANSWER_PIECES.map((content) => ({ content })),
      {},
      undefined,
    ]);
    assert.deepEqual(
      choices.map((choice) => choice?.["finish_reason"]),
      [null, null, null, null, null, "stop", undefined],
    );
    assert.deepEqual(events.at(-1)!["usage"], USAGE);
    assert.deepEqual(events.at(-1)!["choices"], []);
  },
);

eachTransport(
  "a stream that fails later ends with an error event and no [DONE]",
  async (connect, t) => {
    const { service, ollama } = await open(t);
    const client = await connect(chat, service.handlers);
    ollama.next("cut");
    const { body } = await client.completions({
      model: "ollama/tiny",
      messages: MESSAGES,
      stream: true,
    });
    const text = await textOf(body);
    assert.ok(!text.includes("[DONE]"));
    const { error } = eventsOf(text).at(-1) as { error: { message: string; code: string } };
    assert.equal(error.code, "provider_failed");
    assert.match(error.message, /broke off/);
  },
);

eachTransport(
  "a stream that fails at once is an error with OpenAI's member",
  async (connect, t) => {
    const { service, ollama } = await open(t);
    const client = await connect(chat, service.handlers);
    ollama.next("broken_500");
    const ask = { model: "ollama/tiny", messages: MESSAGES, stream: true };
    await assert.rejects(client.completions(ask), (error) => {
      assert.ok(error instanceof LakehouseError);
      assert.equal(error.reason, "provider_failed");
      assert.deepEqual(error.extra["error"], {
        message: error.message,
        type: "server_error",
        param: null,
        code: "provider_failed",
      });
      return true;
    });
  },
);

eachTransport("more than one choice is refused", async (connect, t) => {
  const { service } = await open(t);
  const client = await connect(chat, service.handlers);
  await assert.rejects(
    client.completions({ messages: MESSAGES, n: 2 }),
    (error) => error instanceof LakehouseError && error.code === "invalid",
  );
});

eachTransport("models and providers tell what can be asked now", async (connect, t) => {
  const { service } = await open(t);
  const client = await connect(chat, service.handlers);
  const { data } = await client.models({});
  assert.deepEqual(
    data.map(({ id, owned_by }) => [id, owned_by]),
    [
      ["builtin/solver", "builtin"],
      ["ollama/tiny:latest", "ollama"],
      ["openrouter/vendor/tiny", "openrouter"],
      ["tier/local_fast", "ollama"],
    ],
  );
  const { providers, default_model } = await client.providers({});
  assert.equal(default_model, "builtin/solver");
  const idle = { circuit: "closed", circuit_opened: 0, running: 0, waiting: 0 };
  const there = { reachable: true, ...idle };
  assert.deepEqual(providers, [
    { name: "builtin", kind: "deterministic", detail: "1 deterministic engine", ...there },
    { name: "ollama", kind: "model", detail: "1 model", ...there },
    { name: "openrouter", kind: "model", detail: "1 model", ...there },
  ]);
});

test("a provider that is gone is listed as such and hides no other's models", async () => {
  const gone = createOllamaProvider({ base_url: "http://127.0.0.1:1" });
  const service = await createChat(
    { providers: [createSolverProvider(), gone], tiers: {}, log: silentLog, clock: fixedClock(0) },
    chatSettings.parse({}),
  );
  const client = connectLocal(chat, service.handlers, { strict: true });
  assert.deepEqual(
    (await client.models({})).data.map(({ id }) => id),
    ["builtin/solver"],
  );
  const { providers } = await client.providers({});
  assert.equal(providers[1]!.reachable, false);
  assert.match(providers[1]!.detail, /cannot be reached/);
});

eachTransport(
  "a reader that leaves a stalled completion frees the provider",
  async (connect, t) => {
    const { service, ollama } = await open(t);
    const client = await connect(chat, service.handlers);
    ollama.next("stall");
    const ask = { model: "ollama/tiny", messages: MESSAGES, stream: true };
    const { body } = await client.completions(ask);
    const reader = body[Symbol.asyncIterator]();
    await reader.next();
    await reader.return?.();
    await ollama.client_left;
  },
);

test("a caller that leaves frees the provider, also while nothing has come yet", async (t) => {
  for (const mode of ["silent", "stall"] as const) {
    const { service, ollama } = await open(t);
    const client = connectLocal(chat, service.handlers);
    ollama.next(mode);
    const controller = new AbortController();
    const call = startCall({ signal: controller.signal });
    const work = client.chat({ model: "ollama/tiny", messages: MESSAGES }, call);
    const outcome = assert.rejects(
      work,
      (error) => error instanceof LakehouseError && error.code === "cancelled",
    );
    await ollama.asked(1);
    controller.abort();
    await outcome;
    await ollama.client_left;
  }
});
