// Which embedder is the default: the first, or the one that the settings name.
import { test } from "node:test";
import assert from "node:assert/strict";
import { connectLocal } from "#kernel/connect-local.ts";
import type { LakehouseError } from "#kernel/problem.ts";
import { silentLog } from "#kernel/log.ts";
import { embed } from "#contracts/embed.ts";
import type { Embedder } from "#ports/embedder.ts";
import { createEmbed } from "./embed-service.ts";
import { embedSettings } from "./embed-settings.ts";

const named = (model: string, dimension: number): Embedder => ({
  model,
  dimension,
  async embed(texts) {
    const vectors = new Float32Array(texts.length * dimension);
    for (let row = 0; row < texts.length; row++) vectors[row * dimension] = 1;
    return { vectors, dimension, tokens: texts.length, pooled: [] };
  },
  close: async () => undefined,
});
const needs = { embedders: [named("builtin/a", 4), named("builtin/b", 8)], log: silentLog };

test("the settings name the default, with its provider or without", async () => {
  for (const [model, first] of [
    ["", "builtin/a"],
    ["b", "builtin/b"],
    ["builtin/b", "builtin/b"],
  ] as const) {
    const service = await createEmbed(needs, embedSettings.parse({ model }));
    const client = connectLocal(embed, service.handlers, { strict: true });
    assert.equal((await client.embed({ texts: ["x"] })).model, first);
    const { models } = await client.models({});
    assert.equal(models[0]!.model, first);
    assert.equal(models.length, 2);
    // Who asks for another one by name still gets it.
    assert.equal((await client.embed({ texts: ["x"], model: "a" })).dimension, 4);
  }
});

test("a default that is not here is refused at once, with what would bring it", async () => {
  await assert.rejects(
    createEmbed(needs, embedSettings.parse({ model: "gte-small" })),
    (error: LakehouseError) =>
      error.reason === "no_such_model" &&
      /models list/u.test(error.hint!) &&
      /a, /u.test(error.hint!),
  );
});
