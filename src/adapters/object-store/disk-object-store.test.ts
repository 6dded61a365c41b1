// The disk store under the suite of its port, and what only a disk can get wrong.
import assert from "node:assert/strict";
import { link, mkdir, readdir, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { chunks, failsWith, objectStoreSuite, textOf } from "#ports/object-store.suite.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { createDiskObjectStore } from "./disk-object-store.ts";
import { keyToPath } from "./object-key.ts";

objectStoreSuite("disk object store", async (t) =>
  createDiskObjectStore({ root: await tempDir(t) }),
);

const OPTIONS = { bytes_max: 1 << 20 };

test("ordinary keys are their own path", async (t) => {
  const root = await tempDir(t);
  const store = await createDiskObjectStore({ root });
  const key = "datasets/workers/ab12.parquet";
  assert.deepEqual((await store.locate([key])).uris, [join(root, key)]);
  assert.equal(keyToPath("_vectors/i-1/gen_2.usearch"), "_vectors/i-1/gen_2.usearch");
  assert.equal(keyToPath("a/b"), "a/b%f");
  assert.equal(keyToPath("v1.2/x y.txt"), "v1.2%d/x%20y.txt");
});

test("links lead nowhere", async (t) => {
  const outside = await tempDir(t);
  const root = await tempDir(t);
  await writeFile(join(outside, "secret.txt"), "secret");
  const store = await createDiskObjectStore({ root });
  await symlink(outside, join(root, "out"));
  await symlink(join(outside, "secret.txt"), join(root, "s.txt"));
  await assert.rejects(store.get("out/secret.txt"), failsWith("invalid", "bad_key"));
  await assert.rejects(store.put("out/new.txt", chunks("x"), OPTIONS), failsWith("invalid"));
  await assert.rejects(store.put("out/d/new.txt", chunks("x"), OPTIONS), failsWith("invalid"));
  await assert.rejects(store.remove("out/secret.txt"), failsWith("invalid"));
  assert.equal(await store.get("s.txt"), undefined);
  assert.deepEqual((await store.list({ limit: 10 })).objects, []);
  assert.deepEqual(await readdir(outside), ["secret.txt"]);
  const staged = await store.stage();
  await symlink(join(outside, "secret.txt"), staged);
  await assert.rejects(store.adopt("k", staged), failsWith("invalid", "not_staged"));
});

test("what a dead run left in staging is removed by age, and nothing younger", async (t) => {
  const root = await tempDir(t);
  const first = await createDiskObjectStore({ root });
  const [old, young] = [await first.stage(), await first.stage()];
  await writeFile(old, "old");
  await writeFile(young, "young");
  const long_ago = new Date(Date.now() - 3_600_000);
  await utimes(old, long_ago, long_ago);
  const second = await createDiskObjectStore({ root, staging_age_max_ms: 60_000 });
  assert.equal((await readdir(join(root, ".staging"))).length, 1);
  await second.adopt("kept.txt", young);
  assert.equal(await textOf(second, "kept.txt"), "young");
});

test("a finished, refused or broken put leaves nothing in staging", async (t) => {
  const root = await tempDir(t);
  const store = await createDiskObjectStore({ root });
  await store.put("a", chunks("x"), OPTIONS);
  await store.put("b", chunks("x"), { ...OPTIONS, if_absent: true });
  await assert.rejects(store.put("a", chunks("x"), { ...OPTIONS, if_absent: true }));
  await assert.rejects(store.put("c", chunks("xx"), { bytes_max: 1 }));
  await store.put("d", chunks("x"), { ...OPTIONS, content_type: "text/x-own" });
  assert.deepEqual(await readdir(join(root, ".staging")), []);
});

test("if_absent holds between stores that share a folder", async (t) => {
  const root = await tempDir(t);
  const stores = await Promise.all([1, 2, 3].map(() => createDiskObjectStore({ root })));
  const puts = stores.map((store) => store.put("k", chunks("x"), { ...OPTIONS, if_absent: true }));
  const settled = await Promise.allSettled(puts);
  assert.equal(settled.filter((one) => one.status === "fulfilled").length, 1);
});

test("objects and their types are there after opening again", async (t) => {
  const root = await tempDir(t);
  const store = await createDiskObjectStore({ root });
  const object = await store.put("k", chunks("x"), { ...OPTIONS, content_type: "text/x-own" });
  const again = await createDiskObjectStore({ root });
  assert.deepEqual(await again.head("k"), object);
});

test("files that are not objects are not listed", async (t) => {
  const root = await tempDir(t);
  const store = await createDiskObjectStore({ root });
  await store.put("dir/a.txt", chunks("x"), OPTIONS);
  await writeFile(join(root, "dir", "no%zzescape"), "x");
  await mkdir(join(root, "dir", "empty"));
  await link(join(root, "dir", "a.txt"), join(root, "dir", "b.txt"));
  const { objects } = await store.list({ limit: 10 });
  assert.deepEqual(
    objects.map((one) => one.key),
    ["dir/a.txt", "dir/b.txt"],
  );
});
