// Bodies that are answered before they are read: given up, never taken for whole.
import assert from "node:assert/strict";
import { connect } from "node:net";
import { test, type TestContext } from "node:test";
import { onBun } from "./http-client.ts";
import { LIMITS } from "./limits.ts";
import { listen, type Listener } from "./listen.ts";

async function open(t: TestContext, fetch: (request: Request) => Promise<Response>) {
  const server = await listen({ fetch } as Listener, { port: 0 });
  t.after(() => server.stop());
  const socket = connect(server.port, "127.0.0.1");
  t.after(() => socket.destroy());
  socket.on("error", () => undefined);
  let got = "";
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.on("data", (piece: Buffer) => (got += piece.toString()));
  const until = async (pattern: RegExp) => {
    for (let tries = 0; tries < 400 && !pattern.test(got); tries++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.match(got, pattern);
  };
  const head = "POST /x HTTP/1.1\r\nhost: localhost\r\ncontent-length: 300000\r\n\r\n";
  return { socket, until, closed, head };
}

test("whoever reads on after the answer learns that the rest is missing", async (t) => {
  let read: Promise<string> | undefined;
  const { socket, until, head } = await open(t, async (request) => {
    const reader = request.body!.getReader();
    await reader.read();
    read = (async () => {
      for (;;) if ((await reader.read()).done) return "it ended";
    })().catch(() => "it broke");
    return new Response("no");
  });
  socket.write(head + "x".repeat(1_000));
  await until(/no$/);
  for (let i = 0; i < 10; i++) socket.write("x".repeat(29_900));
  assert.equal(await read, "it broke");
  socket.write(head + "x".repeat(300_000));
  await until(/no[^]+no$/);
});

test("a body that is refused and never ends holds its connection for a grace only", async (t) => {
  const { socket, until, closed, head } = await open(t, async (request) => {
    for await (const _ of request.body as unknown as AsyncIterable<Uint8Array>) break;
    return new Response("no");
  });
  socket.write(head + "x".repeat(1_000));
  await until(/no$/);
  if (onBun()) return;
  const begun = performance.now();
  await closed;
  const took_ms = performance.now() - begun;
  assert.ok(took_ms < LIMITS.stop_grace_ms + 1_000, `${Math.round(took_ms)} ms`);
});
