// The MCP face behind a gateway: loaded late, streams ended when it stops.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { setTimeout } from "node:timers/promises";
import { Server, type McpServerFactory } from "@modelcontextprotocol/server";
import { LakehouseError, type Problem } from "#kernel/problem.ts";
import { createGatewayApp } from "#edges/gateway/gateway-app.ts";
import { createMcpFace } from "./mcp-face.ts";

const SLOW_MS = 300;

const makeServer: McpServerFactory = () => {
  const server = new Server({ name: "test", version: "1" }, { capabilities: { tools: {} } });
  server.setRequestHandler("tools/list", () => ({ tools: [] }));
  server.setRequestHandler("tools/call", async () => {
    await setTimeout(SLOW_MS);
    return { content: [{ type: "text", text: "done at last" }] };
  });
  return server;
};

const clientInfo = { name: "test", version: "1" };
const initialize = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo },
};
const slow = { jsonrpc: "2.0", id: 3, method: "tools/call", params: { name: "slow" } };
const list = { jsonrpc: "2.0", id: 2, method: "tools/list" };

function request(message: object, headers: Readonly<Record<string, string>> = {}): Request {
  return new Request("http://localhost/mcp", {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...headers,
    },
    body: JSON.stringify(message),
  });
}

function openGateway(t: TestContext, stop_grace_ms?: number) {
  const stopping = new AbortController();
  t.after(() => stopping.abort());
  let loads = 0;
  const face = createMcpFace({
    async makeServer() {
      loads++;
      return makeServer;
    },
    stopping: stopping.signal,
    stop_grace_ms,
  });
  const app = createGatewayApp({
    served: [],
    faces: [face],
    health: async () => ({}),
    auth: { tokens: [] },
    version: "0",
    instance: "test",
    hosts: [],
  });
  return { app, stopping, loads: () => loads };
}

test("the SDK is loaded by the first request, once", async (t) => {
  const { app, loads } = openGateway(t);
  await app.fetch(new Request("http://localhost/health"));
  assert.equal(loads(), 0);
  const answers = await Promise.all([1, 2, 3].map(async () => app.fetch(request(list))));
  for (const answer of answers) assert.match(await answer.text(), /"tools":\[\]/);
  assert.equal(loads(), 1);
});

type App = ReturnType<typeof openGateway>["app"];

/** A session with an open stream of messages that nobody asked for. */
async function openStream(app: App) {
  const begun = await app.fetch(request(initialize));
  await begun.text();
  const session = begun.headers.get("mcp-session-id");
  assert.ok(session !== null);
  const headers = { accept: "text/event-stream", "mcp-session-id": session };
  const stream = await app.fetch(new Request("http://localhost/mcp", { headers }));
  assert.equal(stream.status, 200);
  return { session, text: stream.text() };
}

test("a stream without an end is ended at once when the house stops", async (t) => {
  const { app, stopping } = openGateway(t, 60_000);
  const { text } = await openStream(app);
  stopping.abort();
  assert.doesNotMatch(await text, /error/);
});

test("a call that ends within the grace is answered, and streams end behind it", async (t) => {
  const { app, stopping } = openGateway(t, 60_000);
  const { session, text } = await openStream(app);
  let is_open = true;
  void text.then(() => (is_open = false));
  const answer = app.fetch(request(slow, { "mcp-session-id": session }));
  await setTimeout(SLOW_MS / 3);
  stopping.abort();
  await setTimeout(SLOW_MS / 3);
  assert.ok(is_open);
  assert.match(await (await answer).text(), /done at last/);
  await text;
});

test("a call whose body is still on its way is answered too; one after the last is not", async (t) => {
  const { app, stopping } = openGateway(t, 60_000);
  const { session, text } = await openStream(app);
  const whole = request(slow, { "mcp-session-id": session });
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const { headers } = whole;
  const late = { method: "POST", headers, body: readable, duplex: "half" } as const;
  const answer = app.fetch(new Request(whole.url, late));
  await setTimeout(SLOW_MS / 10);
  stopping.abort(new LakehouseError("unavailable", "stopping", { reason: "stopping" }));
  await setTimeout(SLOW_MS / 10);
  await whole.body!.pipeTo(writable);
  assert.match(await (await answer).text(), /done at last/);
  await text;
  const next = await app.fetch(request(list, { "mcp-session-id": session }));
  assert.deepEqual([next.status, ((await next.json()) as Problem).reason], [503, "stopping"]);
});

test("one that takes longer is ended with the grace", async (t) => {
  const { app, stopping } = openGateway(t, SLOW_MS / 10);
  const { session, text } = await openStream(app);
  const answer = app.fetch(request(slow, { "mcp-session-id": session }));
  await setTimeout(SLOW_MS / 3);
  stopping.abort();
  assert.doesNotMatch(await (await answer).text(), /done at last/);
  await text;
});
