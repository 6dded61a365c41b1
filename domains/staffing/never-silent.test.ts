// Whoever and whatever is named and not read is told: names, ids, counts, places, times.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sameName } from "./name-form.ts";
import { readRequest } from "./request-parser.ts";

type Read = Readonly<Record<string, unknown>>;
type Case = readonly [line: string, want: Read, said?: readonly string[]];

const TWO = { role: "packer", count: 2 };
const DAYTON = { ...TWO, city: "Dayton", state: "OH" };
const TOLEDO = { role: "packer", city: "Toledo", state: "OH" };
const JOE = { ...DAYTON, exclude: ["Joe Smith"] };
const ID = { ...DAYTON, exclude: ["W-000123"] };
const TOLD_JOE = ["exclude: Joe Smith"];
const inDayton = (words: string) => `2 packers in Dayton. ${words}`;

const NEGATED: readonly Case[] = [
  ["2 packers anywhere in OH but Columbus", { ...TWO, state: "OH", not_city: "Columbus" }],
  ["2 packers, all of Ohio but Columbus", { ...TWO, state: "OH", not_city: "Columbus" }],
  ["2 packers, any of the shifts but nights", { ...TWO, not_shift: "night" }],
  ["All our guys quit but Toledo needs 2 packers", { ...TOLEDO, count: 2 }],
  ...["dont send Joe Smith", "Joe Smith isnt welcome", "w/o Joe Smith", "excl. Joe Smith"].map(
    (words): Case => [inDayton(words), JOE],
  ),
  ["2 PACKERS IN DAYTON. DONT SEND JOE SMITH", { ...JOE, exclude: ["JOE SMITH"] }],
  ...["dont want nights", "cant do nights", "w/o night shift"].map((words): Case => [
    inDayton(words),
    { ...DAYTON, not_shift: "night" },
  ]),
  [inDayton("dont need OSHA 10"), DAYTON],
  [inDayton("OSHA10 please"), { ...DAYTON, certification: "OSHA 10" }],
  [inDayton("The last ones weren't reliable"), DAYTON],
  [inDayton("You can count on us"), DAYTON],
];

const NAMES: readonly Case[] = [
  ...[
    "Joe Smith - DNR",
    "Joe Smith (do not send)",
    "Joe Smith: not welcome",
    "Joe Smith -- banned",
    "not Mr. Joe Smith",
    "Do-not-send: Joe Smith",
  ].map((words): Case => [inDayton(words), JOE]),
  ...[
    "Do not, under any circumstances, send Joe Smith",
    "Do not send (again) Joe Smith",
    "We had Joe Smith last week, not him again",
    "Stop sending Joe Smith",
    "Joe Smith was let go",
    "Keep Joe Smith off this job",
    "Ask Joe Smith not to come",
  ].map((words): Case => [inDayton(words), DAYTON, TOLD_JOE]),
  [inDayton("not Mr Smith"), DAYTON, ["exclude: Smith"]],
  [inDayton("not Smith or Garcia"), DAYTON, ["exclude: Smith", "exclude: Garcia"]],
  [inDayton("Not Maria Garcia + Joe Smith"), { ...DAYTON, exclude: ["Maria Garcia"] }, TOLD_JOE],
  [inDayton("Not Maria Garcia Or Joe Smith"), { ...DAYTON, exclude: ["Maria Garcia"] }, TOLD_JOE],
  ...["not Joe Smith Again", "not Big Joe Smith"].map((words): Case => [
    inDayton(words),
    { ...DAYTON, exclude: [words.slice(4), "Joe Smith"] },
    [`exclude: ${words.slice(4)} (as Joe Smith)`],
  ]),
  [inDayton("not Maria Garcia Lopez"), { ...DAYTON, exclude: ["Maria Garcia Lopez"] }],
  ...["Excluded: Xander Quill", "Xander Quill (DNR)", "Xander Quill cannot be there"].map(
    (words): Case => [
      inDayton(words),
      { ...DAYTON, exclude: ["Xander Quill"] },
      ["exclude: Xander Quill (a name not known)"],
    ],
  ),
];

const LEFT_OUT = ["worker: W-000123 (left out)"];
const IDS: readonly Case[] = [
  ...["W-000123 please", "Get me W-000123", "W-000123 was great last time"].map((words): Case => [
    inDayton(words),
    ID,
    LEFT_OUT,
  ]),
  [inDayton("Please send: W-000123"), DAYTON, ["worker: W-000123"]],
  ...[
    "I want W-000123 off the list",
    "Keep W-000123 home",
    "need W-000123 out",
    "Do not, ever, send W-000123",
    "W-000123 - DNR",
    "dont send W-000123",
  ].map((words): Case => [inDayton(words), ID]),
];

const PRAISED: readonly Case[] = [
  ...[
    "W-000123 worked out great last time",
    "W-000123 helped out last week, send again",
    "Please have W-000123 come out again",
    "Don't forget W-000123",
    "You can't go wrong with W-000123",
    "No problem with W-000123 coming back",
    "Don't send anyone but W-000123",
    "No one but W-000123",
    "W-000123 was out here last week and did great",
  ].map((words): Case => [inDayton(words), ID, LEFT_OUT]),
  ...["Don't hesitate to send W-000123", "Why don't you send W-000123 again"].map((words): Case => [
    inDayton(words),
    DAYTON,
    ["worker: W-000123"],
  ]),
  ...[
    "W-000123 is still out",
    "W-000123's out",
    "W-000123 walked off the job",
    "W-000123 called out sick today",
    "W-000123 (out)",
    "This is to replace W-000123 who called out",
    "Line lead W-000123 walked off",
    "W-000123 is our lead and called out",
    "Don't forget to exclude W-000123",
    "not W-000123, no problem",
    "Anyone but W-000123",
  ].map((words): Case => [inDayton(words), ID]),
  [
    inDayton("W-000123 and W-000456 worked out great"),
    { ...DAYTON, exclude: ["W-000123", "W-000456"] },
    [...LEFT_OUT, "worker: W-000456 (left out)"],
  ],
  [inDayton("W-000123 and W-000456 are out"), { ...DAYTON, exclude: ["W-000123", "W-000456"] }],
  [
    inDayton("Don't send anyone but Joe Smith"),
    DAYTON,
    ["anyone but Joe Smith", "exclude: Joe Smith"],
  ],
  [inDayton("no DNRs"), DAYTON],
  ...[
    "Joe Smith (out)",
    "Joe Smith, called out",
    "Joe Smith - walked off",
    "Joe Smith, D.N.R.",
  ].map((words): Case => [`2 packers in Dayton\n${words}`, DAYTON, ["exclude: Joe Smith"]]),
  ...[
    "Line lead Joe Smith walked off",
    "We are reporting Joe Smith to HR",
    "Joe Smith is the rep who stole",
    "Joe Smith is our worst rep",
  ].map((words): Case => [inDayton(words), DAYTON, ["exclude: Joe Smith"]]),
];

/** A contact may be refused as well, and so may a worker who leads. */
const LEADS: readonly Case[] = [
  ...[
    "Joe Smith is the lead. Do not send him back.",
    "Joe Smith is the lead. He is banned.",
    "Joe Smith is our lead; he's not welcome",
    "Joe Smith is the boss there, keep him away",
    "Joe Smith is the supervisor. Never send him again.",
    "Joe Smith is our lead here; he quit",
    "Supervisor Joe Smith. Never send him again",
    "Contact: Joe Smith. He is banned",
    "Report to Joe Smith. Do not use him at our plant",
    "Joe Smith is the lead. He walked off the job.",
  ].map((words): Case => [inDayton(words), DAYTON, TOLD_JOE]),
  ...[
    "Joe Smith is the lead.",
    "Joe Smith is the lead. He's there from 6am",
    "Joe Smith is the contact. Ask for him at the door.",
    "Joe Smith is the supervisor. If he's not there, call Bob",
    "Joe Smith is our contact. Don't forget to ask for him",
    "Supervisor: Joe Smith. He is not in before 7am",
    "Contact: Joe Smith. Don't send him texts, call.",
    "Report to Joe Smith. Don't send her anyone late.",
    "Joe Smith is the lead. He will sign off on timesheets.",
    "Joe Smith is the lead. She'll hand out the badges.",
    "Joe Smith is the lead. He has no phone.",
    "Joe Smith is the lead. Drop off timesheets with him.",
    "Joe Smith is the lead. Text her instead.",
  ].map((words): Case => [inDayton(words), DAYTON]),
  [inDayton("Joe Smith is the lead. Do not send W-000123, he was late"), ID],
  ...[
    "W-000123 is the supervisor. Never send him again.",
    "W-000123 is our lead. Do not send him",
    "W-000123 is our lead here; he quit",
    "W-000123 is the supervisor",
    "Supervisor W-000123. Never send him again",
  ].map((words): Case => [inDayton(words), ID, LEFT_OUT]),
  ...[
    "Send W-000123. Never send him late",
    "Report to W-000123. Don't send him texts, call.",
    "Report to W-000123. He was banned from driving.",
  ].map((words): Case => [inDayton(words), DAYTON, ["worker: W-000123"]]),
  [inDayton("Contact: Joe Smith. Don't send her Joe Miller"), DAYTON, ["exclude: Joe Miller"]],
];

const BAD_LEAVERS: readonly Case[] = [
  ...[
    "Line lead W-000123 clocked out early",
    "The customer reports W-000123 clocked out early twice",
    "Customer reports W-000123 turned out unreliable",
    "Customer reports W-000123 turned out to be a thief",
    "Per client W-000123 worked out poorly",
    "Our foreman W-000123 started off badly",
    "Line lead W-000123 worked off the clock",
    "Line lead W-000123 walked out of the job",
  ].map((words): Case => [inDayton(words), ID]),
  [inDayton("Line lead W-000123 pulled out last minute"), { ...ID, available: "short notice" }],
  [
    inDayton("Line lead Joe Smith pulled out last minute"),
    { ...DAYTON, available: "short notice" },
    TOLD_JOE,
  ],
  ...[
    "Supervisor Joe Smith clocked out and left",
    "Per client Joe Smith turned out unreliable",
    "We use Joe Smith but he turned out bad",
  ].map((words): Case => [inDayton(words), DAYTON, TOLD_JOE]),
  ...["worked out great", "worked out well and was on time", "turned out great"].map(
    (words): Case => [inDayton(`Per client W-000123 ${words}`), ID, LEFT_OUT],
  ),
  ...[
    "Send W-000123, he worked out great",
    "Send W-000123 who turned out to be great",
    "Send us W-000123 who worked out great",
    "We want W-000123 who worked out great",
    "Use worker W-000123 who helped us out last time",
    "Please send back W-000123 who worked out fine",
    "Ask for W-000123 who helped out last time",
  ].map((words): Case => [inDayton(words), DAYTON, ["worker: W-000123"]]),
];

const withPapers = (words: string) => `2 packers in Dayton, ${words}`;
const PAPERS: readonly Case[] = [
  ...[
    ["OSHA 10-hour card", "OSHA 10"],
    ["OSHA 30-hour card", "OSHA 30"],
    ["OSHA 10 hr", "OSHA 10"],
    ["guard cards required", "guard card"],
    ["forklift licenses", "forklift"],
    ["forklift licensed", "forklift"],
    ["forklift certifications", "forklift"],
    ["certified on forklift", "forklift"],
    ["DOT medical cards", "DOT medical card"],
    ["food handlers cards required", "food handler"],
    ["AWS certs", "AWS D1.1"],
    ["Serv-Safe", "ServSafe"],
    ["lock-out/tag-out", "lockout tagout"],
    ["bloodborne pathogens", "bloodborne pathogens"],
    ["pesticide applicators", "pesticide applicator"],
    ["clean driving record", "clean driving record"],
    ["type 60 wpm", "typing 60 wpm"],
  ].map(([words, certification]): Case => [withPapers(words!), { ...DAYTON, certification }]),
  ...["OSHA 10/30", "OSHA 10 or 30"].map((words): Case => [
    withPapers(words),
    { ...DAYTON, certification: "OSHA 10" },
    ["certification: OSHA 30 (only OSHA 10 was read)"],
  ]),
  ...["CPR certified", "TWIC card", "class B CDL", "EPA certified", "liquor license"].map(
    (words): Case => [withPapers(words), DAYTON, [`certification: ${words}`]],
  ),
  ...[
    "CPR certification not required",
    "certified and bonded",
    "please bring certifications",
    "non-CDL",
  ].map((words): Case => [withPapers(words), DAYTON]),
];

const ONE_IN_TOLEDO = { ...TOLEDO, count: 1 };
const COUNTS: readonly Case[] = [
  ...[
    ["a packer in Toledo for a party of 80", "80"],
    ["packers in Toledo to pack 500 boxes", "500"],
    ["a packer in Toledo ASAP. Two guys called off.", "Two"],
    ["packers in Toledo at 6 tomorrow", "6"],
    ["packers at 12 Main St in Toledo", "12"],
    ["A party of 80 needs a packer in Toledo", "80"],
    ["2x3 packers in Toledo", "2x3"],
    ["Start: 6. Packers in Toledo", "6"],
  ].map(([line, number]): Case => [line!, ONE_IN_TOLEDO, [`number: ${number}`]]),
  ["packers 4 toledo nights tmrw", { ...ONE_IN_TOLEDO, shift: "night" }, ["number: 4"]],
  ...[
    "At our Toledo site 4 packers for Monday",
    "the Toledo dock 4 packers",
    "Send to the front gate 4 packers, Toledo",
    "for the Toledo line 4 packers",
  ].map((line): Case => [line, { ...TOLEDO, count: 4 }, ["number: 4"]]),
  ["Need on dock 3 packers, on line 2 packers, Toledo", ONE_IN_TOLEDO, ["number: 3", "number: 2"]],
  ["packers in Toledo, call 419-555-0123", ONE_IN_TOLEDO],
  ["a packer in Toledo, must have 5 yrs exp", ONE_IN_TOLEDO, ["5 yrs exp"]],
  ["packers in Toledo on 15 March for store 114", ONE_IN_TOLEDO],
  ["four packers and six packers in Toledo", { ...TOLEDO, count: 4 }, ["number: six"]],
  ["Packers in Toledo, qty 4", { ...TOLEDO, count: 4 }],
  ["Packers needed in Toledo: 4", { ...TOLEDO, count: 4 }],
  ["Need couple packers in Toledo", { ...TOLEDO, count: 2 }],
  ["Janitors 2, Toledo", { ...TOLEDO, role: "janitor", count: 2 }],
];

const PLACES: readonly Case[] = [
  ...[
    ["Dayton TX", "Dayton", "TX"],
    ["Dayton Texas", "Dayton", "TX"],
    ["dayton, tx", "Dayton", "TX"],
    ["Springfield, Ill.", "Springfield", "IL"],
    ["Columbus GA", "Columbus", "GA"],
    ["East Chicago IN", "East Chicago", "IN"],
    ["Madison Heights MI", "Madison Heights", "MI"],
    ["east lansing mi", "East Lansing", "MI"],
  ].map(([place, city, state]): Case => [`2 packers in ${place}`, { ...TWO, city, state }]),
  ...["East Lansing", "Cleveland Heights", "Erie County"].map((city): Case => [
    `2 packers in ${city}`,
    { ...TWO, city },
  ]),
  ["2 packers in Toledo, Miss Garcia signs", { ...TOLEDO, count: 2 }],
  ["2 packers, not East Chicago", { ...TWO, not_city: "East Chicago" }],
  ["2 packers at our new Toledo DC", { ...TOLEDO, count: 2 }],
];

const TIMES: readonly Case[] = [
  ...["within 3 business days", "both days", "for two full nights", "8 hr days"].map(
    (words): Case => [`2 packers in Dayton, ${words}`, DAYTON],
  ),
  ...[
    "Have a good weekend",
    "Our office is closed on weekends",
    "Sorry for short notice",
    "Lunch is covered",
  ].map((words): Case => [inDayton(words), DAYTON]),
  ...["Nights are covered", "Our Toledo site is fully staffed"].map((words): Case => [
    inDayton(words),
    DAYTON,
    [words],
  ]),
  ...["10p-6a", "22:00-06:00", "at night", "mids"].map((words): Case => [
    `2 packers in Dayton ${words}`,
    DAYTON,
    [`shift: ${words}`],
  ]),
  ["2 packers in Dayton M-F", { ...DAYTON, available: "weekdays" }],
  ["packers - 2 - nights - Dayton", { ...DAYTON, shift: "night" }],
];

for (const [line, want, said = []] of [
  ...NEGATED,
  ...NAMES,
  ...IDS,
  ...PRAISED,
  ...LEADS,
  ...BAD_LEAVERS,
  ...PAPERS,
  ...COUNTS,
  ...PLACES,
  ...TIMES,
]) {
  test(`nothing of it is lost: ${line}`, () => {
    const read = readRequest(line);
    assert.deepEqual(read?.want, want);
    assert.deepEqual(read?.unread.map((one) => one.said) ?? [], said);
  });
}

test("a title makes no other person", () => {
  assert.ok(sameName("Mr. Xander Quill", "Xander Quill"));
  assert.ok(sameName("Xander Quill", "Dr Xander Quill"));
  assert.ok(!sameName("Miss Quill", "Xander Quill"));
});
