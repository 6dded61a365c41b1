// What callers hear of a body in a content-encoding, known here or not.
import assert from "node:assert/strict";
import { test } from "node:test";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { connectLocal } from "./connect-local.ts";
import { echo, handlers } from "./echo.suite.ts";
import { serveHttp } from "./serve-http.ts";

const app = serveHttp([{ contract: echo, client: connectLocal(echo, handlers) }]);
const JSON_TEXT = '{"left_value":1}';

async function answerTo(body: Uint8Array<ArrayBuffer> | string, encoding: string) {
  const headers = { "content-type": "application/json", "content-encoding": encoding };
  const answer = await app.request("/echo/add", { method: "POST", headers, body });
  const { reason, detail } = (await answer.json()) as Record<string, string | undefined>;
  return { status: answer.status, reason, detail };
}

test("a body that cannot be read is told to be encoded, whoever knows its coding", async () => {
  // The first bytes of an LZ4 frame.
  const lz4 = Uint8Array.from([0x04, 0x22, 0x4d, 0x18, 0x64, 0x40, 0xa7, 0x10, 0x00]);
  for (const [encoding, body] of [
    ["lz4", lz4],
    ["snappy", lz4],
    ["identity, lz4", lz4],
    ["gzip", Uint8Array.from(gzipSync(JSON_TEXT))],
    ["br", Uint8Array.from(brotliCompressSync(JSON_TEXT))],
  ] as const) {
    const { status, reason, detail } = await answerTo(body, encoding);
    assert.deepEqual([status, reason], [400, "body_encoded"], encoding);
    assert.ok(detail?.includes(`(${encoding})`), detail);
  }
});

test("a coding that is said by mistake does no harm", async () => {
  for (const encoding of ["none", "utf-8", "UTF-8", "identity", "identity, none", "lz4"]) {
    assert.equal((await answerTo(JSON_TEXT, encoding)).status, 200, encoding);
  }
  for (const encoding of ["none", "utf-8", "identity"]) {
    assert.equal((await answerTo('{"left_value":', encoding)).reason, "not_json", encoding);
  }
});
