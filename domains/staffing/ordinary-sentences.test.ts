// Sentences that rule nobody and nothing out, and need no telling: contacts, call-offs, clients.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readRequest } from "./request-parser.ts";

type Read = Readonly<Record<string, unknown>>;
type Case = readonly [line: string, want: Read | undefined, said?: readonly string[]];

const TOLEDO = { city: "Toledo", state: "OH" };
const TWO = { role: "packer", count: 2 };
const DAYTON = { ...TWO, city: "Dayton", state: "OH" };

const OUT: readonly Case[] = [
  ["Our packers are out sick, need 2 in Dayton", DAYTON],
  ["2 packers are out sick in Dayton, please send replacements", DAYTON],
  ["Our janitor is out. Need one in Toledo", { role: "janitor", count: 1, ...TOLEDO }],
  ["Our Toledo crew is out sick, need 2 packers", { ...TWO, ...TOLEDO }],
  ["Our Toledo crew is out, need 2 packers", { ...TWO, ...TOLEDO }],
  ["Dayton is out 2 packers tonight", DAYTON],
  ["Our night shift is out a packer in Dayton", { ...DAYTON, count: 1, shift: "night" }],
  ["Our night shift is out, need 2 packers in Dayton", { ...DAYTON, shift: "night" }],
  ["The day crew is out, need 2 packers in Dayton", { ...DAYTON, shift: "day" }],
  ["Dayton Night Crew is out sick, need 2 packers", DAYTON],
  ["Two packers don't work for us anymore, need 2 in Dayton", DAYTON, ["number: 2"]],
  ["Nights are out. 2 packers in Dayton", { ...DAYTON, not_shift: "night" }],
  ["Nights don't work for us; 2 packers in Dayton", { ...DAYTON, not_shift: "night" }],
];

const NAMED: readonly Case[] = [
  ...[
    "Acme Foods is out of packers",
    "Main Street is out of service",
    "Badge Reader is out of order",
    "Experience not required, report to Maria Garcia",
    "Not before 7am, contact John Smith",
    "If no one answers the door, call John Smith",
    "Contact: Maria Garcia, not before 9am",
    "Supervisor John Smith, no forklift needed",
    "This is John Smith",
    "Thanks in advance,\nJohn Smith",
    "POC: John Smith and Maria Garcia",
    "Lunch will not be provided",
    "He will not be there",
    "People are out sick",
    "Smoking is not allowed",
    "Skip Martin Luther King Day",
    "Skip Black Friday",
    "Skip Christmas Eve",
    "Exclude: None",
    "Exclude: N/A",
    "Do not send: Nobody",
    "Many thanks",
  ].map((words): Case => [`2 packers in Dayton. ${words}`, DAYTON]),
  ["Send John Smith out to Dayton with 2 packers", DAYTON],
  ["John Smith out of Dayton needs 2 packers", DAYTON],
  ["Client John Smith home improvement needs 2 packers in Dayton", DAYTON],
  [
    "John Smith here, I need 2 packers in Dayton, nobody without OSHA 10",
    { ...DAYTON, certification: "OSHA 10" },
  ],
];

const TOLD_JOHN = ["exclude: John Smith"];
const JOHN = { ...DAYTON, exclude: ["John Smith"] };
const STILL_RULED_OUT: readonly Case[] = [
  ...["John Smith is out", "Keep John Smith home", "John Smith must not be at our site"].map(
    (words): Case => [`2 packers in Dayton. ${words}`, JOHN],
  ),
  ...[
    "If John Smith can't be reached, call the desk",
    "We don't ever want to see John Smith again",
    "Don't need John Smith's approval",
    "John Smith is out at the dock, ask for him",
    "John Smith is out sick",
    "Don't be late - John Smith",
    "Don't forget: John Smith needs them",
  ].map((words): Case => [`2 packers in Dayton. ${words}`, DAYTON, TOLD_JOHN]),
  ...[
    "Maria Garcia was excellent, no complaints",
    "Please help Maria Garcia out",
    "No smoking, Maria Garcia",
  ].map((words): Case => [`2 packers in Dayton. ${words}`, DAYTON, ["exclude: Maria Garcia"]]),
  ["2 packers in Dayton. DNR list:\n- John Smith", JOHN],
  [
    "2 packers in Dayton, dnr list: john smith, maria garcia",
    { ...DAYTON, exclude: ["john smith"] },
    ["exclude: maria garcia"],
  ],
  ["2 packers in Dayton\nDNR: See Attached", DAYTON, ["exclude: See Attached"]],
  ["2 packers in Dayton, not Acme Logistics", DAYTON, ["exclude: Acme Logistics"]],
  ["2 packers in Dayton. Felons are not welcome", DAYTON, ["exclude: Felons"]],
];

const NO_LACK: readonly Case[] = [
  ...[
    "There are no packers needed in Dayton today",
    "We have no packer openings in Dayton",
    "We have no packer jobs in Dayton",
    "We do not have any packer shifts to fill in Dayton",
    "Do you have no packers in Dayton?",
    "You don't have a packer for Dayton, do you?",
    "If you have no packers in Dayton, try Toledo",
  ].map((line): Case => [line, undefined]),
  ["There are no packers, can you send 2 to Dayton?", DAYTON],
  [
    "No weekend packers, need 2 in Dayton weekdays",
    { ...DAYTON, available: "weekdays" },
    ["available: weekend"],
  ],
  [
    "No forklift certified packers, send 2 to Dayton",
    DAYTON,
    ["certification: forklift certified"],
  ],
  ["No bilingual packers, send 2 to Dayton", DAYTON, ["experience: bilingual"]],
  ["Packers, send 2 to Dayton for days", { ...DAYTON, shift: "day" }],
];

for (const [line, want, said = []] of [...OUT, ...NAMED, ...STILL_RULED_OUT, ...NO_LACK]) {
  test(`rules out no more than it says: ${line}`, () => {
    const read = readRequest(line);
    assert.deepEqual(read?.want, want);
    assert.deepEqual(read?.unread.map((one) => one.said) ?? [], said);
  });
}
