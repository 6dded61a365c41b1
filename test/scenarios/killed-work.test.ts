// Kills of a process that iterates and responds, at random counts of what it acknowledged.
import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "#kernel/random.ts";
import { killWorkers } from "../support/killed-work.ts";
import { tempDir } from "../support/temp-dir.ts";

const KILLS = Number(process.env["LAKEHOUSE_TEST_KILLS"] ?? 200);

test("kills lose no acknowledged session, overseer's correction or outcome", async (t) => {
  const random = seededRandom(201);
  const kills = Array.from({ length: KILLS }, () => 2 + random.int(100));
  const figures = await killWorkers(await tempDir(t), kills);
  assert.ok(Math.min(figures.sessions, figures.corrections, figures.outcomes) > KILLS);
  t.diagnostic(JSON.stringify(figures));
});
