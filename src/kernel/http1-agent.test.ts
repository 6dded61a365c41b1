// Exchanges over real sockets: connections used again, servers that close, stall, flood and lie.
import { EventEmitter, once } from "node:events";
import { stat } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { test } from "node:test";
import assert from "node:assert/strict";
import { collectBytes, createHttpRequester, onBun } from "./http-client.ts";
import { wasLeftUnsent } from "./http-dispatch.ts";
import { LakehouseError } from "./problem.ts";
import { startDeafServer } from "../../test/support/deaf-server.ts";
import type { HasAfter } from "../../test/support/temp-dir.ts";
import { freePort, listening } from "../../test/support/listening.ts";

/** On Bun too, however many cores this machine has. */
const httpRequest = createHttpRequester({ fetch_plain: false });

/** Called with each whole request (head and body, latin1) and how many its socket had before. */
type Answer = (socket: Socket, request: string, before: number) => void;

async function serve(t: HasAfter, answer: Answer) {
  const sockets: Socket[] = [];
  const requests: string[] = [];
  const server: Server = createServer({ noDelay: true }, (socket) => {
    sockets.push(socket);
    let text = "";
    let before = 0;
    socket.setEncoding("latin1");
    socket.on("error", () => undefined);
    socket.on("data", (piece: string) => {
      text += piece;
      for (;;) {
        const end = text.indexOf("\r\n\r\n");
        if (end < 0) return;
        const length = Number(/content-length: (\d+)/.exec(text.slice(0, end))?.[1] ?? 0);
        if (text.length < end + 4 + length) return;
        const request = text.slice(0, end + 4 + length);
        text = text.slice(request.length);
        requests.push(request);
        answer(socket, request, before++);
      }
    });
  });
  const port = await listening(t, server);
  const url = `http://127.0.0.1:${port}`;
  return { url, sockets, requests };
}

const say = (body: string, more = "") =>
  `HTTP/1.1 200 OK\r\ncontent-length: ${Buffer.byteLength(body)}\r\n${more}\r\n${body}`;

async function textOf(request: Parameters<typeof httpRequest>[0]): Promise<string> {
  return (await collectBytes((await httpRequest(request)).body)).toString("utf8");
}

function refused(reason: string) {
  return (error: unknown) => error instanceof LakehouseError && error.reason === reason;
}

const soon = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test("requests one after the other share a connection; at one time each has its own", async (t) => {
  const { url, sockets } = await serve(t, (socket) => setTimeout(() => socket.write(say("x")), 5));
  for (let nr = 0; nr < 5; nr++) await textOf({ method: "GET", url });
  assert.equal(sockets.length, 1);
  await Promise.all(Array.from({ length: 8 }, () => textOf({ method: "GET", url })));
  assert.equal(sockets.length, 8);
});

test("what is sent arrives as it is: path, headers, text and bytes, each with its length", async (t) => {
  const { url, requests } = await serve(t, (socket) => socket.write(say("x")));
  const headers = { "X-Odd": "caf\u00e9", "Content-Length": "1", host: "other" };
  await textOf({ method: "POST", url: `${url}/a%20b?c=d`, headers, body: "grüße 🌍" });
  await textOf({ method: "PUT", url, body: new Uint8Array([0, 255, 10]) });
  await textOf({ method: "POST", url });
  await textOf({ method: "GET", url });
  const host = new URL(url).host;
  const top = `host: ${host}\r\nconnection: keep-alive\r\n`;
  const words = Buffer.from("grüße 🌍").toString("latin1");
  assert.deepEqual(requests, [
    `POST /a%20b?c=d HTTP/1.1\r\nhost: other\r\nconnection: keep-alive\r\nX-Odd: caf\u00e9\r\ncontent-length: 12\r\n\r\n${words}`,
    `PUT / HTTP/1.1\r\n${top}content-length: 3\r\n\r\n\u0000\u00ff\n`,
    `POST / HTTP/1.1\r\n${top}content-length: 0\r\n\r\n`,
    `GET / HTTP/1.1\r\n${top}\r\n`,
  ]);
});

test("a header that would end its line early is refused, and nothing is sent", async (t) => {
  const { url, requests } = await serve(t, (socket) => socket.write(say("x")));
  for (const headers of [{ a: "b\r\nc: d" }, { "a\r\nb": "c" }, { a: "b\0" }, { "": "b" }]) {
    await assert.rejects(httpRequest({ method: "GET", url, headers }), refused("unreachable"));
  }
  assert.equal(requests.length, 0);
});

test("a connection is left after close, after a lie, and after more than was said", async (t) => {
  const answers = [
    (socket: Socket) => socket.end(say("a", "connection: close\r\n")),
    (socket: Socket) => socket.write(`${say("b")}HTTP/1.1 200 OK\r\n`),
    (socket: Socket) => socket.end("HTTP/1.1 200 OK\r\n\r\nuntil the end"),
    (socket: Socket) => socket.write(say("d")),
  ];
  const { url, sockets } = await serve(t, (socket) => answers.shift()!(socket));
  assert.equal(await textOf({ method: "GET", url }), "a");
  // The rest of a second answer, which nobody asked for, reaches nobody.
  assert.equal(await textOf({ method: "GET", url }), "b");
  assert.equal(await textOf({ method: "GET", url }), "until the end");
  assert.equal(await textOf({ method: "GET", url }), "d");
  assert.equal(sockets.length, 4);
});

test("an answer that comes unasked on an idle connection is nobody's", async (t) => {
  const { url, sockets } = await serve(t, (socket, _request, before) => {
    socket.write(say(`own ${before}`));
    setTimeout(() => socket.write(say("unasked")), 5);
  });
  assert.equal(await textOf({ method: "GET", url }), "own 0");
  await soon(50);
  assert.equal(await textOf({ method: "GET", url }), "own 0");
  assert.equal(sockets.length, 2);
});

test("what came while the process was busy is heard before a connection is used again", async (t) => {
  const { url, sockets } = await serve(t, (socket, request) => {
    socket.write(say("own"));
    // Within the time that the process is busy: nothing polls meanwhile.
    if (request.startsWith("GET /unasked")) {
      setImmediate(() => socket.write(say("of another")));
    } else if (request.startsWith("GET /closed")) {
      setImmediate(() => socket.end());
    }
  });
  for (const path of ["unasked", "closed"]) {
    await textOf({ method: "GET", url: `${url}/${path}` });
    await new Promise(setImmediate);
    keepBusy(20);
    assert.equal(await textOf({ method: "POST", url, body: "{}" }), "own");
    // Asked while the loop polls, its immediates come before it polls again.
    await textOf({ method: "GET", url: `${url}/${path}` });
    await new Promise((resolve) => stat(".", resolve));
    keepBusy(20);
    assert.equal(await textOf({ method: "POST", url, body: "{}" }), "own");
  }
  assert.ok(sockets.length >= 2);
});

function keepBusy(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

test("what changes nothing is asked once more where a used connection ends unheard", async (t) => {
  const { url, requests } = await serve(t, (socket, _request, before) => {
    if (before > 0) socket.destroy();
    else socket.write(say("x"));
  });
  assert.equal(await textOf({ method: "GET", url }), "x");
  assert.equal(await textOf({ method: "GET", url }), "x");
  assert.equal(requests.length, 3);
  // Whether it was carried out nobody knows: the caller decides.
  await assert.rejects(textOf({ method: "POST", url, body: "{}" }), refused("unreachable"));
  assert.equal(requests.length, 4);
});

test("the body that a server sends to a HEAD is not the next caller's answer", async (t) => {
  const { url, sockets } = await serve(t, (socket, request) => {
    const head = request.startsWith("HEAD");
    socket.write(head ? "HTTP/1.1 200 OK\r\ncontent-length: 60\r\n\r\n" : say("own"));
    if (head) setTimeout(() => socket.write(say("of the HEAD")), 3);
  });
  assert.equal(await textOf({ method: "HEAD", url }), "");
  assert.equal(await textOf({ method: "GET", url }), "own");
  assert.equal(sockets.length, 2);
});

test("who leaves in the turn of asking leaves the idle connection to others", async (t) => {
  const { url, sockets, requests } = await serve(t, (socket) => socket.write(say("x")));
  await textOf({ method: "GET", url });
  const leaving = new AbortController();
  const left = httpRequest({ method: "GET", url, signal: leaving.signal });
  leaving.abort();
  await assert.rejects(left, (error: LakehouseError) => error.code === "cancelled");
  await textOf({ method: "GET", url });
  assert.deepEqual([sockets.length, requests.length], [1, 2]);
});

test("a server that does not speak HTTP is an error, not a wait", async (t) => {
  const { url } = await serve(t, (socket) => socket.write("SSH-2.0-OpenSSH_9.6\r\n"));
  await assert.rejects(
    httpRequest({ method: "GET", url }),
    (error: Error) => refused("unreachable")(error) && /no answer of HTTP/.test(error.message),
  );
});

test("a server that closes an idle connection is asked on a new one", async (t) => {
  const { url, sockets } = await serve(t, (socket) => {
    socket.write(say("x"));
    setTimeout(() => socket.end(), 5);
  });
  for (let nr = 0; nr < 3; nr++) {
    assert.equal(await textOf({ method: "POST", url, body: "{}" }), "x");
    await soon(30);
  }
  assert.equal(sockets.length, 3);
});

test("a connection whose server keeps it for a second only is not used again", async (t) => {
  const { url, sockets } = await serve(t, (socket) =>
    socket.write(say("x", "keep-alive: timeout=1\r\n")),
  );
  await textOf({ method: "GET", url });
  await textOf({ method: "GET", url });
  assert.equal(sockets.length, 2);
});

test("what breaks off fails its reader, and only it", async (t) => {
  const { url } = await serve(t, (socket, request) => {
    if (request.startsWith("GET /cut"))
      socket.end("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf");
    else if (request.startsWith("GET /drop")) socket.destroy();
    else socket.write(say("whole"));
  });
  const [cut, dropped, whole] = await Promise.allSettled([
    textOf({ method: "GET", url: `${url}/cut` }),
    textOf({ method: "GET", url: `${url}/drop` }),
    textOf({ method: "GET", url: `${url}/whole` }),
  ]);
  assert.equal(cut.status, "rejected");
  assert.equal(dropped.status, "rejected");
  assert.deepEqual(whole, { status: "fulfilled", value: "whole" });
});

test("a reader that is slow makes its server wait", async (t) => {
  const size = 64 * 1024 * 1024;
  let sent = 0;
  const { url } = await serve(t, (socket) => {
    socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${size}\r\n\r\n`);
    const piece = Buffer.alloc(256 * 1024);
    const more = () => {
      while (sent < size) {
        sent += piece.length;
        if (!socket.write(piece)) return void socket.once("drain", more);
      }
    };
    more();
  });
  const { body } = await httpRequest({ method: "GET", url });
  const reader = body[Symbol.asyncIterator]();
  let got = (await reader.next()).value!.length;
  await soon(200);
  // What the kernel's buffers of both sides hold, and 64 KiB here.
  assert.ok(sent < size / 2, `${sent} of ${size} were sent to a reader that does not read`);
  for (let next = await reader.next(); !next.done; next = await reader.next()) {
    got += next.value.length;
  }
  assert.equal(got, size);
});

test("who leaves ends the connection at once, before and in the midst of the answer", async (t) => {
  const heard = new EventEmitter();
  const { url, sockets } = await serve(t, (socket, request) => {
    if (request.startsWith("GET /begins")) {
      socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n");
    }
    heard.emit("request");
  });
  const ask = (path: string, signal: AbortSignal) =>
    httpRequest({ method: "GET", url: `${url}/${path}`, signal });

  const before = new AbortController();
  const asked = once(heard, "request");
  const silent = ask("silent", before.signal);
  await asked;
  before.abort();
  await assert.rejects(silent, (error: LakehouseError) => error.code === "cancelled");
  await closed(sockets[0]!);

  const midst = new AbortController();
  const { body } = await ask("begins", midst.signal);
  const pieces = body[Symbol.asyncIterator]();
  assert.equal(String((await pieces.next()).value), "a");
  const more = pieces.next();
  midst.abort();
  await assert.rejects(Promise.resolve(more));
  await closed(sockets[1]!);
  assert.equal(sockets.length, 2);
});

async function closed(socket: Socket): Promise<void> {
  if (!socket.closed) await once(socket, "close");
}

test("nobody listens: said so", async () => {
  const port = await freePort();
  await assert.rejects(
    httpRequest({ method: "GET", url: `http://127.0.0.1:${port}` }),
    (error: Error) => refused("unreachable")(error) && error.message.includes("ECONNREFUSED"),
  );
});

/** Whether a request that is left after a while says that nothing of it had left. */
async function leftUnsent(url: string): Promise<boolean> {
  const leaving = new AbortController();
  const asked = httpRequest({ method: "POST", url, body: "x", signal: leaving.signal });
  setTimeout(() => leaving.abort(new Error("enough")), 100);
  await assert.rejects(asked, (error: LakehouseError) => error.code === "cancelled");
  return wasLeftUnsent(leaving.signal.reason);
}

test("a request that is left in the turn of asking was not sent", async () => {
  const leaving = new AbortController();
  const { signal } = leaving;
  const asked = httpRequest({ method: "POST", url: "http://127.0.0.1:1", body: "x", signal });
  const reason = new Error("enough");
  leaving.abort(reason);
  await assert.rejects(asked, (error: LakehouseError) => error.code === "cancelled");
  assert.equal(wasLeftUnsent(reason), true);
});

test("a connection that does not come to stand is given up in time; one that stands is not", async (t) => {
  const port = await startDeafServer(t);
  const url = `http://127.0.0.1:${port}`;
  await assert.rejects(
    httpRequest({ method: "GET", url, connect_timeout_ms: 200 }),
    (error: Error) => refused("unreachable")(error) && error.message.includes("ETIMEDOUT"),
  );
  assert.equal(await leftUnsent(url), true);
  // By undici. Bun's fetch does not tell.
  if (!onBun()) assert.equal(await leftUnsent(`https://127.0.0.1:${port}`), true);
  const silent = await serve(t, () => undefined);
  assert.equal(await leftUnsent(silent.url), false);
  const { url: good } = await serve(t, (socket) => socket.write(say("x")));
  const answer = textOf({ method: "GET", url: good, connect_timeout_ms: 50 });
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  // The limit passes while nobody can hear that the connection stands.
  keepBusy(100);
  assert.equal(await answer, "x");
});
