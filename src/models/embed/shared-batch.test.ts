// Texts of several callers in one batch: whose text is wrong fails alone, and who pays for what.
import { once } from "node:events";
import { test } from "node:test";
import assert from "node:assert/strict";
import { join } from "node:path";
import { createOpenAiEmbedder } from "#adapters/embedder/openai-embedder.ts";
import { startCall } from "#kernel/call.ts";
import { systemClock } from "#kernel/clock.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import { readJsonlFile } from "#kernel/jsonl-read.ts";
import { silentLog } from "#kernel/log.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { embed } from "#contracts/embed.ts";
import { usage, type UsageLine } from "#contracts/usage.ts";
import type { Embedder } from "#ports/embedder.ts";
import { createUsage } from "#models/usage/usage-service.ts";
import { usageSettings } from "#models/usage/usage-settings.ts";
import { createEmbed } from "./embed-service.ts";
import { embedSettings } from "./embed-settings.ts";
import { failureOf } from "../../../test/support/failure-of.ts";
import { startScriptedServer } from "../../../test/support/scripted-server.ts";
import { tempDir, type HasAfter } from "../../../test/support/temp-dir.ts";

const TOKENS = 10;

/** A provider that cannot read one text, says so with its words, and counts ten tokens a text. */
async function open(t: HasAfter, settings: object = {}) {
  const batches: string[][] = [];
  const base_url = await startScriptedServer(t, ({ input }) => {
    const texts = input as string[];
    batches.push(texts);
    const poison = texts.find((text) => text.startsWith("poison"));
    if (poison !== undefined) {
      return { status: 400, body: { error: { message: `cannot read "${poison}"` } } };
    }
    const data = texts.map((text, index) => ({ index, embedding: [text.length, 1] }));
    return { body: { data, usage: { prompt_tokens: TOKENS * texts.length } } };
  });
  const dir = await tempDir(t);
  const own = { dir, log: silentLog, clock: systemClock };
  const books = await createUsage(own, usageSettings.parse({}));
  t.after(() => books.stop());
  const remote = { name: "up", base_url, model: "m", dimension: 2, text_characters_max: 100 };
  const service = await createEmbed(
    { embedders: [createOpenAiEmbedder(remote)], log: silentLog, ledger: () => books.ledger },
    embedSettings.parse(settings),
  );
  const keys = connectLocal(usage, books.handlers, { strict: true });
  const client = connectLocal(embed, service.handlers, { strict: true });
  const caller = async (name: string) => {
    const { secret } = await keys.create_key({ name, budget: { day_tokens: 100_000 } });
    const principal = books.holderOf(secret)!;
    return (...input: string[]) =>
      client.openai({ input }, startCall({ principal, from_edge: true }));
  };
  const lines = async () => {
    const rows: UsageLine[] = [];
    for await (const { row } of readJsonlFile<UsageLine>(join(dir, "usage.jsonl"))) rows.push(row);
    return rows.map(({ error, cache, charged_tokens }) => [error, cache, charged_tokens]);
  };
  return { caller, lines, batches };
}

test("one caller's text neither fails another's nor is told to them", async (t) => {
  const { caller, lines, batches } = await open(t);
  const [ann, bob, eve] = [await caller("ann"), await caller("bob"), await caller("eve")];
  const [secret, both, fine] = await Promise.allSettled([
    ann("poison: my private words", "shared"),
    bob("hello", "shared"),
    eve("fine"),
  ]);
  assert.deepEqual(batches[0], ["poison: my private words", "shared", "hello", "fine"]);
  assert.deepEqual(
    [secret.status, both.status, fine.status],
    ["rejected", "fulfilled", "fulfilled"],
  );
  assert.match((secret as PromiseRejectedResult).reason.message as string, /my private words/);
  assert.deepEqual((await lines()).toSorted(), [
    [null, "miss", TOKENS],
    [null, "miss", 2 * TOKENS],
    // What could be read of it was read, and another may have it from the cache.
    ["provider_failed", "miss", TOKENS],
  ]);
});

test("a 500 may be of one text too; after two in a row nobody else is asked for", async (t) => {
  const batches: string[][] = [];
  const asked = (text: string) => (text.startsWith("long") ? text : undefined);
  const base_url = await startScriptedServer(t, ({ input }) => {
    const texts = input as string[];
    batches.push(texts);
    const long = texts.map(asked).find((text) => text !== undefined);
    if (long !== undefined) return { status: 500, body: { error: { message: `"${long}" is` } } };
    return { body: { data: texts.map((_, index) => ({ index, embedding: [1, 2] })) } };
  });
  const remote = { name: "up", base_url, model: "m", dimension: 2, text_characters_max: 100 };
  const needs = { embedders: [createOpenAiEmbedder(remote)], log: silentLog };
  const service = await createEmbed(needs, embedSettings.parse({}));
  const client = connectLocal(embed, service.handlers, { strict: true });
  const ask = (text: string) => client.embed({ texts: [text] });
  const reasonsOf = async (texts: string[]) => {
    const ends = await Promise.allSettled(texts.map(ask));
    return ends.map((end) => (end.status === "fulfilled" ? "" : String(end.reason.message)));
  };
  const [long, hello, fine] = await reasonsOf(["long: my words", "hello", "fine"]);
  assert.match(long!, /my words/);
  assert.deepEqual([hello, fine], ["", ""]);
  assert.equal(batches.length, 4);
  const [first, second, third] = await reasonsOf(["long 1", "long 2", "other"]);
  assert.match(first!, /long 1/);
  assert.match(second!, /long 2/);
  assert.equal(third, "up answered 500 to each request that was tried");
  assert.equal(batches.length, 7);
});

test("who asks for a text while it is tried beside a wrong one has it tried by itself", async (t) => {
  const { caller, batches } = await open(t);
  const [ann, bob, eve] = [await caller("ann"), await caller("bob"), await caller("eve")];
  const first = Promise.allSettled([ann("poison", "good"), bob("hello")]);
  while (batches.length < 2) await new Promise((resolve) => setImmediate(resolve));
  const late = await eve("good");
  assert.equal(late.data.length, 1);
  assert.deepEqual(
    (await first).map(({ status }) => status),
    ["rejected", "fulfilled"],
  );
  // What failed is asked for anew.
  const before = batches.length;
  await failureOf(ann("poison"));
  assert.equal(batches.length, before + 1);
});

test("whose time is over while other texts of theirs are computed hears of it at once", async (t) => {
  let left = false;
  const slow: Embedder = {
    model: "test/slow",
    dimension: 2,
    async embed(texts, signal) {
      if (texts.includes("poison")) throw new LakehouseError("invalid", "cannot read it");
      await once(signal, "abort");
      left = true;
      throw new LakehouseError("cancelled", "left");
    },
    close: async () => undefined,
  };
  const settings = embedSettings.parse({ batch_texts_max: 1 });
  const service = await createEmbed({ embedders: [slow], log: silentLog }, settings);
  t.after(() => service.stop());
  const client = connectLocal(embed, service.handlers, { strict: true });
  const call = startCall({ timeout_ms: 100 });
  const failure = await failureOf(client.embed({ texts: ["poison", "slow"] }, call));
  assert.equal(failure.code, "deadline_exceeded");
  // Nobody waits for it any more.
  assert.equal(left, true);
});

test("who asks alone hears of it after one request", async (t) => {
  const { caller, batches } = await open(t);
  const ann = await caller("ann");
  const failure = await failureOf(ann("one", "poison", "two"));
  assert.deepEqual([failure.code, failure.reason], ["invalid", "provider_failed"]);
  assert.equal(batches.length, 1);
});

test("a provider that is away is asked once for all", async (t) => {
  const remote = { name: "up", base_url: "http://127.0.0.1:1", model: "m", dimension: 2 };
  const embedder = createOpenAiEmbedder(remote);
  let asked = 0;
  const counted = {
    ...embedder,
    embed: (...given: Parameters<typeof embedder.embed>) => {
      asked++;
      return embedder.embed(...given);
    },
  };
  const needs = { embedders: [counted], log: silentLog };
  const service = await createEmbed(needs, embedSettings.parse({}));
  t.after(() => service.stop());
  const client = connectLocal(embed, service.handlers, { strict: true });
  const ends = await Promise.allSettled([
    client.embed({ texts: ["a"] }),
    client.embed({ texts: ["b"] }),
  ]);
  assert.ok(ends.every(({ status }) => status === "rejected"));
  assert.equal(asked, 1);
});

test("what was computed before a later batch failed is charged: it is not had for nothing", async (t) => {
  const { caller, lines } = await open(t, { batch_texts_max: 32 });
  const ann = await caller("ann");
  const texts = Array.from({ length: 96 }, (_, at) => `text ${at}`);
  const failure = await failureOf(ann(...texts, "poison"));
  assert.equal(failure.reason, "provider_failed");
  const [failed] = await lines();
  const computed = failed![2] as number;
  assert.ok(computed >= 64 * TOKENS && computed <= 96 * TOKENS, String(computed));
  assert.equal((await ann(...texts)).usage.prompt_tokens, 96 * TOKENS);
  const charged = (await lines()).map(([, , tokens]) => tokens as number);
  assert.equal(
    charged.reduce((sum, tokens) => sum + tokens),
    96 * TOKENS,
  );
});

test("texts that the cache has, and those that stand twice, cost nothing more", async (t) => {
  const { caller, lines } = await open(t);
  const ann = await caller("ann");
  await ann("one", "two", "two");
  const { usage: told } = await ann("one", "two", "three");
  assert.equal(told.prompt_tokens, 3 * TOKENS);
  await ann("three");
  assert.deepEqual(await lines(), [
    [null, "miss", 2 * TOKENS],
    [null, "miss", TOKENS],
    [null, "hit", 0],
  ]);
});
