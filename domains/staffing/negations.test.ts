// What only states a lack, and what rules out: told apart, or told as not understood.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readRequest } from "./request-parser.ts";

type Read = Readonly<Record<string, unknown>>;
type Case = readonly [line: string, want: Read, said?: readonly string[]];

const TOLEDO = { city: "Toledo", state: "OH" };
const DAYTON = { city: "Dayton", state: "OH" };
const DETROIT = { city: "Detroit", state: "MI" };
const TWO = { role: "packer", count: 2 };
const THREE = { role: "packer", count: 3 };

const LACKS: readonly Case[] = [
  ["We don't have anyone in Toledo tomorrow, need 3 packers", { ...THREE, ...TOLEDO }],
  ["We don’t have anyone in Toledo tomorrow, need 3 packers", { ...THREE, ...TOLEDO }],
  ["Nobody in Toledo showed up, need 3 packers", { ...THREE, ...TOLEDO }],
  [
    "No one at the Detroit site showed up today, send 2 welders",
    { role: "welder", count: 2, ...DETROIT },
  ],
  [
    "We have no workers in Columbus, OH tomorrow, need 5 order pickers",
    { role: "order picker", count: 5, city: "Columbus", state: "OH" },
  ],
  ["Our crew isn't in Toledo yet, need 2 packers", { ...TWO, ...TOLEDO }],
  ["Our crew isn't in Toledo, need 2 packers", TWO, ["Our crew isn't in Toledo"]],
  [
    "We have nobody for the day shift in Toledo, need 2 packers",
    { ...TWO, ...TOLEDO, shift: "day" },
  ],
  [
    "We have no one working nights in Dayton: need 3 packers",
    { ...THREE, ...DAYTON, shift: "night" },
  ],
  [
    "I have no one for Saturday in Toledo, need 2 packers",
    { ...TWO, ...TOLEDO, available: "saturdays" },
  ],
  [
    "All shifts but nights are covered in Toledo, so 2 packers please",
    { ...TWO, ...TOLEDO, shift: "night" },
  ],
  ["Same as last week but for Dayton: 3 packers, day shift", { ...THREE, ...DAYTON, shift: "day" }],
  ["Our Toledo plant has no one on nights: 2 packers", { ...TWO, ...TOLEDO, shift: "night" }],
  ["There is nobody in Toledo, send 2 packers", { ...TWO, ...TOLEDO }],
  ["Nobody in St. Louis came in, need 2 packers", { ...TWO, city: "St. Louis", state: "MO" }],
  ["Need 3 packers, nobody in Toledo tomorrow", THREE, ["nobody in Toledo tomorrow"]],
  ["Nobody in Toledo wants the job, need 3 packers", THREE, ["Nobody in Toledo wants the job"]],
  [
    "Our packers aren't in Toledo, send 2 packers to Dayton",
    { ...TWO, ...DAYTON },
    ["Our packers aren't in Toledo"],
  ],
  ["2 packers, nobody who isn't in Toledo", TWO, ["nobody who isn't in Toledo"]],
  [
    "Everyone but Maria Garcia showed up, need 2 packers in Dayton",
    { ...TWO, ...DAYTON },
    ["Everyone but Maria Garcia showed up"],
  ],
];

const DEMANDS: readonly Case[] = [
  ["2 packers, any city but for Dayton", { ...TWO, not_city: "Dayton" }],
  ["2 packers, all sites but Dayton", { ...TWO, not_city: "Dayton" }],
  ["Nobody from Detroit is welcome, need 3 packers", { ...THREE, not_city: "Detroit" }],
  ["We need 2 packers, we don't want anyone from Toledo", { ...TWO, not_city: "Toledo" }],
  ["2 packers who aren't from Toledo", { ...TWO, not_city: "Toledo" }],
  ["2 packers as long as they aren't from Toledo", { ...TWO, not_city: "Toledo" }],
  ["2 packers, none of them from Toledo", { ...TWO, not_city: "Toledo" }],
  ["2 packers, no one working nights", { ...TWO, not_shift: "night" }],
  ["Any shift but nights is fine, 2 packers", { ...TWO, not_shift: "night" }],
];

const TWO_IN_DAYTON = { ...TWO, ...DAYTON };
const MARIA = { ...TWO_IN_DAYTON, exclude: ["Maria Garcia"] };
const PEOPLE: readonly Case[] = [
  ...["no", "not", "never", "avoid", "do not assign", "don’t book", "please never send"].map(
    (words): Case => [`2 packers in Dayton, ${words} Maria Garcia`, MARIA],
  ),
  [
    "Please do not assign Maria Garcia. Need 2 packers in Detroit",
    { ...TWO, ...DETROIT, exclude: ["Maria Garcia"] },
  ],
  ["2 packers in Dayton, Maria Garcia is not welcome", MARIA],
  ["2 packers in Dayton. Also Maria Garcia isn't welcome", MARIA],
  ["2 packers in Dayton, not Maria", TWO_IN_DAYTON, ["exclude: Maria"]],
  [
    "2 packers in Dayton, not Maria de la Cruz",
    { ...TWO_IN_DAYTON, exclude: ["Maria de la Cruz"] },
  ],
  [
    "2 packers in Dayton, not Maria Luisa Garcia",
    { ...TWO_IN_DAYTON, exclude: ["Maria Luisa Garcia"] },
  ],
  [
    "2 packers in Dayton, Maria Garcia and John Smith are not welcome",
    { ...TWO_IN_DAYTON, exclude: ["John Smith", "Maria Garcia"] },
  ],
  ["2 packers in Dayton, no Smokers", TWO_IN_DAYTON, ["exclude: Smokers"]],
  ["2 packers in Dayton. No Night Shift", { ...TWO_IN_DAYTON, not_shift: "night" }],
  ["2 packers in Dayton, No Forklift Certification", TWO_IN_DAYTON],
  ["2 packers in Dayton, no GED", TWO_IN_DAYTON, ["GED"]],
];

const TOLD_ZORBO = ["exclude: Zorbo Quint"];
const NOBODY: readonly Case[] = [
  ...["No DNRs, Zorbo Quint", "No DNRs; Zorbo Quint", "Without DNRs, Zorbo Quint"].map(
    (words): Case => [`2 packers in Dayton. ${words}`, TWO_IN_DAYTON, TOLD_ZORBO],
  ),
  [
    "2 packers in Dayton. No DNRs, Zorbo Quint or Delra Okon",
    TWO_IN_DAYTON,
    [...TOLD_ZORBO, "exclude: Delra Okon"],
  ],
  [
    "2 packers in Dayton. No DNRs,\nZorbo Quint\nDelra Okon\n\nThanks,\nKevin Davis",
    TWO_IN_DAYTON,
    [...TOLD_ZORBO, "exclude: Delra Okon"],
  ],
  [
    "2 packers in Dayton. Exclude DNRs, Zorbo Quint",
    TWO_IN_DAYTON,
    [...TOLD_ZORBO, "Exclude DNRs"],
  ],
  ...[
    "no DNRs",
    "No DNRs.",
    "No DNRs! Zorbo Quint is great",
    "No DNRs, thanks",
    "No DNRs, Please call by noon",
    "No DNRs, Contact Joe Smith",
    "No DNRs, Joe Smith is the lead",
    "No DNRs,\nJohn Smith",
    "Exclude: None",
  ].map((words): Case => [`2 packers in Dayton. ${words}`, TWO_IN_DAYTON]),
];

const THREE_IN_TOLEDO = { ...THREE, ...TOLEDO };
/** What else stands behind "no DNRs" is read as anywhere, and told once. */
const BEHIND_NOBODY: readonly Case[] = [
  ["Need 3 packers, no DNRs, Toledo OH", THREE_IN_TOLEDO],
  ["3 packers no DNRs\nToledo OH\nNight Shift", { ...THREE_IN_TOLEDO, shift: "night" }],
  ["Need 3 packers, no DNRs, Toledo Plant, nights", { ...THREE_IN_TOLEDO, shift: "night" }],
  [
    "3 packers, no DNRs, Kansas City MO",
    { role: "packer", count: 3, city: "Kansas City", state: "MO" },
  ],
  ["3 packers Toledo, no DNRs, CPR Certified", THREE_IN_TOLEDO, ["certification: CPR Certified"]],
  ["2 packers in Dayton. No DNRs, Joe Smith", TWO_IN_DAYTON, ["exclude: Joe Smith"]],
  [
    "2 packers in Dayton. No DNRs, Zorbo Quint, no DNRs, Zorbo Quint",
    TWO_IN_DAYTON,
    ["exclude: Zorbo Quint"],
  ],
];

const TWO_IN_TOLEDO = { ...TWO, ...TOLEDO };
/** A word of contact in a list of those who are refused ends it for nobody. */
const LISTED: readonly Case[] = [
  [
    "2 packers in Toledo. Exclude Joe Smith, Ask Bob Jones, Zorbo Quint",
    { ...TWO_IN_TOLEDO, exclude: ["Joe Smith"] },
    ["exclude: Ask Bob Jones", "exclude: Zorbo Quint"],
  ],
  [
    "Exclude:\nZorbo Quint\nReport Delra Okon\nTanrik Vole\n\n2 packers Toledo",
    { ...TWO_IN_TOLEDO, exclude: ["Zorbo Quint"] },
    ["exclude: Report Delra Okon", "exclude: Tanrik Vole"],
  ],
  [
    "Do not send:\n- Zorbo Quint\n- Call Off Delra Okon\n- Tanrik Vole\n2 packers Toledo",
    { ...TWO_IN_TOLEDO, exclude: ["Zorbo Quint"] },
    ["exclude: Call Off Delra Okon", "exclude: Tanrik Vole"],
  ],
  [
    "DNR Zorbo Quint\nContact Bob Jones\nDelra Okon\n2 packers Toledo",
    { ...TWO_IN_TOLEDO, exclude: ["Zorbo Quint"] },
    ["exclude: Contact Bob Jones", "exclude: Delra Okon"],
  ],
];

const JOE = { ...TWO_IN_DAYTON, exclude: ["Joe Smith"] };
/** Who is not refused but for one: he is; who is not sent but for one: he is asked for. */
const BUT_ONE: readonly Case[] = [
  ["2 packers in Dayton\nnot nights\nanyone but Joe Smith", { ...JOE, not_shift: "night" }],
  ...[
    "Don't exclude anyone except Joe Smith",
    "We would not turn away anyone but Joe Smith",
    "We don't mind anyone except Joe Smith",
    "Never reject anyone but Joe Smith",
    "I don't have issues with anyone but Joe Smith",
    "Don't send away anyone but Joe Smith",
  ].map((words): Case => [`2 packers in Dayton. ${words}`, JOE]),
  [
    "2 packers in Dayton. We don't ban anyone but Zorbo Quint",
    { ...TWO_IN_DAYTON, exclude: ["Zorbo Quint"] },
  ],
  [
    "2 packers in Dayton. We don't ban anyone but W-000123",
    { ...TWO_IN_DAYTON, exclude: ["W-000123"] },
  ],
  ...[
    "Never send me anyone but",
    "Don't give us anyone but",
    "We don't trust anyone but",
    "Please don't talk to anyone but",
    "Don't contact anyone but",
    "Do not report to anyone but",
    "We don't usually use anyone but",
    "We do not really want anyone but",
    "Do not send us back anyone but",
  ].map((words): Case => [
    `2 packers in Dayton. ${words} Joe Smith`,
    TWO_IN_DAYTON,
    ["anyone but Joe Smith", "exclude: Joe Smith"],
  ]),
  ...[
    "We do not want to see anyone but",
    "Do not ever send anyone but",
    "Don't dispatch anyone but",
    "Don't send over anyone but",
    "Don't send out anyone but",
  ].map((words): Case => [
    `2 packers in Dayton. ${words} W-000123`,
    { ...TWO_IN_DAYTON, exclude: ["W-000123"] },
    ["worker: W-000123 (left out)"],
  ]),
];

for (const [line, want, said = []] of [
  ...LACKS,
  ...DEMANDS,
  ...PEOPLE,
  ...NOBODY,
  ...BEHIND_NOBODY,
  ...LISTED,
  ...BUT_ONE,
]) {
  test(`tells a lack from what is ruled out: ${line}`, () => {
    const read = readRequest(line)!;
    assert.deepEqual(read.want, want);
    const told = read.unread.map((one) => one.said);
    assert.deepEqual(told, said);
  });
}
