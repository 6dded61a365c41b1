// The cache of whole answers: bounded in bytes and age, for repeatable requests only.
import { test } from "node:test";
import assert from "node:assert/strict";
import { createAnswerCache } from "./answer-cache.ts";
import type { AskedChat } from "./chat-request.ts";

const ASKED: AskedChat = { messages: [{ role: "user", content: "x" }] };
const answer = (content: string) => ({
  provider: "p",
  model: "m",
  deltas: [{ content }, { content: "", finish_reason: "stop" as const }],
});

test("entries go when there are too many bytes, the longest unused first, or when old", () => {
  let now = 0;
  const cache = createAnswerCache({ cache_bytes_max: 3_000, cache_age_ms: 100 }, () => now);
  cache.put("a", answer("1"));
  cache.put("b", answer("2"));
  cache.put("c", answer("3"));
  assert.ok(cache.get("a"));
  cache.put("d", answer("4"));
  assert.deepEqual(
    ["a", "b", "c", "d"].map((key) => cache.get(key) !== undefined),
    [true, false, true, true],
  );
  assert.ok(cache.figures().bytes <= 3_000);
  cache.put("huge", answer("x".repeat(3_000)));
  assert.equal(cache.get("huge"), undefined);
  now = 101;
  assert.equal(cache.get("a"), undefined);
});

test("the key is the request itself, whatever the order of its fields", () => {
  const cache = createAnswerCache({ cache_bytes_max: 3_000, cache_age_ms: 100 }, () => 0);
  const key = cache.keyOf("p/m", { ...ASKED, max_tokens: 5, seed: 1 });
  assert.equal(cache.keyOf("p/m", { seed: 1, max_tokens: 5, ...ASKED }), key);
  assert.notEqual(cache.keyOf("p/m", { ...ASKED, max_tokens: 6, seed: 1 }), key);
  assert.notEqual(cache.keyOf("p/n", { ...ASKED, max_tokens: 5, seed: 1 }), key);
  assert.equal(cache.keyOf("p/m", { ...ASKED, temperature: 1 }), undefined);
  const off = createAnswerCache({ cache_bytes_max: 0, cache_age_ms: 100 }, () => 0);
  assert.equal(off.keyOf("p/m", ASKED), undefined);
});
