// Reading answers: thoughts in tags that are mixed, lone, stray or only mentioned, and channels.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readAnswer } from "./read-answer.ts";

const F = "```";
const ANSWER = { order: "O-1", qty: 3 };
const JSON_TEXT = JSON.stringify(ANSWER);
const FENCED = `${F}json\n${JSON_TEXT}\n${F}`;

/** Each text stands for the answer where it has the sign `@`, or for the fenced one at `#`. */
function assertRead(texts: readonly string[]): void {
  for (const text of texts) {
    const said = text.replace("@", JSON_TEXT).replace("#", FENCED);
    assert.deepEqual(readAnswer(said, "stop"), { artifact: ANSWER, repaired: false }, said);
  }
}

function assertRefused(texts: readonly string[]): void {
  for (const text of texts) {
    const said = text.replace("@", JSON_TEXT).replace("#", FENCED);
    const read = readAnswer(said, "stop");
    assert.ok("error" in read, `${said}\n${JSON.stringify(read)}`);
  }
}

test("a closing tag whose opening one was cut off ends the thought, whatever it mentions", () => {
  assertRead([
    'I should mention </reasoning> here {"z":2}\n</think>\n@',
    "Let me use <thought> tags? No.\n</think>\n@",
    'Hmm <reasoning> {"z":2}\n</think>\n@',
    'ok {"z":1}</thinking>\nmore {"z":2}</think>\n@',
    'ok {"z":1}</think>\n</think>\n@',
    '<thinking>it ends with </think>, {"z":1}</thinking>@',
  ]);
});

test("where no tag of its name closes a thought, the next of another name does", () => {
  assertRead([
    "<thinking>Need qty.</think>\n\n@",
    "<thought>Need qty.</think>@",
    '<thinking>maybe {"z":1}</thought>@',
    "<reasoning>Need qty.</think>\n#",
    "<think>Need qty.</thinking>\n@",
  ]);
  assertRefused(['<thinking>Need {"html":"</thought>","n":1}']);
});

test("a tag that is mentioned, closes itself or begins no thought leaves nothing out", () => {
  assertRead([
    "I put my reasons in the <reasoning> field as asked:\n\n@",
    "I put my reasons in the <reasoning> field as asked:\n\n#",
    "Use [THINK] if needed. @",
    "This returns a Promise<Thought> as asked: @",
    "<reasoning />@",
    "<thought />\n@",
    "<think />\n@",
    "<reasoning>@",
    "<reasoning>\n#\nDone.",
  ]);
});

test("a thought that is never closed ends where the answer is marked, else nowhere", () => {
  assertRead([
    "<reasoning>\nI choose 3.\n\n<answer>\n@\n</answer>",
    'Sure.\n<reasoning>\nmaybe {"z":1}.\n\n#',
    '<thought>maybe {"z":1}: #',
    "<reasoning>Need qty. </reason>\n@\n",
    "<reasoning>Here is the JSON:\n\n@",
  ]);
  assertRefused([
    "<reasoning>\nI choose @",
    "Sure.\n<thinking>I choose @",
    "<thought>so {z: 1} or\n@",
  ]);
});

test("a stray closing tag behind the answer takes nothing away", () => {
  assertRead([
    "@\n</reasoning>",
    "#\n</thinking>",
    "@</thought>",
    "<answer>\n@\n</answer>\n</reasoning>",
    'no {"z":1}</reasoning>@</think>',
  ]);
  assertRefused(['I think {"z":1}\n</think>', 'I think {"z":1}\n</thinking>\nI cannot tell.']);
});

test("what is said in channels is read, but for the thoughts", () => {
  const thought = '<|channel|>analysis<|message|>Need {"z":9}.<|end|>';
  const final = "<|start|>assistant<|channel|>final<|message|>";
  assertRead([
    "<|channel|>commentary to=functions.answer <|constrain|>json<|message|>@<|call|>",
    `${thought}<|start|>assistant<|channel|>commentary to=f <|constrain|>json<|message|>@<|call|>`,
    "<|start|>assistant<|message|>@",
    "<|start|>assistant\n@",
    `${thought}\n\n@`,
    `${thought}${final}@<|return|>`,
    "<|channel|>final <|constrain|>@",
    '<|channel|>final <|constrain|>{"type":"object"}<|message|>@',
    "<|channel|>final\n<|message|>@",
    "<|channel|>final @",
    `${final}@<|end|>${final}`,
    `${final}@<|end|>${final}Done.`,
    `${final}@<|end|><|start|>assistant${thought}`,
    `<|channel|>commentary<|message|>I set {"z":1}.<|end|>${final}@`,
  ]);
  assertRefused([thought, '<|channel|>analysis {"z":9}', `${thought}${final}I cannot tell.`]);
  const artifact = { a: '<|channel|>final<|message|>{"b":1}', c: "<|end|>" };
  for (const before of ["", "<|start|>assistant<|message|>", `${thought}${final}`]) {
    const read = readAnswer(before + JSON.stringify(artifact), "stop");
    assert.deepEqual(read, { artifact, repaired: false }, before);
  }
});
