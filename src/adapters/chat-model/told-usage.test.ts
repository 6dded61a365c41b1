// What a provider tells of tokens is taken where it is a number, and never as "nothing spent".
import { test } from "node:test";
import assert from "node:assert/strict";
import { asCount, usageOf } from "./openai-shapes.ts";

const told = (text: string) => usageOf(JSON.parse(`{"usage":${text}}`));

test("figures that are no numbers are no figures: what was held is charged then", () => {
  for (const text of [
    "null",
    "{}",
    '{"prompt_tokens":null,"completion_tokens":null,"total_tokens":null}',
    '{"prompt_tokens":"10","completion_tokens":"5"}',
    '{"prompt_tokens":-1,"completion_tokens":-2,"total_tokens":-3}',
    '{"completion_tokens":1e999}',
  ]) {
    assert.equal(told(text), undefined, text);
  }
});

test("the total is never less than its parts, and counts stay numbers that add up", () => {
  const text = '{"prompt_tokens":1000,"completion_tokens":500,"total_tokens":1}';
  assert.equal(told(text)!.total_tokens, 1500);
  assert.equal(told('{"prompt_tokens":10,"total_tokens":90}')!.total_tokens, 90);
  const absurd = told('{"prompt_tokens":1e300,"completion_tokens":1e999}')!;
  assert.ok(Number.isSafeInteger(absurd.total_tokens));
  const details = '"prompt_tokens_details":{"cached_tokens":1.4,"cache_write_tokens":"2","x":"y"}';
  const { prompt_tokens_details } = told(`{"prompt_tokens":10,${details}}`)!;
  assert.deepEqual(prompt_tokens_details, { cached_tokens: 1, x: "y" });
  assert.deepEqual([asCount(Number.NaN), asCount(Infinity), asCount(1.4)], [0, 0, 1]);
});

test("tokens are found where Moonshot and DeepSeek tell them", () => {
  const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
  assert.deepEqual(usageOf({ choices: [{ delta: {}, usage }] }), usage);
  assert.deepEqual(usageOf({ choices: [{ usage: {} }], usage }), usage);
  const cached = (more: object) =>
    usageOf({ usage: { ...usage, ...more } })!.prompt_tokens_details?.cached_tokens;
  assert.equal(cached({ cached_tokens: 8 }), 8);
  assert.equal(cached({ prompt_cache_hit_tokens: 7, prompt_cache_miss_tokens: 3 }), 7);
  const details = { prompt_tokens_details: { cached_tokens: 6 } };
  assert.equal(cached({ ...details, cached_tokens: 8, prompt_cache_hit_tokens: 7 }), 6);
  assert.equal(cached({ prompt_tokens_details: {}, cached_tokens: 8 }), 8);
  assert.equal(cached({ prompt_cache_hit_tokens: null }), undefined);
});
