// Requests that no client of ours sends, over real sockets: each gets an answer, and the house goes
// on for all others.
import assert from "node:assert/strict";
import { connect } from "node:net";
import { test, type TestContext } from "node:test";
import { ALL_CONTRACTS } from "#contracts/all-contracts.ts";
import { onBun } from "#kernel/http-client.ts";
import { listen, type Listening } from "#kernel/listen.ts";
import { createAddressGuard } from "./allowed-addresses.ts";
import { createGatewayApp } from "./gateway-app.ts";

/** No name and no address, though of the right letters. */
const NO_HOSTS = ["999.1.1.1", "evil:99999", "1.2.3.4.5", "localhost:99999", "1.2.3.256", "[::g]"];
const FOREIGN_HOSTS = ["evil", "evil.example:80", "10.0.0.1:3110", "a..b", "[::2]", "localhost."];

async function serve(t: TestContext, allow: readonly string[]): Promise<Listening> {
  const client = new Proxy({}, { get: () => async () => ({ body: (async function* () {})() }) });
  const app = createGatewayApp({
    served: Object.values(ALL_CONTRACTS).map((contract) => ({ contract, client })),
    health: async () => ({}),
    auth: { tokens: [] },
    version: "0",
    instance: "i",
    hosts: [],
  });
  const server = await listen(app, { port: 0, refuse: createAddressGuard(allow) });
  t.after(() => server.stop());
  return server;
}

interface Raw {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** What comes back for these bytes until the server closes; status 0: nothing. */
function send(port: number, text: string): Promise<Raw> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let got = "";
    socket.on("data", (piece: Buffer) => (got += piece.toString()));
    socket.on("error", () => undefined);
    socket.once("close", () => {
      const [head = "", body = ""] = got.split("\r\n\r\n");
      resolve({ status: Number(/^HTTP\/1\.\d (\d+)/.exec(head)?.[1] ?? 0), head, body });
    });
    socket.write(text);
  });
}

function isProblem({ head, body, status }: Raw, what: string): void {
  assert.match(head, /content-type: application\/problem\+json/i, `${what}: ${head}`);
  const problem = JSON.parse(body) as { status: number; trace_id?: string };
  assert.equal(problem.status, status, what);
  assert.ok(problem.trace_id !== undefined, `${what}: ${body}`);
}

const ASKED = [
  ["GET", "/health"],
  ["GET", "/health?x"],
  ["GET", "/v1/models"],
  ["GET", "/v1/models?x"],
  ["POST", "/v1/chat"],
  ["POST", "/v1/chat/completions"],
  ["PUT", "/storage/objects/x"],
] as const;

for (const allow of [[], ["127.0.0.1"]]) {
  test(`a Host that is none is refused (addresses allowed: ${allow.join() || "all"})`, async (t) => {
    const { port } = await serve(t, allow);
    for (const host of [...NO_HOSTS, ...FOREIGN_HOSTS]) {
      for (const [method, path] of ASKED) {
        const head = `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n`;
        const got = await send(port, `${head}Content-Length: 2\r\n\r\n{}`);
        const what = `${method} ${path} of ${host}`;
        assert.equal(got.status, NO_HOSTS.includes(host) ? 400 : 403, what);
        isProblem(got, what);
      }
    }
    assert.equal((await fetch(`http://127.0.0.1:${port}/health`)).status, 200);
  });
}

test("whom nobody let in is told so, whatever Host it sends", async (t) => {
  const { port } = await serve(t, ["10.1.1.1"]);
  for (const host of [...NO_HOSTS, ...FOREIGN_HOSTS]) {
    const head = `Host: ${host}\r\nConnection: close\r\n\r\n`;
    const got = await send(port, `GET /v1/models HTTP/1.1\r\n${head}`);
    assert.ok([400, 403].includes(got.status), `${host}: ${got.status}`);
    assert.ok([400, 403].includes((await send(port, `GET /health HTTP/1.1\r\n${head}`)).status));
  }
});

test("HTTP/1.0 need not say a Host; 1.1 must", async (t) => {
  const { port } = await serve(t, []);
  for (const path of ["/health", "/health?x", "/"]) {
    const got = await send(port, `GET ${path} HTTP/1.0\r\n\r\n`);
    assert.equal(got.status, 200, path);
    assert.ok(JSON.parse(got.body));
  }
  const posted = await send(port, "POST /v1/chat HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}");
  assert.equal(posted.status, 200, posted.body);
  const without = await send(port, "GET /health HTTP/1.1\r\nConnection: close\r\n\r\n");
  assert.equal(without.status, 400);
  if (!onBun()) isProblem(without, "without Host");
});

test("targets and methods of any form are answered or refused", async (t) => {
  const { port } = await serve(t, []);
  const host = `Host: localhost:${port}\r\nConnection: close\r\n\r\n`;
  // What Bun does not take it refuses itself, or it reads the path alone: other statuses then.
  for (const [line, status, headers = ""] of [
    ["GET /v1\\models", 400],
    ["GET http://evil/", 403],
    ["GET http://evil:99999/", 400],
    ["GET http://name:secret@localhost/health", 400],
    ["GET https://evil.example/health", 403],
    ["GET ftp://localhost/", 400],
    ["OPTIONS *", 400],
    ["GET /%zz/%ff", 404],
    ["GET /storage/objects/%zz%", 200],
    ["GET /mcp%00", 404],
    ["GET //evil/x", 404],
    ["GET /../..//health", 404],
    ["TRACE /", 404],
    ["PROPFIND /health", 404],
    ["DELETE /health", 404],
    ["HEAD /health", 200],
    ["GET /health", 200, "Connection: Upgrade\r\nUpgrade: websocket\r\n"],
    ["GET /nowhere", 404, "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"],
  ] as const) {
    const got = await send(port, `${line} HTTP/1.1\r\n${headers}${host}`);
    if (!onBun()) assert.equal(got.status, status, `${line}: ${got.head}`);
    assert.ok(got.status > 0 && got.status < 500, `${line}: ${got.status}`);
    if (got.status > 400 && got.body !== "") isProblem(got, line);
  }
  // Neither of these is a request: the connection is closed, with a word or without.
  for (const line of ["CONNECT localhost:1 HTTP/1.1", "get / HTTP/1.1", "?"]) {
    assert.ok((await send(port, `${line}\r\n${host}`)).status < 500, line);
  }
  assert.equal((await fetch(`http://127.0.0.1:${port}/health`)).status, 200);
});
