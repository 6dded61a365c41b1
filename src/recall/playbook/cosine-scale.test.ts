// Cosines of an embedder whose vectors lie in a narrow cone: unrelated queries are not alike.
import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { connectLocal } from "#kernel/connect-local.ts";
import { startCall } from "#kernel/call.ts";
import { silentLog } from "#kernel/log.ts";
import { embed } from "#contracts/embed.ts";
import { createEmbed } from "#models/embed/embed-service.ts";
import { embedSettings } from "#models/embed/embed-settings.ts";
import type { Embedder } from "#ports/embedder.ts";
import { UNRELATED_TEXTS } from "#ports/unrelated-texts.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { askQuery, compareQueries } from "./compare-queries.ts";
import { FITTED_BACKGROUND, fittedCosine } from "./cosine-scale.ts";
import { createQueryEmbedder } from "./embed-queries.ts";
import { wordEmbedder } from "./open-playbook.suite.ts";
import { createScopeIndex } from "./scope-index.ts";

/** As gte-small: a direction that every text has, which gives unrelated texts a cosine of .75. */
function coneEmbedder(model: string): Embedder {
  const words = wordEmbedder();
  const dimension = words.dimension + 1;
  return {
    model,
    dimension,
    async embed(texts, signal) {
      const { vectors, tokens, pooled } = await words.embed(texts, signal);
      const rows = new Float32Array(texts.length * dimension);
      for (let row = 0; row < texts.length; row++) {
        for (let at = 0; at < words.dimension; at++) {
          rows[row * dimension + at] = Math.sqrt(0.25) * vectors[row * words.dimension + at]!;
        }
        rows[(row + 1) * dimension - 1] = Math.sqrt(0.75);
      }
      return { vectors: rows, dimension, tokens, pooled };
    },
    close: async () => undefined,
  };
}

async function opened(t: { after(fn: () => unknown): void }, embedder: Embedder) {
  const service = await createEmbed(
    { embedders: [embedder], log: silentLog },
    embedSettings.parse({}),
  );
  const client = connectLocal(embed, service.handlers, { strict: true });
  const queries = createQueryEmbedder(client, await tempDir(t), 64);
  t.after(() => queries.close());
  return queries;
}

test("unrelated queries are not alike, whatever the cosines of the embedder", async (t) => {
  const queries = await opened(t, coneEmbedder("test/cone"));
  const call = startCall();
  const background = await queries.background(call);
  assert.ok(background > 0.7 && background < 0.85, `${background}`);
  const index = createScopeIndex(() => undefined);
  const texts = UNRELATED_TEXTS.slice(0, 16);
  const vectors = await queries.many(texts, call);
  for (const [at, text] of texts.entries()) index.add(text, `p${at}`, vectors[at]);
  let [compared, raw_over] = [0, 0];
  for (const [at, text] of texts.entries()) {
    const read = (more: object) => askQuery(text, vectors[at]!, () => undefined, more);
    for (const other of texts) {
      if (other === text) continue;
      const recorded = index.exact(other)!;
      const { likeness, semantic } = compareQueries(
        read({ background }),
        recorded,
        index,
        () => [],
        1,
      );
      const raw = compareQueries(read({}), recorded, index, () => [], 1).likeness;
      assert.ok(semantic > 0.6, `${semantic}: what is told is the cosine itself`);
      assert.ok(likeness < 0.05, `${likeness}: "${text}" and "${other}"`);
      compared++;
      if (raw > likeness * 10) raw_over++;
    }
  }
  assert.equal(compared, 240);
  // Read as they are, these cosines would say otherwise.
  assert.ok(raw_over > 200, `${raw_over}`);
});

test("nothing changes for the embedder fitted for, nor for one that is no cone", async (t) => {
  const call = startCall();
  const fitted = await opened(t, coneEmbedder("builtin/all-minilm-l6-v2"));
  assert.equal(await fitted.background(call), FITTED_BACKGROUND);
  const plain = await (await opened(t, wordEmbedder())).background(call);
  fc.assert(
    fc.property(fc.double({ min: -1, max: 1, noNaN: true }), (cosine) => {
      assert.equal(fittedCosine(cosine, FITTED_BACKGROUND), cosine);
      if (plain < 0.3) assert.equal(fittedCosine(cosine, plain), cosine);
    }),
  );
});

test("the same stays the same, unrelated becomes unrelated, and the order is kept", () => {
  const cosine = fc.double({ min: -1, max: 1, noNaN: true });
  fc.assert(
    fc.property(
      cosine,
      cosine,
      fc.double({ min: 0.3, max: 0.95, noNaN: true }),
      (a, b, background) => {
        assert.ok(Math.abs(fittedCosine(1, background) - 1) < 1e-9);
        assert.ok(Math.abs(fittedCosine(background, background) - FITTED_BACKGROUND) < 1e-9);
        if (a < b) assert.ok(fittedCosine(a, background) <= fittedCosine(b, background));
      },
    ),
  );
});
