// kill -9 while items are put and generations are written: nothing acknowledged is lost.
import { test } from "node:test";
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { testRuns } from "../../../test/support/test-runs.ts";
import { openVector } from "./open-vector.suite.ts";

const CHILD = fileURLToPath(new URL("./upsert-forever.suite.ts", import.meta.url));
const ROUNDS = testRuns(3);

/** Runs the child until it has printed so many lines (and a little longer), then kills it. */
async function runAndKill(root: string, start: number, lines: number): Promise<string[]> {
  const child = spawn(process.execPath, [CHILD, root, String(start)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  const seen = new Promise<void>((resolve) => {
    child.stdout.on("data", (piece: Buffer) => {
      text += piece.toString();
      if (text.split("\n").length > lines) resolve();
    });
  });
  const gone = new Promise<void>((resolve) => child.on("close", () => resolve()));
  await Promise.race([seen, gone]);
  await new Promise((resolve) => setTimeout(resolve, lines % 23));
  child.kill("SIGKILL");
  await gone;
  const finished = text.slice(0, text.lastIndexOf("\n"));
  return finished.split("\n").filter((line) => line !== "");
}

test("nothing acknowledged is lost when the process is killed at any time", async (t) => {
  const root = await tempDir(t);
  const changed = new Map<string, boolean>();
  const removed = new Set<string>();
  let generations = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const lines = await runAndKill(root, round * 100_000, 30 + (round % 6) * 67);
    assert.ok(lines.length > 0, "the child said nothing");
    for (const line of lines) {
      const id = line.slice(1);
      if (line.startsWith("+")) changed.set(id, false);
      else if (line.startsWith("~")) changed.set(id, true);
      else if (line.startsWith("-")) removed.add(id);
      else generations = Math.max(generations, Number(id));
    }
    await checkAll(root, changed, removed);
  }
  assert.ok(generations > 1, "no generation was written");
});

async function checkAll(root: string, changed: Map<string, boolean>, removed: Set<string>) {
  const { client, close } = await openVector(root);
  try {
    const ids = [...changed.keys()];
    const found = new Map<string, string | null>();
    for (let at = 0; at < ids.length; at += 1000) {
      const { items } = await client.fetch({ index: "kept", ids: ids.slice(at, at + 1000) });
      for (const { id, text } of items) found.set(id, text);
    }
    for (const [id, again] of changed) {
      const [lane, round, at] = id.split("-");
      if (removed.has(id)) assert.ok(!found.has(id), `${id} came back`);
      // A removal that was under way may have happened or not; so may a change.
      else if (at === "9") continue;
      else {
        const text = `lane ${lane} round ${round} item ${at}`;
        if (again) assert.equal(found.get(id), `${text} changed`);
        else assert.ok(found.get(id)?.startsWith(text), `${id} is lost`);
      }
    }
    for (const id of ids.slice(-40).filter((one) => found.has(one))) {
      const query_text = found.get(id)!;
      const { hits } = await client.search({ index: "kept", query_text, k: 1, ids: [id] });
      // Word order is nothing to the embedder here, so the text is found by its score.
      assert.ok(hits[0]!.id === id && hits[0]!.score > 0.99, `${id} lost its vector`);
    }
  } finally {
    await close();
  }
}
