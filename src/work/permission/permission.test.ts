// permission: which policy decides, what is logged, what happens when the log cannot be written.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { systemClock } from "#kernel/clock.ts";
import { readJsonlFile } from "#kernel/jsonl-read.ts";
import { silentLog } from "#kernel/log.ts";
import { permission, type PermissionDecision } from "#contracts/permission.ts";
import { eachTransport } from "../../../test/support/each-transport.ts";
import { tempDir, type HasAfter } from "../../../test/support/temp-dir.ts";
import { choosePermission } from "./choose-policy.ts";
import { createPermission } from "./permission-service.ts";
import { permissionSettings } from "./permission-settings.ts";

const policies = [
  { action: "*", dry_run_from: 0.9, simulation_from: 0.5 },
  { action: "file.*", auto_from: 0.95, dry_run_from: 0.8, simulation_from: 0.5 },
  { action: "file.delete" },
];

async function open(t: HasAfter, dir: string, given: object = { policies }) {
  const needs = { dir, clock: systemClock, log: silentLog };
  const service = await createPermission(needs, permissionSettings.parse(given));
  t.after(() => service.stop().catch(() => undefined));
  return service;
}

test("the most exact policy decides, and each step from its confidence on", () => {
  const cases = [
    ["file.write", 0.95, "auto", "file.*"],
    ["file.write", 0.94, "dry_run", "file.*"],
    ["file.write.deep", 0.5, "simulation", "file.*"],
    ["file.write", 0.49, "block", "file.*"],
    ["file.delete", 1, "block", "file.delete"],
    ["file", 1, "dry_run", "*"],
    ["mail.send", 0.6, "simulation", "*"],
  ] as const;
  for (const [action, confidence, decision, policy] of cases) {
    const choice = choosePermission(policies, action, confidence);
    assert.deepEqual([choice.decision, choice.policy], [decision, policy], action);
  }
  assert.equal(choosePermission([], "file.write", 1).decision, "block");
});

test("more confidence never gives less freedom", () => {
  const order = ["block", "simulation", "dry_run", "auto"];
  const confidence = fc.double({ min: 0, max: 1, noNaN: true });
  const action = fc.constantFrom("file.write", "file.delete", "mail.send");
  fc.assert(
    fc.property(action, confidence, confidence, (kind, a, b) => {
      const rank = (one: number) => order.indexOf(choosePermission(policies, kind, one).decision);
      assert.ok(rank(Math.min(a, b)) <= rank(Math.max(a, b)));
    }),
  );
});

eachTransport("a decision is on disk before it is told, and listed by page", async (connect, t) => {
  const dir = await tempDir(t);
  const client = await connect(permission, (await open(t, dir)).handlers);
  const told: string[] = [];
  for (const confidence of [0.2, 0.6, 0.9, 1]) {
    const input = { action: "file.write", confidence, actor: "a1", details: { path: "x" } };
    told.push((await client.decide(input)).decision_id);
  }
  const kept: PermissionDecision[] = [];
  const path = join(dir, "decisions.jsonl");
  for await (const { row } of readJsonlFile<PermissionDecision>(path)) kept.push(row);
  assert.deepEqual(
    kept.map((row) => row.decision),
    ["block", "simulation", "dry_run", "auto"],
  );
  const listed: string[] = [];
  let after: string | null = "0";
  while (after !== null) {
    const page = await client.decisions({ limit: 3, after });
    listed.push(...page.decisions.map((one) => one.decision_id));
    after = page.next_after;
  }
  assert.deepEqual(listed, told);
  assert.equal((await client.decisions({ action: "mail.send" })).decisions.length, 0);
  await assert.rejects(client.decisions({ after: "x" }), { reason: "bad_cursor" });
  await assert.rejects(client.decide({ action: "No Way", confidence: 1 }), { code: "invalid" });
});

test("a decision that cannot be logged is not given", async (t) => {
  const service = await open(t, await tempDir(t));
  await service.stop();
  const { startCall } = await import("#kernel/call.ts");
  const input = { action: "file.write", confidence: 1, details: {} };
  await assert.rejects(service.handlers.decide(input, startCall()), { reason: "log_failed" });
});

test("as installed only remembering is done by itself; contradicting policies stop the start", async (t) => {
  const dir = await tempDir(t);
  const { policies: installed } = permissionSettings.parse({});
  assert.notEqual(choosePermission(installed, "anything", 1).decision, "auto");
  assert.equal(choosePermission(installed, "respond.remember", 0.2).decision, "auto");
  const rising = [{ action: "*", auto_from: 0.5, dry_run_from: 0.9 }];
  await assert.rejects(open(t, dir, { policies: rising }), /must not rise/);
  await assert.rejects(open(t, dir, { policies: [policies[0], policies[0]] }), /two permission/);
});
