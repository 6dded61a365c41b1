// Plain words of models: thoughts in tags and channels are none of them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { spokenWords } from "./spoken-words.ts";

const SAID = "Take w-1 only.";

test("thoughts are left out however they are marked", () => {
  const texts = [
    SAID,
    `<think>a</think>${SAID}`,
    `<THINK>a</THINK>\n${SAID}`,
    `<thinking >a <b> c</thinking>\n\n${SAID}`,
    `[THINK]a[/THINK]${SAID}`,
    `<reasoning>a</think>\n${SAID}`,
    `<think>a</thinking>\n${SAID}`,
    `<think>a <think>b</think> c</think>${SAID}`,
    `<think>a</think>${SAID}<think>b`,
    `${SAID}\n<thinking>a</thinking>`,
    `${SAID}\n<thinking>never closed`,
    `I see who is right.\n</think>\n${SAID}`,
    `I mention </reasoning> here.\n</think>\n${SAID}`,
    `<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>${SAID}`,
  ];
  for (const text of texts) assert.equal(spokenWords(text), SAID, text);
});

test("of an answer that is all thought no words are left", () => {
  for (const text of ["", "<think>a", "<think>a</think>", "<thinking>a", "a</think>"]) {
    assert.equal(spokenWords(text), "", text);
  }
});

test("a tag that is only mentioned leaves nothing out", () => {
  const texts = [
    "Fill the <reasoning> field too.",
    "Return a Promise<Thought>.",
    "Say <thought />",
  ];
  for (const text of texts) assert.equal(spokenWords(text), text);
});
