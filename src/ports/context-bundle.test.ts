// Tests of what a prompt carries as data.
import assert from "node:assert/strict";
import { test } from "node:test";
import { renderEarlierTasks } from "./context-bundle.ts";

test("at most three earlier tasks are shown, the most useful first, and none break the fence", () => {
  const tasks = [0.2, 0.9, 0.5, 0.7].map((utility) => ({
    task: `task ${utility} \`\`\``,
    answer_id: `a${utility}`,
    utility,
  }));
  const block = renderEarlierTasks(tasks);
  assert.match(block, /^```earlier-tasks\n[^`]*\n```$/);
  const shown = [...block.matchAll(/"answer_id": "a([\d.]+)"/gu)].map((match) => match[1]);
  assert.deepEqual(shown, ["0.9", "0.7", "0.5"]);
  assert.equal(renderEarlierTasks([]), "");
});
