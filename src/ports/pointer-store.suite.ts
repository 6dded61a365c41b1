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

  it("gives back numbers, key order and odd text exactly", async (store) => {
    const value = { b: 1e21, a: [0.1, -0, 9007199254740991], "": "\u0000\ud800 ☃", "2": null };
    await store.swap("s", "a", 0, value);
    const read = (await store.get("s", "a"))!.value;
    assert.equal(JSON.stringify(read), JSON.stringify(value));
  });

  it("changes many records together, or none of them", async (store) => {
    await store.swap("s", "a", 0, "a1");
    await store.swap("s", "gone", 0, "g1");
    const place = (name: string, expected_version: number) => ({
      space: "s",
      name,
      expected_version,
    });
    const all = (version_of_a: number) =>
      store.swapAll([
        { ...place("new", 0), value: "n1" },
        { ...place("gone", 1), value: undefined },
        { ...place("a", version_of_a), value: "a2" },
        { ...place("absent", 0), value: undefined },
      ]);
    for (const wrong of [0, 2]) {
      assert.equal(await all(wrong), false);
      assert.deepEqual(
        (await store.list("s")).map(({ name, version }) => [name, version]),
        [
          ["a", 1],
          ["gone", 1],
        ],
      );
    }
    assert.equal(await all(1), true);
    assert.deepEqual(await store.list("s"), [
      { name: "a", version: 2, value: "a2" },
      { name: "new", version: 1, value: "n1" },
    ]);
    assert.equal(await store.swapAll([{ ...place("a", 0), value: undefined }]), false);
    assert.equal(await store.swapAll([]), true);
    const twice = { ...place("a", 2), value: 1 };
    await assert.rejects(store.swapAll([twice, twice]), { code: "invalid" });
  });

  it("keeps the sum of records between which many writers move units", async (store) => {
    const names = ["x", "y", "z"];
    for (const name of names) await store.swap("s", name, 0, 100);
    let tries = 0;
    async function move(writer: number): Promise<void> {
      for (let done = 0; done < 10; tries++) {
        const [from, to] = [names[(writer + done) % 3]!, names[(writer + done + 1) % 3]!];
        const [a, b] = await Promise.all([store.get("s", from), store.get("s", to)]);
        const moved = await store.swapAll([
          { space: "s", name: to, expected_version: b!.version, value: (b!.value as number) + 1 },
          { space: "s", name: from, expected_version: a!.version, value: (a!.value as number) - 1 },
        ]);
        if (moved) done++;
      }
    }
    let running = true;
    async function watch(): Promise<number> {
      let looks = 0;
      for (; running; looks++) {
        const values = (await store.list("s")).map(({ value }) => value as number);
        assert.equal(
          values.reduce((sum, value) => sum + value, 0),
          300,
        );
      }
      return looks;
    }
    const watching = watch();
    await Promise.all(Array.from({ length: 8 }, (_, writer) => move(writer)));
    running = false;
    assert.ok((await watching) > 0 && tries >= 80);
    const after = await store.list("s");
    // Each of the 80 moves raised two versions; a lost one would leave them lower.
    assert.equal(
      after.reduce((sum, { version }) => sum + version, 0),
      3 + 160,
    );
  });
}
