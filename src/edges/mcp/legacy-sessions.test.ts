// Sessions: bounded without harm to whoever has a call running, calls ended with a word.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { LakehouseError } from "#kernel/problem.ts";
import { createLegacySessions, type LegacySessions } from "./legacy-sessions.ts";
import { cancel, initialize, list, slow, slowServer } from "./legacy-sessions.suite.ts";

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
