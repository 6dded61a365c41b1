// The built-in embedder against its port's suite, and what only it promises.
import { after, test } from "node:test";
import assert from "node:assert/strict";
import { cp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cosine, embedderSuite, rowOf } from "#ports/embedder.suite.ts";
import { LakehouseError } from "#kernel/problem.ts";
import {
  createMiniLmEmbedder,
  createMiniLmWholeEmbedder,
  MINILM_MODEL,
  MINILM_WHOLE_MODEL,
} from "./minilm-embedder.ts";
import { MINILM_FILES, minilmFolder } from "./minilm-files.ts";
import { readModelFiles } from "./model-files.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";

const NEVER = new AbortController().signal;
const embedder = createMiniLmEmbedder({ threads: 1, workers: 2 });
after(() => embedder.close());

embedderSuite("built-in MiniLM", async () => embedder);
const whole = createMiniLmWholeEmbedder({ threads: 1, workers: 1 });
after(() => whole.close());
embedderSuite("built-in MiniLM, texts read whole", async () => whole);

test("a text of up to 512 tokens is read whole, a longer one in windows as ever", async () => {
  assert.notEqual(whole.model, MINILM_MODEL);
  assert.equal(whole.model, MINILM_WHOLE_MODEL);
  // "fox" is one token; two more stand at the ends of a run.
  const texts = [254, 255, 510, 511].map((words) => "fox ".repeat(words).trim());
  const [wide, narrow] = [await whole.embed(texts, NEVER), await embedder.embed(texts, NEVER)];
  assert.deepEqual(wide.pooled, [3]);
  assert.deepEqual(narrow.pooled, [1, 2, 3]);
  assert.deepEqual(wide.text_tokens, [256, 257, 512, 517]);
  for (const same of [0, 3]) assert.deepEqual(rowOf(wide, same), rowOf(narrow, same));
  assert.notDeepEqual(rowOf(wide, 2), rowOf(narrow, 2));
});

test("paraphrases are closer to each other than to something else", async () => {
  const batch = await embedder.embed(
    [
      "I need three painters in Chicago",
      "We are looking for 3 painting workers, Chicago area",
      "The cat sleeps on the sofa",
      "How do I reset my password?",
      "I forgot my login and cannot get in",
    ],
    NEVER,
  );
  assert.equal(embedder.model, MINILM_MODEL);
  assert.equal(batch.dimension, 384);
  const between = (a: number, b: number) => cosine(rowOf(batch, a), rowOf(batch, b));
  assert.ok(between(0, 1) > 0.7);
  assert.ok(between(3, 4) > 0.5);
  for (const [a, b] of [
    [0, 2],
    [0, 3],
    [1, 2],
    [2, 3],
    [2, 4],
  ] as const) {
    assert.ok(between(a, b) < 0.25, `${a} and ${b}: ${between(a, b)}`);
  }
});

test("it agrees with the reference figures of the same weights", async () => {
  const batch = await embedder.embed(["This is an example sentence"], NEVER);
  // First numbers of sentence-transformers/all-MiniLM-L6-v2 in full precision, from its model card.
  const reference = [0.0677, 0.0635, 0.0487, 0.0793, 0.0374];
  for (const [at, value] of reference.entries()) {
    assert.ok(Math.abs(batch.vectors[at]! - value) < 0.025, `${at}: ${batch.vectors[at]}`);
  }
});

test("tokens of each text are told, and add up", async () => {
  const batch = await embedder.embed(["one", "one two three"], NEVER);
  assert.deepEqual(batch.text_tokens, [3, 5]);
  assert.equal(batch.tokens, 8);
});

test("a caller that leaves frees the workers for the next", async () => {
  const controller = new AbortController();
  // Seconds of work: it cannot be done before the caller leaves.
  const texts = Array.from({ length: 20_000 }, (_, at) => `a text about number ${at}`);
  const work = embedder.embed(texts, controller.signal);
  const outcome = assert.rejects(
    work,
    (error) => error instanceof LakehouseError && error.code === "cancelled",
  );
  setTimeout(() => controller.abort(), 20);
  await outcome;
  const { vectors } = await embedder.embed(["next"], NEVER);
  assert.equal(vectors.length, 384);
});

test("closed while it works, it says so and ends without harm", async () => {
  const own = createMiniLmEmbedder({ threads: 1, workers: 1 });
  const work = own.embed(
    Array.from({ length: 5_000 }, (_, at) => `text ${at}`),
    NEVER,
  );
  const outcome = assert.rejects(
    work,
    (error) => error instanceof LakehouseError && error.reason === "embedder_closed",
  );
  await own.close();
  await outcome;
  await assert.rejects(own.embed(["more"], NEVER), /closed/);
});

test("weights that are missing or are not the known ones are refused by name", async (t) => {
  const dir = await tempDir(t);
  await cp(minilmFolder(), dir, { recursive: true });
  await writeFile(join(dir, "tokenizer.json"), "{}");
  await assert.rejects(
    readModelFiles(dir, MINILM_FILES, "npm ci"),
    (error) =>
      error instanceof LakehouseError &&
      error.reason === "weights_differ" &&
      error.message.includes("tokenizer.json") &&
      error.message.includes("aa5777dd"),
  );
  await rm(join(dir, "onnx"), { recursive: true });
  await rm(join(dir, "tokenizer.json"));
  await assert.rejects(
    readModelFiles(dir, MINILM_FILES, "npm ci"),
    (error) => error instanceof LakehouseError && error.reason === "weights_missing",
  );
});
