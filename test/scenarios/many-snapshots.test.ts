// A dataset that a thousand commits made stays readable, each of its snapshots, and can be cleaned.
import { test } from "node:test";
import { readManySnapshots } from "#data/catalog/many-snapshots.suite.ts";
import { openCatalog } from "#data/catalog/open-catalog.suite.ts";
import { fixedClock } from "#kernel/clock.ts";
import { tempDir } from "../support/temp-dir.ts";

test("a thousand snapshots neither slow the metadata nor stop it from being read", async (t) => {
  const clock = fixedClock(Date.parse("2026-06-01"));
  const house = await openCatalog(await tempDir(t), { in_memory: true, clock });
  t.after(() => house.stop());
  await readManySnapshots({ ...house, clock }, 1000);
});
