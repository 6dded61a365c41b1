// What every object store must do with attributes, copies and uploads in parts.
import assert from "node:assert/strict";
import { collectBytes } from "#kernel/http-client.ts";
import { chunks, failsWith, textOf, type It, type SameObject } from "./object-store.suite.ts";
import type { ObjectStore } from "./object-store.ts";

const BIG = 1 << 30;
const ATTRIBUTES = {
  "meta-owner": "Zoë  of the «north», =?UTF-8?B?eA==?=",
  "meta-n": "1",
  "cache-control": "max-age=60",
  "content-disposition": 'attachment; filename="a.txt"',
  "content-encoding": "identity",
  "content-language": "de",
  "checksum-crc32": "NSRBwg==",
  "x-own": "kept too",
};

const putText = (store: ObjectStore, key: string, text: string) =>
  store.put(key, chunks(text), { bytes_max: BIG });

export function attributesOfObjects(it: It, same: SameObject): void {
  it("keeps attributes beside the bytes, and forgets them with the object", async (store) => {
    const put = { bytes_max: BIG, attributes: ATTRIBUTES, content_type: "text/x-own" };
    const object = await store.put("a/k.txt", chunks("1"), put);
    assert.deepEqual(object.attributes, ATTRIBUTES);
    same(await store.head("a/k.txt"), object);
    const found = (await store.get("a/k.txt"))!;
    assert.equal((await collectBytes(found.body)).toString(), "1");
    same(found.object, object);
    await putText(store, "a/k.txt", "2");
    const next = (await store.head("a/k.txt"))!;
    assert.deepEqual([next.attributes, next.content_type], [{}, "text/plain"]);
  });
}

export function copies(it: It, same: SameObject): void {
  it("copies bytes, type and attributes, or with others", async (store) => {
    const put = { bytes_max: BIG, attributes: { "meta-a": "1" }, content_type: "text/x-own" };
    const source = await store.put("from.txt", chunks("bytes"), put);
    const copy = (await store.copy("from.txt", "to/copy.txt", { bytes_max: BIG }))!;
    const { content_type, attributes, size_bytes } = copy;
    assert.deepEqual([content_type, attributes, size_bytes], ["text/x-own", { "meta-a": "1" }, 5]);
    same(await store.head("to/copy.txt"), copy);
    assert.equal(await textOf(store, "to/copy.txt"), "bytes");
    const other = { bytes_max: BIG, content_type: "text/csv", attributes: { "meta-b": "2" } };
    const changed = (await store.copy("from.txt", "to/copy.txt", other))!;
    assert.deepEqual([changed.content_type, changed.attributes], ["text/csv", { "meta-b": "2" }]);
    same(await store.head("to/copy.txt"), changed);
    same(await store.head("from.txt"), source);
    assert.equal(await store.copy("none", "to/none", { bytes_max: BIG }), undefined);
    const large = store.copy("from.txt", "to/large", { bytes_max: 4 });
    await assert.rejects(large, failsWith("too_large"));
  });

  it("copies an object onto itself with new attributes", async (store) => {
    await putText(store, "k.txt", "bytes");
    const attributes = { "meta-new": "yes" };
    await store.copy("k.txt", "k.txt", { bytes_max: BIG, attributes });
    assert.equal(await textOf(store, "k.txt"), "bytes");
    assert.deepEqual((await store.head("k.txt"))?.attributes, attributes);
  });

  it("copies under conditions on both ends", async (store) => {
    const source = await putText(store, "from", "1");
    const there = await putText(store, "there", "22");
    const refusals = [
      [{ if_source_match: there.etag }, "etag_differs"],
      [{ if_absent: true }, "object_exists"],
      [{ if_match: source.etag }, "etag_differs"],
    ] as const;
    for (const [condition, reason] of refusals) {
      const copy = store.copy("from", "there", { bytes_max: BIG, ...condition });
      await assert.rejects(copy, failsWith("precondition_failed", reason));
    }
    assert.equal(await textOf(store, "there"), "22");
    const match = { if_source_match: source.etag, if_match: there.etag };
    await store.copy("from", "there", { bytes_max: BIG, ...match });
    assert.equal(await textOf(store, "there"), "1");
  });
}

/** `part_bytes`: the size of all parts but the last. */
export function uploadsInParts(it: It, same: SameObject, part_bytes: number): void {
  const block = (fill: number, size = part_bytes) => chunks(Buffer.alloc(size, fill));

  it(
    "joins parts in the order named, whatever order they came in",
    async (store) => {
      const key = "up/joined.bin";
      const { upload_id } = await store.uploads.start(key, {});
      const put = async (number: number, fill: number, size?: number) =>
        store.uploads.putPart(upload_id, number, block(fill, size), { bytes_max: BIG });
      const third = await put(3, 3, 7);
      await put(1, 9);
      const [first, second] = [await put(1, 1), await put(2, 2)];
      assert.equal(await store.head(key), undefined, "nothing is seen before it is completed");
      const found = (await store.uploads.find(upload_id))!;
      assert.deepEqual(
        found.parts.map((part) => [part.part_number, part.etag, part.size_bytes]),
        [first, second, third].map((part) => [part.part_number, part.etag, part.size_bytes]),
      );
      const page = await store.uploads.find(upload_id, { after_part: 1, limit: 1 });
      assert.deepEqual(
        page?.parts.map((part) => part.part_number),
        [2],
      );
      assert.deepEqual((await store.uploads.find(upload_id, { limit: 0 }))?.parts, []);
      const named = [first, second, third].map(({ part_number, etag }) => ({ part_number, etag }));
      const object = await store.uploads.complete(upload_id, named, { bytes_max: BIG });
      assert.equal(object.size_bytes, 2 * part_bytes + 7);
      same(await store.head(key), object);
      const bytes = await collectBytes((await store.get(key))!.body, BIG);
      const expected = [
        Buffer.alloc(part_bytes, 1),
        Buffer.alloc(part_bytes, 2),
        Buffer.alloc(7, 3),
      ];
      assert.ok(bytes.equals(Buffer.concat(expected)));
      assert.equal(await store.uploads.find(upload_id), undefined);
      assert.deepEqual(await store.uploads.list(""), []);
    },
    "list_parts",
  );

  it(
    "gives the object the type and attributes of its upload, and parts keep theirs",
    async (store) => {
      const started = { content_type: "text/x-own", attributes: { "meta-a": "1", "meta-b": "2" } };
      const upload = await store.uploads.start("up/a.txt", started);
      const { upload_id } = upload;
      const options = { bytes_max: BIG, attributes: { "checksum-crc32": "AAAAAA==" } };
      const { etag } = await store.uploads.putPart(upload_id, 1, block(1), options);
      const found = (await store.uploads.find(upload_id))!;
      assert.deepEqual(found.upload, upload);
      assert.deepEqual(found.parts[0]?.attributes, { "checksum-crc32": "AAAAAA==" });
      const attributes = { "meta-b": "3", "checksum-crc32": "BBBBBB==" };
      const named = [{ part_number: 1, etag }];
      const more = { bytes_max: BIG, attributes };
      const object = await store.uploads.complete(upload_id, named, more);
      assert.equal(object.content_type, "text/x-own");
      assert.deepEqual(object.attributes, { "meta-a": "1", ...attributes });
      same(await store.head("up/a.txt"), object);
    },
    "list_parts",
  );

  it(
    "refuses to complete what is not there, is another or is too large",
    async (store) => {
      const { upload_id } = await store.uploads.start("up/k", {});
      const put = (number: number, fill: number) =>
        store.uploads.putPart(upload_id, number, block(fill, 9), { bytes_max: 9 });
      const [old, part] = [await put(1, 1), await put(1, 2)];
      const complete = (part_number: number, etag: string, bytes_max = BIG) =>
        store.uploads.complete(upload_id, [{ part_number, etag }], { bytes_max });
      await assert.rejects(complete(2, part.etag), failsWith("invalid", "bad_part"));
      await assert.rejects(complete(1, old.etag), failsWith("invalid", "bad_part"));
      await assert.rejects(complete(1, part.etag, 8), failsWith("too_large"));
      const over = store.uploads.putPart(upload_id, 2, block(1, 10), { bytes_max: 9 });
      await assert.rejects(over, failsWith("too_large"));
      await complete(1, part.etag);
      assert.equal((await store.head("up/k"))?.size_bytes, 9);
      await assert.rejects(complete(1, part.etag), failsWith("not_found", "no_such_upload"));
    },
    "list_parts",
  );

  it(
    "completes under conditions, and an upload refused can be completed later",
    async (store) => {
      const there = await putText(store, "up/k", "there");
      const { upload_id } = await store.uploads.start("up/k", {});
      const { etag } = await store.uploads.putPart(upload_id, 1, block(1), { bytes_max: BIG });
      const complete = (conditions: object) =>
        store.uploads.complete(upload_id, [{ part_number: 1, etag }], {
          bytes_max: BIG,
          ...conditions,
        });
      const exists = failsWith("precondition_failed", "object_exists");
      await assert.rejects(complete({ if_absent: true }), exists);
      const differs = failsWith("precondition_failed", "etag_differs");
      await assert.rejects(complete({ if_match: '"other"' }), differs);
      assert.equal(await textOf(store, "up/k"), "there");
      const object = await complete({ if_match: there.etag });
      assert.equal((await store.head("up/k"))?.etag, object.etag);
    },
    "list_parts",
  );

  it(
    "lists uploads by key and start, and aborts them",
    async (store) => {
      const ids: string[] = [];
      for (const key of ["up/b", "up/a", "other", "up/b"]) {
        ids.push((await store.uploads.start(key, {})).upload_id);
        // Times are whole milliseconds: two of one have no order.
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      const listed = (await store.uploads.list("up/")).map((one) => [one.key, one.upload_id]);
      assert.deepEqual(listed, [
        ["up/a", ids[1]],
        ["up/b", ids[0]],
        ["up/b", ids[3]],
      ]);
      await store.uploads.putPart(ids[0]!, 1, block(1), { bytes_max: BIG });
      assert.equal(await store.uploads.abort(ids[0]!), true);
      assert.equal(await store.uploads.abort(ids[0]!), false);
      assert.equal((await store.uploads.list("")).length, 3);
      const late = store.uploads.putPart(ids[0]!, 2, block(1), { bytes_max: BIG });
      await assert.rejects(late, failsWith("not_found", "no_such_upload"));
      assert.equal(await store.uploads.find("../../etc"), undefined);
      assert.equal(await store.uploads.abort("../../etc"), false);
      for (const one of await store.uploads.list("")) await store.uploads.abort(one.upload_id);
      assert.deepEqual((await store.list({ limit: 10 })).objects, [], "uploads are not objects");
    },
    "list_parts",
  );

  it("refuses keys of uploads and copies that could leave the root", async (store) => {
    await putText(store, "k", "x");
    for (const key of ["../up", "a/../b", "/etc/passwd", "", "a\\b"]) {
      await assert.rejects(store.uploads.start(key, {}), failsWith("invalid", "bad_key"), key);
      const to = store.copy("k", key, { bytes_max: BIG });
      await assert.rejects(to, failsWith("invalid", "bad_key"), key);
      const from = store.copy(key, "k2", { bytes_max: BIG });
      await assert.rejects(from, failsWith("invalid", "bad_key"), key);
    }
    assert.deepEqual(await store.uploads.list(""), []);
  });
}
