// What a word nearby must not turn round: who is asked for, how many, where and when.
import assert from "node:assert/strict";
import { test } from "node:test";
import { planOf, type Case } from "./plan-of.suite.ts";
import { readRequest } from "./request-parser.ts";

const PEOPLE: readonly Case[] = [
  [
    "2 packers in Toledo. send W-000123 out Monday",
    "2 packer, Toledo OH",
    {},
    ["worker: W-000123"],
  ],
  [
    "2 packers in Toledo. send W-000123 no later than 6am",
    "2 packer, Toledo OH",
    {},
    ["worker: W-000123"],
  ],
  [
    "2 packers in Toledo. send W-000123 but no one else",
    "2 packer, Toledo OH",
    {},
    ["worker: W-000123"],
  ],
  [
    "2 packers in Toledo. use W-000123 no matter what",
    "2 packer, Toledo OH",
    {},
    ["worker: W-000123"],
  ],
  [
    "2 packers in Toledo. send W-000123 if not busy",
    "2 packer, Toledo OH",
    {},
    ["worker: W-000123"],
  ],
  [
    "2 packers in Toledo. send W-000123 if W-000124 can't",
    "2 packer, Toledo OH",
    { exclude: ["W-000124"] },
    ["worker: W-000123", "worker: W-000124 (left out)"],
  ],
  [
    "2 packers in Toledo. include W-000123 not W-000124",
    "2 packer, Toledo OH",
    { exclude: ["W-000124"] },
    ["worker: W-000123"],
  ],
  [
    "2 packers in Toledo. send W-000123 to the off-site dock",
    "2 packer, Toledo OH",
    {},
    ["worker: W-000123"],
  ],
  [
    "2 packers in Toledo. include W-000123 with no restrictions",
    "2 packer, Toledo OH",
    { exclude: ["W-000123"] },
    ["worker: W-000123 (left out)"],
  ],
  ["2 packers in Toledo. send Joe Smith no later than 6am", "2 packer, Toledo OH"],
  [
    "2 packers in Toledo. send Maria Garcia not Joe Smith",
    "2 packer, Toledo OH",
    { exclude: ["Joe Smith"] },
  ],
  ["2 packers in Toledo, not W-000123 Joe Smith", "2 packer, Toledo OH", { exclude: ["W-000123"] }],
  [
    "2 packers in Toledo, not Joe Smith (W-000123)",
    "2 packer, Toledo OH",
    { exclude: ["W-000123", "Joe Smith"] },
  ],
  [
    "2 packers in Toledo. not De'Andre Johnson",
    "2 packer, Toledo OH",
    { exclude: ["De'Andre Johnson"] },
  ],
  [
    "2 packers in Toledo. not Thomas Nguyen Pham",
    "2 packer, Toledo OH",
    { exclude: ["Thomas Nguyen Pham", "Thomas Nguyen"] },
    ["exclude: Thomas Nguyen Pham (as Thomas Nguyen)"],
  ],
  [
    "2 packers in Toledo. not Maria Garcia de Lopez",
    "2 packer, Toledo OH",
    { exclude: ["Maria Garcia de Lopez", "Maria Garcia"] },
    ["exclude: Maria Garcia de Lopez (as Maria Garcia)"],
  ],
  ["2 packers in Toledo. not Mr. May", "2 packer, Toledo OH", {}, ["exclude: May"]],
  ["2 packers in Toledo. not Mr. Day", "2 packer, Toledo OH", {}, ["exclude: Day"]],
  ["2 packers in Toledo. not Mr. Dayton", "2 packer, Toledo OH", {}, ["exclude: Dayton"]],
  ["2 packers in Toledo. not Mr. Packer", "2 packer, Toledo OH", {}, ["exclude: Packer"]],
  [
    "2 packers in Toledo. not Ms Winter or Ms Garcia",
    "2 packer, Toledo OH",
    {},
    ["exclude: Winter", "exclude: Garcia"],
  ],
  [
    "2 packers in Toledo, except Xander Quill",
    "2 packer, Toledo OH",
    { exclude: ["Xander Quill"] },
  ],
  [
    "2 packers in Toledo. Xander Quill is DNR",
    "2 packer, Toledo OH",
    { exclude: ["Xander Quill"] },
    ["exclude: Xander Quill (a name not known)"],
  ],
  [
    "2 packers in Toledo. stop sending Xander Quill",
    "2 packer, Toledo OH",
    {},
    ["exclude: Xander Quill"],
  ],
  [
    "2 packers in Toledo. keep Xander Quill off this job",
    "2 packer, Toledo OH",
    {},
    ["exclude: Xander Quill"],
  ],
  ["2 packers in Toledo. Cell Phones - not allowed", "2 packer, Toledo OH"],
  [
    "Joe Smith, do not send\n2 packers in Toledo",
    "2 packer, Toledo OH",
    { exclude: ["Joe Smith"] },
  ],
  ...[
    "Prefer W-000123 who is not afraid of heights",
    "We want W-000123 without delay",
    "Ideally W-000123 not late",
    "Bring back W-000123 not late",
    "No rush. Please get:\nW-000123",
    "Exclude:\n- nobody\n\nW-000123",
  ].map((words): Case => [
    `2 packers in Toledo. ${words}`,
    "2 packer, Toledo OH",
    { exclude: ["W-000123"] },
    ["worker: W-000123 (left out)"],
  ]),
  ...["I want W-000123 off the list", "need W-000123 out", "We want W-000123 removed"].map(
    (words): Case => [
      `2 packers in Toledo. ${words}`,
      "2 packer, Toledo OH",
      { exclude: ["W-000123"] },
    ],
  ),
  ...[
    "Exclude:\n- W-000123\n- W-000456",
    "Exclude:\nW-000123\nW-000456",
    "The following are DNR:\nW-000123\nW-000456",
    "Do not send:\n  W-000123 - late\n  W-000456 - no call no show",
  ].map((words): Case => [
    `2 packers in Toledo.\n${words}`,
    "2 packer, Toledo OH",
    { exclude: ["W-000123", "W-000456"] },
  ]),
  [
    "2 packers in Toledo. Prefer W-000123 not on nights",
    "2 packer, Toledo OH",
    { not_shift: "night", exclude: ["W-000123"] },
    ["worker: W-000123 (left out)"],
  ],
  [
    "2 packers in Toledo. Exclude Joe Smith (W-000123)",
    "2 packer, Toledo OH",
    { exclude: ["W-000123", "Joe Smith"] },
  ],
  ...[
    "No Xander Quill",
    "Avoid Xander Quill",
    "Anyone but Xander Quill",
    "DNR: Xander Quill",
    "Do not send Xander Quill",
    "Xander Quill is not welcome",
    "Keep Xander Quill away",
  ].map((words): Case => [
    `2 packers in Toledo. ${words}`,
    "2 packer, Toledo OH",
    { exclude: ["Xander Quill"] },
  ]),
  ...[
    "Do not send these people\nJoe Smith",
    "Please avoid the following.\nJoe Smith",
    "Not wanted\n- Joe Smith",
    "Not wanted:\n\nJoe Smith",
  ].map((words): Case => [
    `2 packers in Toledo. ${words}`,
    "2 packer, Toledo OH",
    {},
    ["exclude: Joe Smith"],
  ]),
  [
    "2 packers in Toledo. Not wanted:\nJoe Smith",
    "2 packer, Toledo OH",
    {},
    ["exclude: Joe Smith"],
  ],
];

const NUMBERS: readonly Case[] = [
  [
    "Packers needed in Toledo: 4\n-------------------------------\nThanks, Bob",
    "4 packer, Toledo OH",
  ],
  ["Toledo packers: 4 Dec 12", "4 packer, Toledo OH", {}, ["number: 4 Dec 12"]],
  ["Need 4 Jun 12 packers in Toledo", "4 packer, Toledo OH", {}, ["number: 4 Jun 12"]],
  ["12 June 3 packers Toledo", "12 packer, Toledo OH", {}, ["number: 12 June 3"]],
  ["Need packers 4 Sept Toledo", "1 packer, Toledo OH", {}, ["number: 4"]],
  ["Need 6/12 3 packers Toledo", "3 packer, Toledo OH"],
  ["packers in Toledo on 15 March for store 114", "1 packer, Toledo OH"],
  ["Acct 55 3 packers Toledo", "3 packer, Toledo OH", {}, ["number: 55"]],
  ["Job 12 (packers) Toledo", "1 packer, Toledo OH", {}, ["number: 12"]],
  ["Acct 55 (packers) Toledo", "1 packer, Toledo OH", {}, ["number: 55"]],
  ["PO 881 | packers x3 | Toledo", "3 packer, Toledo OH", {}, ["number: 881"]],
  ["6-12 3 packers Toledo", "3 packer, Toledo OH", {}, ["number: 6-12"]],
  ["have 300 orders, packers needed in Toledo", "1 packer, Toledo OH", {}, ["number: 300"]],
  ["have 300 orders packers needed in Toledo", "1 packer, Toledo OH", {}, ["number: 300"]],
  ["12 Main St packers Toledo", "1 packer, Toledo OH", {}, ["number: 12"]],
  ["Our 3 lines require packers, Toledo", "1 packer, Toledo OH", {}, ["number: 3"]],
  ["packers Toledo, plan 80", "80 packer, Toledo OH", {}, ["number: 80"]],
  ["four-five packers in Toledo", "4 packer, Toledo OH", {}, ["number: five"]],
  ["2 packers in Toledo, min 2 yrs", "2 packer, Toledo OH", {}, ["2 yrs"]],
  ["2 packers in Toledo with 3 years in a warehouse", "2 packer, Toledo OH", {}, ["3 years"]],
  ["2 packers in Toledo for 2 years", "2 packer, Toledo OH"],
];

const TIMES_AND_PLACES: readonly Case[] = [
  ["2 packers in Toledo, both days", "2 packer, Toledo OH"],
  [
    "2 packers in Toledo, 4 good weekend packers",
    "2 packer, Toledo OH",
    { available: "weekends" },
    ["number: 4"],
  ],
  ["2 packers in Toledo. Enjoy the weekend!", "2 packer, Toledo OH"],
  ["2 packers in Toledo. Sorry about the short notice", "2 packer, Toledo OH"],
  ["2 packers in Toledo. See you after the weekend", "2 packer, Toledo OH"],
  ["2 PACKERS IN EAST CHICAGO", "2 packer, East Chicago"],
  ["2 packers in E. Chicago IN", "2 packer, East Chicago IN"],
  ["2 packers in East St. Louis", "2 packer, East St. Louis"],
  ["2 packers on the west Chicago dock", "2 packer, Chicago IL"],
  ["2 packers, north Chicago warehouse", "2 packer, Chicago IL"],
  ["2 packers for our east Cleveland warehouse", "2 packer, Cleveland OH"],
  ["2 packers in south Milwaukee", "2 packer, Milwaukee WI"],
  ["2 packers for our North Chicago store, Chicago IL", "2 packer, Chicago IL"],
  ["2 packers at Madison Heights apartments, Madison WI", "2 packer, Madison WI"],
  [
    "2 packers at W Chicago and Ashland, Chicago",
    "2 packer, Chicago IL",
    {},
    ["city: Ashland (besides Chicago)"],
  ],
  ["2 packers in east Chicago IN", "2 packer, East Chicago IN"],
  ["2 packers in east chicago", "2 packer, East Chicago"],
  ["2 packers in Dayton\nVirginia", "2 packer, Dayton OH"],
  ["2 packers in Erie County", "2 packer, Erie County"],
  ["2 packers in Dayton NE", "2 packer, Dayton OH"],
  ["2 packers in Dayton, NE", "2 packer, Dayton NE"],
  ["2 packers in Dayton Virginia", "2 packer, Dayton VA"],
  ["2 packers. Dayton Virginia Smith will meet them", "2 packer, Dayton OH"],
  ["2 packers in Dayton, Miss. Garcia will meet them", "2 packer, Dayton OH"],
  [
    "Our Toledo warehouse is full, need 4 packers",
    "4 packer, Toledo OH",
    {},
    ["Our Toledo warehouse is full"],
  ],
  [
    "Toledo is fully staffed on days, need 2 packers for nights",
    "2 packer, Toledo OH",
    { shift: "night" },
    ["Toledo is fully staffed on days"],
  ],
];

const CONTACTS: readonly Case[] = [
  ["2 packers in Dayton. Contact: Mr Joe Smith", "2 packer, Dayton OH"],
  ["2 packers in Dayton. Regards, Mrs Maria Garcia", "2 packer, Dayton OH"],
  ["2 packers in Dayton\n- Joe Smith", "2 packer, Dayton OH"],
  ["2 packers in Dayton. No nights.\nJoe Smith", "2 packer, Dayton OH", { not_shift: "night" }],
  ["No rush. 2 packers in Dayton.\n\nJoe Smith", "2 packer, Dayton OH"],
  ["2 packers in Dayton, no experience needed\n\nJoe Smith\nPlant Manager", "2 packer, Dayton OH"],
  ["2 packers in Dayton.\nCan't wait!\nJoe Smith", "2 packer, Dayton OH"],
  ["2 packers in Dayton\n-- \nJoe Smith", "2 packer, Dayton OH"],
  ["2 packers in Dayton\n\nJoe Smith\nAcme Foods\n419-555-0123", "2 packer, Dayton OH"],
  ["2 packers in Dayton. Thanks!! Joe Smith", "2 packer, Dayton OH"],
  ["2 packers in Dayton. Thanks for your help,\nJoe Smith", "2 packer, Dayton OH"],
  ["2 packers in Dayton. Respectfully,\nJoe Smith", "2 packer, Dayton OH"],
  ["From: Joe Smith\nTo: Maria Garcia\n2 packers in Dayton", "2 packer, Dayton OH"],
  ["2 packers in Dayton. cc Joe Smith", "2 packer, Dayton OH"],
  ["2 packers in Dayton. Requested by Joe Smith", "2 packer, Dayton OH"],
  ["2 packers in Dayton. Contacts: Joe Smith, Maria Garcia", "2 packer, Dayton OH"],
  ["2 packers in Dayton (contact: Joe Smith, 419-555-0123)", "2 packer, Dayton OH"],
  ["2 packers in Dayton. Contact - Joe Smith", "2 packer, Dayton OH"],
  ["2 packers in Dayton. Attn. Joe Smith", "2 packer, Dayton OH"],
  ["Good morning Joe Smith, need 2 packers in Dayton", "2 packer, Dayton OH"],
  ["Joe Smith, can you send 2 packers to Dayton", "2 packer, Dayton OH"],
  ...[
    ". Joe Smith is the contact",
    ". Joe Smith will be our point of contact",
    ". Supervisor will be Joe Smith",
    ", reporting to Joe Smith",
    "\n\nJoe Smith | Acme | 419.555.0123",
    "\nJoe Smith | Acme | joe@acme.com",
  ].map((words): Case => [`2 packers in Dayton${words}`, "2 packer, Dayton OH"]),
  ["2 packers in Dayton to replace Joe Smith", "2 packer, Dayton OH"],
  ["2 packers in Dayton for Scott Brown Logistics", "2 packer, Dayton OH"],
  ["2 packers at Robert Lee Dr in Dayton", "2 packer, Dayton OH"],
];

for (const [line, plan, more = {}, said = []] of [
  ...PEOPLE,
  ...NUMBERS,
  ...TIMES_AND_PLACES,
  ...CONTACTS,
]) {
  test(`a word nearby turns nothing round: ${line}`, () => {
    assert.deepEqual(planOf(line), [line, plan, more, said]);
  });
}

/** Rows of one sign, and of words that a reader may part in many ways. */
const ROWS = [
  "-",
  "- ",
  " ",
  "\n",
  ".",
  "1",
  "4 ",
  "1-",
  "(",
  "a ",
  "a-b ",
  "packers ",
  "Mr ",
  "thanks ",
  "a/b ",
  "[",
  ":\n",
  "W-000123\n",
  "store 4 packers ",
  "west Chicago ",
  "W-000123 and ",
  "2nd & ",
  "Toledo - OH ",
  "in Perrysburg near Toledo ",
  "Toledo - NE, ",
  "every other weekend off ",
  "no DNRs, Zorbo Quint, ",
  "W-000123 helped out ",
  "Qty: 3\n10 packers\n",
  "don't talk to anyone but ",
];

for (const sign of ROWS) {
  test(`a row of 30 KB of ${JSON.stringify(sign)} is read in time`, () => {
    const row = sign.repeat(Math.ceil(30_000 / sign.length));
    const began = performance.now();
    readRequest(`Packers needed in Toledo: 4\n${row}\nThanks, Bob`);
    readRequest(`${row} a packer ${row}`);
    assert.ok(performance.now() - began < 2_000);
  });
}
