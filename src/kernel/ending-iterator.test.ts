// Whoever reads, and however far: the end is told once.
import assert from "node:assert/strict";
import { test } from "node:test";
import { endingIterator } from "./ending-iterator.ts";

async function* three() {
  yield 1;
  yield 2;
  yield 3;
}

test("the end is told once when all was read, when the reader leaves, and before the first item", async () => {
  let ends = 0;
  const made = () => endingIterator(three(), () => void ends++);
  const all: number[] = [];
  for await (const item of made()) all.push(item);
  assert.deepEqual([all, ends], [[1, 2, 3], 1]);
  for await (const item of made()) if (item === 2) break;
  assert.equal(ends, 2);
  const unread = made();
  await unread.return?.();
  await unread.return?.();
  assert.equal(ends, 3);
  assert.deepEqual(await unread.next(), { done: true, value: undefined });
});

test("a failing source tells the end and its error", async () => {
  let ends = 0;
  async function* failing() {
    yield 1;
    throw new Error("no more");
  }
  const items = endingIterator(failing(), () => void ends++);
  assert.equal((await items.next()).value, 1);
  await assert.rejects(items.next(), /no more/);
  assert.equal(ends, 1);
});
