// Faces at the gateway: auth in their own shape, trace ids, the origin guard, draining.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { FaceRequest, HttpFace } from "#kernel/http-face.ts";
import { systemClock } from "#kernel/clock.ts";
import { silentLog } from "#kernel/log.ts";
import { LakehouseError, toLakehouseError } from "#kernel/problem.ts";
import { createS3Door } from "#edges/s3/s3-door.ts";
import { createS3Keys } from "#edges/s3/s3-keys.ts";
import { createGatewayApp } from "./gateway-app.ts";
import type { AccessToken } from "./authenticate.ts";

const TOKENS: AccessToken[] = [
  { name: "reader", secret: "reader-secret-0123456789", scopes: ["read"] },
];

/** A face that tells what it was asked, and its errors as plain text. */
function plainFace(seen: FaceRequest[]): HttpFace {
  return {
    name: "plain",
    handles: (_request, url) => url.pathname.startsWith("/plain/"),
    async handle(asked) {
      seen.push(asked);
      try {
        return new Response(asked.authenticate("read").name);
      } catch (error) {
        return new Response(toLakehouseError(error).reason, { status: 418 });
      }
    },
  };
}

function gateway(tokens: readonly AccessToken[], faces: readonly HttpFace[], more: object = {}) {
  const health = async () => ({});
  const rest = { version: "1.2.3", instance: "i-1", hosts: [], served: [], health };
  return createGatewayApp({ ...rest, auth: { tokens }, faces, ...more });
}

function realDoor(tokens: readonly AccessToken[]): HttpFace {
  const house = { access_key_id: "LHHOUSE", secret_access_key: "house-secret-0123456789" };
  const storage = new Proxy({}, { get: () => assert.fail("storage was reached") }) as never;
  const keys = createS3Keys({ house, tokens, clock: systemClock });
  return createS3Door({ storage, keys, clock: systemClock, log: silentLog });
}

test("with auth on, each face refuses in its own shape, and no route behind it answers", async () => {
  const app = gateway(TOKENS, [realDoor(TOKENS), plainFace([])]);
  const credential = "Credential=nobody/20260101/us-east-1/s3/aws4_request";
  const rest = `SignedHeaders=host, Signature=${"0".repeat(64)}`;
  const forged = {
    authorization: `AWS4-HMAC-SHA256 ${credential}, ${rest}`,
    "x-amz-content-sha256": "UNSIGNED-PAYLOAD",
    date: "Thu, 01 Jan 2026 00:00:00 GMT",
  };
  const wrong = { authorization: "Bearer wrong-secret-0123456789" };
  for (const method of ["GET", "HEAD", "PUT", "POST", "DELETE"]) {
    for (const path of ["/s3/bucket", "/s3/bucket/key", "/s3/bucket/_catalog/key"]) {
      for (const headers of [{}, wrong, forged]) {
        const query = method === "POST" ? "?delete&uploads" : "";
        const url = `http://127.0.0.1${path}${query}`;
        const response = await app.fetch(new Request(url, { method, headers }));
        const what = `${method} ${path} ${JSON.stringify(headers)}`;
        assert.equal(response.status, 403, what);
        const text = await response.text();
        if (method === "HEAD") assert.equal(text, "");
        else assert.match(text, /<Error><Code>(AccessDenied|InvalidAccessKeyId)</, what);
      }
    }
  }
  const plain = await app.fetch(new Request("http://127.0.0.1/plain/x"));
  assert.deepEqual([plain.status, await plain.text()], [418, "no_token"]);
});

test("a face learns who asks, under which trace id and for what as it was sent", async () => {
  const seen: FaceRequest[] = [];
  const app = gateway(TOKENS, [plainFace(seen)]);
  const headers = {
    authorization: `Bearer ${TOKENS[0]!.secret}`,
    "x-lakehouse-trace-id": "trace-1",
  };
  const request = new Request("http://127.0.0.1/plain/x", { headers });
  const response = await app.fetch(request, { incoming: { url: "/plain/a/../x?q" } });
  assert.equal(await response.text(), "reader");
  assert.equal(response.headers.get("x-lakehouse-trace-id"), "trace-1");
  assert.deepEqual([seen[0]!.target, seen[0]!.trace_id], ["/plain/a/../x?q", "trace-1"]);
});

test("what a face does not handle goes to the routes; foreign pages come to neither", async () => {
  const seen: FaceRequest[] = [];
  const app = gateway([], [plainFace(seen)]);
  assert.equal((await app.fetch(new Request("http://127.0.0.1/health"))).status, 200);
  const headers = { origin: "https://evil.test" };
  const foreign = await app.fetch(new Request("http://127.0.0.1/plain/x", { headers }));
  assert.equal(foreign.status, 403);
  assert.equal((await app.fetch(new Request("http://evil.test/plain/x"))).status, 403);
  assert.deepEqual(seen, []);
});

test("a face that breaks is a problem of ours, with its trace id", async () => {
  const broken: HttpFace = {
    name: "broken",
    handles: () => true,
    handle: async () => {
      throw new Error("a secret path");
    },
  };
  const response = await gateway([], [broken]).fetch(new Request("http://127.0.0.1/x"));
  assert.equal(response.status, 500);
  assert.equal((await response.text()).includes("secret"), false);
});

test("when the house stops, calls of faces are told after their grace", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const stopping = new AbortController();
  const reason = new LakehouseError("unavailable", "the house is stopping");
  const waiting: HttpFace = {
    name: "waiting",
    handles: () => true,
    handle: ({ signal }) =>
      new Promise((resolve) => {
        signal!.addEventListener("abort", () => resolve(new Response(String(signal!.reason))));
      }),
  };
  const app = gateway([], [waiting], { stopping: stopping.signal });
  const answer = app.fetch(new Request("http://127.0.0.1/x"));
  stopping.abort(reason);
  t.mock.timers.tick(10_000);
  assert.match(await (await answer).text(), /the house is stopping/);
});
