// Callers who leave, and what the ledger is told: no row of work is blank.
import assert from "node:assert/strict";
import { test } from "node:test";
import { remainingMs, startCall, throwIfOver, type Call } from "#kernel/call.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { accepted, scriptedHouse } from "./scripted-house.suite.ts";

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

const AUTO = { decision: "auto", reason: "", decision_id: "d" };

/** Permission and pathway memory as their clients have them: a call that is over is refused. */
function callBound() {
  const attempts: unknown[] = [];
  const bound =
    (answer: object, tell = (_asked: object): void => undefined) =>
    async (asked: object, call: Call) => {
      throwIfOver(call);
      tell(asked);
      return answer;
    };
  const added = { results: [{ result: "added", reason: null }] };
  const pathway = {
    search: bound({ hits: [] }),
    bulk: bound(added, (asked) => attempts.push(asked)),
  };
  return { attempts, needs: { permission: { decide: bound(AUTO) }, pathway } };
}

test("accepted work whose caller left before it was written down is remembered", async (t) => {
  const aborter = new AbortController();
  const { attempts, needs } = callBound();
  const iterate = {
    async iterate() {
      aborter.abort();
      return accepted(["l1"]);
    },
  };
  const hits = [{ id: "l1" }, { id: "l2", raised_by: "p2" }];
  const house = await scriptedHouse(t, { iterate, hits, needs });
  const call = startCall({ signal: aborter.signal });
  await assert.rejects(house.client.respond({ task: "lamps" }, call), { code: "cancelled" });
  await house.stop();
  const [row] = await house.outcomes();
  assert.deepEqual([row!.status, row!.permission], ["accepted", "auto"]);
  assert.deepEqual([house.told.recorded, attempts.length], [["l1"], 1]);
  assert.equal((await house.health()).status, "ok");
});

test("a memory that takes longer than the caller has time is waited for", async (t) => {
  const iterate = { iterate: async () => accepted(["l1"]) };
  let recorded = 0;
  const playbook = {
    async bulk(_asked: object, call: Call) {
      await new Promise((resolve) => setTimeout(resolve, 60));
      throwIfOver(call);
      return { playbook_ids: [`p${++recorded}`], contradicted: [] };
    },
  };
  const house = await scriptedHouse(t, { iterate, hits: HITS, needs: { playbook } });
  const call = startCall({ timeout_ms: 30 });
  await assert.rejects(house.client.respond({ task: "lamps" }, call), {
    code: "deadline_exceeded",
  });
  await house.stop();
  assert.deepEqual([recorded, (await house.health()).status], [1, "ok"]);
});

test("an attempt whose caller left while the overseer thought is remembered", async (t) => {
  const aborter = new AbortController();
  const { attempts, needs } = callBound();
  const refused = new LakehouseError("rejected", "no", { reason: "max_iter_exhausted" });
  const house = await scriptedHouse(t, {
    iterate: { iterate: () => Promise.reject(refused) },
    chat: {
      async chat(_asked: object, call: Call) {
        aborter.abort();
        throwIfOver(call);
      },
    },
    hits: HITS,
    settings: { overseer: "up/large" },
    needs,
  });
  const call = startCall({ signal: aborter.signal });
  await assert.rejects(house.client.respond({ task: "lamps" }, call), { code: "cancelled" });
  await house.stop();
  const [row] = await house.outcomes();
  assert.deepEqual([row!.status, row!.permission], ["max_iter_exhausted", "auto"]);
  assert.deepEqual([attempts.length, (await house.health()).status], [1, "ok"]);
});

/** A client whose service never answers. */
function hanging(called: (call: Call) => void = () => undefined) {
  return (_asked: object, call: Call) =>
    new Promise((_resolve, reject) => {
      called(call);
      call.signal.addEventListener("abort", () => reject(call.signal.reason as Error));
    });
}

test("a stop does not lose the outcome to a permission that never answers", async (t) => {
  let limit_ms = Infinity;
  const permission = { decide: hanging((call) => (limit_ms = remainingMs(call))) };
  const iterate = { iterate: async () => accepted(["l1"]) };
  const house = await scriptedHouse(t, { iterate, hits: HITS, needs: { permission } });
  const call = startCall({ timeout_ms: 30 });
  await assert.rejects(house.client.respond({ task: "lamps" }, call), {
    code: "deadline_exceeded",
  });
  await house.stop();
  const [row] = await house.outcomes();
  assert.deepEqual([row!.status, row!.permission], ["accepted", null]);
  assert.equal((await house.health()).status, "degraded");
  // Without a stop the row waits no longer than this.
  assert.ok(limit_ms <= 5_000, `${limit_ms} ms`);
});

test("a stop counts what a memory that never answers has lost", async (t) => {
  const iterate = { iterate: async () => accepted(["l1"]) };
  const needs = { playbook: { bulk: hanging() } };
  const house = await scriptedHouse(t, { iterate, hits: HITS, needs });
  const call = startCall({ timeout_ms: 30 });
  await assert.rejects(house.client.respond({ task: "lamps" }, call), {
    code: "deadline_exceeded",
  });
  await house.stop();
  assert.equal((await house.health()).status, "degraded");
});
