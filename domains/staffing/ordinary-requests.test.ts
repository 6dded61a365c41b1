// Requests as people write them every day, and the whole plan that is read of each.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readRequest } from "./request-parser.ts";

/** What is read of a line: "count role, city state", what else is wanted, and what is told. */
type Case = readonly [
  line: string,
  plan: string,
  more?: Readonly<Record<string, unknown>>,
  said?: readonly string[],
];

const ORDINARY: readonly Case[] = [
  ["need 2 for 3 days, packers in Toledo", "2 packer, Toledo OH"],
  ["Need 2 packers in Toledo for 3 days", "2 packer, Toledo OH"],
  ["a team of 5 packers in Toledo", "5 packer, Toledo OH"],
  ["packers x5 Toledo OH", "5 packer, Toledo OH"],
  ["Toledo OH x3 packers", "3 packer, Toledo OH"],
  ["3-4 packers in Toledo", "3 packer, Toledo OH", {}, ["number: 4"]],
  ["Packers (3), Toledo", "3 packer, Toledo OH"],
  ["3 x packers Toledo", "3 packer, Toledo OH"],
  ["another packer in Toledo", "1 packer, Toledo OH"],
  ["a couple of packers in Toledo", "2 packer, Toledo OH"],
  ["two dozen packers in Toledo", "24 packer, Toledo OH"],
  ["half a dozen packers in Toledo", "6 packer, Toledo OH"],
  ["two more packers in Toledo", "2 packer, Toledo OH"],
  ["2 temp-to-perm packers in Toledo", "2 packer, Toledo OH"],
  ["crew of 6 packers, Toledo", "6 packer, Toledo OH"],
  ["Need packers in Toledo. 5 of them.", "5 packer, Toledo OH"],
  ["Need packers in Toledo - 5", "5 packer, Toledo OH"],
  ["Toledo, packers, 5", "5 packer, Toledo OH"],
  ["Toledo needs 5 packers", "5 packer, Toledo OH"],
  [
    "Role: packer\nQty: 5\nLocation: Toledo, OH\nShift: night",
    "5 packer, Toledo OH",
    { shift: "night" },
  ],
  ["Position: Packer\n# needed: 5\nSite: Toledo", "5 packer, Toledo OH"],
  ["Position: Packer\nNumber of workers: 5\nSite: Toledo", "5 packer, Toledo OH"],
  ["Position: Packer\nNo. of workers: 5\nSite: Toledo", "5 packer, Toledo OH"],
  ["Position: Packer\nPeople: 5\nSite: Toledo", "5 packer, Toledo OH"],
  ["Position: Packer\nAmount: 5\nSite: Toledo", "5 packer, Toledo OH"],
  ["Position: Packer\nNumber: 5\nSite: Toledo", "5 packer, Toledo OH"],
  ["Position: Packer\nVacancies: 5\nSite: Toledo", "5 packer, Toledo OH"],
  ["packer,5,Toledo,OH", "5 packer, Toledo OH"],
  ["packer | 5 | Toledo", "5 packer, Toledo OH"],
  ["* 5 x packer\n* Toledo", "5 packer, Toledo OH"],
  [
    "Hi,\n\nWe need:\n- 5 packers (nights)\nat our Toledo, OH plant.\n\nThanks,\nJohn Smith",
    "5 packer, Toledo OH",
    { shift: "night" },
  ],
  [
    "Please send 4 packers to Toledo tomorrow at 6am. Thanks, Bob 419-555-0123",
    "4 packer, Toledo OH",
  ],
  ["Need 4 packers 6/12 Toledo", "4 packer, Toledo OH"],
  ["packers x4 Monday, Toledo", "4 packer, Toledo OH"],
  ["packers: 4 Monday, Toledo", "4 packer, Toledo OH"],
  ["packers x4 w/ OSHA 10, Toledo", "4 packer, Toledo OH", { certification: "OSHA 10" }],
  ["packers x4 (nights) Toledo", "4 packer, Toledo OH", { shift: "night" }],
  ["packers: 4 @ 6am Toledo", "4 packer, Toledo OH"],
  ["packers [2] Toledo", "2 packer, Toledo OH"],
  ["packers × 2 Toledo", "2 packer, Toledo OH"],
  ["packers * 2 Toledo", "2 packer, Toledo OH"],
  ["2 fast, experienced packers in Toledo", "2 packer, Toledo OH"],
  ["4 certified and bonded packers in Toledo", "4 packer, Toledo OH"],
  [
    "4 very experienced and reliable packers in Toledo",
    "4 packer, Toledo OH",
    { min_reliability: 0.9 },
  ],
  ["2 male or female packers in Toledo", "2 packer, Toledo OH"],
  ["need 3 as packers in Toledo", "3 packer, Toledo OH"],
  ["3 ppl for packer in Toledo", "3 packer, Toledo OH"],
  ["Need 4 that know how to weld in Toledo", "4 welder, Toledo OH"],
  ["4 able to drive a forklift in Toledo", "4 forklift operator, Toledo OH"],
  ["Packers in Toledo. Could use 4.", "4 packer, Toledo OH"],
  ["Packers in Toledo, we would like 4", "4 packer, Toledo OH"],
  ["Packers in Toledo. Make it 4", "4 packer, Toledo OH"],
  ["Packers in Toledo, book 4 for Monday", "4 packer, Toledo OH"],
  ["Packers in Toledo. Send over 4", "4 packer, Toledo OH"],
  ["Packers in Toledo, ~4", "4 packer, Toledo OH"],
  ["Packers in Toledo. Four should be enough", "4 packer, Toledo OH"],
  ["Packers in Toledo. 4 are needed", "4 packer, Toledo OH"],
  ["Looking to fill a packer role in Toledo, 4 openings", "4 packer, Toledo OH"],
  ["This is a packer order: 4 for Toledo", "4 packer, Toledo OH"],
  ["We have a packer shortage in Toledo. Send 4.", "4 packer, Toledo OH"],
  ["We lost a packer. Need 2 in Toledo", "2 packer, Toledo OH"],
  ["I need a packer in Toledo, actually make it 3", "3 packer, Toledo OH"],
  ["All crews out today but Toledo still short 2 packers", "2 packer, Toledo OH"],
  ["Everyone on vacation but Toledo still open, 2 packers", "2 packer, Toledo OH"],
  [
    "2 packers in Toledo, any shift ok but nights preferred",
    "2 packer, Toledo OH",
    { shift: "night" },
  ],
  [
    "2 packers in Toledo, any day fine but weekends preferred",
    "2 packer, Toledo OH",
    { available: "weekends" },
  ],
  [
    "2 packers in Toledo, any experience level ok but OSHA 10 required",
    "2 packer, Toledo OH",
    { certification: "OSHA 10" },
  ],
  ["Our Toledo store 4 packers nights", "4 packer, Toledo OH", { shift: "night" }],
  ["Toledo parking lot 2 security guards", "2 security guard, Toledo OH"],
  ["2 packers in Toledo on straight nights", "2 packer, Toledo OH", { shift: "night" }],
  ["2 packers in Toledo, full days", "2 packer, Toledo OH", { shift: "day" }],
  [
    "2 packers in Toledo, both days and nights",
    "2 packer, Toledo OH",
    { shift: "day" },
    ["shift: night (only day was read)"],
  ],
  ["Send 2 of your weekend packers to Toledo", "2 packer, Toledo OH", { available: "weekends" }],
  ["Send your on-call packers to Toledo", "1 packer, Toledo OH", { available: "short notice" }],
  ["2 packers in North Toledo", "2 packer, Toledo OH"],
  ["2 packers in West Toledo, OH", "2 packer, Toledo OH"],
  ["2 PACKERS IN NORTH TOLEDO", "2 packer, Toledo OH"],
  ["2 packers for South Dayton Logistics, Dayton OH", "2 packer, Dayton OH"],
  ["2 packers in Dayton Hills apartments in Dayton OH", "2 packer, Dayton OH"],
  ["2 packers Toledo NE side", "2 packer, Toledo OH"],
  ["2 packers in Toledo, 8hr shifts, lift 50lbs", "2 packer, Toledo OH"],
  ["2 packers in Toledo at 6a for 3days", "2 packer, Toledo OH"],
  ["4 (four) packers in Toledo", "4 packer, Toledo OH"],
  ["packers 4 in Toledo, OH 43604", "4 packer, Toledo OH"],
  ["(419) 555-0123 2 packers Toledo", "2 packer, Toledo OH"],
  ["Our Toledo dock is full of boxes, send 4 packers", "4 packer, Toledo OH"],
  ["Make sure nights are covered: 2 packers in Toledo", "2 packer, Toledo OH", { shift: "night" }],
];

function planOf(line: string): Case {
  const read = readRequest(line);
  assert.ok(read !== undefined);
  const { role, count, city, state, ...more } = read.want;
  const place = [city, state].filter((one) => one !== undefined).join(" ");
  const plan = `${count} ${role}${place === "" ? "" : `, ${place}`}`;
  return [line, plan, more, read.unread.map((one) => one.said)];
}

for (const [line, plan, more = {}, said = []] of ORDINARY) {
  test(`an ordinary request is read: ${line}`, () => {
    assert.deepEqual(planOf(line), [line, plan, more, said]);
  });
}
