// What every pointer store must do; each adapter's test runs it.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { PointerStore } from "./pointer-store.ts";

export type OpenPointers = (t: TestContext) => Promise<PointerStore>;

export function pointerStoreSuite(name: string, open: OpenPointers): void {
  const it = (title: string, body: (store: PointerStore) => Promise<void>): void =>
    void test(`${name}: ${title}`, async (t) => {
      const store = await open(t);
      t.after(() => store.close());
      await body(store);
    });

  it("makes, changes and removes a record under its version", async (store) => {
    assert.equal(await store.get("s", "a"), undefined);
    const made = await store.swap("s", "a", 0, { x: 1, text: "ü '\" \n" });
    assert.deepEqual(made, { name: "a", version: 1, value: { x: 1, text: "ü '\" \n" } });
    assert.deepEqual(await store.get("s", "a"), made);
    assert.equal((await store.swap("s", "a", 1, [2]))?.version, 2);
    assert.deepEqual((await store.get("s", "a"))?.value, [2]);
    assert.equal(await store.remove("s", "a", 1), false);
    assert.equal(await store.remove("s", "a", 2), true);
    assert.equal(await store.get("s", "a"), undefined);
    assert.equal(await store.remove("s", "a", 2), false);
  });

  it("refuses every version but the present one", async (store) => {
    assert.equal(await store.swap("s", "a", 1, {}), undefined);
    await store.swap("s", "a", 0, "first");
    assert.equal(await store.swap("s", "a", 0, "second"), undefined);
    assert.equal(await store.swap("s", "a", 2, "second"), undefined);
    assert.deepEqual((await store.get("s", "a"))?.value, "first");
  });

  it("lists one space in name order", async (store) => {
    for (const name of ["b", "a", "c10", "c2", "ü", "A"]) await store.swap("s", name, 0, name);
    await store.swap("other", "z", 0, 1);
    const names = (await store.list("s")).map((pointer) => pointer.name);
    assert.deepEqual(names, ["A", "a", "b", "c10", "c2", "ü"]);
    assert.deepEqual(await store.list("none"), []);
  });

  it("hands out values that nobody else can change", async (store) => {
    const value = { list: [1] };
    await store.swap("s", "a", 0, value);
    value.list.push(2);
    const read = (await store.get("s", "a"))!.value as { list: number[] };
    read.list.push(3);
    assert.deepEqual((await store.get("s", "a"))?.value, { list: [1] });
  });

  it("loses no step of a counter that many raise", async (store) => {
    await store.swap("s", "n", 0, 0);
    async function raise(): Promise<void> {
      for (;;) {
        const now = (await store.get("s", "n"))!;
        if (await store.swap("s", "n", now.version, (now.value as number) + 1)) return;
      }
    }
    await Promise.all(Array.from({ length: 20 }, raise));
    assert.deepEqual(await store.get("s", "n"), { name: "n", version: 21, value: 20 });
  });
}
