// AI SDK, LangChain, OpenAI's Agents SDK and OpenRouter's SDK against a running house.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ANSWER_OBJECT,
  ANSWER_PIECES,
  ANSWER_TEXT,
  startOpenAiServer,
  type ModelServer,
} from "../support/model-servers.ts";
import { startProcess } from "../support/running-house.ts";
import { fileLifetime } from "../support/file-lifetime.ts";
import { tempDir } from "../support/temp-dir.ts";
import { findModelClients, runClient } from "./model-clients.ts";

const clients = await findModelClients();
const folder = clients.skip === false ? clients.found : { folder: "", versions: "" };
const { skip } = clients;
const lifetime = fileLifetime();
const MODEL = "upstream/vendor/tiny";
let upstream: ModelServer;
let url: string;

lifetime.beforeFirst(async () => {
  if (skip !== false) return;
  upstream = await startOpenAiServer(lifetime);
  const endpoints = [{ name: "upstream", base_url: `${upstream.url}/v1` }];
  const house = await startProcess({
    data_dir: await tempDir(lifetime),
    only: ["gateway", "embed", "usage", "chat"],
    env: { LAKEHOUSE_PROVIDERS_ENDPOINTS: JSON.stringify(endpoints) },
  });
  lifetime.after(() => house.stop());
  url = house.url;
});

test(
  "AI SDK: generateText, streamText, generateObject, tools, embeddings, errors",
  { skip },
  async (t) => {
    t.diagnostic(folder.versions);
    upstream.next("normal", "normal", "object", "object", "object", "tools", "normal");
    const before_it = upstream.requests.length;
    const said = await runClient(folder, "ai-sdk.mjs", [`${url}/v1`, MODEL]);
    const { refused, pieces, partials, ...rest } = said as Record<string, unknown> & {
      pieces: string[];
      partials: number;
      refused: { name: string; status: number; message: string };
    };
    assert.equal(pieces.join(""), ANSWER_TEXT);
    assert.ok(pieces.length > 1 && partials > 1);
    assert.deepEqual(rest, {
      text: ANSWER_TEXT,
      finish: "stop",
      usage: 18,
      streamed_usage: 18,
      object: ANSWER_OBJECT,
      structured: ANSWER_OBJECT,
      partial: ANSWER_OBJECT,
      looked: ["Zürich"],
      tool_answer: ANSWER_TEXT,
      steps: 2,
      vectors: [384, 384],
    });
    assert.deepEqual([refused.name, refused.status], ["AI_APICallError", 404]);
    assert.match(refused.message, /kimi has no key: set MOONSHOT_API_KEY/);
    const asked = upstream.requests.slice(before_it).map(({ body }) => body);
    assert.equal((asked[2]!["response_format"] as { type: string }).type, "json_schema");
    const told = (asked[6]!["messages"] as { role: string; tool_call_id?: string }[]).at(-1)!;
    assert.deepEqual([told.role, told.tool_call_id], ["tool", "call_1"]);
  },
);

test(
  "LangChain: invoke, stream, bindTools, withStructuredOutput, embeddings, errors",
  { skip },
  async () => {
    upstream.next("normal", "normal", "tools", "normal", "object", "object", "tools");
    const before_it = upstream.requests.length;
    const said = await runClient(folder, "langchain.mjs", [`${url}/v1`, MODEL]);
    const { refused, same, ...rest } = said as Record<string, unknown> & {
      same: number;
      refused: { status: number; code: string; message: string };
    };
    assert.deepEqual(rest, {
      text: ANSWER_TEXT,
      finish: "stop",
      usage: 18,
      pieces: ANSWER_PIECES,
      streamed_usage: 18,
      tool_calls: [{ name: "lookup", args: { city: "Zürich" } }],
      tool_said: "Zürich has 3 welders",
      after_tool: ANSWER_TEXT,
      by_schema: ANSWER_OBJECT,
      by_mode: ANSWER_OBJECT,
      by_tool: { city: "Zürich" },
      vectors: [384, 384, 384],
    });
    assert.ok(same < 1e-6);
    assert.deepEqual([refused.status, refused.code], [404, "no_such_provider"]);
    const formats = upstream.requests
      .slice(before_it)
      .map(({ body }) => (body["response_format"] as { type: string } | undefined)?.type);
    assert.deepEqual([formats[4], formats[5]], ["json_schema", "json_object"]);
  },
);

test(
  "OpenAI's Agents SDK: an agent with a tool, whole and streamed, and a typed answer",
  { skip },
  async () => {
    upstream.next("tools", "normal", "tools", "normal", "object");
    const said = await runClient(folder, "openai-agents.mjs", [`${url}/v1`, MODEL]);
    assert.deepEqual(said, {
      text: ANSWER_TEXT,
      usage: 36,
      streamed: ANSWER_TEXT,
      looked: ["Zürich", "Zürich"],
      object: ANSWER_OBJECT,
    });
  },
);

test("OpenRouter's SDK: a chat, a stream, a tool call", { skip }, async () => {
  upstream.next("normal", "normal", "tools");
  const said = await runClient(folder, "openrouter.mjs", [`${url}/v1`, MODEL]);
  const { pieces, tool_calls, ...rest } = said as Record<string, unknown> & { pieces: string[] };
  assert.equal(pieces.join(""), ANSWER_TEXT);
  assert.deepEqual(rest, { text: ANSWER_TEXT, finish: "stop", usage: 18 });
  const [call] = tool_calls as { name: string; arguments: string }[];
  assert.equal(call!.name, "lookup");
  assert.deepEqual(JSON.parse(call!.arguments), { city: "Zürich" });
});
