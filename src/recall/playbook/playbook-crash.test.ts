// A child that records is killed at any moment: nothing it acknowledged is lost.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { testRuns } from "../../../test/support/test-runs.ts";
import { openPlaybook } from "./open-playbook.suite.ts";

const CHILD = fileURLToPath(new URL("./record-forever.suite.ts", import.meta.url));
const ROUNDS = testRuns(2);

/** Kills the child with SIGKILL after so many acknowledgements; answers all it gave. */
async function killedAfter(dir: string, round: number, acks: number): Promise<string[]> {
  const args = ["--no-warnings", CHILD, dir, String(round)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    output += chunk.toString();
    if (output.split("\n").length > acks) child.kill("SIGKILL");
  }
  return output.split("\n").slice(0, -1);
}

test("nothing acknowledged is lost when the process is killed", async (t) => {
  const dir = await tempDir(t);
  const known: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const acked = await killedAfter(dir, round, 10 + (round % 4) * 17);
    assert.ok(acked.length >= 10, "the child recorded something before it was killed");
    known.push(...acked);
  }
  const { client, service } = await openPlaybook(t, { dir });
  for (const playbook_id of known) await client.get({ playbook_id });
  assert.equal((await service.health()).figures["corrupt_lines"], 0);
  const { playbook } = await client.get({ playbook_id: known.at(-1)! });
  const { matches } = await client.match({ query_text: playbook.query_text });
  assert.ok(matches.some((it) => it.applied && it.playbook.playbook_id === known.at(-1)));
});
