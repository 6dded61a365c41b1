// Bun's fetch has room for so many at a time, and asks nobody's proxy; on Node the same holds.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import { test } from "node:test";
import assert from "node:assert/strict";
import { collectBytes, createHttpRequester, onBun } from "./http-client.ts";
import { createFetchSender } from "./http-fetch.ts";
import { listening } from "../../test/support/listening.ts";

const request = createHttpRequester({ fetch_plain: true });

const hung = () =>
  createServer((socket) => {
    socket.on("error", () => undefined);
    socket.resume();
  });

const good = () => createHttpServer((_request, response) => response.end("good"));

async function textOf(url: string, timeout_ms: number): Promise<string> {
  const { body } = await request({ method: "GET", url, timeout_ms });
  return (await collectBytes(body)).toString();
}

test("calls that hang at one provider, more than a process has fetches, hold up no other", async (t) => {
  const silent = await listening(t, hung());
  const other = await listening(t, good());
  const leaving = new AbortController();
  const { signal } = leaving;
  const url = `http://127.0.0.1:${silent}/`;
  const hanging = Array.from({ length: 300 }, () =>
    request({ method: "POST", url, body: "{}", signal }).catch(() => "left"),
  );
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(await textOf(`http://127.0.0.1:${other}/`, 3_000), "good");
  leaving.abort();
  assert.deepEqual(new Set(await Promise.all(hanging)), new Set(["left"]));
  assert.equal(await textOf(`http://127.0.0.1:${other}/`, 3_000), "good");
});

/** What a process with these variables says. */
async function told(env: Record<string, string>, program: string, args: readonly string[]) {
  const client = new URL("http-client.ts", import.meta.url).href;
  const child = spawn(process.execPath, ["-e", program, "--", client, ...args], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const said: Buffer[] = [];
  child.stdout.on("data", (piece: Buffer) => void said.push(piece));
  await once(child, "close");
  return Buffer.concat(said).toString().trim();
}

const DIRECT = `
const [client, plain] = process.argv.slice(-2);
import(client).then(async ({ createHttpRequester, collectBytes }) => {
  for (const fetch_plain of [true, false]) {
    const request = createHttpRequester({ fetch_plain });
    const { body } = await request({ method: "POST", url: plain, body: "{}" });
    console.log((await collectBytes(body)).toString());
  }
  process.exit(0);
}).catch((error) => { console.log(error.message); process.exit(0); });
`;

test("no proxy of the environment is asked", async (t) => {
  const proxy = await listening(
    t,
    createHttpServer((_request, response) => response.end("by a proxy")),
  );
  const port = await listening(t, good());
  const address = `http://127.0.0.1:${proxy}`;
  const names = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"];
  const env = { ...Object.fromEntries(names.map((name) => [name, address])), NO_PROXY: "" };
  assert.equal(await told(env, DIRECT, [`http://127.0.0.1:${port}/`]), "good\ngood");
});

const PATIENT = `
const [client, slow] = process.argv.slice(-2);
import(client).then(async ({ createHttpRequester, collectBytes }) => {
  const request = createHttpRequester({ fetch_plain: true });
  const text = async (path) => {
    const { body } = await request({ method: "POST", url: slow + path, body: "{}" });
    return (await collectBytes(body)).toString();
  };
  console.log((await Promise.all([text("late"), text("halting")])).join());
  process.exit(0);
}).catch((error) => { console.log(error.message); process.exit(0); });
`;

test("silence is ended by who asks, not by a limit of the runtime's own", async (t) => {
  // The shortest that Bun's limit can be: it looks every 4 s.
  const env = { BUN_CONFIG_HTTP_IDLE_TIMEOUT: "1" };
  const silent_ms = onBun() ? 10_000 : 50;
  const port = await listening(
    t,
    createHttpServer((asked, response) => {
      if (asked.url === "/halting") response.write("be");
      setTimeout(() => response.end(asked.url === "/halting" ? "gun" : "late"), silent_ms);
    }),
  );
  assert.equal(await told(env, PATIENT, [`http://127.0.0.1:${port}/`]), "late,begun");
});

test("an error whose code is a number says what it is", async (t) => {
  const port = await listening(t, hung());
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(1);
    throw new DOMException("its source ran dry", "TimeoutError");
  }
  const asking = request({ method: "POST", url: `http://127.0.0.1:${port}/`, body: broken() });
  await assert.rejects(asking, /its source ran dry/);
});

test("a fetch gives its room back when it is read, left, refused or broken", async (t) => {
  const port = await listening(
    t,
    createHttpServer((asked, response) => {
      if (asked.url === "/short") response.end("whole");
      else if (asked.url === "/empty") response.writeHead(204).end();
      else if (asked.url === "/long") response.write("begins");
      else if (asked.url === "/cut") response.write("begins", () => response.destroy());
    }),
  );
  const sender = createFetchSender();
  const leaving = new AbortController();
  const ask = (path: string, whole_bytes_max = 0) =>
    sender.send({
      method: "POST",
      url: `http://127.0.0.1:${port}${path}`,
      headers: {},
      body: "{}",
      signal: leaving.signal,
      whole_bytes_max,
    });
  const hanging = [];
  while (sender.hasRoom()) hanging.push(ask("/silent").catch(() => "left"));
  leaving.abort();
  assert.ok(hanging.length > 100 && hanging.length < 256, `${hanging.length}`);
  await Promise.all(hanging);
  // One place short of none: each of these has to give its own back.
  const fresh = createFetchSender();
  const silent = new AbortController();
  const places = { method: "POST", headers: {}, body: "{}", whole_bytes_max: 0 };
  const url = `http://127.0.0.1:${port}/silent`;
  for (let nr = 1; nr < hanging.length; nr++) {
    fresh.send({ ...places, url, signal: silent.signal }).catch(() => undefined);
  }
  t.after(() => silent.abort());
  const one = (path: string, whole_bytes_max = 0) =>
    fresh.send({
      ...places,
      url: path.startsWith("/") ? `http://127.0.0.1:${port}${path}` : path,
      signal: undefined,
      whole_bytes_max,
    });
  const freed = async (what: string) => {
    for (let look = 0; look < 100 && !fresh.hasRoom(); look++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.ok(fresh.hasRoom(), what);
  };
  assert.equal((await collectBytes((await one("/short")).body)).toString(), "whole");
  await freed("read");
  assert.equal((await collectBytes((await one("/short", 99)).body)).toString(), "whole");
  await freed("read at once");
  await collectBytes((await one("/empty")).body);
  await freed("empty");
  const long = await one("/long");
  assert.equal(fresh.hasRoom(), false);
  for await (const piece of long.body) {
    assert.equal(Buffer.from(piece).toString(), "begins");
    break;
  }
  await freed("left");
  await assert.rejects(collectBytes((await one("/cut")).body));
  await freed("broken");
  await assert.rejects(one("http://127.0.0.1:1/"));
  await freed("refused");
});

test("bytes come as they were sent, and nobody is asked to compress them", async (t) => {
  const asked: (string | undefined)[] = [];
  const port = await listening(
    t,
    createHttpServer((message, response) => {
      asked.push(message.headers["accept-encoding"]);
      response.writeHead(200, { "content-encoding": "gzip", "content-length": "4" }).end("raw!");
    }),
  );
  for (const whole of [false, true]) {
    const answer = await request({ method: "GET", url: `http://127.0.0.1:${port}/`, whole });
    assert.equal(answer.headers["content-encoding"], "gzip");
    assert.equal((await collectBytes(answer.body)).toString(), "raw!");
  }
  assert.deepEqual(new Set(asked), new Set([onBun() ? "identity" : undefined]));
});
