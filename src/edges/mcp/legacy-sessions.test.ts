// Sessions: bounded without harm to whoever has a call running, calls ended with a word.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { Server, type McpServerFactory } from "@modelcontextprotocol/server";
import { createGatewayApp } from "#edges/gateway/gateway-app.ts";
import { listen } from "#kernel/listen.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { createLegacySessions, type LegacySessions } from "./legacy-sessions.ts";
import { createMcpFace } from "./mcp-face.ts";

/** A server whose one tool answers when it is told to, or never when it is cancelled. */
function slowServer() {
  const waiting = new Set<() => void>();
  const cancelled: unknown[] = [];
  const makeServer: McpServerFactory = () => {
    const server = new Server({ name: "test", version: "1" }, { capabilities: { tools: {} } });
    server.setRequestHandler("tools/list", () => ({ tools: [] }));
    server.setRequestHandler("tools/call", async (_request, { mcpReq }) => {
      await new Promise<void>((resolve) => {
        waiting.add(resolve);
        mcpReq.signal.addEventListener("abort", () => {
          cancelled.push(mcpReq.id);
          resolve();
        });
      });
      return { content: [{ type: "text", text: "slowly done" }] };
    });
    return server;
  };
  return {
    makeServer,
    cancelled,
    running: () => waiting.size,
    release: () => waiting.forEach((resolve) => resolve()),
  };
}

const initialize = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: {
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "test", version: "1" },
  },
};
const list = { jsonrpc: "2.0", id: 2, method: "tools/list" };
const slow = (id: number | string) => ({
  jsonrpc: "2.0",
  id,
  method: "tools/call",
  params: { name: "slow", arguments: {} },
});
const cancel = (requestId: number | string) => ({
  jsonrpc: "2.0",
  method: "notifications/cancelled",
  params: { requestId },
});

function requestOf(message: object | undefined, session?: string): Request {
  const named = session === undefined ? {} : { "mcp-session-id": session };
  const accept = message === undefined ? "" : "application/json, ";
  return new Request("http://localhost/mcp", {
    method: message === undefined ? "GET" : "POST",
    headers: {
      "content-type": "application/json",
      accept: `${accept}text/event-stream`,
      ...named,
    },
    ...(message === undefined ? {} : { body: JSON.stringify(message) }),
  });
}

const authOf = (clientId: string) => ({ token: "", clientId, scopes: [] });

function openSessions(t: TestContext, sessions_max: number, idle_ms = 60_000) {
  const server = slowServer();
  const sessions = createLegacySessions(server.makeServer, { sessions_max, idle_ms });
  t.after(() => sessions.close());
  return { ...server, sessions, ...askers(sessions) };
}

function askers(sessions: LegacySessions) {
  return {
    async begin(who = "a") {
      const answer = await sessions.begin(requestOf(initialize), authOf(who), initialize);
      await answer.text();
      return answer.headers.get("mcp-session-id")!;
    },
    /** `message` undefined: the stream of what the server says by itself. */
    send: (id: string, message: object | undefined, who = "a") =>
      sessions.serve(id, requestOf(message, id), authOf(who), message),
    async isThere(id: string, who = "a") {
      const answer = await sessions.serve(id, requestOf(list, id), authOf(who), list);
      await answer.text();
      return answer.status === 200;
    },
  };
}

const inUse = (thrown: unknown) =>
  thrown instanceof LakehouseError && thrown.reason === "sessions_in_use";

test("sessions are bounded: the one unused for longest makes room", async (t) => {
  const { sessions, begin, isThere } = openSessions(t, 2);
  const first = await begin();
  const second = await begin();
  assert.notEqual(first, second);
  assert.ok(await isThere(first));
  const third = await begin();
  assert.deepEqual(
    [await isThere(first), await isThere(second), await isThere(third)],
    [true, false, true],
  );
  assert.ok(!(await isThere(first, "b")));
  await sessions.close();
  assert.ok(!(await isThere(first)));
});

test("many that begin at the same time are not more than the bound", async (t) => {
  const { begin, isThere } = openSessions(t, 3);
  const begun = await Promise.allSettled(Array.from({ length: 12 }, () => begin()));
  let there = 0;
  for (const one of begun) {
    if (one.status === "rejected") assert.ok(inUse(one.reason));
    else if (await isThere(one.value)) there++;
  }
  assert.ok(there > 0 && there <= 3, `${there}`);
});

test("idle sessions end by themselves, none with a call or a stream", async (t) => {
  const { begin, isThere, send, release } = openSessions(t, 9, 30);
  const [idle, calling, listening] = [await begin(), await begin(), await begin()];
  const call = await send(calling, slow(7));
  const stream = await send(listening, undefined);
  await new Promise((resolve) => setTimeout(resolve, 150));
  assert.deepEqual([await isThere(idle), await isThere(calling)], [false, true]);
  assert.ok(await isThere(listening));
  release();
  assert.match(await call.text(), /slowly done/);
  await stream.body!.cancel();
  await new Promise((resolve) => setTimeout(resolve, 150));
  assert.deepEqual([await isThere(calling), await isThere(listening)], [false, false]);
});

test("a session with a running call makes no room; when all have one, none begins", async (t) => {
  const { begin, isThere, send, release } = openSessions(t, 2);
  const busy = await begin();
  const call = await send(busy, slow(7));
  const second = await begin();
  const third = await begin();
  assert.deepEqual([await isThere(busy), await isThere(second)], [true, false]);
  const other = await send(third, slow(7));
  await assert.rejects(begin(), inUse);
  await assert.rejects(begin("b"), inUse);
  release();
  for (const one of [call, other]) assert.match(await one.text(), /slowly done/);
  assert.ok(await begin());
});

test("an open stream counts as use; whoever holds more gives way to who holds fewer", async (t) => {
  const { begin, isThere, send } = openSessions(t, 3);
  const held = [await begin("many"), await begin("many"), await begin("many")];
  const streams = await Promise.all(held.map((id) => send(id, undefined, "many")));
  await assert.rejects(begin("many"), inUse);
  const one = await begin("few");
  assert.ok(!(await isThere(held[0]!, "many")));
  assert.equal(await streams[0]!.text(), "");
  await assert.rejects(begin("many"), inUse);
  assert.ok(await isThere(one, "few"));
  await streams[1]!.body!.cancel();
  const again = await begin("many");
  assert.ok(!(await isThere(held[1]!, "many")));
  assert.deepEqual([await isThere(one, "few"), await isThere(again, "many")], [true, true]);
});

test("one that only listens and has asked nothing for long gives way to its own owner", async (t) => {
  const { begin, isThere, send } = openSessions(t, 2, 50);
  const held = [await begin(), await begin()];
  for (const id of held) await send(id, undefined);
  await assert.rejects(begin(), inUse);
  await new Promise((resolve) => setTimeout(resolve, 100));
  const third = await begin();
  assert.ok(await isThere(third));
});

test("a cancelled call's stream ends at once; in a batch its place is told to be over", async (t) => {
  const { begin, send, release, cancelled } = openSessions(t, 2);
  const id = await begin();
  const alone = await send(id, slow(7));
  const batch = await send(id, [slow("x"), slow("y")]);
  assert.equal((await send(id, cancel(7))).status, 202);
  assert.equal(await alone.text(), "");
  await send(id, cancel("x"));
  // Nobody has this one, and nothing happens.
  await send(id, cancel("z"));
  assert.deepEqual(cancelled, [7, "x"]);
  release();
  const both = await batch.text();
  assert.match(both, /"id":"x","error":{"code":-32000/);
  assert.match(both, /slowly done.*"id":"y"/);
  // The id is free again.
  const next = await send(id, slow(7));
  release();
  assert.match(await next.text(), /slowly done/);
});

test("a request that its own batch cancels leaves the stream to those that come after it", async (t) => {
  const { begin, send, release, cancelled } = openSessions(t, 2);
  const id = await begin();
  const ping = { jsonrpc: "2.0", id: 21, method: "ping" };
  const batches = [
    [slow(20), cancel(20), ping],
    [slow(20), ping, cancel(20)],
    [ping, slow(20), cancel(20)],
  ];
  for (const batch of batches) {
    const answer = await (await send(id, batch)).text();
    assert.match(answer, /"result":{},[^}]*"id":21|"id":21,[^}]*"result":{}/);
    assert.match(answer, /"id":20,"error":{"code":-32000/);
  }
  assert.deepEqual(cancelled, [20, 20, 20]);
  // None has anybody else on its stream; the server hears of the second before it has begun.
  for (const batch of [
    [slow(22), cancel(22)],
    [cancel(22), slow(22)],
  ]) {
    assert.equal(await (await send(id, batch)).text(), "");
  }
  const call = await send(id, slow(22));
  release();
  assert.match(await call.text(), /slowly done.*"id":22/);
});

test("a second request with the id of a running one is refused", async (t) => {
  const { begin, send, release } = openSessions(t, 2);
  const id = await begin();
  const call = await send(id, slow(7));
  for (const message of [slow(7), [slow(8), slow(8)]]) {
    const refused = await send(id, message);
    assert.equal(refused.status, 400);
    assert.equal(((await refused.json()) as { error: { code: number } }).error.code, -32600);
  }
  release();
  assert.match(await call.text(), /slowly done/);
});

test("a call is told when its session ends, with the house or by its client", async (t) => {
  const { sessions, begin, send, cancelled } = openSessions(t, 2);
  const [first, second] = [await begin(), await begin()];
  const calls = await Promise.all([send(first, slow(7)), send(second, slow(8))]);
  const headers = { "mcp-session-id": first };
  const leave = new Request("http://localhost/mcp", { method: "DELETE", headers });
  assert.equal((await sessions.serve(first, leave, authOf("a"), undefined)).status, 200);
  assert.match(await calls[0].text(), /"id":7,"error":{[^}]*ended by its client/);
  await sessions.close();
  assert.match(await calls[1].text(), /"id":8,"error":{[^}]*the house is stopping/);
  assert.deepEqual(cancelled, [7, 8]);
});

async function serveMcp(t: TestContext) {
  const server = slowServer();
  const tokens = ["reader", "writer"].map((name) => ({
    name,
    secret: `${name}-secret-0123456789`,
    scopes: ["read" as const],
  }));
  const app = createGatewayApp({
    served: [],
    faces: [createMcpFace({ makeServer: async () => server.makeServer })],
    health: async () => ({}),
    auth: { tokens },
    version: "0",
    instance: "i",
    hosts: [],
  });
  const { url, stop } = await listen(app, { port: 0 });
  t.after(stop);
  const post = (who: string, message: object, session?: string, signal?: AbortSignal) =>
    fetch(`${url}/mcp`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        authorization: `Bearer ${who}-secret-0123456789`,
        ...(session === undefined ? {} : { "mcp-session-id": session }),
      },
      body: JSON.stringify(message),
      signal: signal ?? null,
    });
  const begin = async (who: string) => {
    const answer = await post(who, initialize);
    await answer.text();
    return answer.headers.get("mcp-session-id")!;
  };
  /** Comes back when the call runs: on Bun the head of an answer comes with its first bytes. */
  const call = async (who: string, id: number, session: string) => {
    const before = server.running();
    const { signal, abort } = leaving();
    const answered = post(who, slow(id), session, signal)
      .then((answer) => answer.text())
      .catch((error: unknown) => (signal.aborted ? "left" : Promise.reject(error)));
    for (let tries = 0; tries < 1_000 && server.running() === before; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    return { answered, leave: abort };
  };
  return { ...server, post, begin, call };
}

function leaving() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}

test("over sockets: 300 sessions of a reader leave a writer's running call alone", async (t) => {
  const { post, begin, call, release, cancelled } = await serveMcp(t);
  const writer = await begin("writer");
  const { answered } = await call("writer", 7, writer);
  for (let i = 0; i < 300; i++) assert.ok(await begin("reader"));
  release();
  assert.match(await answered, /slowly done/);
  assert.deepEqual(cancelled, []);
  assert.equal((await post("writer", list, writer)).status, 200);
});

test("over sockets: 300 cancelled calls leave no open answer behind", async (t) => {
  const { post, begin, call, cancelled, running } = await serveMcp(t);
  const session = await begin("writer");
  for (let id = 10; id < 310; id++) {
    const { answered } = await call("writer", id, session);
    const told = await post("writer", cancel(id), session);
    assert.equal(told.status, 202);
    await told.text();
    const soon = new Promise<string>((resolve) => setTimeout(resolve, 5_000, "open").unref());
    assert.equal(await Promise.race([answered, soon]), "", `call ${id}`);
  }
  assert.equal(cancelled.length, 300);
  assert.equal(running(), 300);
});

test("over sockets: when all sessions have a call a new one is refused with 503", async (t) => {
  const { post, begin, call, release, running } = await serveMcp(t);
  const sessions = await Promise.all(Array.from({ length: 256 }, () => begin("writer")));
  const calls = [];
  for (const id of sessions) {
    const one = await call("writer", 7, id);
    // Bun's fetch has 256 at once at most. Who leaves a session may return: its call runs on.
    if (calls.length < 50) one.leave();
    calls.push(one);
  }
  assert.equal(running(), 256);
  const refused = await post("reader", initialize);
  assert.equal(refused.status, 503);
  assert.equal(refused.headers.get("retry-after"), "5");
  const problem = (await refused.json()) as { reason: string; trace_id: string };
  assert.equal(problem.reason, "sessions_in_use");
  assert.ok(problem.trace_id);
  release();
  const answers = await Promise.all(calls.map(({ answered }) => answered));
  assert.equal(answers.filter((text) => text.includes("slowly done")).length, 206);
  assert.ok(await begin("reader"));
});
