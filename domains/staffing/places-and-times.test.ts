// Places, shifts and counts as people write them in a hurry.
import assert from "node:assert/strict";
import { test } from "node:test";
import { emailTask } from "./email-task.ts";
import { readRequest } from "./request-parser.ts";

type Read = Readonly<Record<string, unknown>>;
type Case = readonly [line: string, want: Read, said?: readonly string[]];

const DAYTON = { city: "Dayton", state: "OH" };
const TWO = { role: "packer", count: 2 };

const PLACES: readonly Case[] = [
  ["2 packers, not in Atlanta or Toledo", { ...TWO, not_city: "Toledo" }, ["not_city: Atlanta"]],
  ["2 packers, not in Paris or Toledo", { ...TWO, not_city: "Toledo" }, ["not_city: Paris"]],
  [
    "2 packers, not in Toledo or Atlanta",
    { ...TWO, not_city: "Toledo" },
    ["not_city: Atlanta (besides Toledo)"],
  ],
  ...["skip Toledo", "Toledo is out", "Toledo doesn't work", "we don't serve Toledo"].map(
    (words): Case => [`2 packers, ${words}`, { ...TWO, not_city: "Toledo" }],
  ),
  ["2 packers, Toledo is out of packers", { ...TWO, city: "Toledo", state: "OH" }],
  ["2 packers, not Columbus, IN", { ...TWO, not_city: "Columbus, IN" }],
  [
    "2 packers in Columbus, OH not Columbus, IN",
    { ...TWO, city: "Columbus", state: "OH", not_city: "Columbus, IN" },
  ],
  ["2 packers, not Toledo, IA", TWO, ["not_city: Toledo, IA"]],
  ["2 PACKERS IN WARREN MI", { ...TWO, city: "Warren", state: "MI" }],
  ["2 PACKERS IN WARREN", TWO, ["city: WARREN"]],
  ["2 PACKERS NEEDED IN THE MORNING", TWO],
  ...[
    "WE NEED 2 PACKERS TO MOP FLOORS",
    "NEED AT LEAST 2 PACKERS",
    "NEED AT LEAST TWO PACKERS",
    "NEED 2 PACKERS AT ONCE",
    "NEED 2 PACKERS TO REPORT MONDAY",
    "NEED 2 PACKERS AT MAIN PLANT",
    "NEED 2 PACKERS IN ADDITION",
    "NEED 2 PACKERS IN ORDER TO SHIP MONDAY",
    "NEED 2 PACKERS. REPORT TO JOHN SMITH",
  ].map((words): Case => [words, TWO]),
  ["2 PACKERS ABLE TO PASS DRUG TEST", TWO, ["DRUG TEST"]],
  ["2 PACKERS, NOT COLUMBUS, IN", { ...TWO, not_city: "Columbus, IN" }],
  ["2 PACKERS OR SO IN DAYTON OK", { ...TWO, ...DAYTON }],
  ["2 packers in TX", { ...TWO, state: "TX" }],
  ["2 packers in AZ or TX", { ...TWO, state: "AZ" }, ["state: TX"]],
  ["2 packers in NYC", { ...TWO, city: "New York" }],
  ["2 packers in D.C.", { ...TWO, state: "DC" }],
  ["2 packers in STL", TWO, ["city: STL"]],
  ["2 packers in our TX site", { ...TWO, state: "TX" }],
  ["2 packers for TX", TWO, ["state: TX"]],
  ...[
    "at the DC",
    "for our PR firm",
    "for the MD office",
    "at UPS",
    "for DHL",
    "at our HQ",
    "at the GM plant",
    "in the ICU",
    "in the HVAC room",
    "for FT work",
  ].map((words): Case => [`2 packers ${words}`, TWO]),
  ["2 janitors for the VA hospital", { role: "janitor", count: 2, experience: "hospital" }],
  ["2 packers in OH, MD note required", { ...TWO, state: "OH" }],
  ["2 packers in St. Paul", { ...TWO, city: "St. Paul" }],
  ["2 packers, anywhere but St. Paul", { ...TWO, not_city: "St. Paul" }],
  ["2 packers in Mt. Vernon, OH", { ...TWO, city: "Mt. Vernon", state: "OH" }],
  ["2 packers in Ft. Wayne", { ...TWO, city: "Fort Wayne", state: "IN" }],
  ["2 packers in St.Louis", { ...TWO, city: "St. Louis", state: "MO" }],
  ["2 packers for Boston Market", TWO, ["city: Boston", "city: Market"]],
  ["2 packers at the Denver Grill", TWO, ["city: Denver"]],
  ["2 packers at 12 Denver Ave", TWO, ["city: Denver", "number: 12"]],
  ["Hi Phoenix, we need 2 packers", TWO, ["city: Phoenix"]],
  [
    "2 packers near Madison Ave in Chicago",
    { ...TWO, city: "Chicago", state: "IL" },
    ["city: Madison Ave"],
  ],
  ...[
    "City: Springfield\nState: IL\n2 packers",
    "Springfield | IL | 2 packers",
    "2 packers Springfield - IL",
    "2 packers Springfield/IL",
    "Springfield - Illinois, 2 packers",
  ].map((line): Case => [line, { ...TWO, city: "Springfield", state: "IL" }]),
  ["2 packers Columbus - GA", { ...TWO, city: "Columbus", state: "GA" }],
  ["2 packers Dayton - OK to start Monday", { ...TWO, ...DAYTON }],
  [
    "2 packers in Perrysburg near Dayton",
    { ...TWO, ...DAYTON },
    ["city: Perrysburg (besides Dayton)"],
  ],
  ...[
    "2 packers (Perrysburg)",
    "2 packers @ Perrysburg",
    "Perrysburg needs 2 packers",
    "Perrysburg: 2 packers",
    "Perrysburg - 2 packers",
  ].map((line): Case => [line, TWO, ["city: Perrysburg"]]),
  ...[
    "Order: 2 packers",
    "Monday: 2 packers",
    "John Smith needs 2 packers",
    "2 packers (Urgent)",
    "2 packers (See Below)",
    "2 packers @ Dock 4",
  ].map((line): Case => [line, TWO]),
  ["2 packers for Boston, not on Monday", { ...TWO, city: "Boston" }],
];

/** A dash joins much: only a state that holds a city of the name moves the job there. */
const SIGNS: readonly Case[] = [
  ["2 packers in Dayton - NE, near the mall", { ...TWO, ...DAYTON }, ["state: NE"]],
  ["2 packers Dayton - NC, CNC exp", { ...TWO, ...DAYTON }, ["state: NC"]],
  ["2 packers Dayton - CT.", { ...TWO, ...DAYTON }, ["state: CT"]],
  ["2 packers Dayton/IN", { ...TWO, ...DAYTON }, ["state: IN"]],
  ["2 packers Dayton - Iowa", { ...TWO, ...DAYTON }, ["state: IA"]],
  ["2 packers in Dayton - KY, IN and OH", { ...TWO, ...DAYTON }, ["state: KY", "state: IN"]],
  ["2 packers, not Dayton - IA", { ...TWO, not_city: "Dayton" }, ["state: IA"]],
  ["2 packers Dayton - OH", { ...TWO, ...DAYTON }],
  ["City: Dayton\nState: IA\n2 packers", { ...TWO, city: "Dayton", state: "IA" }],
  ["2 packers Kansas City - KS", { ...TWO, city: "Kansas City", state: "KS" }],
  ["2 packers East Chicago - IN", { ...TWO, city: "East Chicago", state: "IN" }],
];

const NO_TOWNS: readonly Case[] = [
  ...["in Ohio", "in OH", "in Northwest Ohio", "to our plant in Southern Ohio"].map(
    (words): Case => [`2 packers ${words} near Dayton`, { ...TWO, ...DAYTON }],
  ),
  ...[
    ["Indiana", "IN"],
    ["MI", "MI"],
    ["West Virginia", "WV"],
    ["Northern Kentucky", "KY"],
  ].map(([words, state]): Case => [
    `2 packers in ${words} near Dayton`,
    { ...TWO, ...DAYTON },
    [`state: ${state}`],
  ]),
  ...["Perrysburg Ohio", "North Baltimore", "Western Springs"].map((words): Case => [
    `2 packers in ${words} near Dayton`,
    { ...TWO, ...DAYTON },
    [`city: ${words} (besides Dayton)`],
  ]),
  ...[
    "There needs to be 2 packers tomorrow",
    "That needs 2 packers",
    "Mr Smith needs 2 packers",
    "Dr Zorbo needs 2 packers",
    ...["Direct Hire", "Sit Down", "Stand Up", "Mig", "Hourly", "Flexible", "Backup"].map(
      (words) => `2 packers (${words})`,
    ),
  ].map((line): Case => [line, TWO]),
  ["2 packers (Drug Test)", TWO, ["Drug Test"]],
  ["Bowling Green needs 2 packers", TWO, ["city: Bowling Green"]],
  ["2 packers (Good Hope)", TWO, ["city: Good Hope"]],
];

const WEEKDAYS = { ...TWO, ...DAYTON, available: "weekdays" };
const SHOUTED: readonly Case[] = [
  ...["MON-FRI", "MON - FRI", "MONDAY-FRIDAY", "MON THRU FRI", "MON\u2013FRI"].flatMap(
    (days): Case[] => [
      [
        `NEED 2 PACKERS IN WARREN MI ${days}`,
        { ...TWO, city: "Warren", state: "MI", available: "weekdays" },
      ],
      [
        `NEED 2 PACKERS IN DAYTON ${days}, JOE SMITH AND MARIA GARCIA ARE BANNED`,
        { ...WEEKDAYS, exclude: ["MARIA GARCIA", "JOE SMITH"] },
      ],
    ],
  ),
  [
    "MONDAY-FRIDAY, IN WARREN MI, 2 PACKERS",
    { ...TWO, city: "Warren", state: "MI", available: "weekdays" },
  ],
  [
    "NEED 2 PACKERS IN PERRYSBURG OH MON-FRI",
    { ...TWO, city: "Perrysburg", state: "OH", available: "weekdays" },
  ],
  [
    "NEED 2 PACKERS IN DAYTON MON-FRI, JOE SMITH IS NOT WELCOME",
    { ...WEEKDAYS, exclude: ["JOE SMITH"] },
  ],
  [
    "NEED 2 PACKERS IN DAYTON MON-FRI, ANYONE BUT ZORBO QUINT AND DELRA OKON",
    { ...WEEKDAYS, exclude: ["ZORBO QUINT"] },
    ["exclude: DELRA OKON"],
  ],
  [
    "2 PACKERS MON-FRI DAYTON, NO WEEKENDS, NO NIGHTS, DO NOT SEND JOE SMITH",
    { ...WEEKDAYS, not_shift: "night", exclude: ["JOE SMITH"] },
  ],
];

const WEEKENDS = { ...TWO, ...DAYTON, available: "weekends" };
const SATURDAYS = { ...TWO, ...DAYTON, available: "saturdays" };
const WEEK: readonly Case[] = [
  ["2 packers Dayton. Working hours Mon-Fri 7am-3pm", WEEKDAYS, ["shift: 7am-3pm"]],
  ["2 packers Dayton. Shift hours Mon-Fri", WEEKDAYS],
  ...[
    ". Work hours are weekends",
    ". We have open weekends to fill",
    " for an open weekend shift",
    ", must be open weekends",
  ].map((words): Case => [`2 packers Dayton${words}`, WEEKENDS]),
  ...[". We have open Saturday shifts", ", need to be open every Saturday"].map((words): Case => [
    `2 packers Dayton${words}`,
    SATURDAYS,
  ]),
  ...[
    "Our office hours are Mon-Fri",
    "Store hours are Mon-Fri",
    "Our hours are Mon-Fri",
    "We're open Saturdays",
    "We are open every weekend",
    "The plant is open on Saturdays",
    "Our office is open Mon-Fri",
  ].map((words): Case => [`2 packers Dayton. ${words}`, { ...TWO, ...DAYTON }]),
  ...[
    "every other weekend off",
    "rotating weekends off",
    "alternating weekends off",
    "some weekends off",
    "one weekend off",
    "every 2nd weekend off",
    "this weekend off",
    "no weekends off",
    "don't get weekends off",
  ].map((words): Case => [`2 packers Dayton, they ${words}`, WEEKENDS, [`available: ${words}`]]),
  [
    "2 packers Dayton, every other Saturday off",
    SATURDAYS,
    ["available: every other Saturday off"],
  ],
  [
    "2 packers Dayton, every other Sunday off",
    { ...TWO, ...DAYTON },
    ["available: every other Sunday off"],
  ],
  [
    "2 packers Dayton to cover for people who have weekends off",
    { ...TWO, ...DAYTON },
    ["available: who have weekends off"],
  ],
  ...["every weekend off", "all weekends off", "Saturdays off"].map((words): Case => [
    `2 packers Dayton, ${words}`,
    WEEKDAYS,
  ]),
  ["2 packers Dayton, no nights and weekends off", { ...WEEKDAYS, not_shift: "night" }],
];

const NIGHT = { ...TWO, ...DAYTON, shift: "night" };
const EVENING = { ...TWO, ...DAYTON, shift: "evening" };
const TIMES: readonly Case[] = [
  ["2 packers Dayton, Shift: 2nd", EVENING],
  ["2 packers Dayton\nShift: 3rd", NIGHT],
  ["2 packers Dayton (night)", NIGHT],
  ["2 packers | Dayton, OH | Night", NIGHT],
  ["2 packers Dayton, graveyard", NIGHT],
  ["2 packers Dayton, swing", EVENING],
  ["2 packers Dayton, afternoons", EVENING],
  ["2 packers Dayton, not graveyard", { ...TWO, ...DAYTON, not_shift: "night" }],
  [
    "Shift: day or night. 2 packers Dayton",
    { ...TWO, ...DAYTON, shift: "day" },
    ["shift: night (only day was read)"],
  ],
  ...["morning shift", "PM shift", "rotating shifts", "B shift", "3rd"].map((words): Case => [
    `2 packers Dayton, ${words}`,
    { ...TWO, ...DAYTON },
    [`shift: ${words}`],
  ]),
  ...["any", "flexible", "TBD"].map((words): Case => [
    `2 packers Dayton, Shift: ${words}`,
    { ...TWO, ...DAYTON },
  ]),
  ["Shift is 3rd. 2 packers Dayton", NIGHT],
  ["2 packers Dayton. The shift is second.", EVENING],
  ["2 packers Dayton on the 2nd", { ...TWO, ...DAYTON }],
  ...["3rd", "2nd & 3rd", "1st or 2nd"].map((words): Case => [
    `2 packers Dayton ${words}`,
    { ...TWO, ...DAYTON },
    [`shift: ${words}`],
  ]),
  ["2 packers Dayton on second", { ...TWO, ...DAYTON }, ["shift: second"]],
  ...["Monday-Friday", "Mon thru Fri", "Mon - Fri", "Mon\u2013Fri", "M\u2013F"].map(
    (words): Case => [`2 packers Dayton ${words}`, { ...TWO, ...DAYTON, available: "weekdays" }],
  ),
  ...["Mon-Sat", "Thursday to Monday", "Sunday only", "Sundays", "no Sundays"].map(
    (words): Case => [`2 packers Dayton, ${words}`, { ...TWO, ...DAYTON }, [`available: ${words}`]],
  ),
  ...["weekends off", "they get weekends off"].map((words): Case => [
    `2 packers Dayton, ${words}`,
    { ...TWO, ...DAYTON, available: "weekdays" },
  ]),
  ...["Weekends are optional", "Nights are optional"].map((words): Case => [
    `2 packers Dayton. ${words}`,
    { ...TWO, ...DAYTON },
  ]),
  ["2 packers Dayton, Saturdays and Sundays", { ...TWO, ...DAYTON, available: "weekends" }],
  ["2 packers Dayton, no more nights", { ...TWO, ...DAYTON, not_shift: "night" }],
  ["Evening, we need 2 packers in Dayton", { ...TWO, ...DAYTON }],
  ["please swing 2 packers by the Dayton plant", { ...TWO, ...DAYTON }],
];

const COUNTS: readonly Case[] = [
  ["a few packers", { ...TWO, count: 1 }, ["number: a few"]],
  ["several packers", { ...TWO, count: 1 }, ["number: several"]],
  ["need several people as packers", { ...TWO, count: 1 }, ["number: several"]],
  ["We had several call offs, need packers", { ...TWO, count: 1 }],
  ["We have multiple sites but need packers", { ...TWO, count: 1 }],
  ["Packers please. We'd like to order 2, nights", { ...TWO, shift: "night" }],
  ["Packers in Dayton, please order 2.", { ...TWO, ...DAYTON }],
  ["Packers #2, Dayton", { ...TWO, ...DAYTON }],
  ["2 packers for a few days", TWO],
  ["\uff12 packers", TWO],
  ["Order 77 - 2 packers", TWO, ["number: 77"]],
  ["Job #12, 2 packers", TWO, ["number: 12"]],
  ["No. 1 priority: 2 packers", TWO, ["number: 1"]],
  ["packers (2), dock crew of 12", TWO, ["number: 12"]],
];

for (const [line, want, said = []] of [
  ...PLACES,
  ...SIGNS,
  ...NO_TOWNS,
  ...SHOUTED,
  ...WEEK,
  ...TIMES,
  ...COUNTS,
]) {
  test(`reads what is written in a hurry: ${line}`, () => {
    const read = readRequest(line)!;
    assert.deepEqual(read.want, want);
    assert.deepEqual(
      read.unread.map((one) => one.said),
      said,
    );
  });
}

test("the facts of an e-mail are whole words", () => {
  const facts = (task: string) => emailTask.plan(task, {})!.context["must_mention"];
  assert.deepEqual(facts("Email W-000001 about Sundays off"), []);
  assert.deepEqual(facts("Email W-000001 about packer nights"), ["packer", "night shift"]);
});
