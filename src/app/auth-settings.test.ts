// Tokens in the settings: their limits, and that a caller's name has one set of them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "smol-toml";
import { connectHouse } from "#client.ts";
import { silentLog } from "#kernel/log.ts";
import { serveHouse } from "./serve.ts";
import { houseSettings } from "./settings.ts";
import { tempDir } from "../../test/support/temp-dir.ts";

const TOKENS = `[[auth.tokens]]
name = "ci"
token = "env:CI_TOKEN"
scopes = ["write"]
models = ["builtin/*"]
tokens_per_minute = 1000000
budget = { day_tokens = 5 }
`;

const settingsOf = (text: string) => houseSettings.safeParse(parse(text));

test("a token in the settings has the limits of a key; names with two sets of them are refused", () => {
  const [token] = settingsOf(TOKENS).data!.auth.tokens;
  assert.equal(token!.budget.day_tokens, 5);
  assert.equal(token!.requests_per_minute, null);
  const again = TOKENS.replace("= 5", "= 6");
  for (const [text, message] of [
    [`${TOKENS}${again}`, /a token "ci" stands above with other limits/],
    [TOKENS.replace('"ci"', '"local"'), /"local" is the owner's own name/],
  ] as const) {
    const { error } = settingsOf(text);
    assert.match(error!.issues[0]!.message, message);
  }
  assert.ok(settingsOf(`${TOKENS}${TOKENS}`).success, "while a secret is changed for another");
});

test("a server holds a token's caller to its budget", async (t) => {
  const base = { data_dir: await tempDir(t), domains: [], gateway: { port: 0 } };
  const settings = houseSettings.parse({ ...parse(TOKENS), ...base, providers: { ollama: "" } });
  const variables = { CI_TOKEN: "ci-secret-0123456789" };
  const options = { settings, variables, log: silentLog, version: "0", gateway: true };
  const serving = await serveHouse({ ...options, only: ["usage", "chat"] });
  t.after(() => serving.stop());
  const { chat } = connectHouse({ url: serving.url, token: variables.CI_TOKEN });
  const messages = [{ role: "user" as const, content: "say hello to everybody" }];
  await chat.chat({ messages, max_tokens: 50 });
  const refused = { code: "rate_limited", reason: "key_budget_spent" };
  await assert.rejects(chat.chat({ messages }), refused);
  await assert.rejects(chat.chat({ messages, model: "ollama/x" }), { reason: "no_such_provider" });
});
