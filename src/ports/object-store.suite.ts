// What every object store must do; each adapter's test runs it.
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { tmpdir } from "node:os";
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import fc from "fast-check";
import { collectBytes } from "#kernel/http-client.ts";
import { LakehouseError, type ErrorCode } from "#kernel/problem.ts";
import type { ObjectStore } from "./object-store.ts";

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

export function objectStoreSuite(name: string, open: OpenStore): void {
  const it: It = (title, body) =>
    void test(`${name}: ${title}`, async (t) => body(await open(t), t));

  readsAndWrites(it);
  keys(it);
  conditions(it);
  listing(it);
  staging(it);
}

type It = (title: string, body: (store: ObjectStore, t: TestContext) => Promise<void>) => void;

function readsAndWrites(it: It): void {
  it("gives back what was put, whole and in ranges", async (store) => {
    const object = await store.put("a/b.txt", chunks("hello ", "world"), { bytes_max: BIG });
    assert.equal(object.size_bytes, 11);
    assert.equal(object.content_type, "text/plain");
    assert.match(object.etag, /^"[^"]+"$/);
    assert.equal(await textOf(store, "a/b.txt"), "hello world");
    assert.deepEqual(await store.head("a/b.txt"), object);
    const range = await store.get("a/b.txt", { start: 6, end: 9 });
    assert.deepEqual(range?.object, object);
    assert.equal((await collectBytes(range!.body)).toString(), "wor");
    const tail = await store.get("a/b.txt", { start: 6, end: undefined });
    assert.equal((await collectBytes(tail!.body)).toString(), "world");
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

  it("gives a new etag to every write, also of the same bytes", async (store) => {
    const etags = new Set<string>();
    for (let i = 0; i < 20; i++) etags.add((await putText(store, "k", "same")).etag);
    assert.equal(etags.size, 20);
  });
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

  it("keeps odd keys apart", async (store) => {
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
  });
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
}

function listing(it: It): void {
  it("lists by prefix and delimiter, page by page", async (store) => {
    const all = ["a.txt", "a/1", "a/2", "a/b/3", "a0", "b/x/1", "b/x/2", "c"];
    for (const key of all) await putText(store, key, key);
    assert.deepEqual(await pagesOf(store, {}, 3), [all, []]);
    assert.deepEqual(await pagesOf(store, { prefix: "a/" }, 1), [["a/1", "a/2", "a/b/3"], []]);
    const top = await pagesOf(store, { delimiter: "/" }, 1);
    assert.deepEqual(top, [
      ["a.txt", "a0", "c"],
      ["a/", "b/"],
    ]);
    const below = await pagesOf(store, { prefix: "b/", delimiter: "/" }, 10);
    assert.deepEqual(below, [[], ["b/x/"]]);
    assert.deepEqual(await pagesOf(store, { prefix: "zzz" }, 10), [[], []]);
    await store.remove("b/x/1");
    await store.remove("b/x/2");
    assert.deepEqual(await pagesOf(store, { prefix: "b/", delimiter: "/" }, 10), [[], []]);
  });

  it("lists like a sorted set would, for any keys and pages", async (store) => {
    const part = fc.constantFrom("a", "b", "a.x", "ü", "-", "a0", "\u{1f600}", "\uffee");
    const key = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/"));
    const property = fc.asyncProperty(
      fc.uniqueArray(key, { maxLength: 12 }),
      fc.constantFrom("", "a", "a/", "a/a", "ü/"),
      fc.integer({ min: 1, max: 5 }),
      fc.boolean(),
      async (wanted, prefix, limit, grouped) => {
        for (const old of (await store.list({ limit: 1000 })).objects) await store.remove(old.key);
        for (const one of wanted) await putText(store, one, one);
        const options = grouped ? { prefix, delimiter: "/" } : { prefix };
        const got = await pagesOf(store, options, limit);
        assert.deepEqual(got, expectedPages(wanted, prefix, grouped));
      },
    );
    await fc.assert(property, { numRuns: 25 });
  });
}

function staging(it: It): void {
  it("adopts a staged file without changing it", async (store) => {
    const path = await store.stage();
    assert.notEqual(path, await store.stage());
    await writeFile(path, "a large result");
    const object = await store.adopt("results/r.parquet", path);
    assert.equal(object.size_bytes, 14);
    assert.equal(object.content_type, "application/vnd.apache.parquet");
    assert.deepEqual(await store.head("results/r.parquet"), object);
    await assert.rejects(readFile(path), { code: "ENOENT" });
    assert.equal(await readFile(store.locate("results/r.parquet"), "utf8"), "a large result");
    const again = await store.stage();
    await writeFile(again, "other");
    const refused = store.adopt("results/r.parquet", again, { if_absent: true });
    await assert.rejects(refused, failsWith("precondition_failed", "object_exists"));
    assert.equal(await textOf(store, "results/r.parquet"), "a large result");
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

type ListWhat = { prefix?: string; delimiter?: string };

async function pagesOf(store: ObjectStore, what: ListWhat, limit: number) {
  const found: string[] = [];
  const prefixes: string[] = [];
  let after: string | undefined;
  do {
    const page = await store.list({ ...what, limit, ...(after === undefined ? {} : { after }) });
    assert.ok(page.objects.length + page.prefixes.length <= limit);
    found.push(...page.objects.map((object) => object.key));
    prefixes.push(...page.prefixes);
    after = page.next_after;
  } while (after !== undefined);
  return [found, prefixes];
}

function expectedPages(wanted: readonly string[], prefix: string, grouped: boolean) {
  const within = wanted
    .filter((key) => key.startsWith(prefix))
    .toSorted((a, b) => Buffer.from(a).compare(Buffer.from(b)));
  const isFolder = (key: string) => grouped && key.slice(prefix.length).includes("/");
  const folder = (key: string) => key.slice(0, key.indexOf("/", prefix.length) + 1);
  const objects = within.filter((key) => !isFolder(key));
  return [objects, [...new Set(within.filter(isFolder).map(folder))]];
}
