// Bodies nested too deeply are the caller's fault at every door; what is just deep enough goes on.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileLifetime } from "../../test/support/file-lifetime.ts";
import { SECRETS, serveGuardedHouse } from "../../test/support/served-house.ts";
import { tempDir } from "../../test/support/temp-dir.ts";

const lifetime = fileLifetime();

const nested = (levels: number) => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;

const DOORS: Record<string, (deep: string) => string> = {
  "/v1/chat": (deep) => `{"messages":[{"role":"user","content":"hi","x":${deep}}]}`,
  "/v1/chat/completions": (deep) => `{"messages":[{"role":"user","content":"hi"}],"x":${deep}}`,
  "/v1/validate": (deep) => `{"kind":"order","artifact":${deep}}`,
  "/permission/decide": (deep) => `{"action":"a","confidence":1,"details":${deep}}`,
  "/mcp": (deep) => `{"jsonrpc":"2.0","id":1,"method":"ping","params":${deep}}`,
  "/iceberg/v1/namespaces": (deep) => `{"namespace":["deep"],"properties":${deep}}`,
};

test("every door refuses them with 400, and breaks at no depth below", async () => {
  const { url } = await serveGuardedHouse(lifetime, await tempDir(lifetime));
  for (const [path, bodyOf] of Object.entries(DOORS)) {
    for (const levels of [100_000, 20_000, 1_001, 990]) {
      const answer = await fetch(url + path, {
        method: "POST",
        headers: {
          authorization: `Bearer ${SECRETS.owner}`,
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
        },
        body: bodyOf(nested(levels)),
      });
      const text = await answer.text();
      const told = `${path} with ${levels} levels: ${answer.status} ${text.slice(0, 300)}`;
      if (levels > 1_000) {
        assert.equal(answer.status, 400, told);
        assert.match(text, /nested deeper than 1000 levels/, told);
      } else {
        assert.ok(answer.status < 500, told);
      }
    }
  }
});
