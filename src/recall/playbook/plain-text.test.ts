// What may be given the answer of another request as it is: the same letter by letter.
import { test } from "node:test";
import assert from "node:assert/strict";
import { isPlainlySame } from "./plain-text.ts";

for (const [asked, recorded] of [
  ["reset the VPN of desk 4", "Reset the VPN of desk 4."],
  ["could you please reset the VPN of desk 4, thanks", "reset the VPN of desk 4"],
  ["Can you reset the VPN of desk 4?", "reset the VPN  of desk 4"],
  ["hi, I need you to print the menu please", "print the menu"],
  ["what's the code of the gate", "What is the code of the gate?"],
  ["who is in toledo on friday", "who is in Toledo on Friday"],
  ["I'd like to book room 3", "book room 3"],
  ["GATE 9 opens when", "Gate 9 opens when"],
] as const) {
  test(`the same: ${asked} | ${recorded}`, () => {
    assert.ok(isPlainlySame(asked, recorded));
    assert.ok(isPlainlySame(recorded, asked));
  });
}

for (const [asked, recorded] of [
  ["set the freezer to -18 degrees", "set the freezer to 18 degrees"],
  ["set gain to +6", "set gain to -6"],
  ["call if potassium < 3.5", "call if potassium > 3.5"],
  ["restart when load >= 80", "restart when load <= 80"],
  ["pay ¥900 to Sato", "pay ₹900 to Sato"],
  ["cut the pipe to 5'", 'cut the pipe to 5"'],
  ["give .5 mg to bed 12", "give 5 mg to bed 12"],
  ["prepare 10⁵ cells", "prepare 105 cells"],
  ["limit the link to 100 Mb", "limit the link to 100 MB"],
  ["set it to 5 mV", "set it to 5 MV"],
  ["set it to 5mV", "set it to 5MV"],
  ["order trousers in size s", "order trousers in size m"],
  ["what does section 12(a) say", "what does section 12(d) say"],
  ["run plan a", "run plan d"],
  ["vitamin d dose", "vitamin dose"],
  ["re-image laptop 12", "image laptop 12"],
  ["start the mixer at 4 am", "start the mixer at 4"],
  ["who treats in ward 3", "who is treated in ward 3"],
  ["give Mr Klein 5 mg", "give Mrs Klein 5 mg"],
  ["call Mr William", "call Mr Williams"],
  ["when is the probate hearing", "when is the probation hearing"],
  ["file the answer", "file the reply"],
  ["may I shut down press 4", "can you shut down press 4"],
  ["can i restart press 4", "restart press 4"],
  ["what does IT cost", "what does it cost"],
  ["???", "..."],
  ["", ""],
  ["please", "thanks"],
  ["❤️", "💔"],
  ["5!", "5"],
  ["send the file to Stevens", "send the file to Steven"],
] as const) {
  test(`another: ${asked} | ${recorded}`, () => {
    assert.ok(!isPlainlySame(asked, recorded));
    assert.ok(!isPlainlySame(recorded, asked));
  });
}
