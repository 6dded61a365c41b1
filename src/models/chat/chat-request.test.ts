// A prompt's tokens are bounded by its bytes, wherever in the request they stand.
import { test } from "node:test";
import assert from "node:assert/strict";
import { completionRequest, promptTokensMax, thoughtTokensMax } from "./chat-request.ts";

const LONG = "x".repeat(100_000);
const PICTURE = { type: "image_url", image_url: { url: `data:image/png;base64,${LONG}` } };
const askedWith = (content: unknown, more: object = {}) =>
  completionRequest({ messages: [{ role: "user", content }], ...more } as never);

for (const [where, asked] of Object.entries({
  "a text": askedWith(LONG),
  "a part of text": askedWith([{ type: "text", text: LONG }]),
  "a file": askedWith([{ type: "file", file: { file_data: LONG } }]),
  "a file beside an empty text": askedWith([{ type: "file", text: "", file: { file_data: LONG } }]),
  "a refusal": askedWith([{ type: "refusal", refusal: LONG }]),
  "a document of text": askedWith([{ type: "document", source: { type: "text", data: LONG } }]),
  "a table in a file": askedWith([
    { type: "file", file: { filename: "a.csv", file_data: `data:text/csv;base64,${LONG}` } },
  ]),
  "text in a tool's result": askedWith([
    { type: "tool_result", content: [{ type: "text", text: LONG }] },
  ]),
  "a part of another type": askedWith([{ type: "other", data: LONG }]),
  "what stands beside a picture": askedWith([{ ...PICTURE, text: LONG }]),
  functions: askedWith("hi", { functions: [{ name: "f", description: LONG }] }),
})) {
  test(`${where} counts in full`, () => {
    assert.ok(promptTokensMax(asked) >= LONG.length);
  });
}

test("a picture counts as one, however large, and a short text by its bytes", () => {
  const source = { type: "base64", media_type: "image/png", data: LONG };
  const bare = { type: "image_url", image_url: `data:image/png;base64,${LONG}` };
  for (const part of [PICTURE, bare, { type: "image", source }]) {
    const tokens = promptTokensMax(askedWith([part]));
    assert.ok(tokens > 4_000 && tokens < 6_000, String(tokens));
  }
  assert.ok(promptTokensMax(askedWith([{ type: "text", text: [LONG] }])) > LONG.length);
  assert.ok(promptTokensMax(askedWith([{ type: "text", text: "hello" }])) < 50);
});

for (const [what, part, most] of [
  ["sound", { type: "input_audio", input_audio: { data: LONG, format: "mp3" } }, 6_000],
  ["film", { type: "video_url", video_url: { url: `data:video/mp4;base64,${LONG}` } }, 6_000],
  ["a PDF", { type: "file", file: { filename: "a.pdf", file_data: LONG } }, 17_000],
  ["an unnamed PDF", { type: "file", file: { file_data: `JVBERi0${LONG}` } }, 17_000],
  [
    "Anthropic's document",
    { type: "document", source: { type: "base64", media_type: "application/pdf", data: LONG } },
    17_000,
  ],
  [
    "a picture in a tool's result",
    { type: "tool_result", content: [{ type: "image", source: { type: "base64", data: LONG } }] },
    5_000,
  ],
] as const) {
  test(`${what} counts by what it is, not by its bytes`, () => {
    const tokens = promptTokensMax(askedWith([part]));
    assert.ok(tokens > 4_000 && tokens < most, String(tokens));
  });
}

test("a part of an odd type has a count like any other", () => {
  for (const type of ["toString", "constructor", "__proto__", "hasOwnProperty"]) {
    const tokens = promptTokensMax(askedWith([{ type, data: "x" }]));
    assert.ok(tokens > 4_000 && tokens < 5_000, `${type}: ${tokens}`);
  }
});

test("llama.cpp's own name for the longest answer is read as max_tokens, and does not go on", () => {
  const read = (more: object) => {
    const { max_tokens, extra } = askedWith("hi", more);
    return { max_tokens, extra };
  };
  assert.equal(askedWith("hi", { n_predict: 9 }).max_tokens_name, undefined);
  assert.deepEqual(read({ n_predict: 9 }), { max_tokens: 9, extra: {} });
  assert.deepEqual(read({ n_predict: 9, max_tokens: 1 }), { max_tokens: 1, extra: {} });
  for (const n_predict of [-1, 0, 1.5, 1e300, Infinity, "9"]) {
    assert.deepEqual(read({ n_predict }), { max_tokens: undefined, extra: {} });
  }
});

test("thoughts are as many as a request allows, by whichever name, and a number always", () => {
  const most = (more: object) => thoughtTokensMax(askedWith("hi", more));
  assert.equal(most({}), undefined);
  assert.equal(most({ thinking: { type: "enabled", budget_tokens: 60_000 } }), 60_000);
  assert.equal(most({ reasoning: { max_tokens: 2_000 } }), 2_000);
  assert.equal(most({ thinking: { type: "adaptive" }, reasoning: "high" }), 0);
  for (const budget_tokens of [-1, "9", Number.NaN, {}, null]) {
    assert.equal(most({ thinking: { budget_tokens } }), 0);
  }
  assert.ok(Number.isSafeInteger(most({ thinking: { budget_tokens: 1e300 } })));
});
