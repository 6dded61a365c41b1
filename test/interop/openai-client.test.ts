// OpenAI's own client against our server: chat, streams, embeddings, models, errors.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import OpenAI, { APIError, InternalServerError, NotFoundError, RateLimitError } from "openai";
import { connectLocal } from "#kernel/connect-local.ts";
import { systemClock } from "#kernel/clock.ts";
import { listen, type Listening } from "#kernel/listen.ts";
import { silentLog } from "#kernel/log.ts";
import { serveHttp } from "#kernel/serve-http.ts";
import { createOllamaProvider } from "#adapters/chat-model/ollama-provider.ts";
import { createOpenAiCompatibleProvider } from "#adapters/chat-model/openai-compatible-provider.ts";
import { createSolverProvider } from "#adapters/chat-model/solver-provider.ts";
import { createMiniLmEmbedder } from "#adapters/embedder/minilm-embedder.ts";
import { chat } from "#contracts/chat.ts";
import { embed } from "#contracts/embed.ts";
import { createChat } from "#models/chat/chat-service.ts";
import { chatSettings } from "#models/chat/chat-settings.ts";
import { createEmbed } from "#models/embed/embed-service.ts";
import { embedSettings } from "#models/embed/embed-settings.ts";
import { renderBundle } from "#ports/context-bundle.ts";
import {
  ANSWER_OBJECT,
  ANSWER_PIECES,
  ANSWER_TEXT,
  startOllamaServer,
  startOpenAiServer,
  type ModelServer,
} from "../support/model-servers.ts";

const stops: (() => unknown)[] = [];
const lifetime = { after: (stop: () => unknown) => void stops.push(stop) };
let server: Listening;
let ollama: ModelServer;
let remote: ModelServer;
let client: OpenAI;

before(async () => {
  [ollama, remote] = await Promise.all([startOllamaServer(lifetime), startOpenAiServer(lifetime)]);
  const embedder = createMiniLmEmbedder({ threads: 1, workers: 1 });
  stops.push(() => embedder.close());
  const providers = [
    createSolverProvider(),
    createOllamaProvider({ base_url: ollama.url }),
    createOpenAiCompatibleProvider({ name: "openrouter", base_url: `${remote.url}/v1` }),
  ];
  const needs = { providers, tiers: { local_fast: "tiny" }, log: silentLog, clock: systemClock };
  const chats = await createChat(needs, chatSettings.parse({ retry_base_ms: 1 }));
  const embeds = await createEmbed(
    { embedders: [embedder], log: silentLog },
    embedSettings.parse({}),
  );
  const served = [
    { contract: chat, client: connectLocal(chat, chats.handlers, { strict: true }) },
    { contract: embed, client: connectLocal(embed, embeds.handlers, { strict: true }) },
  ];
  server = await listen(serveHttp(served), { port: 0 });
  client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "unused", maxRetries: 0 });
});

after(async () => {
  await server.stop();
  for (const stop of stops.toReversed()) await stop();
});

const messages = [{ role: "user" as const, content: "hello" }];

test("a completion of each provider", async () => {
  for (const model of ["tiny", "tier/local_fast", "openrouter/vendor/tiny"]) {
    const answer = await client.chat.completions.create({ model, messages });
    assert.equal(answer.object, "chat.completion");
    assert.equal(answer.choices[0]!.message.content, ANSWER_TEXT);
    assert.equal(answer.choices[0]!.finish_reason, "stop");
    assert.equal(answer.usage!.total_tokens, 18);
  }
});

test("the built-in solver drafts from a context bundle", async () => {
  const bundle = {
    base: {},
    list_field: "l",
    item: { id: "id" },
    count: 2,
    candidates: [{ id: "a" }],
  };
  const answer = await client.chat.completions.create({
    model: "builtin/solver",
    messages: [{ role: "user", content: renderBundle(bundle) }],
  });
  assert.deepEqual(JSON.parse(answer.choices[0]!.message.content!), { l: [{ id: "a" }] });
});

test("a streamed completion with usage", async () => {
  const stream = await client.chat.completions.create({
    model: "ollama/tiny",
    messages,
    stream: true,
    stream_options: { include_usage: true },
  });
  const pieces: string[] = [];
  let finish: string | null = null;
  let total = 0;
  for await (const chunk of stream) {
    const content = chunk.choices[0]?.delta.content;
    if (content) pieces.push(content);
    finish = chunk.choices[0]?.finish_reason ?? finish;
    total = chunk.usage?.total_tokens ?? total;
  }
  assert.deepEqual(pieces, ANSWER_PIECES);
  assert.deepEqual([finish, total], ["stop", 18]);
});

test("the client's own stream helper puts text and tool calls together", async () => {
  const text = client.chat.completions.stream({ model: "openrouter/tiny", messages });
  assert.equal(await text.finalContent(), ANSWER_TEXT);
  remote.next("tools");
  const tools = client.chat.completions.stream({
    model: "openrouter/tiny",
    messages,
    tools: [{ type: "function", function: { name: "lookup", parameters: {} } }],
  });
  const message = await tools.finalMessage();
  const call = message.tool_calls![0]!;
  assert.ok(call.type === "function");
  assert.deepEqual(JSON.parse(call.function.arguments), { city: "Zürich" });
});

test("a JSON schema is asked of the provider, and the answer parsed by the client", async () => {
  remote.next("object", "object");
  const type = "object" as const;
  const properties = { city: { type: "string" }, welders: { type: "number" } };
  const schema = { type, properties, required: ["city", "welders"], additionalProperties: false };
  const response_format = {
    type: "json_schema" as const,
    json_schema: { name: "place", strict: true, schema },
  };
  const model = "openrouter/tiny";
  const whole = await client.chat.completions.parse({ model, messages, response_format });
  assert.deepEqual(whole.choices[0]!.message.parsed, ANSWER_OBJECT);
  const streamed = client.chat.completions.stream({ model, messages, response_format });
  assert.deepEqual(JSON.parse((await streamed.finalContent())!), ANSWER_OBJECT);
  for (const { body } of remote.requests.slice(-2)) {
    assert.deepEqual(body["response_format"], response_format);
  }
});

test("tool calls come whole, and their results go back with the id of the call", async () => {
  remote.next("tools", "normal");
  const model = "openrouter/tiny";
  const lookup = { name: "lookup", parameters: { type: "object", properties: {} } };
  const tools = [{ type: "function" as const, function: lookup }];
  const asked = await client.chat.completions.create({
    model,
    messages,
    tools,
    tool_choice: "required",
    parallel_tool_calls: false,
  });
  const { finish_reason, message } = asked.choices[0]!;
  const call = message.tool_calls![0]!;
  assert.ok(finish_reason === "tool_calls" && call.type === "function");
  assert.deepEqual(JSON.parse(call.function.arguments), { city: "Zürich" });
  const result = { role: "tool" as const, tool_call_id: call.id, content: "3 welders" };
  const told = [...messages, message, result];
  const last = await client.chat.completions.create({ model, messages: told, tools });
  assert.equal(last.choices[0]!.message.content, ANSWER_TEXT);
  const [first, second] = remote.requests.slice(-2).map(({ body }) => body);
  assert.deepEqual(
    [first!["tool_choice"], first!["parallel_tool_calls"], first!["tools"]],
    ["required", false, tools],
  );
  const sent = second!["messages"] as { role: string; tool_call_id?: string }[];
  assert.deepEqual(sent.at(-1), result);
});

test("leaving a stream ends it at the provider", async () => {
  ollama.next("stall");
  const stream = await client.chat.completions.create({
    model: "ollama/tiny",
    messages,
    stream: true,
  });
  for await (const chunk of stream) {
    if (chunk.choices[0]?.delta.content) break;
  }
  stream.controller.abort();
  await ollama.client_left;
});

test("embeddings, in base64 as the client asks for them and in floats", async () => {
  const model = "builtin/all-minilm-l6-v2";
  const input = ["a welder in Chicago", "a nurse"];
  const binary = await client.embeddings.create({ model, input });
  const floats = await client.embeddings.create({ model, input, encoding_format: "float" });
  assert.equal(binary.data.length, 2);
  assert.equal(binary.data[0]!.embedding.length, 384);
  for (const at of [0, 1]) {
    const pairs = binary.data[at]!.embedding.map(
      (value, i) => value - floats.data[at]!.embedding[i]!,
    );
    assert.ok(pairs.every((difference) => Math.abs(difference) < 1e-6));
  }
  assert.ok(binary.usage.prompt_tokens > 0);
});

test("models are listed, and each is found by its id", async () => {
  const ids: string[] = [];
  for await (const model of client.models.list()) ids.push(model.id);
  const models = ["builtin/solver", "ollama/tiny:latest", "openrouter/vendor/tiny"];
  assert.deepEqual(ids, [...models, "tier/local_fast"]);
  for (const id of ids) assert.equal((await client.models.retrieve(id)).id, id);
  await assert.rejects(client.models.retrieve("ollama/none"), NotFoundError);
});

test("errors are the client's own, with status, code and a message that can be read", async () => {
  const refused = async (work: Promise<unknown>): Promise<APIError> => {
    try {
      await work;
    } catch (error) {
      assert.ok(error instanceof APIError, String(error));
      return error;
    }
    throw new Error("it was not refused");
  };
  const create = (model: string, stream = false) =>
    client.chat.completions.create({ model, messages, stream });

  const unknown = await refused(create("kimi/k3"));
  assert.ok(unknown instanceof NotFoundError);
  assert.equal(unknown.code, "no_such_provider");
  assert.match(unknown.message, /^404 no provider "kimi" is registered \(registered: builtin/);

  ollama.next("no_model_404");
  const missing = await refused(create("ollama/none", true));
  assert.ok(missing instanceof NotFoundError);
  assert.equal(missing.code, "no_such_model");

  ollama.next("busy_long");
  const busy = await refused(create("ollama/tiny"));
  assert.ok(busy instanceof RateLimitError);
  assert.equal(busy.headers!.get("retry-after"), "3600");

  ollama.next("broken_500");
  const broken = await refused(create("ollama/tiny"));
  assert.ok(broken instanceof InternalServerError);
  assert.equal(broken.code, "provider_failed");

  const dimensions = { model: "all-minilm-l6-v2", input: "x", dimensions: 3 };
  const wrong = await refused(client.embeddings.create(dimensions));
  assert.deepEqual([wrong.status, wrong.code], [400, "dimension_differs"]);
  const nobody = await refused(client.embeddings.create({ model: "none", input: "x" }));
  assert.match(nobody.message, /there is no embedding model "none"/);
});

test("a stream that breaks off raises an error with its reason", async () => {
  ollama.next("cut");
  const stream = await client.chat.completions.create({
    model: "ollama/tiny",
    messages,
    stream: true,
  });
  const read = async () => {
    for await (const chunk of stream) assert.ok(chunk.choices.length > 0);
  };
  await assert.rejects(read(), (error) => {
    assert.ok(error instanceof APIError);
    assert.equal(error.code, "provider_failed");
    assert.match(error.message, /broke off/);
    return true;
  });
});
