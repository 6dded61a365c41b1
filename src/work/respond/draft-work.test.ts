// What drafts are told of earlier tasks: at most three, the most useful first, fenced.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startCall } from "#kernel/call.ts";
import type { Client } from "#kernel/contract.ts";
import type { iterate } from "#contracts/iterate.ts";
import { draftWork } from "./draft-work.ts";
import type { RespondInput } from "./retrieve.ts";
import type { PlannedTask } from "./task-planner.ts";

const kind = { validator: "order", prompt: () => ({ system: "", prompt: "Order lamps." }) };
const PLANNED = { kind, domain: "shop", plan: { context: {} } } as unknown as PlannedTask;
const earlier = [0.2, 0.9, 0.5, 0.7].map((utility) => ({
  task: `order ${utility} \`\`\` lamps`,
  answer_id: `lamp-${utility}`,
  utility,
}));

async function promptOf(tasks: typeof earlier, guided: boolean): Promise<string> {
  let seen = "";
  const client = {
    iterate: async ({ prompt }: { prompt: string }) => {
      seen = prompt;
      throw new Error("no model is needed here");
    },
  } as unknown as Client<typeof iterate>;
  const oversight = { corrections: [], drift_after: undefined, guided };
  const input = { task: "Order lamps.", max_iterations: 1 } as RespondInput;
  const material = { hits: [], earlier: tasks };
  const { status } = await draftWork(client, PLANNED, material, input, oversight, startCall());
  assert.equal(status, "infra_error");
  return seen;
}

test("drafts are told at most three earlier tasks, the most useful first, fenced", async () => {
  const prompt = await promptOf(earlier, false);
  assert.match(prompt, /^Order lamps\./);
  const shown = [...prompt.matchAll(/lamp-(0\.\d)/g)].map(([, utility]) => utility);
  assert.deepEqual(shown, ["0.9", "0.7", "0.5"]);
  assert.equal(prompt.split("```").length - 1, 2);
});

test("without earlier tasks, and for a guided small model, the prompt stays as it is", async () => {
  assert.equal(await promptOf([], false), "Order lamps.");
  assert.equal(await promptOf(earlier, true), "Order lamps.");
});
