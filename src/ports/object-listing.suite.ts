// How every object store must list: like a sorted set of keys, in pages.
import assert from "node:assert/strict";
import fc from "fast-check";
import { chunks, type It } from "./object-store.suite.ts";
import type { ObjectStore } from "./object-store.ts";

const putText = (store: ObjectStore, key: string, text: string) =>
  store.put(key, chunks(text), { bytes_max: 1 << 20 });

export function listing(it: It): void {
  it(
    "lists by prefix and delimiter, page by page",
    async (store) => {
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
    },
    "paged_lists",
  );

  it(
    "lists like a sorted set would, for any keys and pages",
    async (store) => {
      const part = fc.constantFrom("a", "b", "a.x", "ü", "-", "a0", "\u{1f600}", "\uffee");
      const key = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/"));
      const property = fc.asyncProperty(
        fc.uniqueArray(key, { maxLength: 12 }),
        fc.constantFrom("", "a", "a/", "a/a", "ü/"),
        fc.integer({ min: 1, max: 5 }),
        fc.boolean(),
        async (wanted, prefix, limit, grouped) => {
          for (const old of (await store.list({ limit: 1000 })).objects)
            await store.remove(old.key);
          for (const one of wanted) await putText(store, one, one);
          const options = grouped ? { prefix, delimiter: "/" } : { prefix };
          const got = await pagesOf(store, options, limit);
          assert.deepEqual(got, expectedPages(wanted, prefix, grouped));
        },
      );
      await fc.assert(property, { numRuns: 25 });
    },
    "any_key",
  );
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
