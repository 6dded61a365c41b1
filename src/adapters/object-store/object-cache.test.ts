// Local copies of remote objects: bounded, fetched once, kept while they may be in use.
import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { chunks, failsWith } from "#ports/object-store.suite.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { createObjectCache } from "./object-cache.ts";

const version = (name: string, size_bytes = 4) => ({ place: name, etag: '"e"', size_bytes });
const bytes = (text: string) => async () => chunks(text);

test("what was asked for together is fetched once", async (t) => {
  const cache = await createObjectCache({ dir: await tempDir(t), bytes_max: 100 });
  let fetches = 0;
  const fetch = async () => {
    fetches++;
    await new Promise((resolve) => setTimeout(resolve, 10));
    return chunks("four");
  };
  const paths = await Promise.all([1, 2, 3].map(() => cache.path(version("a"), fetch)));
  assert.deepEqual([fetches, new Set(paths).size], [1, 1]);
  assert.equal(await readFile(paths[0]!, "utf8"), "four");
  await cache.path(version("a"), fetch);
  assert.equal(fetches, 1);
  const other = await cache.path({ ...version("a"), etag: '"f"' }, bytes("next"));
  assert.notEqual(other, paths[0], "another etag is another copy");
});

test("copies unused longest go first, but none that may be in use", async (t) => {
  const dir = await tempDir(t);
  let now_ms = 0;
  const cache = await createObjectCache({ dir, bytes_max: 8, idle_ms: 100, now: () => now_ms });
  const names: string[] = [];
  for (const name of ["a", "b", "c"]) names.push(await cache.path(version(name), bytes("four")));
  assert.deepEqual([(await readdir(dir)).length, cache.size_bytes()], [3, 12]);
  now_ms = 200;
  assert.equal(await cache.path(version("a"), bytes("four")), names[0]);
  await cache.path(version("d"), bytes("four"));
  const left = new Set((await readdir(dir)).map((name) => join(dir, name)));
  assert.deepEqual(
    names.map((path) => left.has(path)),
    [true, false, false],
  );
  assert.equal(cache.size_bytes(), 8);
});

test("a fetch that fails, ends early or finds nothing leaves nothing", async (t) => {
  const dir = await tempDir(t);
  const cache = await createObjectCache({ dir, bytes_max: 100 });
  const early = cache.path(version("a", 9), bytes("four"));
  await assert.rejects(early, failsWith("unavailable"));
  const broken = cache.path(version("a"), async () => {
    throw new Error("the endpoint is gone");
  });
  await assert.rejects(broken, /endpoint is gone/);
  assert.equal(await cache.path(version("a"), async () => undefined), "");
  assert.deepEqual(await readdir(dir), []);
  assert.equal(await readFile(await cache.path(version("a"), bytes("four")), "utf8"), "four");
});

test("copies are found again after a restart, broken ones are not", async (t) => {
  const dir = await tempDir(t);
  const first = await createObjectCache({ dir, bytes_max: 100 });
  const whole = await first.path(version("a"), bytes("four"));
  const cut = await first.path(version("b"), bytes("four"));
  await writeFile(cut, "fo");
  await writeFile(join(dir, "left.part"), "half");
  const second = await createObjectCache({ dir, bytes_max: 100 });
  assert.equal(second.size_bytes(), 4);
  const never = async () => assert.fail("it is here");
  assert.equal(await second.path(version("a"), never), whole);
  assert.equal(await readFile(await second.path(version("b"), bytes("four")), "utf8"), "four");
  assert.equal((await readdir(dir)).length, 2);
});
