// Callers who leave, and what the ledger is told: no row of work is blank.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startCall, type Call } from "#kernel/call.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { scriptedHouse } from "./scripted-house.suite.ts";

const HITS = [{ id: "l1" }];

/** Iterate as its client has it: the caller's leaving ends the wait, not the session. */
function leftIterate(aborter: AbortController, model: string) {
  let span_id = "";
  return {
    async iterate(_input: object, call: Call) {
      span_id = call.span_id;
      setImmediate(() => aborter.abort());
      const left = new Promise((resolve) => call.signal.addEventListener("abort", resolve));
      await left;
      throw new LakehouseError("cancelled", "the call was cancelled by its caller");
    },
    async sessions({ trace_id }: { trace_id: string }, call: Call) {
      assert.deepEqual([trace_id, call.signal.aborted], ["left", false]);
      const drafted = { parent_span_id: span_id, model: "up/first", iterations: 3 };
      const other = { parent_span_id: "other", model: "up/other", iterations: 7 };
      const ended = { parent_span_id: span_id, model, iterations: 2 };
      return {
        sessions: [
          { ...drafted, final_verdict: "max_iter_exhausted" },
          { ...ended, final_verdict: "infra_error" },
          { ...other, final_verdict: "infra_error" },
        ],
      };
    },
  };
}

test("an outcome whose caller left has the model and iterations of the session", async (t) => {
  const aborter = new AbortController();
  const iterate = leftIterate(aborter, "up/tiny");
  const house = await scriptedHouse(t, { iterate, hits: HITS });
  const call = startCall({ trace_id: "left", signal: aborter.signal });
  await assert.rejects(house.client.respond({ task: "lamps" }, call), { code: "cancelled" });
  await house.stop();
  const [row] = await house.outcomes();
  assert.deepEqual(
    [row!.status, row!.model, row!.iterations, row!.trace_id],
    ["infra_error", "up/tiny", 2, "left"],
  );
  assert.deepEqual([house.events[0]!.details!["model"], house.events.length], ["up/tiny", 1]);
});

test("an outcome is there also where the session cannot be told of", async (t) => {
  const aborter = new AbortController();
  const iterate = {
    ...leftIterate(aborter, ""),
    sessions: () => Promise.reject(new Error("away")),
  };
  const house = await scriptedHouse(t, { iterate, hits: HITS });
  const call = startCall({ signal: aborter.signal });
  await assert.rejects(house.client.respond({ task: "lamps" }, call), { code: "cancelled" });
  await house.stop();
  const [row] = await house.outcomes();
  assert.deepEqual([row!.status, row!.model, row!.iterations], ["infra_error", null, 0]);
});

test("the overseer's question says what it is for", async (t) => {
  const asked: { readonly task_class?: string }[] = [];
  const refused = new LakehouseError("rejected", "no", { reason: "max_iter_exhausted" });
  const house = await scriptedHouse(t, {
    iterate: { iterate: () => Promise.reject(refused) },
    chat: { chat: (input: object) => (asked.push(input), Promise.reject(refused)) },
    hits: HITS,
    settings: { overseer: "up/large" },
  });
  const answer = await house.client.respond({ task: "lamps" });
  assert.match(answer.not_recorded[0]!, /^overseer: /);
  assert.equal(asked[0]!.task_class, "shop.lamps");
});
