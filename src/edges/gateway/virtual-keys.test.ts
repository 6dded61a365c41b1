// Virtual keys at the door: beside access tokens, without any, in the form foreign clients send.
import { test } from "node:test";
import assert from "node:assert/strict";
import { LOCAL_PRINCIPAL, type Principal } from "#kernel/call.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { createAuthenticator } from "./authenticate.ts";

const KEY: Principal = { name: "ci", scopes: ["read", "write"], key_id: "k1" };
const TOKEN = { name: "owner", secret: "owner-secret-0123456789", scopes: ["admin" as const] };

function holderOf(secret: string): Principal | undefined {
  if (!secret.startsWith("lhk_")) return undefined;
  if (secret === "lhk_good") return KEY;
  throw new LakehouseError("unauthenticated", "the key is not known", { reason: "unknown_key" });
}

function ask(bearer?: string): Request {
  const headers: HeadersInit = bearer === undefined ? {} : { authorization: `Bearer ${bearer}` };
  return new Request("http://127.0.0.1/v1/chat/completions", { method: "POST", headers });
}

test("a key stands beside access tokens, with its own scopes", () => {
  const authenticate = createAuthenticator({ tokens: [TOKEN], holderOf });
  assert.deepEqual(authenticate(ask("lhk_good"), "write"), KEY);
  assert.throws(() => authenticate(ask("lhk_good"), "admin"), { reason: "missing_scope" });
  assert.throws(() => authenticate(ask("lhk_bad"), "read"), { reason: "unknown_key" });
  assert.equal(authenticate(ask(TOKEN.secret), "admin").name, "owner");
  assert.throws(() => authenticate(ask("nobody-knows-this-one"), "read"), {
    reason: "unknown_token",
  });
  assert.throws(() => authenticate(ask(), "read"), { reason: "no_token" });
});

test("without access tokens the owner asks freely, and a key is still held to its limits", () => {
  const authenticate = createAuthenticator({ tokens: [], holderOf });
  assert.equal(authenticate(ask(), "admin"), LOCAL_PRINCIPAL);
  // Clients of OpenAI's API always send something.
  assert.equal(authenticate(ask("sk-none"), "write"), LOCAL_PRINCIPAL);
  assert.deepEqual(authenticate(ask("lhk_good"), "write"), KEY);
  assert.throws(() => authenticate(ask("lhk_good"), "admin"), { reason: "missing_scope" });
  assert.throws(() => authenticate(ask("lhk_bad"), "read"), { reason: "unknown_key" });
});

test("a key for models only opens no other door, however its path is written", () => {
  const models_key: Principal = { ...KEY, models_only: true };
  const authenticate = createAuthenticator({ tokens: [TOKEN], holderOf: () => models_key });
  const at = (path: string) => new Request(`http://127.0.0.1${path}`, ask("lhk_good"));
  for (const path of [
    "/v1/chat",
    "/v1/chat/completions?x=1",
    "/v1/models",
    "/v1/models/up%2Fok",
    "/v1/embeddings",
    "/v1/key",
  ]) {
    assert.equal(authenticate(at(path), "read"), models_key, path);
  }
  for (const path of [
    "/",
    "/v1/chat/../keys",
    "/v1/models/%2e%2e/usage",
    "/v1/chatter",
    "/v1/keys",
    "/sql",
    "/v1/models/../keys",
  ]) {
    assert.throws(() => authenticate(at(path), "read"), { reason: "models_only" }, path);
  }
});
