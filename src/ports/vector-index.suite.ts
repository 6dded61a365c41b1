// What every vector index must do, whatever stands behind it.
import { test } from "node:test";
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { LakehouseError } from "#kernel/problem.ts";
import { seededRandom, type Random } from "#kernel/random.ts";
import { tempDir } from "../../test/support/temp-dir.ts";
import type { VectorIndexConfig, VectorIndexEngine } from "./vector-index.ts";

export function randomVectors(random: Random, count: number, dimension: number): Float32Array {
  return Float32Array.from({ length: count * dimension }, () => random.next() * 2 - 1);
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);

export function vectorIndexSuite(
  name: string,
  createEngine: () => VectorIndexEngine,
  extra: Partial<VectorIndexConfig> = {},
): void {
  const config: VectorIndexConfig = {
    dimension: 8,
    metric: "cos",
    quantization: "f32",
    ...extra,
  };
  const open = (t: { after(fn: () => unknown): void }) => {
    const engine = createEngine();
    t.after(() => engine.close());
    return engine;
  };
  const title = (text: string) => `${name}: ${text}`;

  test(title("finds what was put in, nearest first, with true distances"), async (t) => {
    const index = await open(t).create({ ...config, dimension: 2 });
    await index.upsert([7, 8, 9], Float32Array.of(1, 0, 0, 2, 3, 3));
    const [found] = await index.search(Float32Array.of(5, 0), 2);
    assert.deepEqual([...found!.keys], [7, 9]);
    assert.ok(Math.abs(found!.distances[0]!) < 1e-6);
    assert.ok(Math.abs(found!.distances[1]! - (1 - Math.SQRT1_2)) < 1e-6);
    assert.equal(await index.size(), 3);
  });

  test(
    title("answers several queries in their order, and nothing from an empty index"),
    async (t) => {
      const index = await open(t).create({ ...config, dimension: 2, metric: "l2sq" });
      assert.deepEqual([...(await index.search(Float32Array.of(1, 1), 5))[0]!.keys], []);
      await index.upsert([1, 2], Float32Array.of(0, 0, 3, 4));
      const found = await index.search(Float32Array.of(3, 4, 0, 0), 2);
      assert.deepEqual([...found[0]!.keys], [2, 1]);
      assert.deepEqual([...found[0]!.distances], [0, 25]);
      assert.deepEqual([...found[1]!.keys], [1, 2]);
    },
  );

  test(title("has the three metrics and the three quantizations"), async (t) => {
    const engine = open(t);
    for (const metric of ["cos", "ip", "l2sq"] as const) {
      for (const quantization of ["f32", "f16", "i8"] as const) {
        if (quantization === "i8" && metric !== "cos") continue;
        const index = await engine.create({ ...config, metric, quantization });
        const vectors = randomVectors(seededRandom(1), 50, 8);
        await index.upsert(range(0, 50), vectors);
        const query = vectors.subarray(80, 88);
        const [found] = await index.search(query, 50);
        const own = found!.distances[found!.keys.indexOf(10)]!;
        const dot = query.reduce((sum, value) => sum + value * value, 0);
        const expected = metric === "ip" ? 1 - dot : 0;
        assert.ok(Math.abs(own - expected) < 2e-3, `${metric} ${quantization}`);
        await index.close();
      }
    }
  });

  test(title("the distances of a search are those of comparing with each"), async (t) => {
    const engine = open(t);
    for (const metric of ["cos", "ip", "l2sq"] as const) {
      for (const quantization of ["f32", "f16", "i8"] as const) {
        if (quantization === "i8" && metric !== "cos") continue;
        const index = await engine.create({ ...config, metric, quantization });
        const vectors = randomVectors(seededRandom(9), 1500, 8);
        await index.upsert(range(0, 1500), vectors);
        const query = vectors.subarray(24, 32);
        const [found] = await index.search(query, 5);
        const among = await index.searchAmong(query, [...found!.keys], 5);
        assert.equal(found!.keys.length, 5);
        for (const [at, distance] of found!.distances.entries()) {
          assert.ok(Math.abs(distance - among.distances[at]!) < 2e-3, `${metric} ${quantization}`);
        }
      }
    }
  });

  test(title("replaces a key, also within one call, and removes keys"), async (t) => {
    const index = await open(t).create({ ...config, dimension: 2 });
    await index.upsert([1, 2, 1], Float32Array.of(1, 0, 0, 1, -1, 0));
    assert.equal(await index.size(), 2);
    assert.deepEqual([...(await index.search(Float32Array.of(-1, 0), 1))[0]!.keys], [1]);
    await index.upsert([2], Float32Array.of(-2, 0.1));
    await index.remove([1, 99]);
    assert.equal(await index.size(), 1);
    assert.deepEqual([...(await index.search(Float32Array.of(1, 0), 5))[0]!.keys], [2]);
    await index.upsert([1], Float32Array.of(1, 0));
    assert.deepEqual([...(await index.search(Float32Array.of(1, 0), 5))[0]!.keys], [1, 2]);
  });

  test(title("searches exactly among given keys and passes over absent ones"), async (t) => {
    const index = await open(t).create({ ...config, dimension: 1, metric: "l2sq" });
    await index.upsert(range(0, 2000), Float32Array.from(range(0, 2000)));
    const query = Float32Array.of(1000);
    for (const keys of [[3, 1500, 900, 5000], Uint32Array.of(3, 1500, 900, 5000)]) {
      const found = await index.searchAmong(query, keys, 2);
      assert.deepEqual([...found.keys], [900, 1500]);
      assert.deepEqual([...found.distances], [10_000, 250_000]);
    }
    assert.deepEqual([...(await index.searchAmong(query, [], 2)).keys], []);
  });

  test(title("takes keys far apart"), async (t) => {
    const index = await open(t).create({ ...config, dimension: 1, metric: "l2sq" });
    const keys = [0, 2 ** 40, 2 ** 53 - 1, 70_000_000];
    await index.upsert(keys, Float32Array.of(0, 1, 2, 3));
    assert.deepEqual([...(await index.search(Float32Array.of(0), 4))[0]!.keys], keys);
    await index.remove([2 ** 40]);
    assert.deepEqual([...(await index.searchAmong(Float32Array.of(0), keys, 4)).keys].length, 3);
  });

  test(title("answers many searches at once, each its own"), async (t) => {
    const index = await open(t).create(config);
    const vectors = randomVectors(seededRandom(2), 3000, 8);
    await index.upsert(range(0, 3000), vectors);
    const answers = await Promise.all(
      range(0, 200).map((at) => index.search(vectors.subarray(at * 8, at * 8 + 8), 1 + (at % 3))),
    );
    for (const [at, [found]] of answers.entries()) {
      assert.equal(found!.keys.length, 1 + (at % 3));
    }
    // A graph may miss one now and then; answers given to the wrong caller would all be wrong.
    const right = answers.filter(([found], at) => found!.keys[0] === at).length;
    assert.ok(right >= 190, `${right} of 200`);
  });

  test(title("a subset has its own keys and a life of its own"), async (t) => {
    const index = await open(t).create({ ...config, dimension: 1, metric: "l2sq" });
    await index.upsert([5, 6, 7], Float32Array.of(50, 60, 70));
    const building = index.subset([7, 5], [0, 1]);
    const change = index.remove([5]);
    const subset = await building;
    await change;
    assert.deepEqual([...(await subset.search(Float32Array.of(0), 9))[0]!.keys], [1, 0]);
    assert.equal(await index.size(), 2);
  });

  test(title("a saved index is the same after loading, also when empty"), async (t) => {
    const engine = open(t);
    const dir = await tempDir(t);
    for (const quantization of ["f32", "f16", "i8"] as const) {
      const own = { ...config, quantization };
      const index = await engine.create(own);
      const path = join(dir, quantization);
      await index.save(path);
      assert.equal(await (await engine.load(path, own)).size(), 0);
      await index.upsert(range(0, 1500), randomVectors(seededRandom(3), 1500, 8));
      await index.remove(range(100, 200));
      await index.save(path);
      const loaded = await engine.load(path, own);
      assert.equal(await loaded.size(), 1400);
      const queries = randomVectors(seededRandom(4), 5, 8);
      const [before, after] = [await index.search(queries, 3), await loaded.search(queries, 3)];
      assert.deepEqual(after, before);
      await loaded.upsert([100], queries.subarray(0, 8));
      const among = await loaded.searchAmong(queries.subarray(0, 8), [100, 300], 1);
      assert.ok(among.keys[0] === 100 && among.distances[0]! < 1e-3);
    }
  });

  test(title("a file that is absent, cut, altered or of another kind is refused"), async (t) => {
    const engine = open(t);
    const path = join(await tempDir(t), "index");
    const damaged = (error: unknown) =>
      error instanceof LakehouseError &&
      error.code === "unavailable" &&
      error.reason === "damaged_index";
    await assert.rejects(engine.load(path, config), damaged);
    const index = await engine.create(config);
    await index.upsert(range(0, 100), randomVectors(seededRandom(5), 100, 8));
    await index.save(path);
    await assert.rejects(engine.load(path, { ...config, dimension: 9 }), damaged);
    await assert.rejects(engine.load(path, { ...config, metric: "ip" }), damaged);
    const whole = await readFile(path);
    for (const length of [0, 10, whole.length >> 1, whole.length - 1]) {
      await writeFile(path, whole.subarray(0, length));
      await assert.rejects(engine.load(path, config), damaged);
    }
    for (const at of [0, 100, whole.length >> 1, whole.length - 400]) {
      const altered = Buffer.from(whole);
      altered[at]! ^= 4;
      await writeFile(path, altered);
      await assert.rejects(engine.load(path, config), damaged);
    }
  });

  test(title("refuses vectors of another dimension and use after closing"), async (t) => {
    const index = await open(t).create(config);
    const invalid = { code: "invalid", reason: "dimension_differs" };
    await assert.rejects(index.upsert([1], new Float32Array(7)), invalid);
    await assert.rejects(index.search(new Float32Array(9), 1), invalid);
    await assert.rejects(index.searchAmong(new Float32Array(16), [1], 1), invalid);
    assert.equal(await index.size(), 0);
    await index.close();
    await assert.rejects(index.size(), { code: "unavailable" });
  });
}
