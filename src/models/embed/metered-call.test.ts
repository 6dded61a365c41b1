// Embeddings and reranking in the ledger: lines, model lists, budgets; with real books.
import { test } from "node:test";
import assert from "node:assert/strict";
import { join } from "node:path";
import { startCall, type Call } from "#kernel/call.ts";
import { systemClock } from "#kernel/clock.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import { collectBytes } from "#kernel/http-client.ts";
import { readJsonlFile } from "#kernel/jsonl-read.ts";
import { silentLog } from "#kernel/log.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { createOllamaEmbedder } from "#adapters/embedder/ollama-embedder.ts";
import { embed } from "#contracts/embed.ts";
import { usage, type UsageLine } from "#contracts/usage.ts";
import type { Reranker } from "#ports/reranker.ts";
import { createUsage } from "#models/usage/usage-service.ts";
import { usageSettings } from "#models/usage/usage-settings.ts";
import { createEmbed } from "./embed-service.ts";
import { embedSettings } from "./embed-settings.ts";
import { FAKE_DIMENSION, startOllamaServer } from "../../../test/support/model-servers.ts";
import { tempDir, type HasAfter } from "../../../test/support/temp-dir.ts";

async function open(t: HasAfter, settings: object = {}) {
  const server = await startOllamaServer(t);
  const dir = await tempDir(t);
  const books = await createUsage(
    { dir, log: silentLog, clock: systemClock },
    usageSettings.parse({
      prices: [{ model: "ollama/tiny", prompt_per_million: 1_000_000, completion_per_million: 0 }],
    }),
  );
  t.after(() => books.stop());
  const remote = { base_url: server.url, model: "tiny", dimension: FAKE_DIMENSION };
  const embedders = [createOllamaEmbedder(remote)];
  const rerankers = [wordCounter];
  const service = await createEmbed(
    { embedders, rerankers, log: silentLog, ledger: () => books.ledger },
    embedSettings.parse(settings),
  );
  const keys = connectLocal(usage, books.handlers, { strict: true });
  const client = connectLocal(embed, service.handlers, { strict: true });
  /** As the gateway would: from another process, with the key's holder where one was shown. */
  const callBy = (secret?: string) => {
    const principal = secret === undefined ? undefined : books.holderOf(secret)!;
    return startCall({ principal, from_edge: true });
  };
  const ask = (input: string | string[], secret?: string) =>
    client.openai({ input }, callBy(secret));
  const lines = async () => {
    const rows: UsageLine[] = [];
    for await (const { row } of readJsonlFile<UsageLine>(join(dir, "usage.jsonl"))) rows.push(row);
    return rows;
  };
  return { server, keys, client, callBy, ask, lines };
}

/** Says nothing of what it took, as rerankers do. */
const wordCounter: Reranker = {
  model: "test/words",
  rerank: async (_query, documents) => documents.map((text) => text.split(" ").length),
  close: async () => undefined,
};

function refused(reason: string) {
  return (error: unknown) => error instanceof LakehouseError && error.reason === reason;
}

test("embeddings are lines of the ledger with their tokens and cost; from the cache they are free", async (t) => {
  const { ask, lines, client } = await open(t);
  const first = await ask(["one", "two"]);
  assert.ok(first.usage.prompt_tokens > 0);
  await ask("one");
  // Asked by another service here: the house's own work, which nobody pays for.
  await client.embed({ texts: ["three"] });
  await client.rerank({ query: "three", documents: ["three"] });
  const [paid, free, ...more] = await lines();
  assert.equal(more.length, 0);
  assert.deepEqual(
    [paid!.asked, paid!.prompt_tokens, paid!.completion_tokens, paid!.cache, paid!.cost],
    ["ollama/tiny", first.usage.prompt_tokens, 0, "miss", first.usage.prompt_tokens],
  );
  assert.deepEqual([free!.cache, free!.cost, free!.charged_tokens], ["hit", 0, 0]);
});

test("a key embeds with the models it may ask, and until its budget is spent", async (t) => {
  const { ask, keys, lines } = await open(t);
  const other = await keys.create_key({ name: "other", models: ["builtin/*"] });
  await assert.rejects(ask("a", other.secret), refused("model_not_allowed"));
  const { secret } = await keys.create_key({ name: "poor", budget: { day_tokens: 4 } });
  await ask(["b", "c"], secret);
  await assert.rejects(ask("d", secret), refused("key_budget_spent"));
  assert.deepEqual(
    (await lines()).map(({ key_id, charged_tokens }) => [key_id !== null, charged_tokens > 0]),
    [[true, true]],
  );
});

test("no way around a key's budget: /embed, /embed/packed and /rerank are lines too", async (t) => {
  const { client, callBy, keys, lines } = await open(t);
  const { secret } = await keys.create_key({ name: "k", models: ["ollama/*", "test/*"] });
  const call = callBy(secret);
  const { tokens } = await client.embed({ texts: ["a b"] }, call);
  const packed = await client.pack({ texts: ["c"] }, call);
  assert.equal((await collectBytes(packed.body, 1_000_000)).length, FAKE_DIMENSION * 4);
  await client.rerank({ query: "a", documents: ["a b", "c"] }, call);
  const [embedded, sent, reranked, ...more] = await lines();
  assert.deepEqual([embedded!.asked, embedded!.charged_tokens], ["ollama/tiny", tokens]);
  assert.deepEqual([sent!.asked, sent!.cache, sent!.error], ["ollama/tiny", "miss", null]);
  assert.deepEqual([reranked!.asked, reranked!.total_tokens], ["test/words", null]);
  assert.equal(more.length, 0);

  const other = await keys.create_key({ name: "other", models: ["builtin/*"] });
  const poor = await keys.create_key({ name: "poor", budget: { day_tokens: 14 } });
  const documents = ["a b", "c"];
  for (const asking of [
    (by: Call) => client.embed({ texts: ["a"] }, by),
    (by: Call) => client.pack({ texts: ["a"] }, by),
    (by: Call) => client.rerank({ query: "a", documents }, by),
  ]) {
    await assert.rejects(asking(callBy(other.secret)), refused("model_not_allowed"));
  }
  await client.rerank({ query: "a", documents }, callBy(poor.secret));
  const last = (await lines()).at(-1)!;
  // 3 + 1 bytes of documents, the query of 1 byte with each of them, 2 tokens around each text.
  assert.equal(last.charged_tokens, 14);
  await assert.rejects(
    client.rerank({ query: "a", documents }, callBy(poor.secret)),
    refused("key_budget_spent"),
  );
});

test("embeddings that fail are lines too, and cost nothing", async (t) => {
  const { ask, lines, server, keys } = await open(t);
  const { secret } = await keys.create_key({ name: "k", budget: { day_tokens: 1000 } });
  server.next("broken_500");
  await assert.rejects(ask("e", secret), refused("provider_failed"));
  const [line] = await lines();
  assert.deepEqual([line!.error, line!.charged_tokens], ["provider_failed", 0]);
});

test("whoever's time is over in the line pays nothing: nobody worked for it", async (t) => {
  const { client, callBy, lines, server, keys } = await open(t, { batches_in_flight_max: 1 });
  const { secret } = await keys.create_key({ name: "k", budget: { day_tokens: 1000 } });
  const caller = new AbortController();
  server.next("silent");
  const first = client.openai({ input: "one" }, { ...callBy(), signal: caller.signal });
  await server.asked(1);
  const late = { ...callBy(secret), deadline_ms: Date.now() + 100 };
  await assert.rejects(client.embed({ texts: ["two"] }, late), { code: "deadline_exceeded" });
  const line = await firstOf(lines);
  assert.deepEqual([line.error, line.charged_tokens], ["left_queue", 0]);
  caller.abort();
  await assert.rejects(first, { code: "cancelled" });
});

test("leaving does not make embeddings free: their provider works on, others read them", async (t) => {
  const { client, callBy, lines, server, keys } = await open(t);
  const { secret } = await keys.create_key({ name: "k", budget: { day_tokens: 1000 } });
  const caller = new AbortController();
  server.next("silent");
  const call = { ...callBy(secret), signal: caller.signal };
  const asked = client.openai({ input: ["one", "two"] }, call);
  await server.asked(1);
  caller.abort();
  await assert.rejects(asked, { code: "cancelled" });
  const line = await firstOf(lines);
  assert.deepEqual([line.error, line.charged_tokens], ["cancelled", 10]);
});

/** The ledger's first line, once it is there: whoever leaves does not wait for it. */
async function firstOf(lines: () => Promise<UsageLine[]>): Promise<UsageLine> {
  for (;;) {
    const [first] = await lines();
    if (first !== undefined) return first;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
