// The AWS SDK against the S3 door: lists in pages, and deleting many.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  DeleteObjectsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  paginateListObjectsV2,
  type ListObjectsV2CommandInput,
} from "@aws-sdk/client-s3";
import { failsAs, openSuite } from "./s3-cases.ts";
import { MAIN, OTHER } from "./s3-house.ts";

const suite = await openSuite("listing");
const B = { Bucket: MAIN };

/** In the order of their bytes. */
const KEYS = ["a", "a b", "a/1", "a/2", "a/b/1", "b+", "b/1", "c<&>", "é", "日本/1", "日本/2"];

for (const key of KEYS) await suite.put(key, key);

const list = (more: Partial<ListObjectsV2CommandInput> = {}) =>
  suite.client.send(new ListObjectsV2Command({ ...B, ...more }));
const namesOf = (page: { Contents?: { Key?: string | undefined }[] | undefined }) =>
  (page.Contents ?? []).map((one) => one.Key);
const prefixesOf = (page: { CommonPrefixes?: { Prefix?: string | undefined }[] | undefined }) =>
  (page.CommonPrefixes ?? []).map((one) => one.Prefix);

test("s3 lists: all keys in the order of their bytes, with size, etag and time", async () => {
  const page = await list();
  assert.deepEqual(namesOf(page), KEYS);
  assert.equal(page.KeyCount, KEYS.length);
  assert.equal(page.IsTruncated, false);
  for (const one of page.Contents!) {
    assert.equal(one.Size, Buffer.byteLength(one.Key!));
    assert.match(one.ETag!, /^".+"$/);
    assert.ok(one.LastModified instanceof Date);
    assert.equal(one.Owner, undefined);
  }
});

test("s3 lists: by prefix", async () => {
  assert.deepEqual(namesOf(await list({ Prefix: "a/" })), ["a/1", "a/2", "a/b/1"]);
  assert.deepEqual(namesOf(await list({ Prefix: "nothing" })), []);
});

test("s3 lists: folders are common prefixes and count as keys", async () => {
  const page = await list({ Delimiter: "/" });
  assert.deepEqual(namesOf(page), ["a", "a b", "b+", "c<&>", "é"]);
  assert.deepEqual(prefixesOf(page), ["a/", "b/", "日本/"]);
  assert.equal(page.KeyCount, 8);
});

test("s3 lists: a folder inside a folder", async () => {
  const page = await list({ Delimiter: "/", Prefix: "a/" });
  assert.deepEqual([namesOf(page), prefixesOf(page)], [["a/1", "a/2"], ["a/b/"]]);
});

for (const size of [1, 2, 3, 7]) {
  test(`s3 lists: pages of ${size} hold each key and each folder once`, async () => {
    const keys: unknown[] = [];
    const asked = { ...B, Delimiter: "/", MaxKeys: size };
    for await (const page of paginateListObjectsV2({ client: suite.client }, asked)) {
      assert.ok((page.KeyCount ?? 0) <= size);
      assert.equal(page.KeyCount, namesOf(page).length + prefixesOf(page).length);
      keys.push(...namesOf(page), ...prefixesOf(page));
    }
    const expected = ["a", "a b", "a/", "b+", "b/", "c<&>", "é", "日本/"];
    assert.deepEqual(keys.toSorted(), expected.toSorted());
  });
}

test("s3 lists: start-after begins behind a key, whether or not it is there", async () => {
  assert.deepEqual(namesOf(await list({ StartAfter: "b/1" })), KEYS.slice(7));
  assert.deepEqual(namesOf(await list({ StartAfter: "b" })), KEYS.slice(5));
});

test("s3 lists: no keys at all when none are wanted, and no more than a thousand", async () => {
  const none = await list({ MaxKeys: 0 });
  assert.deepEqual([none.KeyCount, none.IsTruncated, none.MaxKeys], [0, false, 0]);
  assert.equal((await list({ MaxKeys: 5000 })).MaxKeys, 1000);
});

test("s3 lists: a token that is not one, and a count that is none, are refused", async () => {
  await failsAs(list({ ContinuationToken: "nonsense" }), "InvalidArgument", 400);
  await failsAs(list({ MaxKeys: -1 }), "InvalidArgument", 400);
});

test("s3 lists: keys can be asked for percent-encoded", async () => {
  const page = await list({ EncodingType: "url", Delimiter: "/" });
  assert.equal(page.EncodingType, "url");
  assert.deepEqual(
    namesOf(page).map((one) => decodeURIComponent(one!)),
    ["a", "a b", "b+", "c<&>", "é"],
  );
  assert.ok(namesOf(page).includes("a%20b"));
  assert.ok(prefixesOf(page).includes("%E6%97%A5%E6%9C%AC/"));
});

test("s3 lists: the owner is told when asked for", async () => {
  const page = await list({ FetchOwner: true, MaxKeys: 1 });
  assert.equal(page.Contents![0]!.Owner?.ID, "lakehouse");
});

test("s3 lists: version 1 goes by marker", async () => {
  const keys: unknown[] = [];
  let Marker: string | undefined;
  do {
    const asked = { ...B, Delimiter: "/", MaxKeys: 3, ...(Marker ? { Marker } : {}) };
    const page = await suite.client.send(new ListObjectsCommand(asked));
    keys.push(...namesOf(page), ...prefixesOf(page));
    Marker = page.IsTruncated === true ? page.NextMarker : undefined;
  } while (Marker !== undefined);
  assert.equal(keys.length, 8);
  assert.equal(new Set(keys).size, 8);
});

test("s3 lists: an empty bucket is an empty list", async () => {
  const page = await suite.client.send(new ListObjectsV2Command({ Bucket: OTHER }));
  assert.deepEqual([page.KeyCount, page.Contents], [0, undefined]);
});

const remove = (keys: readonly string[], Quiet = false, ETag?: string) =>
  suite.client.send(
    new DeleteObjectsCommand({
      ...B,
      Delete: { Quiet, Objects: keys.map((Key) => ({ Key, ...(ETag ? { ETag } : {}) })) },
    }),
  );

test("s3 deletes: many at once, those that are not there too", async () => {
  for (const key of ["d/1", "d/2"]) await suite.put(key, "x");
  const done = await remove(["d/1", "d/2", "d/none"]);
  assert.deepEqual(
    done.Deleted?.map((one) => one.Key),
    ["d/1", "d/2", "d/none"],
  );
  assert.deepEqual(namesOf(await list({ Prefix: "d/" })), []);
});

test("s3 deletes: quietly, only errors are told, each with its key", async () => {
  await suite.put("d/1", "x");
  const done = await remove(["d/1", "d/../escape"], true);
  assert.equal(done.Deleted, undefined);
  assert.equal(done.Errors?.length, 1);
  assert.equal(done.Errors![0]!.Key, "d/../escape");
  assert.equal(done.Errors![0]!.Code, "InvalidArgument");
});

test("s3 deletes: under an etag that is another's, the key stays", async () => {
  await suite.put("d/1", "x");
  const done = await remove(["d/1"], false, '"another"');
  assert.equal(done.Errors![0]!.Code, "PreconditionFailed");
  assert.deepEqual(namesOf(await list({ Prefix: "d/" })), ["d/1"]);
});

test("s3 deletes: a thousand are taken, one more is refused and none is deleted", async () => {
  await suite.put("d/1", "x");
  const keys = Array.from({ length: 1000 }, (_, at) => `d/${at}`);
  await failsAs(remove([...keys, "d/1000"]), "MalformedXML", 400);
  assert.equal((await remove(keys)).Deleted?.length, 1000);
});
