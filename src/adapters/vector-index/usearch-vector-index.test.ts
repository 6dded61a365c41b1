// The usearch index passes the suite of its port, searches while it changes, and dies in a way that
// callers can tell.
import { test } from "node:test";
import assert from "node:assert/strict";
import { seededRandom } from "#kernel/random.ts";
import { randomVectors, vectorIndexSuite } from "#ports/vector-index.suite.ts";
import { createWorkerLink } from "./usearch-link.ts";
import { createUsearchEngine } from "./usearch-vector-index.ts";

vectorIndexSuite("usearch", () => createUsearchEngine({ threads: 2 }));
vectorIndexSuite("usearch, mapped", () => createUsearchEngine({ threads: 2 }), {
  mapped_min_rows: 1,
});

test("usearch: searches go on while a large change is under way", async (t) => {
  const engine = createUsearchEngine({ threads: 1 });
  t.after(() => engine.close());
  const index = await engine.create({ dimension: 64, metric: "cos", quantization: "f32" });
  const vectors = randomVectors(seededRandom(3), 4000, 64);
  await index.upsert([9_999], vectors.subarray(0, 64));
  let changing = true;
  const keys = Float64Array.from({ length: 4000 }, (_, at) => at);
  const change = index.upsert(keys, vectors).then(() => (changing = false));
  await index.search(vectors.subarray(0, 64), 1);
  assert.ok(changing, "the search had to wait for the whole change");
  await change;
  assert.equal(await index.size(), 4001);
});

test("usearch: a dead thread makes its indexes unavailable, and errors cross over", async () => {
  const link = createWorkerLink({ threads: 1 });
  const config = { dimension: 2, metric: "cos", quantization: "f32" } as const;
  await link.ask({ kind: "create", index: 1, config });
  assert.equal(await link.ask({ kind: "size", index: 1 }), 0);
  await assert.rejects(link.ask({ kind: "size", index: 2 }), { code: "internal" });
  const stopped = { code: "unavailable", reason: "vector_engine_stopped" };
  const pending = link.expect(() => undefined);
  await Promise.all([assert.rejects(pending, stopped), link.leave()]);
  assert.equal(link.stopped, true);
  await assert.rejects(link.ask({ kind: "size", index: 1 }), stopped);
});
