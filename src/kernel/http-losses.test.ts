// What a lost exchange says: whether the other side may have had the request, by each client.
import { createServer, type Socket } from "node:net";
import { test } from "node:test";
import assert from "node:assert/strict";
import { collectBytes, createHttpRequester, mayHaveBeenSent } from "./http-client.ts";
import { staleWithin } from "./http-dispatch.ts";
import { LakehouseError } from "./problem.ts";
import type { HasAfter } from "../../test/support/temp-dir.ts";
import { listening } from "../../test/support/listening.ts";

const OK = "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx";

/** Answers the first requests of each connection, then cuts it, after a while. */
async function serve(t: HasAfter, answered: number, cut_after_ms: number) {
  const sockets: Socket[] = [];
  let asked = 0;
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.push(socket);
    let before = 0;
    socket.on("error", () => undefined);
    socket.on("data", () => {
      asked++;
      if (before++ < answered) socket.write(OK);
      else setTimeout(() => socket.destroy(), cut_after_ms);
    });
  });
  const port = await listening(t, server);
  const url = `http://127.0.0.1:${port}/`;
  return { url, asked: () => asked };
}

/** `true`: Bun's fetch; on Node undici. */
for (const fetch_plain of [false, true]) {
  const request = createHttpRequester({ fetch_plain });
  const name = fetch_plain ? "the runtime's client" : "our own exchanges";

  const post = async (url: string) => {
    const { body } = await request({ method: "POST", url, body: "{}" });
    return (await collectBytes(body)).toString();
  };

  const lossOf = async (url: string): Promise<boolean> => {
    const error = await post(url).then(
      () => assert.fail("it was answered"),
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof LakehouseError, String(error));
    assert.deepEqual([error.code, error.reason], ["unavailable", "unreachable"]);
    return mayHaveBeenSent(error);
  };

  test(`${name}: a POST that is cut off was sent, and is sent once`, async (t) => {
    const { url, asked } = await serve(t, 0, 0);
    assert.equal(await lossOf(url), true);
    assert.equal(asked(), 1);
  });

  test(`${name}: a POST to where nobody is was not sent`, async () => {
    assert.equal(await lossOf("http://127.0.0.1:1/"), false);
    assert.equal(await lossOf("http://no-such-host.invalid/"), false);
  });

  test(`${name}: an address that is no URL cannot be reached, as one where nobody is`, async () => {
    for (const url of ["http://[", "example.org/x"]) assert.equal(await lossOf(url), false);
  });

  test(`${name}: a used connection that ends at once was closed before, but not twice`, async (t) => {
    const { url, asked } = await serve(t, 1, 0);
    const first = Array.from({ length: fetch_plain ? 1 : 3 }, () => post(url));
    await Promise.all(first);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(await lossOf(url), false);
    assert.equal(asked(), first.length + 1);
    // Ours takes the others for closed too: the next one is on a new connection.
    if (!fetch_plain) assert.equal(await post(url), "x");
  });

  test(`${name}: a used connection that ends while its answer is made was asked`, async (t) => {
    // Of a client that does not say how far its server is, more may be of a closed connection.
    const { url, asked } = await serve(t, 1, fetch_plain ? 400 : 200);
    assert.equal(await post(url), "x");
    // Undici has done with an exchange a little after its answer.
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(await lossOf(url), true);
    assert.equal(asked(), 2);
  });
}

test("how long a loss may be of a closed connection is told by how far its server is", () => {
  assert.deepEqual([0, 80, 150, 9_000].map(staleWithin), [100, 160, 300, 1_000]);
});

test("a server that speaks no HTTP was asked", async (t) => {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.on("data", () => void socket.end("220 mail ready\r\n"));
  });
  const port = await listening(t, server);
  const url = `http://127.0.0.1:${port}/`;
  const asked = createHttpRequester({ fetch_plain: false })({ method: "POST", url, body: "{}" });
  await assert.rejects(asked, (error: LakehouseError) => mayHaveBeenSent(error));
});
