// storage over both transports: several buckets, attributes, copies, uploads in parts.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { createDiskObjectStore } from "#adapters/object-store/disk-object-store.ts";
import { createMemoryObjectStore } from "#adapters/object-store/memory-object-store.ts";
import { storage } from "#contracts/storage.ts";
import { systemClock } from "#kernel/clock.ts";
import type { ByteStream, Client } from "#kernel/contract.ts";
import { collectBytes } from "#kernel/http-client.ts";
import { silentLog } from "#kernel/log.ts";
import { failsWith } from "#ports/object-store.suite.ts";
import { eachTransport, type Connect } from "../../../test/support/each-transport.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { createStorage, oneBucket } from "./storage-service.ts";
import { storageSettings } from "./storage-settings.ts";

const SMALL = storageSettings.parse({
  caps: { "big/": 100 },
  object_bytes_max: 50,
  part_bytes_min: 5,
});

async function open(connect: Connect, root: string, settings = storageSettings.parse({})) {
  const [main, archive] = await Promise.all([
    createDiskObjectStore({ root: `${root}/main` }),
    createMemoryObjectStore({ scratch_dir: `${root}/scratch` }),
  ]);
  const created_at = new Date(0).toISOString();
  const buckets = new Map([
    ["archive", { store: archive, backend: "s3" as const, created_at }],
    ["lake", { store: main, backend: "disk" as const, created_at }],
  ]);
  const needs = { buckets, main: "lake", log: silentLog, clock: systemClock };
  const service = await createStorage(needs, settings);
  return connect(storage, service.handlers);
}

async function* one(text: string): ByteStream {
  yield Buffer.from(text);
}

async function textOf(client: Client<typeof storage>, input: { key: string; bucket?: string }) {
  return (await collectBytes((await client.get(input)).body)).toString();
}

eachTransport("buckets are told, the main one first, and kept apart", async (connect, t) => {
  const client = await open(connect, await tempDir(t));
  const { buckets } = await client.buckets({});
  assert.deepEqual(
    buckets.map(({ name, main, backend }) => [name, main, backend]),
    [
      ["lake", true, "disk"],
      ["archive", false, "s3"],
    ],
  );
  await client.put({ key: "k", body: one("main") });
  await client.put({ key: "k", bucket: "archive", body: one("other") });
  assert.equal(await textOf(client, { key: "k" }), "main");
  assert.equal(await textOf(client, { key: "k", bucket: "lake" }), "main");
  assert.equal(await textOf(client, { key: "k", bucket: "archive" }), "other");
  const { objects } = await client.list({ bucket: "archive" });
  assert.deepEqual(
    objects.map((object) => object.size_bytes),
    [5],
  );
  assert.deepEqual(await client.remove({ key: "k", bucket: "archive" }), { removed: true });
  assert.equal(await textOf(client, { key: "k" }), "main");
  const nowhere = failsWith("not_found", "no_such_bucket");
  await assert.rejects(client.head({ key: "k", bucket: "nowhere" }), nowhere);
  await assert.rejects(client.list({ bucket: "nowhere" }), nowhere);
  await assert.rejects(client.put({ key: "k", bucket: "nowhere", body: one("x") }), nowhere);
});

eachTransport("attributes travel with the bytes, also beyond ASCII", async (connect, t) => {
  const client = await open(connect, await tempDir(t));
  const attributes = { "meta-name": "Zoë 日本", "cache-control": "no-store" };
  const put = await client.put({ key: "k.txt", body: one("x"), attributes });
  assert.deepEqual(put.attributes, attributes);
  const { body, ...got } = await client.get({ key: "k.txt" });
  assert.equal((await collectBytes(body)).toString(), "x");
  assert.deepEqual(got.attributes, attributes);
  assert.deepEqual((await client.head({ key: "k.txt" })).attributes, attributes);
});

eachTransport("objects are copied inside a bucket and between two", async (connect, t) => {
  const client = await open(connect, await tempDir(t), SMALL);
  const attributes = { "meta-a": "1" };
  const from = await client.put({ key: "big/a.txt", body: one("x".repeat(60)), attributes });
  const same = await client.copy({ from_key: "big/a.txt", key: "big/b.txt" });
  assert.deepEqual([same.size_bytes, same.attributes], [60, attributes]);
  const route = { from_key: "big/a.txt", key: "big/c.txt", bucket: "archive" };
  const other = await client.copy({ ...route, content_type: "text/csv" });
  assert.deepEqual([other.content_type, other.attributes], ["text/csv", attributes]);
  const back = { from_key: "big/c.txt", from_bucket: "archive", key: "big/d.txt" };
  await client.copy({ ...back, attributes: {} });
  const copied = await client.head({ key: "big/d.txt" });
  assert.deepEqual([copied.content_type, copied.attributes], ["text/csv", {}]);
  const over = failsWith("too_large", "over_prefix_cap");
  await assert.rejects(client.copy({ from_key: "big/a.txt", key: "small" }), over);
  await assert.rejects(client.copy({ ...route, key: "small" }), over);
  const stale = client.copy({ ...route, if_source_match: '"x"' });
  await assert.rejects(stale, failsWith("precondition_failed", "etag_differs"));
  const exists = client.copy({ ...route, if_none_match: "*", if_source_match: from.etag });
  await assert.rejects(exists, failsWith("precondition_failed", "object_exists"));
  const none = failsWith("not_found", "no_such_object");
  await assert.rejects(client.copy({ from_key: "none", key: "k" }), none);
  await assert.rejects(client.copy({ ...route, from_key: "none" }), none);
});

eachTransport("an upload in parts becomes an object, under the same caps", async (connect, t) => {
  const client = await open(connect, await tempDir(t), SMALL);
  const started = await client.start_upload({ key: "k.bin", attributes: { "meta-a": "1" } });
  const { upload_id } = started;
  const put = (part_number: number, text: string) =>
    client.put_part({ upload_id, part_number, body: one(text) });
  const parts = [await put(1, "11111"), await put(2, "22"), await put(3, "33333")];
  const name = (...numbers: number[]) =>
    numbers.map((number) => ({ part_number: number, etag: parts[number - 1]!.etag }));
  const listed = await client.parts({ upload_id, limit: 2 });
  assert.deepEqual([listed.parts.length, listed.next_after_part], [2, 2]);
  const rest = await client.parts({ upload_id, after_part: 2, limit: 2 });
  assert.deepEqual([rest.parts.length, rest.next_after_part], [1, null]);
  const { uploads } = await client.uploads({ prefix: "k" });
  assert.deepEqual(uploads, [started]);
  const refused = async (reason: string, ...numbers: number[]) => {
    const complete = client.complete_upload({ upload_id, parts: name(...numbers) });
    await assert.rejects(complete, failsWith("invalid", reason), reason);
  };
  await refused("bad_part_order", 2, 1);
  await refused("bad_part_order", 1, 1);
  await refused("part_too_small", 1, 2, 3);
  const gone = [{ part_number: 9, etag: '"x"' }];
  const missing = client.complete_upload({ upload_id, parts: gone });
  await assert.rejects(missing, failsWith("invalid", "bad_part"));
  const object = await client.complete_upload({ upload_id, parts: name(1, 3, 2).slice(0, 2) });
  assert.deepEqual([object.size_bytes, object.attributes], [10, { "meta-a": "1" }]);
  assert.equal(await textOf(client, { key: "k.bin" }), "1111133333");
  await assert.rejects(client.parts({ upload_id }), failsWith("not_found", "no_such_upload"));
});

eachTransport("caps hold for parts and for what they make together", async (connect, t) => {
  const client = await open(connect, await tempDir(t), SMALL);
  const { upload_id } = await client.start_upload({ key: "k.bin" });
  const put = (part_number: number, size: number) =>
    client.put_part({ upload_id, part_number, body: one("x".repeat(size)) });
  const over = failsWith("too_large", "over_prefix_cap");
  await assert.rejects(put(1, 51), over);
  const parts = [await put(1, 30), await put(2, 30)];
  const named = parts.map(({ part_number, etag }) => ({ part_number, etag }));
  await assert.rejects(client.complete_upload({ upload_id, parts: named }), over);
  assert.deepEqual(await client.abort_upload({ upload_id }), { aborted: true });
  assert.deepEqual(await client.abort_upload({ upload_id }), { aborted: false });
  await assert.rejects(put(3, 1), failsWith("not_found", "no_such_upload"));
  assert.deepEqual((await client.list({})).objects, []);
});

eachTransport("many objects are located at once", async (connect, t) => {
  const client = await open(connect, await tempDir(t));
  for (const key of ["a.txt", "b.txt"]) await client.put({ key, body: one(key) });
  const { uris, missing_keys } = await client.locate_many({ keys: ["b.txt", "a.txt"] });
  assert.deepEqual(missing_keys, []);
  const texts = await Promise.all(uris.map((uri) => readFile(uri, "utf8")));
  assert.deepEqual(texts, ["b.txt", "a.txt"]);
  const other = await client.locate_many({ keys: ["a.txt"], bucket: "archive" });
  assert.deepEqual(other, { uris: [""], missing_keys: ["a.txt"] });
});

test("a main bucket that is not there is refused at the start", async () => {
  const { buckets } = oneBucket(await createMemoryObjectStore(), "one");
  const needs = { buckets, main: "two", log: silentLog, clock: systemClock };
  const opening = createStorage(needs, storageSettings.parse({}));
  await assert.rejects(opening, failsWith("not_found", "no_such_bucket"));
});

test("settings of a bucket on S3 need its endpoint and take no path there", () => {
  const good = { backend: "s3", endpoint: "https://s3.example.org:9000" };
  const parsed = storageSettings.parse({ buckets: { archive: good } }).buckets["archive"];
  assert.deepEqual([parsed?.path_style, parsed?.region], [true, "us-east-1"]);
  for (const bad of [
    { backend: "s3" },
    { ...good, endpoint: "https://s3.example.org/path" },
    { ...good, endpoint: "https://me:secret@s3.example.org" },
    { ...good, endpoint: "s3.example.org" },
    { ...good, prefix: "/up/" },
    { ...good, prefix: "lake" },
  ]) {
    assert.equal(storageSettings.safeParse({ buckets: { archive: bad } }).success, false);
  }
  assert.equal(storageSettings.safeParse({ buckets: { No_Name: good } }).success, false);
});
