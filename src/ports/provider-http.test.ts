// What a provider's HTTP comes to: where it is asked, what a lost or compressed answer is, hints.
import { createServer as createRawServer } from "node:net";
import { test } from "node:test";
import assert from "node:assert/strict";
import { constants, createGzip, gzipSync } from "node:zlib";
import { brotliCompressSync, deflateSync, zstdCompressSync } from "node:zlib";
import { ask, serve } from "./provider-http.suite.ts";
import { providerBytes, readProviderJson, retryAfterSeconds } from "./provider-http.ts";
import { failureOf } from "../../test/support/failure-of.ts";
import { listening } from "../../test/support/listening.ts";

test("a base with a query keeps it behind the path, before the path's own", async (t) => {
  const asked: (string | undefined)[] = [];
  const base = await serve(t, (request, response) => {
    asked.push(request.url);
    response.end("{}");
  });
  const version = "api-version=2024-06-01";
  for (const [tail, path] of [
    [`/openai?${version}`, "/chat"],
    [`/openai/?${version}`, "/v1/models?limit=9"],
    ["/v1//", "/models?limit=9"],
    ["", "/chat"],
  ] as const) {
    await readProviderJson("up", await ask(base + tail, path));
  }
  assert.deepEqual(asked, [
    `/openai/chat?${version}`,
    `/openai/v1/models?${version}&limit=9`,
    "/v1/models?limit=9",
    "/chat",
  ]);
});

test("a request that was cut off after it was sent is no failed connection", async (t) => {
  let asked = 0;
  const server = createRawServer((socket) => {
    socket.on("error", () => undefined);
    socket.on("data", () => {
      asked++;
      socket.destroy();
    });
  });
  const port = await listening(t, server);
  const cut = await failureOf(ask(`http://127.0.0.1:${port}`));
  assert.deepEqual([cut.code, cut.reason], ["unavailable", "provider_failed"]);
  assert.equal(cut.extra["broke_off"], true);
  assert.equal(asked, 1);
  const nobody = await failureOf(ask("http://127.0.0.1:1"));
  assert.deepEqual([nobody.reason, nobody.extra], ["provider_unreachable", {}]);
});

test("Retry-After is seconds or a date, and what is neither is none", () => {
  const now_ms = Date.parse("2026-01-01T00:00:00Z");
  const year_s = 365 * 24 * 3600;
  for (const [header, seconds] of [
    ["7", 7],
    [" 0.5 ", 0.5],
    ["7, 9", 9],
    ["99999999999", year_s],
    ["Thu, 01 Jan 2026 00:01:00 GMT", 60],
    ["Wed, 31 Dec 2025 23:59:00 GMT", 0],
    ["Fri, 01 Jan 2038 00:00:00 GMT", year_s],
    ["soon", undefined],
    ["1 minute", undefined],
    ["May 5", undefined],
    ["", undefined],
    [undefined, undefined],
  ] as const) {
    assert.equal(retryAfterSeconds(header, now_ms), seconds, header);
  }
});

test("only 401 hints at the key", async (t) => {
  const base = await serve(t, (request, response) => {
    response.writeHead(Number(request.url!.slice(1))).end("no");
  });
  const hints = [401, 402, 403].map(
    async (status) => (await failureOf(ask(base, `/${status}`))).hint,
  );
  assert.deepEqual(await Promise.all(hints), [
    "check the api_key of up",
    "check the credit of the account at up",
    undefined,
  ]);
});

const CODERS = {
  gzip: gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
} as const;
const DOCUMENT = { said: "grüße ".repeat(2_000) };

for (const [coding, encode] of Object.entries(CODERS)) {
  test(`an answer in ${coding}, which nobody asked for, is read all the same`, async (t) => {
    const accepted: unknown[] = [];
    const bytes = encode(JSON.stringify(DOCUMENT));
    const base = await serve(t, (request, response) => {
      accepted.push(request.headers["accept-encoding"]);
      const status = request.url === "/refused" ? 400 : 200;
      response.writeHead(status, { "content-encoding": coding, "content-length": bytes.length });
      response.end(bytes);
    });
    for (const whole of [false, true]) {
      const answer = await readProviderJson("up", await ask(base, "/chat", whole));
      assert.deepEqual(answer, DOCUMENT);
    }
    const refused = await failureOf(ask(base, "/refused"));
    assert.match(refused.message, /up answered 400: \{"said":"grüße grüße/);
    assert.deepEqual(new Set(accepted), new Set(["identity"]));
  });
}

test("what a server calls its coding by mistake does not matter", async (t) => {
  const codings = ["none", "utf-8", "identity, identity", ""];
  const base = await serve(t, (request, response) => {
    const coding = codings[Number(request.url!.slice(1))]!;
    response.writeHead(200, { "content-encoding": coding }).end(JSON.stringify(DOCUMENT));
  });
  for (const at of codings.keys()) {
    assert.deepEqual(await readProviderJson("up", await ask(base, `/${at}`)), DOCUMENT);
  }
});

test("a compressed stream is read as it comes, and left at once", async (t) => {
  const left = Promise.withResolvers<void>();
  const base = await serve(t, (_request, response) => {
    response.writeHead(200, { "content-encoding": "gzip" });
    response.on("close", left.resolve);
    const coder = createGzip({ flush: constants.Z_SYNC_FLUSH });
    coder.pipe(response);
    coder.write("data: one\n\n");
  });
  for await (const piece of providerBytes("up", await ask(base))) {
    assert.equal(Buffer.from(piece).toString(), "data: one\n\n");
    break;
  }
  await left.promise;
});

test("what is not in its coding, in an unknown one, or cut, is no answer", async (t) => {
  const zipped = gzipSync(JSON.stringify(DOCUMENT));
  const answers: Record<string, [string, Buffer]> = {
    "/other": ["gzip", Buffer.from('{"said":"plain"}')],
    "/odd": ["compress", zipped],
    "/twice": ["gzip, gzip", gzipSync(zipped)],
    "/cut": ["gzip", zipped.subarray(0, -9)],
  };
  const base = await serve(t, (request, response) => {
    const [coding, bytes] = answers[request.url!]!;
    response.writeHead(200, { "content-encoding": coding }).end(bytes);
  });
  const reasonOf = async (path: string) => {
    const work = ask(base, path).then((response) => readProviderJson("up", response));
    return (await failureOf(work)).reason;
  };
  assert.deepEqual(await Promise.all(Object.keys(answers).map(reasonOf)), [
    "bad_provider_answer",
    "bad_provider_answer",
    "bad_provider_answer",
    "provider_failed",
  ]);
});
