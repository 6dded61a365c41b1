// Requests that were once read as something else than they say, or as the opposite.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readRequest } from "./request-parser.ts";
import { staffingPack } from "./pack.ts";
import { wantOf } from "./want.ts";

type Read = Readonly<Record<string, unknown>>;
const DETROIT = { city: "Detroit", state: "MI" };

type Case = readonly [line: string, want: Read, said?: readonly string[]];

const READINGS: readonly Case[] = [
  ["Need two night-shift janitors in Detroit", { count: 2, ...DETROIT, shift: "night" }],
  ["2 night-shift janitors", { count: 2, shift: "night" }],
  ["three day-shift janitors", { count: 3, shift: "day" }],
  ["two second-shift janitors", { count: 2, shift: "evening" }],
  ["2 night\u2011shift janitors", { count: 2, shift: "night" }],
  ["Need a night shift janitor", { count: 1, shift: "night" }],
  ["two night janitors", { count: 2, shift: "night" }],
  ["janitors for two nights in Detroit", { count: 1, ...DETROIT }],
  ["a janitor for three day shifts", { count: 1, shift: "day" }],
  ["2 janitors for 12-hour shifts", { count: 2 }],
  ["Need 0 janitors", { count: 1 }, ["number: 0"]],
  ["Need zero janitors", { count: 1 }, ["number: zero"]],
  ["1,200 janitors", { count: 1_200 }],
  ["12,000 janitors", { count: 1 }, ["number: 12,000"]],
  ["2.5 janitors", { count: 1 }, ["number: 2.5"]],
  ["twenty-five janitors", { count: 25 }],
  ["two dozen janitors", { count: 24 }],
  ["janitors for under $20", { count: 1 }, ["number: $20"]],
  ["2 janitors for $1,200 an hour", { count: 2, max_pay: 1_200 }],
  ["2 janitors under $0 an hour", { count: 2 }, ["under $0 an hour"]],
  ["2 janitors in Columbus, GA", { count: 2, city: "Columbus", state: "GA" }],
  ["2 janitors in Detroit, ZZ", { count: 2, ...DETROIT }, ["state: ZZ"]],
  ["2 janitors in Detroit with a drug test", { count: 2, ...DETROIT }, ["drug test"]],
];

const RULED_OUT: readonly Case[] = [
  ...[
    "anywhere but",
    "everywhere but",
    "any city but",
    "all but",
    "except",
    "except in",
    "except for",
    "excluding",
    "outside",
    "outside of",
    "not from",
    "other than",
    "besides",
    "apart from",
    "with the exception of",
    "nobody from",
    "no one from",
    "don\u2019t want",
  ].map((words): Case => [`2 janitors, ${words} Detroit`, { count: 2, not_city: "Detroit" }]),
  ["2 janitors, Detroit excluded", { count: 2, not_city: "Detroit" }],
  ["2 janitors, nobody outside Detroit", { count: 2, ...DETROIT }],
  ["2 janitors who work outside in Detroit", { count: 2, ...DETROIT }],
  [
    "2 janitors not in Detroit or Toledo",
    { count: 2, not_city: "Detroit" },
    ["not_city: Toledo (besides Detroit)"],
  ],
  ["2 janitors not in Detroit or Ohio", { count: 2, not_city: "Detroit" }, ["state: not OH"]],
  ["2 janitors not in Detroit on nights", { count: 2, not_city: "Detroit", shift: "night" }],
  ["2 janitors anywhere but Michigan", { count: 2 }, ["state: not MI"]],
  ["2 janitors not in MI", { count: 2 }, ["state: not MI"]],
  ["2 janitors anywhere but in Paris", { count: 2, not_city: "Paris" }],
  ["2 janitors anywhere but Paris", { count: 2 }, ["anywhere but Paris"]],
  ["2 janitors, not on short notice", { count: 2 }, ["available: no short notice"]],
  ["2 janitors any shift but nights", { count: 2, not_shift: "night" }],
  ["2 janitors nothing but nights", { count: 2, shift: "night" }],
  [
    "2 janitors, no nights or days",
    { count: 2, not_shift: "night" },
    ["shift: no day (only no night was read)"],
  ],
  [
    "a janitor but not Maria Garcia in Detroit",
    { count: 1, ...DETROIT, exclude: ["Maria Garcia"] },
  ],
  ["a janitor, not José Núñez", { count: 1, exclude: ["José Núñez"] }],
  [
    "a janitor, not Mary Miller and not John Smith",
    { count: 1, exclude: ["Mary Miller", "John Smith"] },
  ],
  ["a janitor, not w-W-000123", { count: 1, exclude: ["W-000123"] }],
  ["a janitor, not W-123", { count: 1 }, ["exclude: W-123"]],
];

const ELSEWHERE: readonly Case[] = [
  ["Send 2 janitors to Atlanta", { count: 2, city: "Atlanta" }],
  ["Send 2 janitors to Greenville", { count: 2, city: "Greenville" }],
  ["Send 2 janitors to Peoria, IL", { count: 2, city: "Peoria", state: "IL" }],
  ["2 janitors in Peoria, Illinois", { count: 2, city: "Peoria", state: "IL" }],
  ["2 janitors, Greenville SC", { count: 2, city: "Greenville", state: "SC" }],
  ["Send 2 janitors to New York", { count: 2, city: "New York" }],
  ["2 janitors for Atlanta", { count: 2, city: "Atlanta" }],
  ["2 janitors, Atlanta, night shift", { count: 2, city: "Atlanta", shift: "night" }],
  ["2 janitors out of Reno", { count: 2, city: "Reno" }],
  ["2 janitors not from Atlanta", { count: 2, not_city: "Atlanta" }],
  ["2 janitors not Peoria, IL", { count: 2, not_city: "Peoria" }],
  ["2 janitors, Greenville, night shift", { count: 2, shift: "night" }, ["city: Greenville"]],
  ["2 janitors from Greenville", { count: 2 }, ["city: Greenville"]],
  ["2 janitors in Ohio, to Atlanta", { count: 2, state: "OH" }, ["city: Atlanta (besides OH)"]],
  ["2 janitors for Texas", { count: 2 }, ["state: Texas"]],
  ["2 janitors for Miller Foods", { count: 2 }, ["city: Miller Foods"]],
  ["Send 2 janitors to Acme Logistics", { count: 2 }, ["city: Acme Logistics"]],
  ["2 janitors for Acme Logistics in Toledo", { count: 2, city: "Toledo", state: "OH" }],
  ["2 janitors for Monday", { count: 2 }],
  ["2 janitors for May, to Dock 4", { count: 2 }],
  ["Send 2 janitors, Night Shift, Urgent", { count: 2, shift: "night" }],
];

const BOTH_TOLD = ["shift: day", "shift: night"];
const SEVERAL: readonly Case[] = [
  ["Day and night janitors needed in Detroit", { count: 1, ...DETROIT }, BOTH_TOLD],
  ["Day/night janitors", { count: 1 }, BOTH_TOLD],
  ["Need evening and night janitors", { count: 1 }, ["shift: evening", "shift: night"]],
  [
    "Night or evening janitor in Detroit",
    { count: 1, ...DETROIT },
    ["shift: night", "shift: evening"],
  ],
  [
    "day, evening and night janitors",
    { count: 1 },
    ["shift: day", "shift: evening", "shift: night"],
  ],
  ["night and weekend janitors", { count: 1, available: "weekends" }, ["shift: night"]],
];

const COUNTS: readonly Case[] = [
  ["Need two hundred and fifty janitors", { count: 250 }],
  ["two hundred fifty-five janitors", { count: 255 }],
  ["one hundred twenty janitors", { count: 120 }],
  ["one hundred and five janitors", { count: 105 }],
  ["fifteen hundred janitors", { count: 1_500 }],
  ["two thousand janitors", { count: 2_000 }],
  ["a couple dozen janitors", { count: 24 }],
  ["two dozen and five janitors", { count: 29 }],
  ["two or three janitors", { count: 2 }, ["number: three"]],
  ["five to seven janitors", { count: 5 }, ["number: seven"]],
  ["2-3 janitors", { count: 2 }, ["number: 3"]],
  ["a dozen and a half janitors", { count: 12 }, ["number: a half"]],
  ["twenty thousand janitors", { count: 1 }, ["number: twenty thousand"]],
];

for (const [line, want, said = []] of [
  ...READINGS,
  ...RULED_OUT,
  ...ELSEWHERE,
  ...SEVERAL,
  ...COUNTS,
]) {
  test(`reads what it says: ${line}`, () => {
    const read = readRequest(line)!;
    assert.deepEqual(read.want, { role: "janitor", ...want });
    const told = read.unread.map((one) => one.said);
    assert.deepEqual(told, said);
  });
}

test("words alone never make a plan that its own validator cannot read", () => {
  const words = fc.constantFrom(
    ..."2 0 1,200 12,000 two dozen night day shift shifts janitor welders not no except anywhere but".split(
      " ",
    ),
    ..."outside other than Detroit , Columbus ZZ OH Texas Paris in or and W-123 W-000123 w-W-000001".split(
      " ",
    ),
    ..."Maria Garcia José Núñez under $0 $20 an hour % reliability 200% · weekends excluded".split(
      " ",
    ),
  );
  fc.assert(
    fc.property(fc.array(words, { minLength: 1, maxLength: 14 }), (list) => {
      for (const task of Object.values(staffingPack.tasks)) {
        const plan = task.plan(`janitor ${list.join(" ")}`, {});
        if (plan?.context["role"] !== undefined) wantOf(plan.context);
      }
    }),
    { numRuns: 3_000 },
  );
});

test("the city of a context takes its own state, not that of the words", () => {
  const plan = staffingPack.tasks["fill"]!.plan("2 janitors in Toledo", { city: "Detroit, MI" })!;
  assert.deepEqual([plan.context["city"], plan.context["state"]], ["Detroit", "MI"]);
});
