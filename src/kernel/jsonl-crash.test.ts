// The JSONL log under writers that are killed.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { tempDir } from "../../test/support/temp-dir.ts";
import { openJsonlLog } from "./jsonl-log.ts";

const LOG_MODULE = new URL("./jsonl-log.ts", import.meta.url).href;

const APPENDER = `
  const { openJsonlLog } = await import(process.argv[1]);
  const log = await openJsonlLog(process.argv[2], process.argv[4] ? { sync_after_ms: 5 } : {});
  let n = Number(process.argv[3]);
  async function run() {
    for (;;) {
      const mine = n++;
      await log.append({ n: mine, text: "x".repeat(mine % 997) });
      process.stdout.write(mine + "\\n");
    }
  }
  await Promise.all([run(), run(), run(), run()]);
`;

async function killWhileAppending(t: TestContext, sync_after_ms: string): Promise<void> {
  const path = join(await tempDir(t), "log.jsonl");
  const acknowledged = new Set<number>();
  for (let round = 0; round < 6; round++) {
    const first = String(round * 1_000_000);
    const args = ["--input-type=module", "-e", APPENDER, LOG_MODULE, path, first, sync_after_ms];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    const wanted = 20 + 17 * round;
    let seen = 0;
    // The last line may be torn by the kill as well: it counts only when it is whole.
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (part: string) => {
      text += part;
      seen += part.split("\n").length - 1;
      if (seen >= wanted) child.kill("SIGKILL");
    });
    await new Promise((resolve) => child.once("close", resolve));
    for (const line of text.split("\n").slice(0, -1)) acknowledged.add(Number(line));
  }
  const log = await openJsonlLog<{ n: number; text: string }>(path, {
    onCorrupt: (line) => assert.fail(`unreadable line ${line.line}`),
  });
  t.after(() => log.close());
  const rows: { n: number; text: string }[] = [];
  for await (const { row } of log.read()) rows.push(row);
  const found = new Set(rows.map((row) => row.n));
  assert.equal(found.size, rows.length);
  assert.ok(acknowledged.size > 300, `${acknowledged.size} acknowledged`);
  for (const n of acknowledged) assert.ok(found.has(n), `row ${n} was lost`);
}

for (const sync_after_ms of ["", "5"]) {
  const when = sync_after_ms === "" ? "synced" : "written";
  test(`kill -9 while appending loses nothing that was acknowledged (${when})`, (t) =>
    killWhileAppending(t, sync_after_ms));
}
