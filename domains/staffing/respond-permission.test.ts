// respond under permission and truth rules: what is below auto is told, not remembered.
import assert from "node:assert/strict";
import { test } from "node:test";
import { connectLocal } from "#kernel/connect-local.ts";
import { systemClock } from "#kernel/clock.ts";
import { readJsonlFile } from "#kernel/jsonl-read.ts";
import { silentLog } from "#kernel/log.ts";
import { pathwayContract } from "#contracts/pathway.ts";
import {
  permission,
  type PermissionDecision,
  type PermissionPolicy,
} from "#contracts/permission.ts";
import { truth } from "#contracts/truth.ts";
import { createPermission } from "#work/permission/permission-service.ts";
import { permissionSettings } from "#work/permission/permission-settings.ts";
import { createTruth } from "#work/truth/truth-service.ts";
import { truthSettings } from "#work/truth/truth-settings.ts";
import { tempDir } from "../../test/support/temp-dir.ts";
import { respondHouse, withRefusals, type HasAfter } from "./respond-house.suite.ts";

const TASK = "Need 3 highly reliable forklift operators in Toledo, OH";

async function under(t: HasAfter, policies: readonly PermissionPolicy[] | undefined) {
  const dir = await tempDir(t);
  const settings = permissionSettings.parse(policies === undefined ? {} : { policies });
  const service = await createPermission({ dir, log: silentLog, clock: systemClock }, settings);
  t.after(() => service.stop());
  const decisions = async () => {
    const rows: PermissionDecision[] = [];
    for await (const { row } of readJsonlFile<PermissionDecision>(`${dir}/decisions.jsonl`)) {
      rows.push(row);
    }
    return rows;
  };
  const house = await respondHouse(t, { permission: connectLocal(permission, service.handlers) });
  return { ...house, decisions, service };
}

test("as installed accepted work is remembered, and the decision is on disk", async (t) => {
  const { client, memory, decisions, outcomes } = await under(t, undefined);
  const answer = await client.respond({ task: TASK, k: 50 });
  assert.equal(answer.status, "accepted", answer.reason);
  assert.deepEqual(answer.not_recorded, []);
  assert.ok(memory.length > 0 && answer.playbooks_recorded.length === memory.length);
  const [row, ...more] = await decisions();
  assert.deepEqual(more, []);
  assert.deepEqual(
    [row!.action, row!.decision, row!.actor, row!.target, row!.trace_id],
    ["respond.remember", "auto", "respond", "staffing.fill", answer.trace_id],
  );
  assert.equal(row!.confidence, 1 / answer.iterations);
  assert.equal(answer.remembering!.decision_id, row!.decision_id);
  assert.equal(answer.remembering!.answers.length, memory.length);
  assert.equal((await outcomes())[0]!.permission, "auto");
  // The same task again teaches that the playbooks were right: that is remembered too.
  const again = await client.respond({ task: TASK, k: 50 });
  assert.equal(again.remembering!.decision, "auto");
  assert.ok(memory.some((one) => one.outcomes.length > 0));
  assert.equal((await decisions()).length, 2);
});

for (const [policy, decision] of [
  [{ action: "respond.*", dry_run_from: 0 }, "dry_run"],
  [{ action: "respond.*" }, "block"],
] as const) {
  test(`${decision}: what would be remembered is told, and nothing is`, async (t) => {
    const { client, memory, decisions, outcomes } = await under(t, [policy]);
    const answer = await client.respond({ task: TASK, k: 50 });
    assert.equal(answer.status, "accepted", answer.reason);
    assert.deepEqual([memory, answer.playbooks_recorded], [[], []]);
    assert.equal(answer.remembering!.decision, decision);
    assert.ok(answer.remembering!.answers.length > 0);
    assert.match(answer.not_recorded[0]!, new RegExp(`^memory: ${decision}, confidence `));
    assert.equal((await decisions())[0]!.decision, decision);
    assert.equal((await outcomes())[0]!.permission, decision);
  });
}

test("simulation: it is remembered in a scope that no work searches", async (t) => {
  const { client, memory } = await under(t, [{ action: "respond.*", simulation_from: 0 }]);
  const answer = await client.respond({ task: TASK, k: 50, playbook_scope: "mine" });
  assert.equal(answer.remembering!.simulated_in, "mine.simulation");
  assert.deepEqual([...new Set(memory.map((one) => one.scope))], ["mine.simulation"]);
  assert.deepEqual(answer.playbooks_recorded, []);
  const again = await client.respond({ task: TASK, k: 50, playbook_scope: "mine" });
  assert.deepEqual(again.playbooks_applied, []);
  assert.ok(memory.every((one) => one.outcomes.length === 0));
});

test("where the decision cannot be logged nothing is remembered, and the work stands", async (t) => {
  const { client, memory, service } = await under(t, undefined);
  await service.stop();
  const answer = await client.respond({ task: TASK, k: 50 });
  assert.equal(answer.status, "accepted");
  assert.match(answer.not_recorded[0]!, /^permission: the decision could not be logged/);
  assert.deepEqual([memory, answer.remembering], [[], null]);
});

test("work that a truth rule wants reviewed is answered, and not remembered", async (t) => {
  const when = { kind: "field_equals", path: "artifact.fills.0.name", value: "nobody" };
  const rule = { name: "look", task_class: "staffing.fill", action: "require_review" };
  const rules = [{ ...rule, when: { kind: "not", condition: when } }];
  const known = await createTruth({ packs: [] }, truthSettings.parse({ rules }));
  const house = await respondHouse(t, { truth: connectLocal(truth, known.handlers) });
  const answer = await house.client.respond({ task: TASK, k: 50 });
  assert.equal(answer.status, "accepted", answer.reason);
  assert.deepEqual(house.memory, []);
  assert.deepEqual(
    [answer.remembering!.decision, answer.remembering!.reason],
    ["dry_run", "a review is wanted: look: holds"],
  );
});

test("work that was refused and taught nothing asks for no permission", async (t) => {
  const { client, decisions } = await under(t, undefined);
  const answer = await client.respond({ task: "what is the weather like" });
  assert.deepEqual([answer.status, answer.remembering], ["nothing_relevant", null]);
  assert.deepEqual(await decisions(), []);
});

/** A pathway memory that holds nothing, and what it was told to add. */
function emptyPathways() {
  const added: unknown[] = [];
  const handlers = {
    search: async () => ({ hits: [] }),
    async bulk({ items }: { items: readonly { content: unknown }[] }) {
      added.push(...items.map(({ content }) => content));
      const results = items.map(() => ({ result: "added", pathway_id: "p", reason: null }));
      return { added: items.length, merged: 0, unchanged: 0, refused: 0, results };
    },
  };
  return { added, pathway: connectLocal(pathwayContract, withRefusals(pathwayContract, handlers)) };
}

const UNREAD = "Need 2 forklift operators in Toledo, OH with 7 years of experience";
const BLOCKED = [{ action: "*" }];

for (const [what, task, policies, kept] of [
  ["accepted work", TASK, undefined, 1],
  ["accepted work under a policy that blocks", TASK, BLOCKED, 0],
  ["work that may miss a demand", UNREAD, undefined, 0],
] as const) {
  test(`pathways remember ${kept === 0 ? "nothing of " : ""}${what}`, async (t) => {
    const dir = await tempDir(t);
    const settings = permissionSettings.parse(policies === undefined ? {} : { policies });
    const service = await createPermission({ dir, log: silentLog, clock: systemClock }, settings);
    t.after(() => service.stop());
    const { added, pathway } = emptyPathways();
    const gate = connectLocal(permission, service.handlers);
    const { client } = await respondHouse(t, { permission: gate, pathway });
    const answer = await client.respond({ task, k: 50 });
    assert.equal(answer.status, "accepted", answer.reason);
    assert.equal(added.length, kept);
    assert.equal(answer.remembering === null, task === UNREAD);
  });
}
