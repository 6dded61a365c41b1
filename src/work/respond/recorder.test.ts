// Tests of what is told of work that was written down.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startCall } from "#kernel/call.ts";
import { fixedClock } from "#kernel/clock.ts";
import { silentLog } from "#kernel/log.ts";
import type { OutcomeStore } from "./outcome-store.ts";
import { createRecorder, type RecorderNeeds, type TaskEnd } from "./recorder.ts";

const ANSWERS = ["w-1", "w-2"].map((answer_id) => ({
  answer_id,
  answer_corpus: "crew",
  score: 1,
}));

const END: TaskEnd = {
  task: "two welders",
  query_text: "two welders",
  task_class: "fill",
  sig_hash: "0123",
  status: "accepted",
  reason: "",
  keeps_attempt: false,
  iterations: 1,
  model: null,
  playbooks_applied: [],
  lessons: { record: ANSWERS, outcomes: [], answer_ids: ["w-1", "w-2"] },
  corrections: 0,
  event: {},
  duration_ms: 1,
};

test("an answer that was contradicted earlier is not told as recorded", async () => {
  const bulk = async () => ({
    recorded: 1,
    merged: 0,
    playbook_ids: ["p1", "p2"],
    contradicted: ["p2"],
    warnings: [],
  });
  const playbook = { bulk } as unknown as RecorderNeeds["playbook"];
  const needs = { playbook, tell: () => undefined, log: silentLog, clock: fixedClock(0) };
  const store = { append: async () => undefined } as unknown as OutcomeStore;
  const recorder = createRecorder(needs, store);
  const order = { query_text: "two welders", scope: "default", task_class: "fill", tags: [] };
  const recorded = await recorder.record(END, order, startCall());
  assert.deepEqual(recorded.playbooks_recorded, ["p1"]);
  assert.deepEqual(recorded.not_recorded, ["playbook p2: it was contradicted earlier"]);
  assert.equal(recorder.failures(), 0);
});
