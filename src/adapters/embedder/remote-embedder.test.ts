// Embedders behind HTTP, against real loopback servers that answer well and badly.
import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { embedderSuite } from "#ports/embedder.suite.ts";
import type { Embedder } from "#ports/embedder.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { createOllamaEmbedder } from "./ollama-embedder.ts";
import { createOpenAiEmbedder } from "./openai-embedder.ts";
import { splitText, type RemoteEmbedderOptions } from "./remote-embedder.ts";
import {
  FAKE_DIMENSION,
  startOllamaServer,
  startOpenAiServer,
  type ModelServer,
  type ServerMode,
} from "../../../test/support/model-servers.ts";

const NEVER = new AbortController().signal;
const DEFAULTS = { dimension: FAKE_DIMENSION, timeout_ms: 2_000 };

type Make = (url: string, options: RemoteEmbedderOptions) => Embedder;

const openAi: Make = (url, options) =>
  createOpenAiEmbedder({
    name: "remote",
    base_url: `${url}/v1`,
    api_key: "key-1",
    model: "tiny",
    ...options,
  });
const ollama: Make = (base_url, options) =>
  createOllamaEmbedder({ base_url, model: "tiny", ...options });

const KINDS: [string, (t: { after(fn: () => unknown): void }) => Promise<ModelServer>, Make][] = [
  ["OpenAI-compatible", startOpenAiServer, openAi],
  ["Ollama", startOllamaServer, ollama],
];

for (const [name, start, make] of KINDS) {
  embedderSuite(`${name} embedder`, async (t) => make((await start(t)).url, DEFAULTS));

  const outcomes: [ServerMode, string, string][] = [
    ["broken_500", "unavailable", "provider_failed"],
    ["no_model_404", "not_found", "no_such_model"],
    ["no_key_401", "unavailable", "provider_failed"],
    ["busy_long", "rate_limited", "provider_rate_limited"],
    ["not_json", "unavailable", "bad_provider_answer"],
    ["wrong_dimension", "conflict", "dimension_differs"],
  ];
  for (const [mode, code, reason] of outcomes) {
    test(`${name} embedder: a server in mode ${mode} is ${code}, ${reason}`, async (t) => {
      const server = await start(t);
      server.next(mode);
      await assert.rejects(make(server.url, DEFAULTS).embed(["a"], NEVER), (error) => {
        assert.ok(error instanceof LakehouseError);
        assert.deepEqual([error.code, error.reason], [code, reason]);
        return true;
      });
    });
  }

  test(`${name} embedder: a server that is silent runs into the deadline`, async (t) => {
    const server = await start(t);
    server.next("silent");
    const embedder = make(server.url, { ...DEFAULTS, timeout_ms: 50 });
    await assert.rejects(
      embedder.embed(["a"], NEVER),
      (error) => error instanceof LakehouseError && error.code === "deadline_exceeded",
    );
  });

  test(`${name} embedder: a server that is not there is provider_unreachable`, async () => {
    const embedder = make("http://127.0.0.1:1", DEFAULTS);
    await assert.rejects(
      embedder.embed(["a"], NEVER),
      (error) => error instanceof LakehouseError && error.reason === "provider_unreachable",
    );
  });

  test(`${name} embedder: sends bounded batches`, async (t) => {
    const server = await start(t);
    const embedder = make(server.url, { ...DEFAULTS, batch_texts_max: 4 });
    const texts = Array.from({ length: 10 }, (_, at) => `text ${at}`);
    await embedder.embed(texts, NEVER);
    const sizes = server.requests.map(({ body }) => (body["input"] as string[]).length);
    assert.deepEqual(sizes, [4, 4, 2]);
  });
}

test("the key travels in the header only", async (t) => {
  const server = await startOpenAiServer(t);
  await openAi(server.url, DEFAULTS).embed(["a"], NEVER);
  const { headers, body, path } = server.requests[0]!;
  assert.equal(headers["authorization"], "Bearer key-1");
  assert.ok(!JSON.stringify([body, path]).includes("key-1"));
});

test("pieces of a split text give the text again and are never too long", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme", maxLength: 300 }),
      fc.integer({ min: 2, max: 40 }),
      (text, size) => {
        const pieces = splitText(text, size);
        assert.equal(pieces.join(""), text);
        for (const piece of pieces) {
          assert.ok(piece.length <= size);
          assert.ok(piece.length > 0 || text === "");
          assert.ok(piece.isWellFormed());
        }
      },
    ),
  );
});
