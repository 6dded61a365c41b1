// A large index goes on from its file: same answers as comparing with each, whatever has changed.
import { test } from "node:test";
import assert from "node:assert/strict";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { LakehouseError } from "#kernel/problem.ts";
import { seededRandom } from "#kernel/random.ts";
import type { VectorIndex, VectorIndexConfig } from "#ports/vector-index.ts";
import { randomVectors } from "#ports/vector-index.suite.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { createExactEngine } from "./exact-vector-index.ts";
import { createUsearchEngine } from "./usearch-vector-index.ts";

const DIMENSION = 16;

/** Shares of true neighbours found by both ways; the exact one must be exact. */
async function compare(index: VectorIndex, exact: VectorIndex, seed: number): Promise<number> {
  const queries = randomVectors(seededRandom(seed), 20, DIMENSION);
  const [found, wanted] = [await index.search(queries, 10), await exact.search(queries, 10)];
  assert.equal(await index.size(), await exact.size());
  let right = 0;
  for (const [at, { keys }] of wanted.entries()) {
    assert.equal(found[at]!.keys.length, keys.length, "fewer than there are");
    const own = new Set(found[at]!.keys);
    right += [...keys].filter((key) => own.has(key)).length;
    const among = Float64Array.from({ length: 900 }, (_, key) => key * 3);
    const query = queries.subarray(at * DIMENSION, (at + 1) * DIMENSION);
    const [a, b] = [
      await index.searchAmong(query, among, 10),
      await exact.searchAmong(query, among, 10),
    ];
    assert.deepEqual([...a.keys], [...b.keys]);
  }
  return right / 200;
}

for (const quantization of ["f32", "f16", "i8"] as const) {
  test(`mapped ${quantization}: keeps up with random changes, also during saves`, async (t) => {
    const engine = createUsearchEngine({ threads: 2 });
    t.after(() => engine.close());
    const dir = await tempDir(t);
    const seed = 20_261;
    const random = seededRandom(seed);
    const config: VectorIndexConfig = { dimension: DIMENSION, metric: "cos", quantization };
    const mapped = { ...config, mapped_min_rows: 1000 };
    const exact = await createExactEngine().create(config);
    let index = await engine.create(mapped);
    async function change(count: number): Promise<void> {
      const keys = Float64Array.from({ length: count }, () => random.int(3000));
      const rows = randomVectors(random, count, DIMENSION);
      const gone = Float64Array.from({ length: count >> 2 }, () => random.int(3000));
      await Promise.all([index.upsert(keys, rows), index.remove(gone)]);
      await exact.upsert(keys, rows);
      await exact.remove(gone);
    }
    await change(2500);
    for (let round = 0; round < 3; round++) {
      const path = join(dir, `${round}`);
      const saving = index.save(path);
      await change(300);
      assert.ok((await compare(index, exact, round)) > 0.97, `seed ${seed}, during ${round}`);
      await saving;
      await change(300);
      assert.ok((await compare(index, exact, round)) > 0.97, `seed ${seed}, after ${round}`);
      // Wherever the file goes, the index goes on from it.
      await (round % 2 === 0 ? rename(path, `${path}-moved`) : rm(path));
    }
    const last = join(dir, "last");
    await index.save(last);
    await index.close();
    index = await engine.load(last, mapped);
    assert.ok((await compare(index, exact, 9)) > 0.97, `seed ${seed}, loaded`);
    const subset = await index.subset([...Array(2000).keys()], [...Array(2000).keys()]);
    assert.ok((await subset.size()) > 0);
  });
}

test("a save that fails leaves all to be found, and the next one takes everything", async (t) => {
  const engine = createUsearchEngine({ threads: 2 });
  t.after(() => engine.close());
  const dir = await tempDir(t);
  const config = {
    dimension: 1,
    metric: "l2sq",
    quantization: "f32",
    mapped_min_rows: 10,
  } as const;
  const index = await engine.create(config);
  const put = (key: number) => index.upsert([key], Float32Array.of(key));
  for (let key = 0; key < 20; key++) await put(key);
  await index.save(join(dir, "first"));
  await put(100);
  await index.remove([3]);
  await assert.rejects(index.save(join(dir, "no", "such", "folder")));
  await put(200);
  await index.remove([100]);
  await put(4);
  const near = async (of: VectorIndex, value: number) => [
    ...(await of.search(Float32Array.of(value), 2))[0]!.keys,
  ];
  assert.deepEqual(await near(index, 150), [200, 19]);
  await index.save(join(dir, "second"));
  const again = await engine.load(join(dir, "second"), config);
  for (const one of [index, again]) {
    assert.equal(await one.size(), 20);
    assert.deepEqual(await near(one, 150), [200, 19]);
    assert.deepEqual((await near(one, 3.1)).toSorted(), [2, 4]);
  }
});

test("closing an index ends the save that is under way", async (t) => {
  const engine = createUsearchEngine({ threads: 2 });
  t.after(() => engine.close());
  const dir = await tempDir(t);
  const config = { dimension: 8, metric: "cos", quantization: "f16", mapped_min_rows: 10 } as const;
  const index = await engine.create(config);
  const keys = Float64Array.from({ length: 2000 }, (_, at) => at);
  await index.upsert(keys, randomVectors(seededRandom(1), 2000, 8));
  await index.save(join(dir, "first"));
  const saving = index.save(join(dir, "second")).then(
    () => undefined,
    (error: unknown) => error,
  );
  await index.close();
  const error = await saving;
  assert.ok(error === undefined || (error instanceof LakehouseError && error.code === "cancelled"));
});
