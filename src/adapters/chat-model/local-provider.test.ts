// local/<model> without weights: what is refused and how; with weights it is test/interop's.
import { test } from "node:test";
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { silentLog } from "#kernel/log.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { askRequest, collectDeltas } from "#ports/chat-model.suite.ts";
import { createLocalProvider, type LocalOptions } from "./local-provider.ts";
import { parallelOf, samplingOf, stopsOf, toHeldAnswer, toHistory } from "./local-request.ts";
import { createTurns } from "./local-turns.ts";
import { findWeights, listWeights } from "./weights-folder.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { failureOf } from "../../../test/support/failure-of.ts";

const provider = (weights_dir: string, changes: Partial<LocalOptions> = {}) =>
  createLocalProvider({
    weights_dir,
    context_tokens: 512,
    gpu: false,
    threads: 1,
    idle_unload_ms: 1000,
    waiting_max: 1,
    log: silentLog,
    ...changes,
  });

const ask = (weights_dir: string, model: string, changes: Partial<LocalOptions> = {}) =>
  collectDeltas(provider(weights_dir, changes).chat(askRequest(model)));

test("a folder that is not there has no models, and a model of it is not found", async (t) => {
  const folder = join(await tempDir(t), "none");
  assert.deepEqual(await provider(folder).models(new AbortController().signal), []);
  const error = await failureOf(ask(folder, "tiny"));
  assert.deepEqual([error.code, error.reason], ["not_found", "no_such_model"]);
  assert.match(error.hint!, /lakehouse models pull/);
});

test("models are the GGUF files of the folder; no name leads out of it", async (t) => {
  const folder = await tempDir(t);
  for (const name of ["b.gguf", "a-1.Q4.gguf", "c.gguf.part", ".hidden.gguf", "notes.txt"]) {
    await writeFile(join(folder, name), "x");
  }
  assert.deepEqual(await listWeights(folder), ["a-1.Q4", "b"]);
  assert.equal(await findWeights(folder, "b"), join(folder, "b.gguf"));
  assert.equal(await findWeights(folder, "b.gguf"), join(folder, "b.gguf"));
  const inner = join(folder, "inner");
  for (const name of ["../b", "..", "/etc/passwd", "a/b", "", ".hidden", "b\0"]) {
    assert.equal((await failureOf(findWeights(inner, name))).code, "not_found", name);
  }
});

test("without the engine it is unavailable, with what to do, each time it is asked", async (t) => {
  const folder = await tempDir(t);
  await writeFile(join(folder, "tiny.gguf"), "no weights");
  const one = provider(folder, { engine_module: "an-engine-that-is-not-installed" });
  t.after(() => one.close());
  for (let times = 0; times < 2; times++) {
    const error = await failureOf(collectDeltas(one.chat(askRequest("tiny"))));
    assert.deepEqual([error.code, error.reason], ["unavailable", "provider_failed"]);
    assert.match(error.hint!, /npm install node-llama-cpp/);
  }
});

test("an engine that dies is an error of the provider, and the next one is asked anew", async (t) => {
  const folder = await tempDir(t);
  await writeFile(join(folder, "tiny.gguf"), "no weights");
  const engine_module = join(folder, "engine.mjs");
  await writeFile(engine_module, "process.abort();");
  const one = provider(folder, { engine_module });
  t.after(() => one.close());
  for (let times = 0; times < 2; times++) {
    const error = await failureOf(collectDeltas(one.chat(askRequest("tiny"))));
    assert.deepEqual([error.code, error.reason], ["unavailable", "provider_failed"]);
    assert.match(error.message, /SIGABRT/);
    assert.equal(one.pid(), undefined);
  }
  await writeFile(engine_module, "export const nothing = 1;");
  const error = await failureOf(collectDeltas(one.chat(askRequest("tiny"))));
  assert.match(error.message, /no build for this machine/);
  assert.ok(one.pid()! > 0);
});

test("a question that comes while the idle process ends is asked of the next one", async (t) => {
  const folder = await tempDir(t);
  await writeFile(join(folder, "tiny.gguf"), "no weights");
  const engine_module = join(folder, "engine.mjs");
  const slowly = "await new Promise((resolve) => setTimeout(resolve, 200));";
  await writeFile(engine_module, `${slowly} export const nothing = 1;`);
  const one = provider(folder, { engine_module });
  t.after(() => one.close());
  const asked = () => failureOf(collectDeltas(one.chat(askRequest("tiny"))));
  const first = await asked();
  const before = one.pid();
  const ending = one.close();
  const error = await asked();
  await ending;
  assert.equal(error.message, first.message);
  assert.notEqual(one.pid(), before);
});

test("a native call that does not end is left with its process when its caller leaves", async (t) => {
  const folder = await tempDir(t);
  await writeFile(join(folder, "tiny.gguf"), "no weights");
  const engine_module = join(folder, "engine.mjs");
  await writeFile(engine_module, "for (;;) ;");
  const one = provider(folder, { engine_module, stop_limit_ms: 50 });
  t.after(() => one.close());
  const leaving = new AbortController();
  const answer = failureOf(collectDeltas(one.chat(askRequest("tiny", { signal: leaving.signal }))));
  setTimeout(() => leaving.abort(), 100);
  assert.equal((await answer).code, "cancelled");
  assert.equal(one.pid(), undefined);
});

test("a request that is one too many is refused, and one that leaves the queue is cancelled", async () => {
  const turns = createTurns(1);
  const { signal } = new AbortController();
  const first = await turns.wait(signal);
  const leaving = new AbortController();
  const second = turns.wait(leaving.signal);
  assert.equal((await failureOf(turns.wait(signal))).reason, "provider_rate_limited");
  leaving.abort();
  assert.equal((await failureOf(second)).code, "cancelled");
  const third = turns.wait(signal);
  first();
  first();
  const done = await third;
  const fourth = turns.wait(signal);
  assert.equal(await Promise.race([fourth, Promise.resolve("waits")]), "waits");
  done();
  (await fourth)();
});

test("a conversation with tools becomes a history in which results stand in their calls", () => {
  const call = { id: "c1", type: "function", function: { name: "f", arguments: '{"a":1}' } };
  assert.deepEqual(
    toHistory([
      { role: "developer", content: "be brief" },
      {
        role: "user",
        content: [
          { type: "text", text: "a" },
          { type: "text", text: "b" },
        ],
      },
      { role: "assistant", content: null, tool_calls: [call] },
      { role: "tool", content: "42", tool_call_id: "c1" },
    ]),
    [
      { type: "system", text: "be brief" },
      { type: "user", text: "a\nb" },
      {
        type: "model",
        response: [{ type: "functionCall", name: "f", params: { a: 1 }, result: 42 }],
      },
    ],
  );
  const image = { type: "image_url", image_url: { url: "data:image/png;base64,QUJD" } };
  for (const message of [
    { role: "user" as const, content: [image] },
    { role: "tool" as const, content: "42", tool_call_id: "nobody" },
  ]) {
    assert.throws(
      () => toHistory([message]),
      (error) => error instanceof LakehouseError && error.code === "invalid",
    );
  }
});

test("an answer is held to tools or to a grammar; what it is not held to is told", () => {
  const schema = { type: "object", properties: { a: { type: "string", pattern: "^x" } } };
  const json_schema = { type: "json_schema", json_schema: { schema } };
  const held = (changes: object) => toHeldAnswer(askRequest("m", changes));
  assert.deepEqual(held({}), { notes: [] });
  assert.deepEqual(held({ response_format: { type: "text" } }), { notes: [] });
  assert.equal(held({ response_format: { type: "json_object" } }).grammar, "json");
  assert.deepEqual(held({ response_format: json_schema }), {
    grammar: {
      type: "object",
      properties: { a: { type: "string" } },
      additionalProperties: false,
    },
    notes: ["pattern: no grammar holds an answer to it"],
  });
  const tool = { type: "function", function: { name: "f", description: "d", parameters: schema } };
  const tools = [tool];
  assert.deepEqual(Object.keys(held({ tools }).functions!), ["f"]);
  assert.equal(held({ tools, tool_choice: "none" }).functions, undefined);
  assert.deepEqual(held({ tools, tool_choice: "auto", extra: { top_p: 1 } }).notes, [
    "pattern: no grammar holds an answer to it",
  ]);
  const asked = { tools, tool_choice: "required", response_format: json_schema };
  assert.deepEqual(held({ ...asked, extra: { logit_bias: { 1: 5 } } }).notes, [
    "logit_bias, tool_choice, response_format: this provider has no such field, left out",
    "pattern: no grammar holds an answer to it",
  ]);
});

test("whoever wants chance and names no seed has one of his own each time", () => {
  const sampling = (changes: object) => samplingOf(askRequest("m", changes));
  assert.deepEqual(sampling({}), {});
  assert.deepEqual(sampling({ temperature: 0 }), { temperature: 0 });
  assert.deepEqual(sampling({ temperature: 1, seed: 7 }), { temperature: 1, seed: 7 });
  const seeds = Array.from({ length: 4 }, () => sampling({ temperature: 1 })["seed"]);
  assert.equal(new Set(seeds).size, 4);
});

test("each bit of a seed counts, also below 0 and beyond 32 bits; small ones stay", () => {
  const seedOf = (seed: number) => samplingOf(askRequest("m", { seed }))["seed"]!;
  const seeds = [0, 7, 2 ** 31, 5e9, 6e9, 2 ** 40, 2 ** 41, 2 ** 62, -1, -5, -(2 ** 40)];
  const folded = seeds.map(seedOf);
  assert.deepEqual(folded.slice(0, 3), [0, 7, 2 ** 31]);
  assert.equal(new Set(folded).size, seeds.length);
  // The last number of 32 bits would be drawn anew each time.
  assert.equal(seedOf(0xffff_ffff), 0xffff_fffe);
  assert.ok(
    folded.every((seed) => seed >= 0 && seed < 0xffff_ffff),
    folded.join(),
  );
});

test("one call at a time is asked of the engine, and an empty stop word of nobody", () => {
  const asked = (changes: object) => askRequest("m", changes);
  const alone = { maxParallelFunctionCalls: 1 };
  assert.deepEqual(parallelOf(asked({ extra: { parallel_tool_calls: false } })), alone);
  assert.deepEqual(parallelOf(asked({ extra: { parallel_tool_calls: true } })), {});
  assert.deepEqual(stopsOf(asked({ stop: ["", "END"] })), ["END"]);
  assert.equal(stopsOf(asked({})), undefined);
});
