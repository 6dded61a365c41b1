// The times of the week of a request: those that are off, and those when a client is open.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Case, planOf } from "./plan-of.suite.ts";

const WEEKDAYS = { available: "weekdays" };
const WEEKENDS = { available: "weekends" };
const WELDERS = "3 welder, Toledo OH";
const DAYTON = "2 packer, Dayton OH";

/** Whatever number, shift or "no" stands before them, times that are off are off. */
const OFF: readonly Case[] = [
  ["Toledo: 4 welders Saturdays off", "4 welder, Toledo OH", WEEKDAYS],
  ["Toledo 3 welders weekends off", WELDERS, WEEKDAYS],
  ["Need two packers weekends off, Toledo", "2 packer, Toledo OH", WEEKDAYS],
  [
    "3 welders Toledo 2nd shift weekends off, not Joe Smith",
    WELDERS,
    { shift: "evening", ...WEEKDAYS, exclude: ["Joe Smith"] },
  ],
  ["3 welders Toledo third shift Saturdays off", WELDERS, { shift: "night", ...WEEKDAYS }],
  [
    "3 packers day shift weekends off. Toledo",
    "3 packer, Toledo OH",
    { shift: "day", ...WEEKDAYS },
  ],
  ["Please send this packer weekends off, Toledo", "1 packer, Toledo OH", WEEKDAYS],
  ["Toledo\npackers\nQty: 3\nWeekends off", "3 packer, Toledo OH", WEEKDAYS],
  ...[
    "\nNo overtime\nWeekends off",
    ". No travel\n\nWeekends off.",
    ", no experience needed weekends off",
    "\nNo smoking\nSaturdays off",
  ].map((words): Case => [`2 packers in Dayton${words}`, DAYTON, WEEKDAYS]),
  ["2 packers in Dayton\nNo nights\nWeekends off", DAYTON, { not_shift: "night", ...WEEKDAYS }],
  ...["every other weekend off", "every 2nd weekend off", "not every weekend off"].map(
    (words): Case => [`2 packers in Dayton, ${words}`, DAYTON, WEEKENDS, [`available: ${words}`]],
  ),
  ...["no guaranteed weekends off", "they never get weekends off"].map((words): Case => [
    `2 packers in Dayton, ${words}`,
    DAYTON,
    WEEKENDS,
    [`available: ${words.replace("they ", "")}`],
  ]),
];

const OPEN: readonly Case[] = [
  ...[
    "Receiving hours are Mon-Fri",
    "Gate hours Mon-Fri",
    "HR hours Mon-Fri",
    "Customer service hours Mon-Fri",
    "The cafeteria is open weekends",
    "Store open weekends",
    "The kitchen is open every weekend",
    "Our yard is open on weekends",
    "Our clinic is open Saturdays",
    "We are usually open Saturdays",
    "We are open Mon-Sat",
  ].map((words): Case => [`2 packers in Dayton. ${words}`, DAYTON]),
  ...["Open weekends", "Open Mon-Sat"].map((words): Case => [
    `2 packers in Dayton. ${words}`,
    DAYTON,
    {},
    [`available: ${words.replace("Open w", "open w").replace("Open M", "M")}`],
  ]),
  ...["Hours Mon-Fri", "Their hours are Mon-Fri", "Job hours Mon-Fri"].map((words): Case => [
    `2 packers in Dayton. ${words}`,
    DAYTON,
    WEEKDAYS,
  ]),
  ["2 packers nights hours Mon-Fri, Dayton", DAYTON, { shift: "night", ...WEEKDAYS }],
  ["2 packers hours Mon-Sat, Dayton", DAYTON, {}, ["available: Mon-Sat"]],
  ["2 packers in Dayton, should be open weekends", DAYTON, WEEKENDS],
];

for (const [line, plan, more = {}, said = []] of [...OFF, ...OPEN]) {
  test(`reads the time of the week: ${JSON.stringify(line)}`, () => {
    assert.deepEqual(planOf(line), [line, plan, more, said]);
  });
}
