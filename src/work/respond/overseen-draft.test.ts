// A corrected draft is one piece of work: its count, its words and its error speak of all of it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { LakehouseError } from "#kernel/problem.ts";
import { accepted, scriptedHouse } from "./scripted-house.suite.ts";

const HITS = [{ id: "l1" }];
const NOTE = { content: "Name l1.", model: "up/large", usage: {} };

function attempt(iteration: number, message: string) {
  const error = { kind: "phantom", field: "id", message };
  return {
    iteration,
    span_id: "s",
    raw: "{}",
    verdict: "validation_failed",
    error,
    duration_ms: 1,
  };
}

/** A session of two drafts that ends so. */
function session(message: string, reason: string, code: "rejected" | "unavailable" = "rejected") {
  const history = [attempt(1, message), attempt(2, message)];
  const extra = { iterations: 2, history, session_id: "s", model: "up/tiny" };
  return new LakehouseError(code, message, { reason, extra });
}

/** Iterate that ends as the list says, one session after the other. */
function sessions(ends: readonly (LakehouseError | object)[]) {
  const left = [...ends];
  return {
    async iterate() {
      const end = left.shift()!;
      if (end instanceof LakehouseError) throw end;
      return end;
    },
    sessions: async () => ({ sessions: [] }),
  };
}

function overseen(
  t: Parameters<typeof scriptedHouse>[0],
  ends: readonly object[],
  more = {},
  content = NOTE.content,
) {
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
  return scriptedHouse(t, {
    iterate: sessions(ends),
    chat: { chat: async () => ({ ...NOTE, content, usage }) },
    hits: HITS,
    settings: { overseer: "up/large", ...more },
  });
}

test("an error after a correction carries all iterations, drafts and corrections", async (t) => {
  const broken = session("the model is away", "model_failed", "unavailable");
  const house = await overseen(t, [session("no l9", "max_iter_exhausted"), broken]);
  const thrown = await house.client.respond({ task: "lamps" }).catch((error: unknown) => error);
  assert.ok(thrown instanceof LakehouseError);
  assert.deepEqual([thrown.code, thrown.reason], ["unavailable", "model_failed"]);
  const { iterations, history, corrections, session_id } = thrown.extra as Record<
    string,
    unknown[]
  >;
  const turns = (history as unknown as { iteration: number }[]).map((one) => one.iteration);
  assert.deepEqual([iterations, turns, session_id], [4, [1, 2, 3, 4], "s"]);
  const told = { correction: NOTE.content, model: NOTE.model, applied_at_turn: 3 };
  assert.deepEqual(corrections, [told]);
  await house.stop();
  const [row] = await house.outcomes();
  assert.deepEqual([row!.iterations, row!.corrections], [4, 1]);
});

test("the reason counts the attempts before a correction too, wherever it is told", async (t) => {
  const ends = [session("no l9", "drifted"), session("no l8", "drifted")];
  const last = session("no l7", "max_iter_exhausted");
  const house = await overseen(t, [...ends, last], { overseer_corrections_max: 2 });
  const answer = await house.client.respond({ task: "lamps" });
  const { status, iterations, reason } = answer;
  const whole = "not accepted after 6 attempts, corrected twice: no l7";
  assert.deepEqual([status, iterations, reason], ["max_iter_exhausted", 6, whole]);
  const [first, second, end] = house.events;
  const stuck = "not accepted after 4 attempts, corrected once, and does not get on: no l8";
  assert.equal(first!.error, stuck);
  assert.equal(second!.input_summary, stuck);
  assert.equal(second!.error, whole);
  assert.equal(end!.output_summary, `max_iter_exhausted: ${whole}`);
});

test("work that is accepted after a correction says at which iteration", async (t) => {
  const house = await overseen(t, [session("no l9", "max_iter_exhausted"), accepted(["l1"])]);
  const { status, reason } = await house.client.respond({ task: "lamps" });
  assert.deepEqual([status, reason], ["accepted", "accepted at iteration 3, corrected"]);
});

test("what the overseer thought aloud is no correction, however it marks it", async (t) => {
  const said = [
    "I should see who is right.\n</think>\nName l1.",
    "<thinking>Who is right?</thinking>Name l1.",
    "<THINK>Who is right?</THINK>\nName l1.",
    "<|channel|>analysis<|message|>Who is right?<|end|><|start|>assistant<|channel|>final<|message|>Name l1.",
  ];
  for (const content of said) {
    const ends = [session("no l9", "max_iter_exhausted"), accepted(["l1"])];
    const house = await overseen(t, ends, {}, content);
    const { corrections } = await house.client.respond({ task: "lamps" });
    assert.deepEqual(
      corrections.map((one) => one.correction),
      ["Name l1."],
      content,
    );
  }
});
