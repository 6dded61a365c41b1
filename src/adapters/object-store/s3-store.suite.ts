// The S3 store against a real S3 server: the suite of its port, and what only S3 can get wrong.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { collectBytes } from "#kernel/http-client.ts";
import { newId, sha256Hex } from "#kernel/ids.ts";
import type { ObjectStore } from "#ports/object-store.ts";
import {
  chunks,
  failsWith,
  objectStoreSuite,
  textOf,
  type StoreFeature,
  type SuiteOptions,
} from "#ports/object-store.suite.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { createS3ObjectStore, type S3ObjectStoreOptions } from "./s3-object-store.ts";

/** An S3 server that is up, with a bucket that is there. */
export type S3Server = Pick<
  S3ObjectStoreOptions,
  "endpoint" | "region" | "bucket" | "access_key" | "secret_key"
>;

const BIG = 1 << 30;
const MIB = 1 << 20;

/** Opens a store below a fresh prefix of the server's bucket. */
export async function openS3Store(
  t: TestContext,
  server: S3Server,
  more: Partial<S3ObjectStoreOptions> = {},
): Promise<ObjectStore> {
  return createS3ObjectStore({
    ...server,
    prefix: `${newId()}/`,
    cache_dir: await tempDir(t),
    cache_bytes_max: 64 * MIB,
    retry_base_ms: 5,
    ...more,
  });
}

/** S3 makes etags of the content, and tells the time of a write only later and in seconds. */
const OF_S3 = [
  ["new_etags", "S3 makes etags of the content"],
  ["exact_times", "S3 does not answer the time of a write"],
] as const;

/** `lacks` is laid over what no S3 server does; `server` is asked once for each test. */
export function s3StoreSuite(
  name: string,
  server: () => Promise<S3Server>,
  options: SuiteOptions = {},
): void {
  const lacks = new Map<StoreFeature, string>([...OF_S3, ...(options.lacks ?? [])]);
  const part_bytes = options.part_bytes ?? 5 * MIB;
  const open = async (t: TestContext) => openS3Store(t, await server());
  const skipOf = (feature: StoreFeature) => {
    const why = lacks.get(feature);
    return { skip: why === undefined ? false : `not run (${feature}): ${why}` };
  };
  objectStoreSuite(name, open, { lacks, part_bytes });
  largeBodies(name, server, skipOf("list_parts"));
  localCopies(name, server);
  const list_parts = skipOf("list_parts");
  const paged_lists = skipOf("paged_lists");

  void test(`${name}: two stores see the same objects and uploads`, list_parts, async (t) => {
    const prefix = `${newId()}/`;
    const [one, two] = [
      await openS3Store(t, await server(), { prefix }),
      await openS3Store(t, await server(), { prefix }),
    ];
    const { upload_id } = await one.uploads.start("k.bin", { attributes: { "meta-a": "1" } });
    const { etag } = await two.uploads.putPart(upload_id, 1, chunks("bytes"), { bytes_max: 9 });
    assert.equal((await two.uploads.list("")).length, 1);
    await one.uploads.complete(upload_id, [{ part_number: 1, etag }], { bytes_max: 9 });
    assert.equal(await textOf(two, "k.bin"), "bytes");
  });

  void test(
    `${name}: what the store keeps for itself is neither seen nor written`,
    paged_lists,
    async (t) => {
      const store = await open(t);
      await store.uploads.start("a.bin", {});
      await store.put(".aa", chunks("x"), { bytes_max: BIG });
      await store.put("z", chunks("x"), { bytes_max: BIG });
      const { objects } = await store.list({ limit: 1 });
      assert.deepEqual([objects[0]?.key, objects.length], [".aa", 1]);
      const next = await store.list({ limit: 1, after: ".aa" });
      assert.equal(next.objects[0]?.key, "z");
      const top = await store.list({ limit: 10, delimiter: "/" });
      assert.deepEqual(top.prefixes, []);
      const put = store.put(".lakehouse/uploads/x.json", chunks("x"), { bytes_max: BIG });
      await assert.rejects(put, failsWith("invalid", "bad_key"));
      await assert.rejects(store.get(".lakehouse/x"), failsWith("invalid", "bad_key"));
    },
  );

  void test(`${name}: wrong credentials and a bucket that is not there are told`, async (t) => {
    const wrong = await openS3Store(t, { ...(await server()), secret_key: "not-the-secret" });
    await assert.rejects(wrong.put("k", chunks("x"), { bytes_max: 9 }), (error) => {
      assert.ok(failsWith("unavailable", "remote_refused")(error), String(error));
      assert.doesNotMatch(JSON.stringify(error) + String(error), /not-the-secret/);
      return true;
    });
    const nowhere = await openS3Store(t, { ...(await server()), bucket: "no-such-bucket" });
    await assert.rejects(nowhere.list({ limit: 1 }), failsWith("unavailable", "no_remote_bucket"));
  });
}

function largeBodies(
  name: string,
  server: () => Promise<S3Server>,
  list_parts: { readonly skip: string | boolean },
): void {
  void test(`${name}: a body over one block goes in parts and comes back`, async (t) => {
    const store = await openS3Store(t, await server());
    const block = randomBytes(3 * MIB);
    const body = () => chunks(...Array.from({ length: 7 }, () => block));
    const attributes = { "meta-a": "1" };
    const object = await store.put("large.bin", body(), { bytes_max: BIG, attributes });
    assert.equal(object.size_bytes, 21 * MIB);
    const all = Buffer.concat(Array.from({ length: 7 }, () => block));
    const found = (await store.get("large.bin"))!;
    assert.equal(found.object.etag, object.etag);
    const whole = await collectBytes(found.body, BIG);
    assert.equal(sha256Hex(whole), sha256Hex(all));
    const range = (await store.get("large.bin", { start: 17 * MIB, end: 17 * MIB + 5 }))!;
    const expected = all.subarray(17 * MIB, 17 * MIB + 5);
    assert.deepEqual(await collectBytes(range.body), expected);
    const unread = (await store.get("large.bin"))!;
    await unread.body[Symbol.asyncIterator]().return?.();
    const exists = failsWith("precondition_failed", "object_exists");
    const again = store.put("large.bin", body(), { bytes_max: BIG, if_absent: true });
    await assert.rejects(again, exists);
    const over = store.put("over.bin", body(), { bytes_max: 20 * MIB });
    await assert.rejects(over, failsWith("too_large"));
    assert.equal(await store.head("over.bin"), undefined);
  });

  void test(`${name}: a part over one block is sent from a staged file`, list_parts, async (t) => {
    const store = await openS3Store(t, await server());
    const { upload_id } = await store.uploads.start("parts.bin", {});
    const bytes = randomBytes(18 * MIB);
    const part = await store.uploads.putPart(upload_id, 1, chunks(bytes), { bytes_max: BIG });
    assert.equal(part.size_bytes, bytes.length);
    const named = [{ part_number: 1, etag: part.etag }];
    const object = await store.uploads.complete(upload_id, named, { bytes_max: BIG });
    assert.equal(object.size_bytes, bytes.length);
    const back = await collectBytes((await store.get("parts.bin"))!.body, BIG);
    assert.ok(back.equals(bytes));
  });
}

function localCopies(name: string, server: () => Promise<S3Server>): void {
  void test(`${name}: copies for engines are fetched once and kept over a restart`, async (t) => {
    const prefix = `${newId()}/`;
    const cache_dir = await tempDir(t);
    const more = { prefix, cache_dir };
    const store = await openS3Store(t, await server(), more);
    await store.put("a.parquet", chunks("one"), { bytes_max: 9 });
    const asked = await Promise.all(
      Array.from({ length: 8 }, async () => (await store.locate(["a.parquet"])).uris[0]!),
    );
    assert.equal(new Set(asked).size, 1);
    assert.equal((await readdir(join(cache_dir, "copies"))).length, 1);
    const staged = await store.stage();
    await writeFile(staged, "two");
    await store.adopt("b.parquet", staged);
    const copies = await readdir(join(cache_dir, "copies"));
    assert.equal(copies.length, 2, "what was adopted is a copy already");
    const again = await openS3Store(t, await server(), more);
    const { uris, missing_keys } = await again.locate(["b.parquet", "none", "a.parquet"]);
    assert.equal(await readFile(uris[0]!, "utf8"), "two");
    assert.deepEqual([uris[1], missing_keys], ["", ["none"]]);
    assert.equal(uris[2], asked[0]);
    assert.deepEqual(await readdir(join(cache_dir, "copies")), copies);
  });
}
