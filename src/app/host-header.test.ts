// What a request says of its host decides nothing about where it goes and who may go there.
import assert from "node:assert/strict";
import { request } from "node:http";
import { test } from "node:test";
import { silentLog } from "#kernel/log.ts";
import { tempDir } from "../../test/support/temp-dir.ts";
import { serveHouse } from "./serve.ts";
import { loadSettings } from "./settings.ts";

const OWNER = "owner-secret-0123456789abcdef";

test("a key for models only stays one, whatever Host it sends", async (t) => {
  const settings = await loadSettings({
    variables: { LAKEHOUSE_PROVIDERS_OLLAMA: "", OWNER },
    overrides: {
      data_dir: await tempDir(t),
      domains: [],
      gateway: { port: 0 },
      auth: { tokens: [{ name: "owner", token: "env:OWNER", scopes: ["admin"] }] },
    },
  });
  const only = ["chat", "usage", "journal", "observe"] as const;
  const variables = { OWNER };
  const log = silentLog;
  const serving = await serveHouse({ settings, variables, log, version: "0", only, gateway: true });
  t.after(() => serving.stop());
  const { hostname, port, host } = new URL(serving.url);

  function ask(method: string, path: string, secret: string, said: string, body?: string) {
    const authorization = `Bearer ${secret}`;
    const headers = { host: said, authorization, "content-type": "application/json" };
    return new Promise<{ status: number; text: string }>((resolve, reject) => {
      const asked = request({ hostname, port, method, path, headers }, (response) => {
        let text = "";
        response.on("data", (piece: Buffer) => (text += piece.toString()));
        response.on("end", () => resolve({ status: response.statusCode!, text }));
      });
      asked.on("error", reject);
      asked.end(body);
    });
  }

  const made = await ask("POST", "/v1/keys", OWNER, host, JSON.stringify({ name: "lim" }));
  assert.equal(made.status, 200, made.text);
  const { secret } = JSON.parse(made.text) as { secret: string };
  assert.equal((await ask("GET", "/v1/models", secret, host)).status, 200);
  for (const path of ["/journal", "/v1/usage", "/observer/stats"]) {
    assert.equal((await ask("GET", path, secret, host)).status, 403, path);
    for (const said of [
      `${host}/v1/chat?`,
      `${host}/v1/chat#`,
      `x@${host}/v1/models?`,
      "127.0.0.1/v1/chat",
      "127.0.0.1\\v1\\chat",
      "999.1.1.1",
      "localhost:99999",
    ]) {
      const { status, text } = await ask("GET", path, secret, said);
      assert.ok(status === 400 || status === 403, `${said}: ${status} ${text}`);
    }
  }
});
