// Kills a process that writes the ledger, again and again; nothing that it told may be missing.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { systemClock } from "#kernel/clock.ts";
import { readJsonlFile } from "#kernel/jsonl-read.ts";
import { silentLog } from "#kernel/log.ts";
import type { UsageLine } from "#contracts/usage.ts";
import { createUsage } from "#models/usage/usage-service.ts";
import { usageSettings } from "#models/usage/usage-settings.ts";

const WRITER = fileURLToPath(new URL("./usage-crash-child.ts", import.meta.url));

/** Runs the writer until it has told so many lines; answers all that it told. */
async function writeAndKill(dir: string, kill_after: number): Promise<string[]> {
  const args = ["--no-warnings", WRITER, dir];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => {
    text += part;
    if (text.split("\n").length > kill_after) child.kill("SIGKILL");
  });
  await new Promise((resolve) => child.once("close", resolve));
  return text.split("\n").slice(0, -1);
}

/** One kill after each of these counts of told lines, all on one folder. */
export async function killLedgerWriters(dir: string, kills_after: readonly number[]) {
  const told = new Set<string>();
  for (const kill_after of kills_after) {
    const lines = await writeAndKill(dir, kill_after);
    assert.ok(lines.length >= kill_after, `told ${lines.length} lines, wanted ${kill_after}`);
    for (const line of lines) told.add(line);
    // Opening repairs what the kill left.
    const needs = { dir, log: silentLog, clock: systemClock };
    const service = await createUsage(needs, usageSettings.parse({}));
    for (const line of told) {
      if (line.startsWith("key ")) assert.ok(service.holderOf(line.slice("key ".length)));
    }
    await service.stop();
  }
  const there = new Set<string>();
  const onCorrupt = () => assert.fail("a torn line was left in the ledger");
  for await (const { row } of readJsonlFile<UsageLine>(`${dir}/usage.jsonl`, { onCorrupt })) {
    there.add(`call ${row.task_class}`);
  }
  const calls = [...told].filter((line) => line.startsWith("call "));
  assert.deepEqual(calls.filter((line) => !there.has(line)).slice(0, 5), []);
  return { kills: kills_after.length, settled: calls.length, lines: there.size };
}
