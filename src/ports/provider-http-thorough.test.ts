// A small body that decodes to far more: what is read of a provider's answer has a limit.
import { test } from "node:test";
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { failureOf } from "../../test/support/failure-of.ts";
import { ask, serve } from "./provider-http.suite.ts";
import { readProviderJson } from "./provider-http.ts";

test("a small body that decodes to more than is read of any ends at that limit", async (t) => {
  const bomb = gzipSync(Buffer.alloc(80 * 1024 * 1024, 0x20));
  assert.ok(bomb.length < 200_000);
  const base = await serve(t, (request, response) => {
    const status = request.url === "/refused" ? 400 : 200;
    response.writeHead(status, { "content-encoding": "gzip" }).end(bomb);
  });
  const long = await failureOf(ask(base).then((response) => readProviderJson("up", response)));
  assert.deepEqual([long.code, long.reason], ["unavailable", "bad_provider_answer"]);
  assert.match(long.message, /up sent more than 67108864 bytes/);
  assert.equal((await failureOf(ask(base, "/refused"))).message, "up answered 400");
});
