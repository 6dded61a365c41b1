// The cache of whole answers: bounded in bytes and age, for repeatable requests only; with a judge
// also for the same request in other words.
import { test } from "node:test";
import assert from "node:assert/strict";
import { BESIDE_MESSAGE } from "#contracts/nouns.ts";
import type { SameRequest } from "#ports/same-request.ts";
import { createAnswerCache } from "./answer-cache.ts";
import type { AskedChat } from "./chat-request.ts";

const asking = (content: string, more: Partial<AskedChat> = {}): AskedChat => ({
  messages: [
    { role: "system", content: "be brief" },
    { role: "user", content },
  ],
  ...more,
});
const answer = (content: string) => ({
  provider: "p",
  model: "m",
  deltas: [{ content }, { content: "", finish_reason: "stop" as const }],
});

/** Texts are the same without "please"; what shouts is the same as nothing. */
const PLEASE: SameRequest = {
  read: (text) =>
    text.endsWith("!") ? undefined : { key: text.replace("please ", "").toLowerCase() },
  isSame: (asked, kept) => asked.key === kept.key && asked.key !== "gate",
};

function cacheOf(cache_bytes_max: number, now = () => 0, same?: SameRequest) {
  const cache = createAnswerCache({ cache_bytes_max, cache_age_ms: 100 }, now, same);
  const keyOf = (asked: AskedChat) => cache.keyOf("p/m", asked);
  return {
    ...cache,
    keyOf,
    keep: (asked: AskedChat, content: string) => cache.put(keyOf(asked)!, answer(content)),
    find: (asked: AskedChat) => cache.get(keyOf(asked)!),
  };
}

test("entries go when there are too many bytes, the longest unused first, or when old", () => {
  let now = 0;
  const cache = cacheOf(3_000, () => now);
  const has = (text: string) => cache.find(asking(text)) !== undefined;
  for (const text of ["a", "b", "c"]) cache.keep(asking(text), text);
  assert.ok(has("a"));
  cache.keep(asking("d"), "d");
  assert.deepEqual(["a", "b", "c", "d"].map(has), [true, false, true, true]);
  assert.ok(cache.figures().bytes <= 3_000);
  cache.keep(asking("huge"), "x".repeat(3_000));
  assert.ok(!has("huge"));
  now = 101;
  assert.ok(!has("a"));
});

test("the key is the request itself, whatever the order of its fields", () => {
  const cache = cacheOf(3_000);
  const key = cache.keyOf(asking("x", { max_tokens: 5, seed: 1 }));
  assert.deepEqual(cache.keyOf({ seed: 1, max_tokens: 5, ...asking("x") }), key);
  assert.notDeepEqual(cache.keyOf(asking("x", { max_tokens: 6, seed: 1 })), key);
  assert.equal(cache.keyOf(asking("x", { temperature: 1 })), undefined);
  assert.equal(cache.keyOf(asking("x", { logprobs: true })), undefined);
  assert.equal(cacheOf(0).keyOf(asking("x")), undefined);
  const other = createAnswerCache({ cache_bytes_max: 9, cache_age_ms: 9 }, () => 0);
  assert.notDeepEqual(other.keyOf("p/n", asking("x", { max_tokens: 5, seed: 1 })), key);
});

test("the same request in other words is answered where all else is equal, and told apart", () => {
  const cache = cacheOf(100_000, () => 0, PLEASE);
  cache.keep(asking("Name a city"), "Zurich");
  assert.equal(cache.find(asking("Name a city"))!.how, "hit");
  const found = cache.find(asking("please name a city"))!;
  assert.deepEqual([found.how, found.answer.deltas[0]!.content], ["semantic", "Zurich"]);
  assert.equal(cache.find(asking("name a town")), undefined);
  assert.equal(cache.find(asking("name a city", { max_tokens: 1 })), undefined);
  assert.equal(cache.find({ messages: [{ role: "user", content: "name a city" }] }), undefined);
  const parts = [{ type: "text", text: "name a city" }];
  assert.equal(cache.find({ messages: [{ role: "user", content: parts }] }), undefined);
  assert.equal(cacheOf(9_000).keyOf(asking("name a city"))!.alike, undefined);
  cache.keep(asking("Gate"), "shut");
  assert.equal(cache.find(asking("gate")), undefined);
});

test("a member of the message that has the name of a key of ours counts too", () => {
  const cache = cacheOf(100_000, () => 0, PLEASE);
  const asked = (key: string): AskedChat => ({
    messages: [{ role: "user", content: "Name a city", key }],
  });
  cache.keep(asked("a"), "Zurich");
  assert.equal(cache.find(asked("a"))!.how, "hit");
  assert.equal(cache.find(asked("b")), undefined);
});

test("what cannot be read is found by itself only", () => {
  const cache = cacheOf(100_000, () => 0, PLEASE);
  cache.keep(asking("Name a city!"), "Zurich");
  assert.equal(cache.find(asking("Name a city!"))!.how, "hit");
  assert.equal(cache.find(asking("name a city!")), undefined);
});

test("the youngest of the same requests answers; what was dropped or is old does not", () => {
  let now = 0;
  const cache = cacheOf(9_000, () => now, PLEASE);
  cache.keep(asking("Go"), "1");
  cache.keep(asking("gO"), "2");
  assert.equal(cache.find(asking("please go"))!.answer.deltas[0]!.content, "2");
  for (let at = 0; at < 20; at++) cache.keep(asking(`other ${at}`), "x");
  assert.ok(cache.figures().bytes <= 9_000);
  assert.equal(cache.find(asking("please go")), undefined);
  cache.keep(asking("Go"), "3");
  now = 101;
  assert.equal(cache.find(asking("please go")), undefined);
});

test("the order within a schema is part of the key, that of the request's members is not", () => {
  const format = (names: readonly string[]) => {
    const properties = Object.fromEntries(names.map((name) => [name, { type: "string" }]));
    const schema = { type: "object", properties };
    return { type: "json_schema", json_schema: { name: "s", schema } };
  };
  const cache = cacheOf(100_000, () => 0, PLEASE);
  const [one, other] = [format(["reasoning", "answer"]), format(["answer", "reasoning"])];
  for (const asked of [
    (inner: object) => asking("Name a city", { response_format: inner as typeof one }),
    (inner: object) => asking("Name a city", { extra: { guided_json: inner } }),
  ]) {
    const [key, turned] = [cache.keyOf(asked(one))!, cache.keyOf(asked(other))!];
    assert.notEqual(key.exact, turned.exact);
    assert.notEqual(key.alike!.family, turned.alike!.family);
    cache.put(key, answer("Zurich"));
    assert.equal(cache.get(turned), undefined);
  }
  const key = (extra: AskedChat["extra"]) => cache.keyOf(asking("x", { extra: extra! }));
  assert.deepEqual(key({ top_p: 1, user: "u" }), key({ user: "u", top_p: 1 }));
  const turned = { content: "x", role: "user" as const };
  const messages = [{ content: "be brief", role: "system" as const }, turned];
  assert.deepEqual(cache.keyOf({ messages }), cache.keyOf(asking("x")));
});

test("an answer that says nothing is not kept", () => {
  const cache = cacheOf(10_000);
  const key = cache.keyOf(asking("a"))!;
  const other = { [BESIDE_MESSAGE]: { system_fingerprint: "f" } };
  const end = { content: "", finish_reason: "stop" as const, other };
  const thought = { content: "", reasoning: "hm" };
  cache.put(key, { provider: "p", model: "m", deltas: [thought, end] });
  assert.equal(cache.get(key), undefined);
  cache.put(key, { provider: "p", model: "m", deltas: [{ content: "", refusal: "no" }, end] });
  assert.equal(cache.get(key)?.how, "hit");
});
