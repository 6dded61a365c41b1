// The standard streams of a process: lines of many megabytes, what is none, and the end.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test, type TestContext } from "node:test";
import { onBun } from "#kernel/http-client.ts";
import { ROOT } from "../../../test/support/source-tree.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";

const INVALID = -32600;

/** `lakehouse mcp` as a process. */
async function startMcp(t: TestContext) {
  const program = ["src/app/main.ts", "--data", await tempDir(t), "mcp"];
  const args = onBun() ? program : ["--no-warnings", ...program];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: "pipe" });
  t.after(() => child.kill("SIGKILL"));
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  let told = "";
  let said = "";
  child.stderr.on("data", (piece: Buffer) => (told += piece.toString()));
  child.stdout.on("data", (piece: Buffer) => (said += piece.toString()));
  return {
    child,
    exited,
    told: () => told,
    async ask(line: string, id: number | null) {
      child.stdin.write(`${line}\n`);
      const found = () => said.split("\n").find((one) => one.includes(`"id":${id}`));
      for (let tries = 0; tries < 3_000 && found() === undefined; tries++) {
        if (child.exitCode !== null) break;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      return JSON.parse(found() ?? "null") as { result?: unknown; error?: { code: number } };
    },
  };
}

test("a process takes lines of 24 MB, answers what is none, and ends in order", async (t) => {
  const { child, exited, told, ask } = await startMcp(t);
  const clientInfo = { name: "test", version: "1" };
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo };
  const hello = { jsonrpc: "2.0", id: 1, method: "initialize", params };
  assert.ok((await ask(JSON.stringify(hello), 1)).result);
  const invalid = '{"jsonrpc":"2.0","id":9,"method":"tools/call","params":5}';
  assert.equal((await ask(invalid, 9)).error?.code, INVALID);
  assert.match(told(), /lakehouse mcp: refused/);
  // Four million characters, each written as six.
  const csv = `id\\n${"\\u0041".repeat(4_000_000)}\\n`;
  const given = `{"dataset":"long","format":"csv","text":"${csv}"}`;
  const call = `"method":"tools/call","params":{"name":"ingest_text","arguments":${given}}`;
  const { result } = await ask(`{"jsonrpc":"2.0","id":2,${call}}`, 2);
  assert.equal((result as { structuredContent: { rows: number } }).structuredContent.rows, 1);
  const long = `{"jsonrpc":"2.0","id":3,${call.replace("long", "x".repeat(40_000_000))}}`;
  assert.equal((await ask(long, 3)).error?.code, INVALID);
  const sql = '"name":"sql","arguments":{"sql":"SELECT 1"}';
  // The last is asked and the input ended in one breath.
  const last = ask(`{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{${sql}}}`, 4);
  child.stdin.end();
  assert.ok((await last).result);
  assert.equal(await exited, 0, told());
});
