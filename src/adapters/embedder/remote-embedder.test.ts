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
import { failureOf } from "../../../test/support/failure-of.ts";
import { startScriptedServer } from "../../../test/support/scripted-server.ts";
import type { HasAfter } from "../../../test/support/temp-dir.ts";

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

/** Of an OpenAI-compatible server that answers two texts with this. */
async function answered(t: HasAfter, body: object) {
  const base_url = await startScriptedServer(t, () => ({ body }));
  const remote = { name: "remote", base_url, model: "tiny", dimension: 2 };
  return createOpenAiEmbedder(remote).embed(["abcd", "efghijkl"], NEVER);
}

const rowsAt = (...indexes: number[]) =>
  indexes.map((index, at) => ({ index, embedding: at === 0 ? [1, 0] : [0, 1] }));

test("vectors are put where their index says, and one that cannot be is a bad answer", async (t) => {
  const inOrder = async (...indexes: number[]) =>
    [...(await answered(t, { data: rowsAt(...indexes) })).vectors].join(" ");
  assert.equal(await inOrder(0, 1), "1 0 0 1");
  assert.equal(await inOrder(1, 0), "0 1 1 0");
  assert.equal(await inOrder(0, 0), "1 0 0 1");
  for (const wrong of [
    [1, 1],
    [0, 2],
    [-1, 0],
    [0, 0.5],
    [1, 2],
  ]) {
    const failure = await failureOf(answered(t, { data: rowsAt(...wrong) }));
    assert.equal(failure.reason, "bad_provider_answer", String(wrong));
  }
});

test("tokens that were not counted are estimated, never taken as they are told", async (t) => {
  const data = rowsAt(0, 1);
  const tokensOf = async (prompt_tokens: unknown) =>
    (await answered(t, { data, usage: { prompt_tokens } })).tokens;
  assert.deepEqual([await tokensOf(7), await tokensOf(7.4)], [7, 7]);
  for (const told of [0, -100, 1e300, "7", null, {}]) assert.equal(await tokensOf(told), 3);
});

test("an error beside vectors, or in their place, is one, in the provider's words", async (t) => {
  for (const more of [{ data: rowsAt(0, 1) }, {}]) {
    const failure = await failureOf(answered(t, { error: { message: "quota exceeded" }, ...more }));
    assert.equal(failure.reason, "provider_failed");
    assert.match(failure.message, /quota exceeded/);
  }
  for (const error of [null, "", false, {}, { code: 0, message: "" }]) {
    assert.equal((await answered(t, { error, data: rowsAt(0, 1) })).dimension, 2);
  }
});

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
