// Sessions over sockets, in their hundreds: none harms another, and none is left open.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { createGatewayApp } from "#edges/gateway/gateway-app.ts";
import { listen } from "#kernel/listen.ts";
import { cancel, initialize, list, slow, slowServer } from "./legacy-sessions.suite.ts";
import { createMcpFace } from "./mcp-face.ts";

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
