// storage over both transports: ranges, conditions, caps, staged files, streaming.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { test } from "node:test";
import fc from "fast-check";
import { createDiskObjectStore } from "#adapters/object-store/disk-object-store.ts";
import { createMemoryObjectStore } from "#adapters/object-store/memory-object-store.ts";
import { storage } from "#contracts/storage.ts";
import { startCall } from "#kernel/call.ts";
import { systemClock } from "#kernel/clock.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import type { ByteStream, Client } from "#kernel/contract.ts";
import { collectBytes } from "#kernel/http-client.ts";
import { silentLog } from "#kernel/log.ts";
import { failsWith } from "#ports/object-store.suite.ts";
import { eachTransport, type Connect } from "../../../test/support/each-transport.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { namesEtag, parseRange } from "./http-conditions.ts";
import { capOf } from "./size-caps.ts";
import { createStorage, oneBucket } from "./storage-service.ts";
import { storageSettings } from "./storage-settings.ts";

type StorageClient = Client<typeof storage>;

const SMALL = storageSettings.parse({ caps: { "_vectors/": 100 }, object_bytes_max: 50 });

async function open(connect: Connect, root: string, settings = storageSettings.parse({})) {
  const objects = await createDiskObjectStore({ root });
  const service = await createStorage(
    { ...oneBucket(objects), log: silentLog, clock: systemClock },
    settings,
  );
  return connect(storage, service.handlers);
}

async function* one(text: string | Uint8Array): ByteStream {
  yield typeof text === "string" ? Buffer.from(text) : text;
}

async function read(client: StorageClient, key: string, more: { range?: string } = {}) {
  const { body, ...head } = await client.get({ key, ...more });
  const bytes = await collectBytes(body);
  return { ...head, text: bytes.toString() };
}

eachTransport("storage answers whole objects, ranges and not-modified", async (connect, t) => {
  const client = await open(connect, await tempDir(t));
  const put = await client.put({ key: "a/b ü.txt", body: one("0123456789") });
  assert.equal(put.content_type, "text/plain");
  const whole = await read(client, "a/b ü.txt");
  assert.equal(whole.status, 200);
  assert.equal(whole.text, "0123456789");
  assert.equal(whole.etag, put.etag);
  assert.equal(whole.size_bytes, 10);
  assert.deepEqual(await client.head({ key: "a/b ü.txt" }), put);
  const part = await read(client, "a/b ü.txt", { range: "bytes=2-4" });
  assert.deepEqual(
    [part.status, part.text, part.content_range, part.size_bytes],
    [206, "234", "bytes 2-4/10", 10],
  );
  assert.equal((await read(client, "a/b ü.txt", { range: "bytes=-3" })).text, "789");
  const beyond = client.get({ key: "a/b ü.txt", range: "bytes=10-" });
  await assert.rejects(beyond, (error) => {
    assert.ok(failsWith("invalid", "range_not_satisfiable")(error));
    return (error as { extra?: { size_bytes?: number } }).extra?.size_bytes === 10;
  });
  const { body, ...same } = await client.get({ key: "a/b ü.txt", if_none_match: put.etag });
  assert.equal(same.status, 304);
  assert.equal((await collectBytes(body)).length, 0);
  await assert.rejects(client.get({ key: "none" }), failsWith("not_found", "no_such_object"));
  await assert.rejects(client.head({ key: "none" }), failsWith("not_found", "no_such_object"));
  assert.deepEqual(await client.remove({ key: "a/b ü.txt" }), { removed: true });
  assert.deepEqual(await client.remove({ key: "a/b ü.txt" }), { removed: false });
});

eachTransport("storage puts under conditions", async (connect, t) => {
  const client = await open(connect, await tempDir(t));
  const first = await client.put({ key: "k", body: one("1"), if_none_match: "*" });
  const twice = client.put({ key: "k", body: one("2"), if_none_match: "*" });
  await assert.rejects(twice, failsWith("precondition_failed", "object_exists"));
  const second = await client.put({ key: "k", body: one("2"), if_match: first.etag });
  const stale = client.put({ key: "k", body: one("3"), if_match: first.etag });
  await assert.rejects(stale, failsWith("precondition_failed", "etag_differs"));
  assert.equal((await read(client, "k")).text, "2");
  assert.notEqual(first.etag, second.etag);
});

eachTransport("storage refuses what is over the cap of its prefix", async (connect, t) => {
  const client = await open(connect, await tempDir(t), SMALL);
  const over = failsWith("too_large", "over_prefix_cap");
  await assert.rejects(client.put({ key: "k", body: one("x".repeat(51)) }), over);
  await client.put({ key: "_vectors/k", body: one("x".repeat(100)) });
  await assert.rejects(client.put({ key: "_vectors/k", body: one("x".repeat(101)) }), over);
  assert.equal((await client.head({ key: "_vectors/k" })).size_bytes, 100);
  await assert.rejects(client.head({ key: "k" }), failsWith("not_found"));
});

eachTransport("storage lists by prefix, delimiter and page", async (connect, t) => {
  const client = await open(connect, await tempDir(t));
  for (const key of ["a/1", "a/2", "b", "c/3"]) await client.put({ key, body: one(key) });
  const first = await client.list({ delimiter: "/", limit: 2 });
  assert.deepEqual([first.prefixes, first.objects.map((o) => o.key)], [["a/"], ["b"]]);
  const next = await client.list({ delimiter: "/", limit: 2, after: first.next_after! });
  assert.deepEqual([next.prefixes, next.objects, next.next_after], [["c/"], [], null]);
});

eachTransport("storage adopts staged files once, and nothing else", async (connect, t) => {
  const client = await open(connect, await tempDir(t), SMALL);
  const { path } = await client.stage({});
  await writeFile(path, "result");
  const { object, existed } = await client.adopt({ key: "r.parquet", path });
  assert.deepEqual([object.size_bytes, existed], [6, false]);
  const again = await client.stage({});
  await writeFile(again.path, "other!");
  const kept = await client.adopt({ key: "r.parquet", path: again.path });
  assert.deepEqual([kept.object, kept.existed], [object, true]);
  const gone = client.adopt({ key: "r2.parquet", path: again.path });
  await assert.rejects(gone, failsWith("invalid", "not_staged"));
  const elsewhere = client.adopt({ key: "p", path: "/etc/hostname" });
  await assert.rejects(elsewhere, failsWith("invalid", "not_staged"));
  const large = await client.stage({});
  await writeFile(large.path, "x".repeat(51));
  const whole = await client.adopt({ key: "large", path: large.path });
  assert.equal(whole.object.size_bytes, 51, "the cap is of what comes in by PUT");
  const located = await client.locate({ key: "r.parquet" });
  assert.ok(located.uri.endsWith("/r.parquet"));
});

eachTransport("keys that lead out are refused", async (connect, t) => {
  const client = await open(connect, await tempDir(t));
  for (const key of ["../x", "a/../../x", "a\\x", "/x"]) {
    await assert.rejects(client.put({ key, body: one("x") }), failsWith("invalid"), key);
    await assert.rejects(client.head({ key }), failsWith("invalid"), key);
  }
});

test("a said length over the cap is refused before the body is read", async (t) => {
  const client = await open(async (c, h) => connectLocal(c, h), await tempDir(t), SMALL);
  let read_any = false;
  async function* body() {
    read_any = true;
    yield Buffer.from("x");
  }
  const put = client.put({ key: "k", content_length: 51, body: body() });
  await assert.rejects(put, failsWith("too_large", "over_prefix_cap"));
  assert.equal(read_any, false);
});

test("a body that is shorter or longer than said is refused", async (t) => {
  const client = await open(async (c, h) => connectLocal(c, h), await tempDir(t));
  for (const content_length of [2, 4]) {
    const put = client.put({ key: "k", content_length, body: one("xxx") });
    await assert.rejects(put, failsWith("invalid", "length_differs"));
  }
  await assert.rejects(client.head({ key: "k" }), failsWith("not_found"));
});

test("a put whose caller leaves ends, also when its body hangs", async (t) => {
  const root = await tempDir(t);
  const objects = await createDiskObjectStore({ root });
  const needs = { ...oneBucket(objects), log: silentLog, clock: systemClock };
  const { handlers } = await createStorage(needs, storageSettings.parse({}));
  const leaving = new AbortController();
  let returned = false;
  const body: ByteStream = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise<never>(() => undefined),
      async return() {
        returned = true;
        return { done: true, value: undefined };
      },
    }),
  };
  const put = handlers.put({ key: "k", body } as never, startCall({ signal: leaving.signal }));
  setImmediate(() => leaving.abort());
  await assert.rejects(put, failsWith("cancelled"));
  assert.equal(returned, true);
  assert.equal(await objects.head("k"), undefined);
});

/** Bun lets garbage lie for longer than this test takes; Node clears buffers away by their size. */
function collectGarbage(): void {
  (globalThis as { Bun?: { gc(whole: boolean): void } }).Bun?.gc(true);
}

test("memory does not grow with the size of a body", async (t) => {
  const client = await open(async (c, h) => connectLocal(c, h), await tempDir(t));
  const block = Buffer.alloc(1 << 20, 1);
  async function* body() {
    for (let n = 0; n < 128; n++) yield block;
  }
  const before = process.memoryUsage().arrayBuffers;
  await client.put({ key: "large.bin", body: body() });
  let [size, most] = [0, 0];
  for await (const chunk of (await client.get({ key: "large.bin" })).body) {
    size += chunk.length;
    if (size % (8 << 20) < chunk.length) collectGarbage();
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  }
  assert.equal(size, 128 << 20);
  assert.ok(most < 96 << 20, `${most} bytes held`);
});

test("the longest prefix decides the cap", () => {
  const settings = storageSettings.parse({ caps: { "a/": 1, "a/b/": 2, "": 9 } });
  assert.deepEqual(
    ["a/x", "a/b/x", "c"].map((key) => capOf(settings, key)),
    [1, 2, 9],
  );
  assert.equal(capOf(storageSettings.parse({}), "_vectors/x"), 4 * 1024 ** 3);
  assert.equal(capOf(storageSettings.parse({}), "x"), 256 * 1024 ** 2);
});

test("ranges follow RFC 9110", () => {
  const part = (start: number, end: number) => ({ kind: "part", range: { start, end } });
  assert.deepEqual(parseRange("bytes=0-0", 10), part(0, 1));
  assert.deepEqual(parseRange("bytes=5-", 10), part(5, 10));
  assert.deepEqual(parseRange("bytes=5-999", 10), part(5, 10));
  assert.deepEqual(parseRange("bytes=-999", 10), part(0, 10));
  assert.deepEqual(parseRange(" Bytes= 1 - 2 ", 10), part(1, 3));
  for (const header of ["bytes=10-", "bytes=-0", "bytes=99-100"]) {
    assert.deepEqual(parseRange(header, 10), { kind: "unsatisfiable" }, header);
  }
  for (const header of [undefined, "", "bytes=-", "bytes=5-4", "bytes=0-1,3-4", "rows=1-2", "x"]) {
    assert.deepEqual(parseRange(header, 10), { kind: "whole" }, header);
  }
  assert.deepEqual(parseRange("bytes=0-", 0), { kind: "unsatisfiable" });
  const property = fc.property(fc.string(), fc.nat(100), (text, size) => {
    const found = parseRange(`bytes=${text}`, size);
    if (found.kind !== "part") return;
    const { start, end } = found.range;
    assert.ok(start >= 0 && start < end && end <= size);
  });
  fc.assert(property);
});

test("etags are compared weakly and in lists", () => {
  assert.ok(namesEtag('"a"', '"a"') && namesEtag('"b", W/"a"', '"a"') && namesEtag("*", '"a"'));
  assert.ok(!namesEtag(undefined, '"a"') && !namesEtag('"b"', '"a"'));
});

test("storage also works on the memory store", async () => {
  const objects = await createMemoryObjectStore();
  const needs = { ...oneBucket(objects), log: silentLog, clock: systemClock };
  const service = await createStorage(needs, storageSettings.parse({}));
  const client = connectLocal(storage, service.handlers, { strict: true });
  await client.put({ key: "k.json", body: one("{}") });
  assert.equal((await read(client, "k.json")).text, "{}");
  assert.equal((await service.health()).status, "ok");
  await service.stop();
});
