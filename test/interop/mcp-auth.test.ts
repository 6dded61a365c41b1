// Every MCP tool without, with wrong, with insufficient and with right credentials.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Tool } from "@modelcontextprotocol/client";
import { fileLifetime } from "../support/file-lifetime.ts";
import { tempDir } from "../support/temp-dir.ts";
import { READER, startGuardedHouse, WRITER, type GuardedHouse } from "./guarded-house.ts";
import { httpClient, REVISIONS } from "./mcp-clients.ts";

const lifetime = fileLifetime();
let house: GuardedHouse;
let tools: readonly Tool[];

lifetime.beforeFirst(async () => {
  house = await startGuardedHouse(await tempDir(lifetime));
  lifetime.after(() => house.stop());
  const client = await httpClient(house.url, READER, "2026-07-28");
  lifetime.after(() => client.close());
  tools = (await client.listTools()).tools;
  assert.ok(tools.length >= 20, `only ${tools.length} tools`);
});

const INITIALIZE = {
  method: "initialize",
  params: {
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "test", version: "1" },
  },
};

function post(message: object, headers: Readonly<Record<string, string>>): Promise<Response> {
  return fetch(`${house.url}/mcp`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, ...message }),
  });
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

test("without or with wrong credentials nothing is answered", async () => {
  const calls = tools.map(({ name }) => ({
    method: "tools/call",
    params: { name, arguments: {} },
  }));
  const others = [INITIALIZE, { method: "tools/list" }, { method: "resources/list" }];
  const wrong = bearer("another-secret-0123456789");
  for (const message of [...calls, ...others]) {
    for (const [headers, reason] of [
      [{}, "no_token"] as const,
      [wrong, "unknown_token"] as const,
    ]) {
      const answer = await post(message, headers);
      assert.equal(answer.status, 401, message.method);
      assert.equal(answer.headers.get("www-authenticate"), "Bearer");
      const problem = (await answer.json()) as { reason: string };
      assert.equal(problem.reason, reason);
    }
  }
});

for (const revision of REVISIONS) {
  test(`${revision}: a reader sees every tool and calls those that only read`, async (t) => {
    const client = await httpClient(house.url, READER, revision);
    t.after(() => client.close());
    const refused: string[] = [];
    for (const { name } of tools) {
      const result = await client.callTool({ name, arguments: {} });
      const text = result.content[0]?.type === "text" ? result.content[0].text : "";
      const { reason } = JSON.parse(text) as { reason?: string };
      if (result.isError === true && reason === "missing_scope") refused.push(name);
    }
    const writing = tools.filter((one) => one.annotations?.readOnlyHint !== true);
    assert.deepEqual(
      refused,
      writing.map((one) => one.name),
    );
    assert.ok(refused.length >= 8 && refused.length < tools.length);
    assert.equal((await house.clients.playbook.list({})).total, 0);
  });

  test(`${revision}: a writer is refused no tool`, async (t) => {
    const client = await httpClient(house.url, WRITER, revision);
    t.after(() => client.close());
    for (const { name } of tools) {
      const result = await client.callTool({ name, arguments: {} });
      const text = result.content[0]?.type === "text" ? result.content[0].text : "";
      const { code, trace_id } = JSON.parse(text) as { code?: string; trace_id?: string };
      if (result.isError !== true) continue;
      assert.equal(code, "invalid", `${name}: ${text}`);
      assert.ok(trace_id !== undefined);
      assert.equal(result._meta?.["lakehouse/trace_id"], trace_id);
    }
  });
}

test("a session belongs to whoever began it", async () => {
  const begun = await post(INITIALIZE, bearer(WRITER));
  const session = begun.headers.get("mcp-session-id");
  assert.ok(begun.ok && session !== null);
  await begun.text();
  const list = { method: "tools/list" };
  const headers = { "mcp-session-id": session, "mcp-protocol-version": "2025-11-25" };
  const other = await post(list, { ...headers, ...bearer(READER) });
  assert.equal(other.status, 404);
  await other.text();
  const own = await post(list, { ...headers, ...bearer(WRITER) });
  assert.equal(own.status, 200);
  await own.text();
  const ended = await fetch(`${house.url}/mcp`, {
    method: "DELETE",
    headers: { ...headers, ...bearer(WRITER) },
  });
  assert.equal(ended.status, 200);
  const gone = await post(list, { ...headers, ...bearer(WRITER) });
  assert.equal(gone.status, 404);
});

test("foreign pages, wrong types and bodies out of bounds are refused", async () => {
  const list = { method: "tools/list" };
  const foreign = await post(list, { ...bearer(WRITER), origin: "https://example.com" });
  assert.equal(foreign.status, 403);
  const typed = await post(list, { ...bearer(WRITER), "content-type": "text/plain" });
  assert.equal(typed.status, 415);
  const large = await post({ ...list, params: { x: "x".repeat(9_000_000) } }, bearer(WRITER));
  assert.equal(large.status, 413);
  const broken = await fetch(`${house.url}/mcp`, {
    method: "POST",
    headers: { ...bearer(WRITER), "content-type": "application/json" },
    body: "{",
  });
  assert.ok([400, 406].includes(broken.status), String(broken.status));
});
