// The usearch index recalls well: it finds almost all of what comparing with each vector finds.
import { test } from "node:test";
import assert from "node:assert/strict";
import { seededRandom } from "#kernel/random.ts";
import { randomVectors } from "#ports/vector-index.suite.ts";
import { createExactEngine } from "./exact-vector-index.ts";
import { createUsearchEngine } from "./usearch-vector-index.ts";

const ROWS = 8_000;
const DIMENSION = 64;

/** Points around centres: what embeddings look like, and harder than even noise. */
function clustered(count: number): Float32Array {
  const random = seededRandom(11);
  const centres = randomVectors(random, 200, DIMENSION);
  const vectors = new Float32Array(count * DIMENSION);
  for (let row = 0; row < count; row++) {
    const centre = random.int(200) * DIMENSION;
    for (let at = 0; at < DIMENSION; at++) {
      const noise = random.next() + random.next() - 1;
      vectors[row * DIMENSION + at] = centres[centre + at]! + noise;
    }
  }
  return vectors;
}

test("usearch: recall at 10 is at least .98, also after replacing and removing", async (t) => {
  const engine = createUsearchEngine({ threads: 2 });
  const reference = createExactEngine();
  t.after(() => engine.close());
  const config = { dimension: DIMENSION, metric: "cos", quantization: "f16" } as const;
  const vectors = clustered(ROWS + 100);
  const queries = vectors.subarray(ROWS * DIMENSION);
  const keys = Float64Array.from({ length: ROWS }, (_, at) => at);
  const [index, exact] = [await engine.create(config), await reference.create(config)];
  for (const one of [index, exact]) {
    await one.upsert(keys, vectors.subarray(0, ROWS * DIMENSION));
    await one.upsert(keys.slice(0, 2000), vectors.subarray(DIMENSION, 2001 * DIMENSION));
    await one.remove(keys.slice(5000, 6000));
  }
  const [found, wanted] = [await index.search(queries, 10), await exact.search(queries, 10)];
  let right = 0;
  for (const [at, { keys: own }] of found.entries()) {
    const truth = new Set(wanted[at]!.keys);
    right += [...own].filter((key) => truth.has(key)).length;
  }
  assert.ok(right / 1000 >= 0.98, `recall ${right / 1000}`);
});
