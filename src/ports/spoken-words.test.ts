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
    `I was told to write no </think> here.\n</think>\n${SAID}`,
    `I see who is right.</think>${SAID}`,
    `I see.\n</think>\n${SAID}<think>b</think>`,
    `<reasoning>\na\n</reasoning>\n${SAID}`,
    `I see who is right. </think> ${SAID}`,
    `It is the one here </think>\n\n${SAID}`,
    `*I see* "w-1" (who is right)</think>\n${SAID}`,
    `<thinking>a</thinking> <reasoning>b</reasoning> ${SAID}`,
    `<think>a</think>${SAID}\n<reasoning>never closed`,
    `${SAID}\n<thought>Looking at the drafts, never closed`,
    `${SAID}\n<reasoning>\nnever closed`,
    `<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>${SAID}`,
  ];
  for (const text of texts) assert.equal(spokenWords(text), SAID, text);
});

test("of an answer that is all thought no words are left", () => {
  for (const text of ["", "<think>a", "<think>a</think>", "<thinking>a", "a</think>"]) {
    assert.equal(spokenWords(text), "", text);
  }
});

test("tags without number are read to the end", () => {
  for (const [tag, is_spoken] of [
    ["a </think>", true],
    ["<think><think></think>", false],
    ["<reasoning> a ", true],
    ["\n<thinking></x>", false],
  ] as const) {
    const text = tag.repeat(40_000);
    assert.ok(spokenWords(text) === (is_spoken ? text.trim() : ""), tag);
  }
});

test("a tag that is only mentioned leaves nothing out", () => {
  const texts = [
    "Fill the <reasoning> field too.",
    "Return a Promise<Thought>.",
    "Say <thought />",
    "Take W-1 and W-2. Do not write </think> in the answer.",
    "Name l1. End with the object, not with `</think>`.",
    "1. Name l1.\n2. Do not emit </think>",
    "Never end with `</think>`\n\nName l1.",
    'Never end with "</think>"\nName l1.',
    "Leave such tags out (</think>)\n- name l1 only",
    "<reasoning> is no field of the answer.\nName l1 only.",
    "Fix these:\n- <thought> is no field; leave it out\n- name l1 only",
    "Fix these:\n- <thinking> is no field; leave it out\n- name l1 only",
    "Name l1.\n```xml\n<reasoning>\n```\nand nothing else",
    "Name l1.\n```xml\n<reasoning>\n</reasoning>\n```\nand nothing else",
    "Take l1 <reasoning>because in stock</reasoning> and l2",
  ];
  for (const text of texts) {
    assert.equal(spokenWords(text), text);
    assert.equal(spokenWords(`<think>I see.</think>${text}`), text);
  }
  const stray = `${SAID}\n</think>\nas the draft did.`;
  assert.equal(spokenWords(`<think>a</think>\n${stray}`), stray);
});
