// The witness under kills: no event is lost that it acknowledged.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { systemClock } from "#kernel/clock.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import { readJsonlFile } from "#kernel/jsonl-read.ts";
import { silentLog } from "#kernel/log.ts";
import { observe, type Event } from "#contracts/observe.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { createObserve } from "./observe-service.ts";
import { observeSettings } from "./observe-settings.ts";

const CHILD = `
import { createObserve } from "#improve/observe/observe-service.ts";
import { observeSettings } from "#improve/observe/observe-settings.ts";
import { systemClock } from "#kernel/clock.ts";
import { silentLog } from "#kernel/log.ts";
import { startCall } from "#kernel/call.ts";
const needs = { dir: process.argv[1], log: silentLog, clock: systemClock };
const service = await createObserve(needs, observeSettings.parse({ checkpoint_every_events: 50 }));
for (let n = 0; ; n++) {
  const input = { source: "bot", endpoint: "/" + n };
  const { event_id } = await service.handlers.event(input, startCall());
  process.stdout.write(event_id + "\\n");
}
`;

test("killed with SIGKILL, the witness has lost no event that it acknowledged", async (t) => {
  const dir = await tempDir(t);
  const acknowledged = new Set<string>();
  for (let round = 0; round < 3; round++) {
    const flags = ["--input-type=module-typescript", "-e", CHILD, dir];
    const child = spawn(process.execPath, flags, { stdio: ["ignore", "pipe", "inherit"] });
    let rest = "";
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      const lines = (rest + chunk.toString()).split("\n");
      rest = lines.pop()!;
      for (const id of lines) acknowledged.add(id);
      if (acknowledged.size > 150 * (round + 1)) child.kill("SIGKILL");
    }
  }
  const found = new Set<string>();
  for await (const { row } of readJsonlFile<Event>(`${dir}/ops.jsonl`)) found.add(row.event_id);
  assert.ok(acknowledged.size > 450);
  assert.deepEqual(
    [...acknowledged].filter((id) => !found.has(id)),
    [],
  );
  const needs = { dir, log: silentLog, clock: systemClock };
  const service = await createObserve(needs, observeSettings.parse({}));
  const client = connectLocal(observe, service.handlers, { strict: true });
  assert.equal((await client.stats({})).total, found.size);
  await service.stop();
});
