// What every object store must do; each adapter's test runs it.
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { tmpdir } from "node:os";
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { collectBytes } from "#kernel/http-client.ts";
import { LakehouseError, type ErrorCode } from "#kernel/problem.ts";
import { listing } from "./object-listing.suite.ts";
import type { ObjectStore, StoredObject } from "./object-store.ts";
import { attributesOfObjects, copies, uploadsInParts } from "./object-uploads.suite.ts";

export type OpenStore = (t: TestContext) => Promise<ObjectStore>;

const BIG = 1 << 30;

export async function* chunks(...parts: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield typeof part === "string" ? Buffer.from(part) : part;
}

export async function textOf(store: ObjectStore, key: string): Promise<string | undefined> {
  const found = await store.get(key);
  if (found === undefined) return undefined;
  return (await collectBytes(found.body)).toString("utf8");
}

export function failsWith(code: ErrorCode, reason?: string) {
  return (error: unknown) =>
    error instanceof LakehouseError &&
    error.code === code &&
    (reason === undefined || error.reason === reason);
}

const putText = (store: ObjectStore, key: string, text: string) =>
  store.put(key, chunks(text), { bytes_max: BIG });

/**
 * What some foreign servers behind a store cannot do; each is a promise of our own stores.
 * `any_key`: `a` beside `a/b`, odd and long names. `new_etags`: the same bytes again get another
 * etag. `exact_times`: a write answers the time that a later look tells. `list_parts`: an upload
 * tells its parts and can be aborted. `paged_lists`: a list goes on after any key or prefix.
 */
export type StoreFeature = "any_key" | "new_etags" | "exact_times" | "list_parts" | "paged_lists";

export type It = (
  title: string,
  body: (store: ObjectStore, t: TestContext) => Promise<void>,
  feature?: StoreFeature,
) => void;

/** Asserts that two are the same object, as far as the store can tell. */
export type SameObject = (a: StoredObject | undefined, b: StoredObject | undefined) => void;

export interface SuiteOptions {
  /** Tests of these are not run: they are skipped by name with this reason, and so counted. */
  readonly lacks?: ReadonlyMap<StoreFeature, string>;
  /** Size of the parts but the last of an upload. Default: 1,000 bytes. */
  readonly part_bytes?: number;
}

export function objectStoreSuite(name: string, open: OpenStore, options: SuiteOptions = {}): void {
  const lacks = options.lacks ?? new Map<StoreFeature, string>();
  const it: It = (title, body, feature) => {
    const why = feature === undefined ? undefined : lacks.get(feature);
    const skip = why === undefined ? false : `not run (${feature}): ${why}`;
    void test(`${name}: ${title}`, { skip }, async (t) => body(await open(t), t));
  };
  const same: SameObject = (a, b) => {
    const timed = (object: StoredObject | undefined) =>
      lacks.has("exact_times") && object !== undefined ? { ...object, modified_at: "" } : object;
    assert.deepEqual(timed(a), timed(b));
  };

  readsAndWrites(it, same);
  keys(it);
  conditions(it);
  listing(it);
  staging(it, same);
  attributesOfObjects(it, same);
  copies(it, same);
  uploadsInParts(it, same, options.part_bytes ?? 1000);
}

function readsAndWrites(it: It, same: SameObject): void {
  it("gives back what was put, whole and in ranges", async (store) => {
    const object = await store.put("a/b.txt", chunks("hello ", "world"), { bytes_max: BIG });
    assert.equal(object.size_bytes, 11);
    assert.equal(object.content_type, "text/plain");
    assert.match(object.etag, /^"[^"]+"$/);
    assert.equal(await textOf(store, "a/b.txt"), "hello world");
    assert.deepEqual(object.attributes, {});
    same(await store.head("a/b.txt"), object);
    const range = await store.get("a/b.txt", { start: 6, end: 9 });
    same(range?.object, object);
    assert.equal((await collectBytes(range!.body)).toString(), "wor");
    const tail = await store.get("a/b.txt", { start: 6, end: undefined });
    assert.equal((await collectBytes(tail!.body)).toString(), "world");
    const beyond = await store.get("a/b.txt", { start: 11, end: undefined });
    assert.equal((await collectBytes(beyond!.body)).length, 0);
    const none = await store.get("a/b.txt", { start: 3, end: 3 });
    assert.equal((await collectBytes(none!.body)).length, 0);
  });

  it("knows nothing of what was never put or was removed", async (store) => {
    assert.equal(await store.head("none"), undefined);
    assert.equal(await store.get("none/at/all"), undefined);
    assert.equal(await store.remove("none"), false);
    await putText(store, "gone", "x");
    assert.equal(await store.remove("gone"), true);
    assert.equal(await store.head("gone"), undefined);
  });

  it("keeps empty objects and bodies larger than one chunk", async (store) => {
    await store.put("empty", chunks(), { bytes_max: 0 });
    assert.equal(await textOf(store, "empty"), "");
    const block = Buffer.alloc(300_000, 7);
    await store.put("large.bin", chunks(block, block, block), { bytes_max: 900_000 });
    const found = await store.get("large.bin");
    assert.equal((await collectBytes(found!.body)).length, 900_000);
    const unread = await store.get("large.bin");
    await unread!.body[Symbol.asyncIterator]().return?.();
  });

  it("keeps the content type that was said, and forgets it with the object", async (store) => {
    await store.put("t.txt", chunks("1"), { bytes_max: 9, content_type: "text/x-own" });
    assert.equal((await store.head("t.txt"))?.content_type, "text/x-own");
    await putText(store, "t.txt", "2");
    assert.equal((await store.head("t.txt"))?.content_type, "text/plain");
  });

  it("refuses a body over bytes_max and keeps the old object", async (store) => {
    await putText(store, "k", "old");
    const put = store.put("k", chunks("12345", "6"), { bytes_max: 5 });
    await assert.rejects(put, failsWith("too_large"));
    assert.equal(await textOf(store, "k"), "old");
    await store.put("k", chunks("12345"), { bytes_max: 5 });
  });

  it("keeps the old object when the body breaks off", async (store) => {
    await putText(store, "k", "old");
    async function* breaking() {
      yield Buffer.from("half");
      throw new Error("the sender is gone");
    }
    await assert.rejects(store.put("k", breaking(), { bytes_max: BIG }), /sender is gone/);
    assert.equal(await textOf(store, "k"), "old");
  });

  it(
    "gives a new etag to every write, also of the same bytes",
    async (store) => {
      const etags = new Set<string>();
      for (let i = 0; i < 20; i++) etags.add((await putText(store, "k", "same")).etag);
      assert.equal(etags.size, 20);
    },
    "new_etags",
  );
}

function keys(it: It): void {
  it("refuses keys that could leave the root", async (store) => {
    const bad = [
      "",
      "/etc/passwd",
      "../up",
      "a/../b",
      "a/..",
      ".",
      "./a",
      "a\\b",
      "a\0b",
      "\ud800",
    ];
    bad.push("x".repeat(1025), "é".repeat(600));
    for (const key of bad) {
      await assert.rejects(store.head(key), failsWith("invalid", "bad_key"), `head ${key}`);
      await assert.rejects(store.get(key), failsWith("invalid", "bad_key"), `get ${key}`);
      await assert.rejects(putText(store, key, "x"), failsWith("invalid", "bad_key"));
      await assert.rejects(store.remove(key), failsWith("invalid", "bad_key"));
    }
    assert.deepEqual((await store.list({ limit: 10 })).objects, []);
  });

  it(
    "keeps odd keys apart",
    async (store) => {
      const odd = ["a", "a/b", "a/b/c", "a/", "a//b", "a b/ü ü.txt", "e\u0301", "é", ".hidden/.x"];
      odd.push(
        "100%",
        "%2E",
        "x%f",
        "x",
        "x.d/y",
        "x.d",
        "a.",
        "a...",
        "quote'\"`*?[x]",
        "日本/語.json",
      );
      odd.push(
        "😀",
        "\uffff",
        `long/${"ü".repeat(400)}`,
        `long/${"n".repeat(300)}/${"m".repeat(300)}.x`,
      );
      odd.push("con", "a:b", "line\nfeed", "A", "~", "-rf", "a=b/c=d.parquet", "%e", "%+", "b%d/c");
      odd.push("n".repeat(200), `${"n".repeat(200)}/x`, `${"n".repeat(200)}x`);
      for (const key of odd) await putText(store, key, `bytes of ${key}`);
      for (const key of odd) assert.equal(await textOf(store, key), `bytes of ${key}`, key);
      const listed = await store.list({ limit: 1000 });
      const in_order = odd.toSorted((a, b) => Buffer.from(a).compare(Buffer.from(b)));
      assert.deepEqual(
        listed.objects.map((object) => object.key),
        in_order,
      );
      for (const key of odd) assert.equal(await store.remove(key), true, key);
      assert.deepEqual(await store.list({ limit: 10 }), {
        objects: [],
        prefixes: [],
        next_after: undefined,
      });
    },
    "any_key",
  );
}

function conditions(it: It): void {
  it("puts only if absent, once among many at the same time", async (store) => {
    const puts = Array.from({ length: 20 }, (_, i) =>
      store.put("one", chunks(`writer ${i}`), { bytes_max: BIG, if_absent: true }),
    );
    const settled = await Promise.allSettled(puts);
    const won = settled.filter((one) => one.status === "fulfilled");
    assert.equal(won.length, 1);
    for (const one of settled) {
      if (one.status === "rejected") {
        assert.ok(failsWith("precondition_failed", "object_exists")(one.reason));
      }
    }
    assert.equal((await store.head("one"))?.etag, won[0]!.value.etag);
  });

  it("puts only if unchanged, so that a counter raised by many loses no step", async (store) => {
    await putText(store, "n", "0");
    async function raise(): Promise<void> {
      for (;;) {
        const found = (await store.get("n"))!;
        const value = Number((await collectBytes(found.body)).toString());
        try {
          const if_match = found.object.etag;
          await store.put("n", chunks(String(value + 1)), { bytes_max: BIG, if_match });
          return;
        } catch (error) {
          assert.ok(failsWith("precondition_failed", "etag_differs")(error), String(error));
        }
      }
    }
    await Promise.all(Array.from({ length: 8 }, raise));
    assert.equal(await textOf(store, "n"), "8");
    const absent = store.put("none", chunks("x"), { bytes_max: BIG, if_match: '"x"' });
    await assert.rejects(absent, failsWith("precondition_failed", "etag_differs"));
  });

  it("removes only if unchanged", async (store) => {
    const first = await putText(store, "k", "1");
    const second = await putText(store, "k", "22");
    const stale = store.remove("k", { if_match: first.etag });
    await assert.rejects(stale, failsWith("precondition_failed", "etag_differs"));
    assert.equal(await textOf(store, "k"), "22");
    assert.equal(await store.remove("k", { if_match: second.etag }), true);
    assert.equal(await store.head("k"), undefined);
    const gone = store.remove("k", { if_match: second.etag });
    await assert.rejects(gone, failsWith("precondition_failed", "etag_differs"));
  });
}

function staging(it: It, same: SameObject): void {
  it("adopts a staged file without changing it", async (store) => {
    const path = await store.stage();
    assert.notEqual(path, await store.stage());
    await writeFile(path, "a large result");
    const object = await store.adopt("results/r.parquet", path);
    assert.equal(object.size_bytes, 14);
    assert.equal(object.content_type, "application/vnd.apache.parquet");
    same(await store.head("results/r.parquet"), object);
    await assert.rejects(readFile(path), { code: "ENOENT" });
    const { uris } = await store.locate(["results/r.parquet"]);
    assert.equal(await readFile(uris[0]!, "utf8"), "a large result");
    const again = await store.stage();
    await writeFile(again, "other");
    const refused = store.adopt("results/r.parquet", again, { if_absent: true });
    await assert.rejects(refused, failsWith("precondition_failed", "object_exists"));
    assert.equal(await textOf(store, "results/r.parquet"), "a large result");
  });

  it("locates many objects in order, for engines to read", async (store) => {
    const names = Array.from({ length: 20 }, (_, i) => `many/${i}.txt`);
    for (const key of names) await putText(store, key, `text of ${key}`);
    const { uris, missing_keys } = await store.locate(names);
    assert.deepEqual(missing_keys, []);
    const texts = await Promise.all(uris.map((uri) => readFile(uri, "utf8")));
    assert.deepEqual(
      texts,
      names.map((key) => `text of ${key}`),
    );
    const absent = await store.locate(["many/none.txt", "many/3.txt"]);
    assert.equal(await readFile(absent.uris[1]!, "utf8"), "text of many/3.txt");
    // Known to be missing, or a path where nothing is.
    if (absent.missing_keys.length > 0) {
      assert.deepEqual([absent.missing_keys, absent.uris[0]], [["many/none.txt"], ""]);
    } else {
      await assert.rejects(readFile(absent.uris[0]!), { code: "ENOENT" });
    }
    await assert.rejects(store.locate(["ok", "../up"]), failsWith("invalid", "bad_key"));
  });

  it("adopts nothing from elsewhere", async (store, t) => {
    const staged = await store.stage();
    const outside = join(tmpdir(), `lakehouse-outside-${process.pid}`);
    await writeFile(outside, "secret");
    await mkdir(dirname(staged), { recursive: true });
    t.after(() => rm(outside, { force: true }));
    const paths = [outside, staged, dirname(staged), join(dirname(staged), "..", "x"), "/", ""];
    for (const path of paths) {
      await assert.rejects(store.adopt("k", path), failsWith("invalid", "not_staged"), path);
    }
    assert.equal(await readFile(outside, "utf8"), "secret");
  });
}
