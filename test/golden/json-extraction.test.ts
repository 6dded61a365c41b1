// The twelve parity cases of JSON extraction are pinned: what is taken, what is asked for again.
import { test } from "node:test";
import type { FinishReason } from "#contracts/nouns.ts";
import { readAnswer } from "#work/iterate/read-answer.ts";
import { matchGolden } from "./golden-file.ts";

const FILLS = '{"fills":[{"worker_id":"W-000001","name":"Ann Lee"}]}';

/** File name → what the model said, and why it stopped when it did not stop by itself. */
const CASES: Readonly<Record<string, readonly [string, FinishReason?]>> = {
  "fenced-json": [`Here you are:\n\`\`\`json\n${FILLS}\n\`\`\`\nDone.`],
  "fenced-bare": [`\`\`\`\n${FILLS}\n\`\`\``],
  "inside-prose": [`The answer is ${FILLS}, as you asked.`],
  nested: ['{"a":{"b":{"c":[1,{"d":{"e":[]}}]}},"f":null}'],
  unicode: ['{"név":"Café 你好 😀","escaped":"\\u00e9\\ud83d\\ude00"}'],
  "escaped-quotes": ['{"said":"she said \\"hi\\" {","path":"C:\\\\temp\\\\"}'],
  "top-level-array": ['[{"worker_id":"W-000001"},{"worker_id":"W-000002"}]'],
  malformed: ["{fills: [{'worker_id': 'W-000001', 'name': 'Pat O\\'Neil',}],} // done"],
  "malformed-beyond-repair": ['{"fills":[{"worker_id":"W-000001","name":},...]}'],
  truncated: ['{"fills":[{"worker_id":"W-000001","name":"Ann Lee"},{"worker', "length"],
  "think-block-with-decoy": [`<think>{"fills":[]} would be wrong</think>${FILLS}`],
  refusal: ["I'm sorry, I can't help with staffing requests."],
};

for (const [name, [text, finish_reason = "stop"]] of Object.entries(CASES)) {
  test(`extraction of ${name} is as pinned`, () => {
    const read = readAnswer(text, finish_reason);
    const pinned = JSON.stringify({ text, finish_reason, read }, null, 1);
    matchGolden(`test/golden/json-extraction/${name}.json`, `${pinned}\n`);
  });
}
