// kill -9 of a process that works: sessions, corrections and outcomes it told of are there.
import assert from "node:assert/strict";
import { test } from "node:test";
import { killWorkers } from "../../../test/support/killed-work.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";

test("a killed process loses no session, no correction in use and no outcome", async (t) => {
  const { sessions, corrections, outcomes } = await killWorkers(await tempDir(t), [4, 90]);
  assert.ok(sessions > 10 && corrections > 10 && outcomes > 10);
});
