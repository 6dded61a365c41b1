// The official MCP conformance suite on our face, and the inspector on a whole house.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { createGatewayApp } from "#edges/gateway/gateway-app.ts";
import { createMcpFace } from "#edges/mcp/mcp-face.ts";
import { listen } from "#kernel/listen.ts";
import { ROOT } from "../support/source-tree.ts";
import { startHouse } from "../support/running-house.ts";
import { tempDir } from "../support/temp-dir.ts";
import { findMcpTools, runScript } from "./foreign-mcp.ts";
import { READER, startGuardedHouse, WRITER } from "./guarded-house.ts";
import { conformanceServers } from "./mcp-fixture.ts";

const tools = await findMcpTools();
const { skip } = tools;
if (tools.skip === false) console.log(tools.found.versions);

const SUITE_TIMEOUT_MS = 300_000;
const CALL_TIMEOUT_MS = 60_000;
/** Scenarios that a revision requires of servers; the suite freezes them at its release. */
const REQUIRED = { "2026-07-28": 37, "2025-11-25": 30 } as const;

describe("MCP conformance", () => {
  for (const [revision, required] of Object.entries(REQUIRED)) {
    test(`all ${required} required server scenarios of ${revision}`, { skip }, async (t) => {
      if (tools.skip !== false) return;
      const stopping = new AbortController();
      const makeServer = async () => conformanceServers();
      const app = createGatewayApp({
        served: [],
        faces: [createMcpFace({ makeServer, stopping: stopping.signal })],
        health: async () => ({}),
        auth: { tokens: [] },
        version: "0",
        instance: "test",
        hosts: [],
      });
      const server = await listen(app, { port: 0 });
      t.after(() => {
        stopping.abort();
        return server.stop();
      });
      const url = `${server.url}/mcp`;
      const args = ["server", "--url", url, "--requirements", revision];
      const out = join(await tempDir(t), "results");
      const suite = tools.found.conformance;
      const { stdout, stderr } = await runScript(suite, [...args, "-o", out], SUITE_TIMEOUT_MS);
      const results = scoredResults(stdout);
      const passed = results.filter((one) => one.passed);
      console.log(`${revision}: ${passed.length} of ${required} scenarios passed`);
      assert.equal(results.length, required, `${stdout.slice(-3000)}${stderr}`);
      assert.deepEqual(
        results.filter((one) => !one.passed),
        [],
        stdout,
      );
    });
  }
});

/** Scenarios that ask for no tool, resource or prompt of the suite's own. */
const GENERAL = {
  "2026-07-28": [
    "tools-list",
    "resources-list",
    "sep-2164-resource-not-found",
    "dns-rebinding-protection",
    "server-sse-multiple-streams",
    "http-header-validation",
  ],
  "2025-11-25": [
    "server-initialize",
    "ping",
    "tools-list",
    "resources-list",
    "dns-rebinding-protection",
    "server-session-lifecycle",
  ],
} as const;

describe("MCP conformance of a whole house", () => {
  test("every scenario that needs nothing of its own", { skip }, async (t) => {
    if (tools.skip !== false) return;
    const dir = await tempDir(t);
    const house = await startHouse(join(dir, "data"), "one process");
    t.after(() => house.stop());
    // Something to list.
    await house.clients.catalog.register({
      name: "people",
      fields: [{ name: "id", type: "long" }],
    });
    const url = `${house.url}/mcp`;
    let passed = 0;
    for (const [revision, names] of Object.entries(GENERAL)) {
      for (const name of names) {
        const args = ["server", "--url", url, "--scenario", name, "--spec-version", revision];
        const suite = tools.found.conformance;
        const said = await runScript(suite, [...args, "-o", join(dir, "results")], CALL_TIMEOUT_MS);
        assert.match(said.stdout, /^Passed: [1-9]\d*\/\d+, 0 failed/m, `${name} ${said.stdout}`);
        passed++;
      }
    }
    console.log(`a whole house: ${passed} scenarios passed`);
    assert.equal(passed, 12);
  });
});

/** Scenarios of the summary, without those that the suite itself does not score. */
function scoredResults(stdout: string): { name: string; passed: boolean }[] {
  const summary = stdout.slice(stdout.lastIndexOf("=== SUMMARY ==="));
  const unscored = new Set([...summary.matchAll(/^ {2}[✓✗] (\S+) \(/gm)].map((match) => match[1]));
  return [...summary.matchAll(/^([✓✗]) (\S+): (\d+) passed, (\d+) failed/gm)]
    .map(([, mark, name, passed, failed]) => ({
      name: name!,
      passed: mark === "✓" && Number(failed) === 0 && Number(passed) > 0,
    }))
    .filter(({ name }) => !unscored.has(name));
}

describe("MCP inspector", () => {
  test("lists and calls over HTTP and on the standard streams", { skip }, async (t) => {
    if (tools.skip !== false) return;
    const dir = await tempDir(t);
    const house = await startGuardedHouse(join(dir, "house"));
    t.after(() => house.stop());
    const program = ["--no-warnings", join(ROOT, "src/app/main.ts"), "--data", join(dir, "own")];
    const over = (token: string) => ({
      type: "streamable-http",
      url: `${house.url}/mcp`,
      headers: { Authorization: `Bearer ${token}` },
    });
    const mcpServers = {
      writer: over(WRITER),
      reader: over(READER),
      stranger: over("another-secret-0123456789"),
      streams: { type: "stdio", command: process.execPath, args: [...program, "mcp"] },
    };
    const config = join(dir, "servers.json");
    await writeFile(config, JSON.stringify({ mcpServers }));
    const inspect = async (target: keyof typeof mcpServers, ...args: string[]) => {
      const all = ["--cli", "--config", config, "--server", target, ...args];
      const said = await runScript(tools.found.inspector, all, CALL_TIMEOUT_MS);
      return { ...said, text: `${said.stdout}${said.stderr}` };
    };
    const sql = ["--method", "tools/call", "--tool-name", "sql", "--tool-arg", "sql=SELECT 41+1"];
    for (const target of ["writer", "streams"] as const) {
      const listed = await inspect(target, "--method", "tools/list", "--strict");
      assert.ok(listed.ok, listed.text);
      const { tools: found } = JSON.parse(listed.stdout) as { tools: object[] };
      assert.ok(found.length >= 20);
      const called = await inspect(target, ...sql);
      assert.ok(called.ok, called.text);
      assert.match(called.stdout, /42/);
      const resources = await inspect(target, "--method", "resources/templates/list");
      assert.match(resources.stdout, /lakehouse:\/\/datasets\/\{name\}/);
    }
    const write = ["--method", "tools/call", "--tool-name", "record_event"];
    const refused = await inspect("reader", ...write);
    assert.match(refused.text, /missing_scope/);
    const stranger = await inspect("stranger", ...sql);
    assert.ok(!stranger.ok, "a stranger is refused");
  });
});
