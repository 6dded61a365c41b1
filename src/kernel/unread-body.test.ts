// A reader who stops reading: what made the answer is ended, and whoever comes back is told.
import { test } from "node:test";
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { collectBytes } from "./http-client.ts";
import { endedUnread } from "./unread-body.ts";

function counted(pieces: number) {
  let ended = 0;
  async function* make() {
    try {
      for (let n = 0; n < pieces; n++) yield Buffer.from([n]);
    } finally {
      ended++;
    }
  }
  return { body: make(), ended: () => ended };
}

test("a reader that reads on gets all of it, also when the source is slow", async () => {
  async function* slow() {
    yield Buffer.from("a");
    await sleep(60);
    yield Buffer.from("b");
  }
  assert.equal((await collectBytes(endedUnread(slow(), 20))).toString(), "ab");
});

test("a source is left when its reader takes nothing, and a late reader is told", async () => {
  const { body, ended } = counted(3);
  const pieces = endedUnread(body, 20);
  assert.equal((await pieces.next()).done, false);
  assert.equal(ended(), 0);
  await sleep(60);
  assert.equal(ended(), 1);
  await assert.rejects(pieces.next(), { code: "cancelled", message: "nobody read on for 20 ms" });
  await pieces.return!();
});

test("a large piece has the time that a slow line takes for it", async () => {
  async function* large() {
    yield Buffer.alloc(16 * 300);
    yield Buffer.from("a");
  }
  const pieces = endedUnread(large(), 20);
  await pieces.next();
  await sleep(100);
  assert.equal((await pieces.next()).done, false);
  await pieces.return!();
});

test("a small piece behind a large one has no more time than any other", async () => {
  let ended = 0;
  async function* both() {
    try {
      yield Buffer.alloc(16 * 60_000);
      yield Buffer.from("a");
      yield Buffer.from("b");
    } finally {
      ended++;
    }
  }
  const pieces = endedUnread(both(), 20);
  await pieces.next();
  await pieces.next();
  await sleep(100);
  assert.equal(ended, 1);
});

test("a reader that leaves ends the source once, and nothing runs on", async () => {
  const { body, ended } = counted(3);
  const pieces = endedUnread(body, 20);
  await pieces.next();
  await pieces.return!();
  assert.equal(ended(), 1);
  await sleep(40);
  assert.equal(ended(), 1);
});

test("a reader that leaves while it waits for a piece leaves no limit behind", async () => {
  let ended = 0;
  const source: AsyncIterableIterator<Uint8Array> = {
    next: () => sleep(20).then(() => ({ done: false, value: Buffer.from("a") })),
    return: () => {
      ended++;
      return Promise.resolve({ done: true, value: undefined });
    },
    [Symbol.asyncIterator]: () => source,
  };
  const pieces = endedUnread(source, 20);
  const last = pieces.next();
  await pieces.return!();
  assert.equal((await last).done, false);
  await sleep(60);
  assert.equal(ended, 1);
});
