// Answers shown as those of earlier tasks: recalled text, never new evidence of itself.
import assert from "node:assert/strict";
import { test } from "node:test";
import { accepted, scriptedHouse } from "./scripted-house.suite.ts";

const ENTRIES = [
  { playbook_id: "p1", answer_id: "l1" },
  { playbook_id: "p2", answer_id: "l2" },
  { playbook_id: "p2-too", answer_id: "l2" },
  { playbook_id: "p4", answer_id: "l4" },
];
const HITS = [{ id: "l1", raised_by: "p1" }, { id: "l2" }, { id: "l3" }, { id: "l4" }];

function drafting(artifact: readonly string[]) {
  const prompts: string[] = [];
  return {
    prompts,
    async iterate({ prompt }: { prompt: string }) {
      prompts.push(prompt);
      return accepted(artifact);
    },
  };
}

test("an answer shown as that of an earlier task is not recorded anew, its entry is credited", async (t) => {
  const iterate = drafting(["l1", "l2", "l3", "l4"]);
  const { client, told } = await scriptedHouse(t, { iterate, hits: HITS, entries: ENTRIES });
  const answer = await client.respond({ task: "order lamps" });
  assert.equal(answer.status, "accepted");
  assert.match(iterate.prompts[0]!, /earlier-tasks[^]+"answer_id": "l2"/);
  // The fourth entry was one too many to be shown.
  assert.doesNotMatch(iterate.prompts[0]!, /"answer_id": "l4"/);
  assert.deepEqual(told.recorded, ["l3", "l4"]);
  assert.deepEqual(told.outcomes, ["p1 good", "p2 good"]);
  assert.deepEqual(answer.playbooks_recorded, ["l3", "l4"]);
});

test("of an answer that was shown and not chosen nothing is said", async (t) => {
  const iterate = drafting(["l3"]);
  const { client, told } = await scriptedHouse(t, { iterate, hits: HITS, entries: ENTRIES });
  await client.respond({ task: "order lamps" });
  assert.deepEqual(told, { recorded: ["l3"], outcomes: [] });
});

test("a small model is shown no earlier tasks: what it chose is its own", async (t) => {
  const iterate = drafting(["l1", "l2"]);
  const { client, told } = await scriptedHouse(t, { iterate, hits: HITS, entries: ENTRIES });
  await client.respond({ task: "order lamps", guided: true });
  assert.doesNotMatch(iterate.prompts[0]!, /earlier-tasks/);
  assert.deepEqual(told, { recorded: ["l2"], outcomes: ["p1 good"] });
});
