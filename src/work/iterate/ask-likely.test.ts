// Questions that drafts side by side ask once: who asks again when the one who asked failed.
import { test } from "node:test";
import assert from "node:assert/strict";
import { startCall } from "#kernel/call.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { createAskedOnce } from "./ask-likely.ts";

/** Five that want the same answer at once: how they fared, and how often it was asked for. */
async function fiveAsk(answer: (nr: number) => Promise<string>) {
  const askedOnce = createAskedOnce<string>();
  let asked = 0;
  const call = startCall({ timeout_ms: 5_000 });
  const ends = await Promise.allSettled(
    [1, 2, 3, 4, 5].map(() => askedOnce("key", () => answer(++asked), call)),
  );
  return { fared: ends.filter(({ status }) => status === "fulfilled").length, asked };
}

test("an answer that comes is asked for once", async () => {
  assert.deepEqual(await fiveAsk(async () => "yes"), { fared: 5, asked: 1 });
});

test("a model that goes silent is asked once more, and not by each who waited", async () => {
  const silent = () =>
    Promise.reject(
      new LakehouseError("deadline_exceeded", "sent nothing", { extra: { silent_ms: 20 } }),
    );
  assert.deepEqual(await fiveAsk(silent), { fared: 0, asked: 2 });
  const once = (nr: number) => (nr === 1 ? silent() : Promise.resolve("yes"));
  assert.deepEqual(await fiveAsk(once), { fared: 4, asked: 2 });
});

test("a failure is its own asker's; a limit that has passed is everybody's", async () => {
  const fails = () => Promise.reject(new LakehouseError("unavailable", "refused"));
  assert.deepEqual(await fiveAsk(fails), { fared: 0, asked: 5 });
  const late = () => Promise.reject(new LakehouseError("deadline_exceeded", "too late"));
  assert.deepEqual(await fiveAsk(late), { fared: 0, asked: 1 });
});
