// embed.rerank over both transports: forms of the request, the order, and what is refused.
import assert from "node:assert/strict";
import { LakehouseError } from "#kernel/problem.ts";
import { silentLog } from "#kernel/log.ts";
import { embed } from "#contracts/embed.ts";
import type { Embedder } from "#ports/embedder.ts";
import type { Reranker } from "#ports/reranker.ts";
import { createEmbed } from "./embed-service.ts";
import { embedSettings } from "./embed-settings.ts";
import { eachTransport } from "../../../test/support/each-transport.ts";

const none: Embedder = {
  model: "test/none",
  dimension: 1,
  embed: () => Promise.reject(new Error("not asked here")),
  close: async () => undefined,
};
/** Longer is better: nothing to do with the query, so that every order is known. */
const byLength: Reranker = {
  model: "test/length",
  rerank: async (_query, documents) => documents.map((text) => text.length),
  close: async () => undefined,
};
const byShortness: Reranker = {
  ...byLength,
  model: "test/shortness",
  rerank: async (_query, documents) => documents.map((text) => -text.length),
};
const settings = embedSettings.parse({ request_characters_max: 100 });
const open = (rerankers?: readonly Reranker[]) =>
  createEmbed(
    { embedders: [none], log: silentLog, ...(rerankers === undefined ? {} : { rerankers }) },
    settings,
  );

eachTransport("documents come best first, equals as they were given", async (connect) => {
  const client = await connect(embed, (await open([byLength, byShortness])).handlers);
  const documents = ["bb", "dddd", { text: "cc" }, "a"];
  const all = await client.rerank({ query: "x", documents });
  assert.equal(all.model, "test/length");
  assert.deepEqual(
    all.results.map((row) => row.index),
    [1, 0, 2, 3],
  );
  assert.deepEqual(all.results[0], { index: 1, relevance_score: 4 });
  const top = { query: "x", texts: documents, model: "shortness", top_n: 2 };
  assert.deepEqual(await client.rerank({ ...top, return_documents: true }), {
    model: "test/shortness",
    results: [
      { index: 3, relevance_score: -1, document: { text: "a" } },
      { index: 0, relevance_score: -2, document: { text: "bb" } },
    ],
  });
});

eachTransport("what cannot be answered is refused, with what would be right", async (connect) => {
  const client = await connect(embed, (await open([byLength])).handlers);
  const bare = await connect(embed, (await open()).handlers);
  const cases = [
    [() => client.rerank({ query: "x" }), "invalid", "no_documents", /"documents"/u],
    [
      () => client.rerank({ query: "x", documents: ["a"], texts: ["a"] }),
      "invalid",
      "no_documents",
      /./u,
    ],
    [
      () => client.rerank({ query: "x", documents: ["a"], model: "no" }),
      "not_found",
      "no_such_model",
      /test\/length/u,
    ],
    [
      () => bare.rerank({ query: "x", documents: ["a"] }),
      "not_found",
      "no_such_model",
      /none is configured/u,
    ],
    [
      () => client.rerank({ query: "x", documents: ["a".repeat(100)] }),
      "too_large",
      undefined,
      /fewer/u,
    ],
  ] as const;
  for (const [asked, code, reason, hint] of cases) {
    await assert.rejects(asked(), (error) => {
      assert.ok(error instanceof LakehouseError);
      assert.equal(error.code, code);
      if (reason !== undefined) assert.equal(error.reason, reason);
      assert.match(error.hint!, hint);
      return true;
    });
  }
});
