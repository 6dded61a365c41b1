// Uploads that are refused before they are read: the connection they came on is of use afterwards.
import assert from "node:assert/strict";
import { Agent, request } from "node:http";
import { test, type TestContext } from "node:test";
import { LIMITS } from "#kernel/limits.ts";
import { fileLifetime } from "../../../test/support/file-lifetime.ts";
import { SECRETS, serveGuardedHouse } from "../../../test/support/served-house.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";

interface Answered {
  readonly status: number;
  readonly text: string;
  readonly socket: number | undefined;
}

const lifetime = fileLifetime();
let url: string;

lifetime.beforeFirst(async () => {
  ({ url } = await serveGuardedHouse(lifetime, await tempDir(lifetime)));
});

/** One connection, kept alive. */
function caller(t: TestContext) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  return (
    method: string,
    path: string,
    given: { headers?: Record<string, string>; body?: Buffer; chunked?: boolean } = {},
  ) =>
    new Promise<Answered>((resolve, reject) => {
      const { body, chunked = false } = given;
      const length = body === undefined || chunked ? {} : { "content-length": body.length };
      const authorization = `Bearer ${SECRETS.owner}`;
      const headers = { authorization, ...length, ...given.headers };
      const asked = request(url + path, { method, agent, headers }, (response) => {
        const socket = response.socket.localPort;
        let text = "";
        response.setEncoding("utf8").on("data", (piece: string) => (text += piece));
        response.on("end", () => resolve({ status: response.statusCode!, text, socket }));
      });
      asked.on("error", reject);
      asked.end(body);
    });
}

const json = { "content-type": "application/json" };
const mcp = { ...json, accept: "application/json, text/event-stream" };
/** Method, path, headers, status, bytes: each is refused before the last of its body is read. */
const REFUSED: readonly (readonly [string, string, Record<string, string>, number, number])[] = [
  ["PUT", "/storage/objects/foo", { "if-match": "no" }, 412, 0],
  ["PUT", "/storage/objects/foo", { "x-lakehouse-attributes": "no" }, 400, 0],
  ["PUT", "/storage/uploads/none/parts/x", {}, 400, 0],
  ["POST", "/ingest/file", { "content-type": "text/csv" }, 400, 0],
  ["POST", "/pathways/import", { "content-type": "application/x-ndjson" }, 400, 0],
  ["POST", "/nowhere", {}, 404, 0],
  ["PUT", "/storage/objects/foo", { authorization: "Bearer wrong" }, 401, 0],
  ["PUT", "/storage/objects/foo", { authorization: `Bearer ${SECRETS.reader}` }, 403, 0],
  ["PUT", "/storage/objects/foo", { origin: "http://evil.example" }, 403, 0],
  ["PUT", "/storage/objects/foo", { host: "999.1.1.1" }, 400, 0],
  ["POST", "/mcp", { ...mcp, authorization: "Bearer wrong" }, 401, 0],
  ["POST", "/mcp", mcp, 413, 9 * 1024 * 1024],
  ["POST", "/iceberg/v1/namespaces", json, 413, 70 * 1024 * 1024],
];

for (const chunked of [false, true]) {
  test(`after a refused upload (${chunked ? "chunked" : "its length said"}) all goes on`, async (t) => {
    const ask = caller(t);
    for (const [method, path, headers, status, least] of REFUSED) {
      for (const bytes of least === 0 ? [1_000_000, 5_000_000] : [least]) {
        const what = `${method} ${path}, ${bytes} bytes`;
        const body = Buffer.alloc(bytes, 65);
        const refused = await ask(method, path, { headers, body, chunked });
        assert.equal(refused.status, status, `${what}: ${refused.text}`);
        const { code } = JSON.parse(refused.text) as { code?: string };
        if (!path.startsWith("/iceberg")) assert.ok(code !== undefined, `${what}: ${refused.text}`);
        const begun = performance.now();
        const next = await ask("GET", "/health");
        assert.equal(next.status, 200, what);
        assert.equal(next.socket, refused.socket, `${what}: the connection is another one`);
        const took_ms = performance.now() - begun;
        // Sooner than a body that never ends is waited for.
        assert.ok(
          took_ms < LIMITS.stop_grace_ms * 0.75,
          `${what}: the next answer took ${Math.round(took_ms)} ms`,
        );
      }
    }
  });
}
