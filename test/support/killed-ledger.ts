// Kills a process that writes the ledger, again and again; nothing that it told may be missing.
import assert from "node:assert/strict";
import { systemClock } from "#kernel/clock.ts";
import { silentLog } from "#kernel/log.ts";
import type { UsageLine } from "#contracts/usage.ts";
import { createUsage } from "#models/usage/usage-service.ts";
import { usageSettings } from "#models/usage/usage-settings.ts";
import { killWriters, linesOf, noneIsMissing } from "./killed-writers.ts";

/** One kill after each of these counts of told lines, all on one folder. */
export async function killLedgerWriters(dir: string, kills_after: readonly number[]) {
  const told = await killWriters({
    writer: "usage-crash-child.ts",
    dir,
    kills_after,
    async afterKill(lines) {
      // Opening repairs what the kill left.
      const needs = { dir, log: silentLog, clock: systemClock };
      const service = await createUsage(needs, usageSettings.parse({}));
      for (const line of lines) {
        if (line.startsWith("key ")) assert.ok(service.holderOf(line.slice("key ".length)));
      }
      await service.stop();
    },
  });
  const there = await linesOf<UsageLine>(`${dir}/usage.jsonl`, (row) => `call ${row.task_class}`);
  const settled = noneIsMissing(told, there, "call ");
  return { kills: kills_after.length, settled, lines: there.size };
}
