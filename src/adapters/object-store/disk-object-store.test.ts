// The disk store under the suite of its port, and what only a disk can get wrong.
import assert from "node:assert/strict";
import {
  cp,
  link,
  mkdir,
  readdir,
  readFile,
  realpath,
  rename,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { collectBytes } from "#kernel/http-client.ts";
import { newId } from "#kernel/ids.ts";
import { chunks, failsWith, objectStoreSuite, textOf } from "#ports/object-store.suite.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { createDiskFiles } from "./disk-files.ts";
import { createObjectNotes } from "./disk-meta.ts";
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

test("notes that version 0.1 wrote tell the type still", async (t) => {
  const root = await tempDir(t);
  const store = await createDiskObjectStore({ root });
  const { etag } = await store.put("dir/k.txt", chunks("x"), OPTIONS);
  await mkdir(join(root, ".meta", "dir"), { recursive: true });
  await writeFile(join(root, ".meta", "dir", `k.txt%${etag.slice(1, -1)}`), "text/x-own");
  const object = (await (await createDiskObjectStore({ root })).head("dir/k.txt"))!;
  assert.deepEqual([object.content_type, object.attributes], ["text/x-own", {}]);
  // And a type without attributes is still written so.
  const typed = { ...OPTIONS, content_type: "text/y" };
  const next = await store.put("dir/k.txt", chunks("y"), typed);
  const note = join(root, ".meta", "dir", `k.txt%${next.etag.slice(1, -1)}`);
  assert.equal(await readFile(note, "utf8"), "text/y");
});

test("a store of version 0.1 is read as it is", async (t) => {
  const root = await tempDir(t);
  await cp(new URL("../../../test/compat/0.1/objects", import.meta.url), root, { recursive: true });
  const store = await createDiskObjectStore({ root });
  let [count, after] = [0, undefined as string | undefined];
  do {
    const page = await store.list({ limit: 100, ...(after === undefined ? {} : { after }) });
    for (const { key, size_bytes, attributes } of page.objects) {
      assert.equal((await collectBytes((await store.get(key))!.body)).length, size_bytes);
      assert.deepEqual(attributes, {});
      count++;
    }
    after = page.next_after;
  } while (after !== undefined);
  assert.ok(count > 20, `only ${count} objects`);
});

test("opening again takes up an upload, and leftovers of a crash do no harm", async (t) => {
  const root = await tempDir(t);
  const first = await createDiskObjectStore({ root });
  const { upload_id } = await first.uploads.start("k.bin", { attributes: { "meta-a": "1" } });
  const { etag } = await first.uploads.putPart(upload_id, 1, chunks("11"), OPTIONS);
  // A part half written, an upload half begun, the note of a part that never got its name.
  const old = new Date(Date.now() - 3_600_000);
  const [half, begun] = [await first.stage(), await first.stage()];
  await writeFile(half, "2");
  await mkdir(begun);
  for (const path of [half, begun, join(root, ".uploads", upload_id)]) await utimes(path, old, old);
  await writeFile(join(root, ".uploads", upload_id, "00002%x-y-z.json"), "{}");
  await mkdir(join(root, ".uploads", "0".repeat(36)));
  const again = await createDiskObjectStore({ root, staging_age_max_ms: 60_000 });
  assert.deepEqual(await readdir(join(root, ".staging")), []);
  assert.deepEqual(
    (await again.uploads.list("")).map((upload) => upload.upload_id),
    [upload_id],
  );
  assert.equal((await again.uploads.find(upload_id))?.parts.length, 1);
  const part = await again.uploads.putPart(upload_id, 2, chunks("22"), OPTIONS);
  const named = [{ part_number: 1, etag }, part];
  const object = await again.uploads.complete(upload_id, named, OPTIONS);
  assert.equal(await textOf(again, "k.bin"), "1122");
  assert.deepEqual(object.attributes, { "meta-a": "1" });
  assert.equal(await again.uploads.abort("0".repeat(36)), true);
  assert.deepEqual(await readdir(join(root, ".uploads")), []);
  assert.deepEqual(await readdir(join(root, ".staging")), []);
});

test("an upload completed just before a crash can be completed again", async (t) => {
  const root = await tempDir(t);
  const store = await createDiskObjectStore({ root });
  const { upload_id } = await store.uploads.start("k.bin", {});
  const part = await store.uploads.putPart(upload_id, 1, chunks("1"), OPTIONS);
  const folder = join(root, ".uploads", upload_id);
  await cp(folder, join(root, "kept%d"), { recursive: true, preserveTimestamps: true });
  const once = { ...OPTIONS, if_absent: true };
  const object = await store.uploads.complete(upload_id, [part], once);
  // What the crash left: the object, and the upload with the note of what it became.
  await rename(join(root, "kept%d"), folder);
  await writeFile(join(folder, "done.json"), JSON.stringify({ etag: object.etag }));
  const again = await createDiskObjectStore({ root });
  assert.deepEqual(await again.uploads.complete(upload_id, [part], once), object);
  assert.equal(await again.uploads.find(upload_id), undefined);
});

test("a failed part or completion leaves nothing in staging", async (t) => {
  const root = await tempDir(t);
  const store = await createDiskObjectStore({ root });
  const { upload_id } = await store.uploads.start("k", {});
  const large = store.uploads.putPart(upload_id, 1, chunks("xx"), { bytes_max: 1 });
  await assert.rejects(large, failsWith("too_large"));
  const part = await store.uploads.putPart(upload_id, 1, chunks("x"), OPTIONS);
  await store.put("k", chunks("x"), OPTIONS);
  const refused = store.uploads.complete(upload_id, [part], { ...OPTIONS, if_absent: true });
  await assert.rejects(refused, failsWith("precondition_failed"));
  await assert.rejects(store.copy("k", "k", { ...OPTIONS, if_absent: true }));
  assert.deepEqual(await readdir(join(root, ".staging")), []);
});

test("an object read while it is replaced comes with its own attributes, never without them", async (t) => {
  const store = await createDiskObjectStore({ root: await tempDir(t) });
  const write = (text: string) =>
    store.put("k", chunks(text), { ...OPTIONS, attributes: { "meta-text": text } });
  await write("0");
  let writing = true;
  const writer = (async () => {
    for (let n = 1; n <= 40; n++) await write(String(n));
    writing = false;
  })();
  const wrong: string[] = [];
  while (writing) {
    const [read, looked] = await Promise.all([store.get("k"), store.head("k")]);
    const text = (await collectBytes(read!.body, 100)).toString();
    const { attributes } = read!.object;
    if (attributes["meta-text"] !== text) wrong.push(`${text}: ${JSON.stringify(attributes)}`);
    if (looked!.attributes["meta-text"] === undefined) wrong.push("looked at without attributes");
  }
  await writer;
  assert.deepEqual(wrong, []);
});

test("what was found of a file replaced since is not told without its attributes", async (t) => {
  const root = await realpath(await tempDir(t));
  const staged = () => join(root, `${newId()}.part`);
  const files = createDiskFiles(root, createObjectNotes(join(root, ".meta"), staged));
  const write = async (text: string) => {
    const path = staged();
    await writeFile(path, text);
    return files.install("dir/k", path, { attributes: { "meta-text": text } });
  };
  await write("1");
  const found = (await files.find("dir/k"))!;
  await write("2");
  assert.equal(await files.describe("dir/k", found), undefined);
  const now = await files.describe("dir/k", (await files.find("dir/k"))!);
  assert.deepEqual(now?.attributes, { "meta-text": "2" });
  const last = (await files.find("dir/k"))!;
  await files.remove("dir/k", {});
  assert.equal(await files.describe("dir/k", last), undefined);
});

test("many that make one folder at once all get their objects there", async (t) => {
  const store = await createDiskObjectStore({ root: await tempDir(t) });
  const keys = Array.from({ length: 20 }, (_, at) => `new/deep/${at % 3}/folder/${at}.txt`);
  await Promise.all(
    keys.map((key) => store.put(key, chunks(key), { ...OPTIONS, if_absent: true })),
  );
  for (const key of keys) assert.equal(await textOf(store, key), key);
  const { objects } = await store.list({ prefix: "new/", limit: 100 });
  assert.equal(objects.length, keys.length);
});
