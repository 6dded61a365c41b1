// The deadline of a call, which also runs while nobody asks for the next piece.
import { test } from "node:test";
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { startCall } from "#kernel/call.ts";
import type { LakehouseError } from "#kernel/problem.ts";
import { guardedAnswer } from "./guarded-answer.ts";

const LIMITS = {
  first_token_timeout_ms: 60_000,
  gap_timeout_ms: 60_000,
  answer_characters_max: 1_000,
};

async function* twoPieces() {
  yield { content: "half an " };
  yield { content: "answer", finish_reason: "stop" as const };
}

/** An answer of which one piece was read: how its provider was left, and what its books heard. */
async function halfRead(timeout_ms: number) {
  let signal: AbortSignal | undefined;
  const heard: (LakehouseError | undefined)[] = [];
  const answer = guardedAnswer(
    "up",
    (of_call) => {
      signal = of_call;
      return twoPieces();
    },
    LIMITS,
    startCall({ timeout_ms }),
    ({ goes_on, error }) => void (goes_on === true || heard.push(error)),
  );
  assert.equal((await answer.next()).value?.content, "half an ");
  return { answer, heard, wasLeft: () => signal!.aborted };
}

test("a reader who stops reading does not hold the provider beyond the deadline", async () => {
  const { answer, heard, wasLeft } = await halfRead(40);
  assert.equal(wasLeft(), false);
  await sleep(120);
  assert.equal(wasLeft(), true);
  assert.deepEqual(
    heard.map((error) => error?.code),
    ["deadline_exceeded"],
  );
  await assert.rejects(answer.next(), { code: "deadline_exceeded" });
});

test("once the answer is over its deadline says nothing any more", async () => {
  const { answer, heard } = await halfRead(40);
  assert.equal((await answer.next()).value?.finish_reason, "stop");
  await sleep(120);
  assert.deepEqual(heard, [undefined]);
  assert.equal((await answer.next()).done, true);
});
