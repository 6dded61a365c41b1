// Who and what is ruled out, what only states a lack, and what else must not slip through.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readRequest } from "./request-parser.ts";

type Read = Readonly<Record<string, unknown>>;
type Case = readonly [line: string, want: Read, said?: readonly string[]];

const TOLEDO = { city: "Toledo", state: "OH" };
const DAYTON = { city: "Dayton", state: "OH" };
const TWO = { role: "packer", count: 2 };
const THREE = { role: "packer", count: 3 };
const JOHN = { ...TWO, ...DAYTON, exclude: ["John Smith"] };

const CLAUSES: readonly Case[] = [
  ["2 packers in Dayton, anyone except John Smith, he is covered elsewhere", JOHN],
  ["2 packers in Dayton, anyone except John Smith who is covered by another order", JOHN],
  ["2 packers, any city but Dayton, we are covered there", { ...TWO, not_city: "Dayton" }],
  ["2 packers, any shift but nights, we are full then", { ...TWO, not_shift: "night" }],
  ["2 packers, nobody from Toledo, it is on strike", { ...TWO, not_city: "Toledo" }],
  ["2 packers, none from Toledo as they are on strike", { ...TWO, not_city: "Toledo" }],
  ["2 packers, no people from Toledo because they came late", { ...TWO, not_city: "Toledo" }],
  [
    "They have no one from Toledo by policy: 2 packers",
    TWO,
    ["They have no one from Toledo by policy"],
  ],
  ["We have no use for people from Toledo. 2 packers", { ...TWO, not_city: "Toledo" }],
  [
    "No people in Dayton today, we need 3 packers for nights in Toledo",
    { ...THREE, ...TOLEDO, shift: "night" },
    ["city: Dayton"],
  ],
  [
    "No one on nights, need 3 packers for days in Dayton",
    { ...THREE, ...DAYTON, shift: "day" },
    ["shift: nights"],
  ],
  [
    "Nobody in Toledo wants the job, we need 3 packers in Dayton",
    { ...THREE, ...DAYTON },
    ["Nobody in Toledo wants the job"],
  ],
  [
    "Our crew isn't in Toledo without 2 packers",
    TWO,
    ["Our crew isn't in Toledo without 2 packers"],
  ],
];

const LACKS: readonly Case[] = [
  ["We have no night packers in Toledo, send 3", { ...THREE, ...TOLEDO, shift: "night" }],
  ["We have no packers in Toledo, send 3", { ...THREE, ...TOLEDO }],
  ["We don't have packers in Toledo, send 3", { ...THREE, ...TOLEDO }],
  ["We have no pickers in Toledo, send 3 packers", { ...THREE, ...TOLEDO }],
  ["Our night shift in Toledo has no packers, send 3", { ...THREE, ...TOLEDO, shift: "night" }],
  [
    "Not a single night packer showed up in Dayton, send 3 packers",
    { ...THREE, ...DAYTON, shift: "night" },
  ],
  [
    "We have no night packers in Dayton, send 3 day packers",
    { ...THREE, ...DAYTON, shift: "day" },
    ["shift: night"],
  ],
  [
    "We're not able to cover nights in Dayton, need 2 packers",
    { ...TWO, ...DAYTON, shift: "night" },
  ],
  ["We aren't covered in Dayton tonight, need 2 packers", { ...TWO, ...DAYTON }],
  ["We're not fully staffed in Dayton, need 2 packers", { ...TWO, ...DAYTON }],
  ["I'm not finding anyone in Toledo, can you send 3 packers", { ...THREE, ...TOLEDO }],
  ["no staff in toledo, send 2 packers", { ...TWO, ...TOLEDO }],
  ["No coverage for Dayton nights, please send 3 packers", { ...THREE, ...DAYTON, shift: "night" }],
  ["No one at Dayton. Send 2 packers", { ...TWO, ...DAYTON }],
  ["No packers today", {}],
];

const TOLD_JOHN = ["exclude: John Smith"];
const WHO: readonly Case[] = [
  ...[
    "Exclude: John Smith",
    "Exclude:\n- John Smith",
    "DNR: John Smith",
    "Do not return John Smith",
    "Please don't bring back John Smith",
    "No more John Smith",
    "Skip John Smith",
    "Nobody like John Smith please",
    '"John Smith" is banned',
    "Keep John Smith away",
    "John Smith can't come",
    "Not John  Smith",
  ].map((words): Case => [`2 packers in Dayton. ${words}`, JOHN]),
  ["2 packers in Dayton. JOHN SMITH IS NOT WELCOME", { ...JOHN, exclude: ["JOHN SMITH"] }],
  ["2 packers in Dayton, don't send john smith", { ...JOHN, exclude: ["john smith"] }],
  ["2 packers in Dayton, not John R. Smith", { ...JOHN, exclude: ["John R. Smith"] }],
  ["2 packers in Dayton, not J. Smith", { ...TWO, ...DAYTON }, ["exclude: J. Smith"]],
  ["2 packers in Dayton, not w000001", { ...JOHN, exclude: ["W-000001"] }],
  ["2 packers in Dayton, not W\u2011000001", { ...JOHN, exclude: ["W-000001"] }],
  ...["Maria Garcia/John Smith", "Maria Garcia & John Smith"].map((names): Case => [
    `2 packers in Dayton, don't send ${names}`,
    { ...JOHN, exclude: ["Maria Garcia"] },
    TOLD_JOHN,
  ]),
  [
    "2 packers in Dayton, don't send W-000124 or John Smith",
    { ...JOHN, exclude: ["W-000124"] },
    TOLD_JOHN,
  ],
  [
    "2 packers in Dayton, never under any circumstances send us John Smith",
    { ...TWO, ...DAYTON },
    TOLD_JOHN,
  ],
  ["2 packers in Dayton including W-000123", { ...TWO, ...DAYTON }, ["worker: W-000123"]],
  ["2 packers in Dayton, ask W-000123 first", { ...TWO, ...DAYTON }, ["worker: W-000123"]],
  ["2 packers in Dayton, don't include W-000123", { ...JOHN, exclude: ["W-000123"] }],
  [
    "2 packers in Dayton, not nights. Thanks, John Smith",
    { ...TWO, ...DAYTON, not_shift: "night" },
  ],
];

const TWICE: readonly Case[] = [
  ...["nobody without", "don't send anyone without", "not without", "nobody with no"].map(
    (words): Case => [`2 packers, ${words} OSHA 10`, { ...TWO, certification: "OSHA 10" }],
  ),
  ["2 packers, must not be without forklift license", { ...TWO, certification: "forklift" }],
  ["2 packers, never send people who can't work nights", { ...TWO, shift: "night" }],
  ["2 packers who can't work nights", { ...TWO, not_shift: "night" }],
];

for (const [line, want, said = []] of [...CLAUSES, ...LACKS, ...WHO, ...TWICE]) {
  test(`reads without passing over anything: ${line}`, () => {
    const read = readRequest(line);
    assert.deepEqual(read?.want ?? {}, want);
    assert.deepEqual(read?.unread.map((one) => one.said) ?? [], said);
  });
}
