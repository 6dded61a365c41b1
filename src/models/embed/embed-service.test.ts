// embed over both transports, with the built-in model and with a remote one.
import { after, test } from "node:test";
import assert from "node:assert/strict";
import { connectLocal } from "#kernel/connect-local.ts";
import { startCall } from "#kernel/call.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { silentLog } from "#kernel/log.ts";
import { createMiniLmEmbedder } from "#adapters/embedder/minilm-embedder.ts";
import { createOllamaEmbedder } from "#adapters/embedder/ollama-embedder.ts";
import { embed } from "#contracts/embed.ts";
import type { Embedder } from "#ports/embedder.ts";
import { createEmbed } from "./embed-service.ts";
import { embedSettings } from "./embed-settings.ts";
import { eachTransport } from "../../../test/support/each-transport.ts";
import { FAKE_DIMENSION, startOllamaServer } from "../../../test/support/model-servers.ts";

const builtin = createMiniLmEmbedder({ threads: 1, workers: 1 });
after(() => builtin.close());
const settings = embedSettings.parse({});
const needs = { embedders: [builtin], log: silentLog };

/** The built-in embedder, with a record of what it was given. */
function watched(): { embedder: Embedder; batches: string[][] } {
  const batches: string[][] = [];
  const embedder: Embedder = {
    ...builtin,
    embed(texts, signal) {
      batches.push([...texts]);
      return builtin.embed(texts, signal);
    },
  };
  return { embedder, batches };
}

eachTransport("vectors of length 1 in order, the second time from the cache", async (connect) => {
  const service = await createEmbed(needs, settings);
  const client = await connect(embed, service.handlers);
  const texts = ["a painter", "a nurse", "a painter"];
  const first = await client.embed({ texts });
  assert.equal(first.model, "builtin/all-minilm-l6-v2");
  assert.equal(first.dimension, 384);
  assert.equal(first.cached, 0);
  assert.deepEqual(first.vectors[0], first.vectors[2]);
  assert.equal(first.vectors[1]!.length, 384);
  const again = await client.embed({ texts, model: "all-minilm-l6-v2" });
  assert.equal(again.cached, 3);
  assert.equal(again.tokens, first.tokens);
  assert.deepEqual(again.vectors, first.vectors);
  const { cache, models } = await client.models({});
  assert.deepEqual([cache.entries, cache.hits, cache.misses], [2, 3, 3]);
  assert.deepEqual(models, [
    { model: "builtin/all-minilm-l6-v2", dimension: 384, origin: "builtin" },
  ]);
});

eachTransport("packed vectors are the same numbers as little-endian float32", async (connect) => {
  const service = await createEmbed(needs, settings);
  const client = await connect(embed, service.handlers);
  const texts = Array.from({ length: 300 }, (_, at) => `text ${at}`);
  const { vectors } = await client.embed({ texts });
  const packed = await client.pack({ texts });
  assert.deepEqual([packed.rows, packed.dimension], [300, 384]);
  const chunks: Uint8Array[] = [];
  for await (const chunk of packed.body) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  assert.equal(bytes.length, 300 * 384 * 4);
  for (const row of [0, 150, 299]) {
    const offset = row * 384 * 4;
    for (const column of [0, 383]) {
      assert.equal(bytes.readFloatLE(offset + column * 4), vectors[row]![column]);
    }
  }
});

eachTransport("a long text is pooled and named, also out of the cache", async (connect) => {
  const service = await createEmbed(needs, settings);
  const client = await connect(embed, service.handlers);
  const texts = ["short", "many words ".repeat(400)];
  assert.deepEqual((await client.embed({ texts })).pooled, [1]);
  assert.deepEqual((await client.embed({ texts })).pooled, [1]);
});

test("tokens that an embedder counts for all texts together are together what it counted", async () => {
  const dimension = 1;
  const counting: Embedder = {
    model: "remote/counts",
    dimension,
    embed: async (texts) => {
      const vectors = new Float32Array(texts.length).fill(1);
      return { vectors, dimension, tokens: 7, pooled: [] };
    },
    close: async () => undefined,
  };
  const service = await createEmbed({ embedders: [counting], log: silentLog }, settings);
  const client = connectLocal(embed, service.handlers, { strict: true });
  assert.equal((await client.embed({ texts: [..."abcdefghij"] })).tokens, 7);
  assert.equal((await client.embed({ texts: ["k", "a text that is longer", "l"] })).tokens, 7);
});

eachTransport("OpenAI's form: float, base64, usage, dimensions", async (connect) => {
  const service = await createEmbed(needs, settings);
  const client = await connect(embed, service.handlers);
  const float = await client.openai({ input: "a painter" });
  const base64 = await client.openai({ input: ["a painter"], encoding_format: "base64" });
  const bytes = Buffer.from(base64.data[0]!.embedding as string, "base64");
  const numbers = new Float32Array(new Uint8Array(bytes).buffer);
  assert.deepEqual([...numbers], float.data[0]!.embedding);
  assert.deepEqual(float.usage, { prompt_tokens: 4, total_tokens: 4 });
  const nulls = { model: null, encoding_format: null, dimensions: null, user: null };
  assert.deepEqual(await client.openai({ input: "a painter", ...nulls }), float);
  await client.openai({ input: "x", dimensions: 384 });
  await assert.rejects(client.openai({ input: "x", dimensions: 256 }), (error) => {
    assert.ok(error instanceof LakehouseError);
    assert.deepEqual([error.code, error.reason], ["invalid", "dimension_differs"]);
    assert.match((error.extra["error"] as { message: string }).message, /384/);
    return true;
  });
});

eachTransport("an unknown model is not found, and the known ones are named", async (connect) => {
  const service = await createEmbed(needs, settings);
  const client = await connect(embed, service.handlers);
  for (const ask of [
    client.embed({ texts: ["x"], model: "nope" }),
    client.pack({ texts: ["x"], model: "nope" }),
    client.openai({ input: "x", model: "nope" }),
  ]) {
    await assert.rejects(ask, (error) => {
      assert.ok(error instanceof LakehouseError);
      assert.deepEqual([error.code, error.reason], ["not_found", "no_such_model"]);
      assert.match(error.hint!, /builtin\/all-minilm-l6-v2/);
      return true;
    });
  }
});

eachTransport("more than a request may hold is too large", async (connect) => {
  const small = embedSettings.parse({ request_texts_max: 2, request_characters_max: 10 });
  const service = await createEmbed(needs, small);
  const client = await connect(embed, service.handlers);
  for (const texts of [["a", "b", "c"], ["01234567890"]]) {
    await assert.rejects(
      client.embed({ texts }),
      (error) => error instanceof LakehouseError && error.code === "too_large",
    );
  }
});

test("requests of one moment share a batch, and equal texts are computed once", async () => {
  const { embedder, batches } = watched();
  const service = await createEmbed({ embedders: [embedder], log: silentLog }, settings);
  const client = connectLocal(embed, service.handlers);
  const asked = [
    ["a", "b"],
    ["b", "c"],
    ["c", "a", "d"],
  ];
  const answers = await Promise.all(asked.map((texts) => client.embed({ texts })));
  assert.deepEqual(batches, [["a", "b", "c", "d"]]);
  assert.deepEqual(answers[0]!.vectors[1], answers[1]!.vectors[0]);
  assert.deepEqual(answers[0]!.vectors[0], answers[2]!.vectors[1]);
});

test("a small request does not wait for a large one that came before", async () => {
  const { embedder, batches } = watched();
  const bounded = embedSettings.parse({ batch_texts_max: 10, batches_in_flight_max: 1 });
  const service = await createEmbed({ embedders: [embedder], log: silentLog }, bounded);
  const client = connectLocal(embed, service.handlers);
  const large = client.embed({ texts: Array.from({ length: 100 }, (_, at) => `text ${at}`) });
  while (batches.length === 0) await new Promise((resolve) => setImmediate(resolve));
  await client.embed({ texts: ["in a hurry", "text 99"] });
  assert.ok(batches.length < 5, `it waited for ${batches.length} batches`);
  await large;
  assert.equal(batches.flat().length, 101);
});

test("what the last caller has left is dropped; what another waits for is computed", async () => {
  const { embedder, batches } = watched();
  const bounded = embedSettings.parse({ batch_texts_max: 5, batches_in_flight_max: 1 });
  const service = await createEmbed({ embedders: [embedder], log: silentLog }, bounded);
  const client = connectLocal(embed, service.handlers);
  const controller = new AbortController();
  const texts = Array.from({ length: 50 }, (_, at) => `text ${at}`);
  const leaving = client.embed({ texts }, startCall({ signal: controller.signal }));
  const staying = client.embed({ texts: ["text 3", "text 49"] });
  const outcome = assert.rejects(
    leaving,
    (error) => error instanceof LakehouseError && error.code === "cancelled",
  );
  while (batches.length === 0) await new Promise((resolve) => setImmediate(resolve));
  controller.abort();
  await outcome;
  assert.equal((await staying).vectors.length, 2);
  assert.ok(batches.flat().length < 20);
  const after = await client.embed({ texts: ["text 20"] });
  assert.equal(after.vectors.length, 1);
});

test("the embedder's failure reaches everyone who waits, and the next request tries again", async (t) => {
  const server = await startOllamaServer(t);
  const remote = createOllamaEmbedder({
    base_url: server.url,
    model: "tiny",
    dimension: FAKE_DIMENSION,
  });
  const service = await createEmbed({ embedders: [builtin, remote], log: silentLog }, settings);
  const client = connectLocal(embed, service.handlers, { strict: true });
  server.next("broken_500");
  const ask = () => client.embed({ texts: ["a"], model: "ollama/tiny" });
  const outcomes = await Promise.allSettled([ask(), ask()]);
  for (const outcome of outcomes) {
    assert.ok(outcome.status === "rejected");
    assert.equal((outcome.reason as LakehouseError).reason, "provider_failed");
  }
  assert.equal((await ask()).dimension, FAKE_DIMENSION);
  assert.equal(server.requests.length, 2);
});
