// The fill validator on rosters and contexts that people write: many spellings, gaps, doubles.
import assert from "node:assert/strict";
import { test } from "node:test";
import { LakehouseError, type ValidatorTools } from "#pack.ts";
import { fillTask } from "./fill-task.ts";
import { fillValidator } from "./fill-validator.ts";

const ROW = {
  worker_id: "W-000001",
  name: "José Núñez".normalize("NFC"),
  role: "janitor",
  city: "Detroit" as string | null,
  state: "MI",
  status: "active",
  blacklisted: false as unknown,
  shift: "night" as string | null,
  certifications: "OSHA 10",
  availability: "any day",
  reliability: 0.95 as unknown,
  pay: 18 as unknown,
  notes: "Used to freezer work.",
};
type Row = Partial<typeof ROW>;

/** What the validator says of the one worker; undefined when it has nothing against them. */
async function judge(context: object, ...rows: readonly Row[]) {
  const roster = (rows.length === 0 ? [{}] : rows).map((row) => ({ ...ROW, ...row }));
  const tools: ValidatorTools = { rows: async () => roster };
  const { worker_id, name } = roster[0]!;
  const asked = { role: "janitor", count: 1, ...context };
  const outcome = await fillValidator.validate({ fills: [{ worker_id, name }] }, asked, tools);
  return outcome.ok ? undefined : outcome.error;
}

const ALLOWED = [false, 0, 0n, "false", "No", " f ", "N", "0"];
const REFUSED = [
  true,
  1,
  "yes",
  "TRUE",
  "y",
  "",
  " ",
  null,
  undefined,
  "maybe",
  "nope",
  2,
  {},
  NaN,
];

test("only a plain no in the roster means that a worker is not blacklisted", async () => {
  for (const blacklisted of ALLOWED) {
    assert.equal(await judge({}, { blacklisted }), undefined, String(blacklisted));
  }
  for (const blacklisted of REFUSED) {
    const error = await judge({}, { blacklisted });
    assert.deepEqual([error?.kind, error?.field], ["policy", "fills.0.blacklisted"]);
  }
  assert.match((await judge({}, { blacklisted: null }))!.message, /says nothing .* false or no/);
  assert.match((await judge({}, { blacklisted: "maybe" }))!.message, /says "maybe"/);
});

test("a candidate in a prompt is allowed exactly where the validator allows", () => {
  const plan = fillTask.plan("a janitor", {})!;
  for (const [values, said] of [
    [ALLOWED, "yes"],
    [REFUSED, "no"],
  ] as const) {
    for (const blacklisted of values) {
      const metadata = { ...ROW, blacklisted };
      const candidate = { id: "w-1", corpus: "workers", text: "", boosted: false, metadata };
      const { prompt } = fillTask.prompt("a janitor", plan, [candidate], { brief: true });
      assert.match(prompt, new RegExp(`allowed: ${said},?`), String(blacklisted));
    }
  }
});

test("a worker who stands in the roster twice must fit in every row", async () => {
  for (const rows of [
    [{ blacklisted: "yes" }, { blacklisted: "no" }],
    [{ blacklisted: "no" }, { blacklisted: "yes" }],
  ]) {
    const error = await judge({}, ...rows);
    assert.deepEqual([error?.kind, error?.field], ["policy", "fills.0.blacklisted"]);
    assert.match(error!.message, /2 rows; the rows contradict each other/);
  }
  assert.equal((await judge({}, {}, { status: "left" }))?.field, "fills.0.status");
  assert.equal((await judge({}, {}, { name: "Ann Lee" }))?.field, "fills.0.name");
  assert.equal(await judge({}, {}, {}), undefined);
});

const NFD = ROW.name.normalize("NFD");

/** Contexts that rule the worker out, in whatever spelling → the field at fault. */
const EXCLUDING: readonly [context: object, field: string, row?: Row][] = [
  [{ not_shift: "nights" }, "shift_ok"],
  [{ not_shift: "Night Shift" }, "shift_ok"],
  [{ not_shift: "third-shift" }, "shift_ok"],
  [{ not_shift: "night" }, "shift_ok", { shift: "Nights" }],
  [{ not_shift: "night" }, "shift_ok", { shift: "days; nights" }],
  [{ not_shift: "night" }, "shift_ok", { shift: "rotating" }],
  [{ not_city: "Detroit, MI" }, "place_ok"],
  [{ not_city: "Detroit Michigan" }, "place_ok"],
  [{ not_city: "detroit" }, "place_ok", { city: "Detroit, MI" }],
  [{ not_city: "Columbus, OH" }, "place_ok", { city: "Columbus", state: "OH" }],
  [{ not_city: "St Louis" }, "place_ok", { city: "St. Louis", state: "MO" }],
  [{ not_city: "Saint Louis, Missouri" }, "place_ok", { city: "St. Louis", state: "MO" }],
  [{ not_city: "Ａnn Arbor" }, "place_ok", { city: "Ann Arbor" }],
  [{ not_city: "Saint Paul" }, "place_ok", { city: "St. Paul", state: "MN" }],
  [{ exclude: [NFD] }, "not_excluded"],
  [{ exclude: ["Jose Nunez"] }, "not_excluded"],
  [{ exclude: ["Núñez, José"] }, "not_excluded"],
  [{ exclude: ["Omar O\u2019Brien"] }, "not_excluded", { name: "Omar O'Brien" }],
  [{ exclude: ["Ann\u200b Lee"] }, "not_excluded", { name: "Ann Lee" }],
  [{ exclude: ["w-W-000001"] }, "not_excluded"],
  [{ exclude: ["w-000001"] }, "not_excluded"],
  [{ exclude: ["W 000001"] }, "not_excluded"],
  [{ exclude: ["W\u2011000001"] }, "not_excluded"],
  [{ exclude: ["W-000001 (José Núñez)"] }, "not_excluded"],
  [{ exclude: ["W-000002, W-000001"] }, "not_excluded"],
  [{ exclude: ["W-000002 W-000001"] }, "not_excluded"],
  [{ exclude: ["Ann Lee, José Núñez"] }, "not_excluded"],
  [{ exclude: ["Ann Lee and José Núñez"] }, "not_excluded"],
  [{ exclude: ["José M. Núñez"] }, "not_excluded"],
  [{ exclude: ["José Núñez Jr."] }, "not_excluded"],
  [{ exclude: ["Ann B. Lee"] }, "not_excluded", { name: "Lee, Ann B." }],
  ...["Mary Ann Van Dyke", "Van Dyke, Mary Ann"].map((name): [object, string, Row] => [
    { exclude: ["Van Dyke, Mary Ann"] },
    "not_excluded",
    { name },
  ]),
  [{ exclude: ["Garcia Lopez, Maria J."] }, "not_excluded", { name: "Maria J. Garcia Lopez" }],
  [{ exclude: ["St. John, Mary Lou"] }, "not_excluded", { name: "Mary Lou St. John" }],
  [{ exclude: ["Smith, John, Jr."] }, "not_excluded", { name: "John Smith Jr." }],
  [{ exclude: ["John Smith, Jr."] }, "not_excluded", { name: "John Smith Jr" }],
  [{ exclude: ["John Smith, Jr., Ann Lee"] }, "not_excluded", { name: "Ann Lee" }],
  [{ exclude: ["Ann Lee"] }, "not_excluded", { name: "Ann Lee, RN" }],
  [{ not_shift: "night" }, "shift_ok", { shift: "graveyards" }],
  [{ not_shift: "night" }, "shift_ok", { shift: "days (nights ok)" }],
  [{ not_shift: "night" }, "shift_ok", { shift: ";" }],
  [{ not_city: "Toledo" }, "place_ok", { city: "Toledo 43604" }],
  [{ not_city: "Toledo" }, "place_ok", { city: "Detroit (also Toledo)" }],
  [{ not_city: "Columbus, OH" }, "place_ok", { city: "Columbus", state: "Ohio, USA" }],
  ...["both", "24/7", "", null, "D/N", "noche"].map((shift): [object, string, Row] => [
    { not_shift: "night" },
    "shift_ok",
    { shift },
  ]),
  ...["", null, "Toledo/Dayton", "Toledo (East)"].map((city): [object, string, Row] => [
    { not_city: "Toledo" },
    "place_ok",
    { city },
  ]),
  [{ not_city: "Columbus, OH" }, "place_ok", { city: "Columbus", state: "??" }],
];
for (const [context, field, row = {}] of EXCLUDING) {
  test(`is enforced: ${JSON.stringify(context)} on ${JSON.stringify(row)}`, async () => {
    assert.equal((await judge(context, row))?.field, `fills.0.${field}`);
  });
}

/** Contexts that the worker meets, in whatever spelling. */
const MET: readonly [context: object, row?: Row][] = [
  [{ state: "Michigan" }],
  [{ state: "mi" }],
  [{ state: "MI" }, { state: "Michigan" }],
  [{ state: "Texas" }, { city: "Austin", state: "TX" }],
  [{ city: "Detroit, MI" }],
  [{ city: "St Louis" }, { city: "St. Louis", state: "MO" }],
  [{ city: "St. Louis" }, { city: "Saint Louis", state: "MO" }],
  [{ shift: "nights" }],
  [{ shift: "3rd shift" }],
  [{ role: "Janitors" }],
  [{ role: "janitor" }, { role: "Janitor" }],
  [{ certification: "OSHA-10" }],
  [{ available: "Weekend" }],
  [{ experience: "freezer" }],
  [{ not_city: "Columbus, OH" }, { city: "Columbus", state: "IN" }],
  [{ not_shift: "days" }],
  [
    { max_pay: 20, min_reliability: 0.9 },
    { pay: "$18.00", reliability: "95%" },
  ],
  [{ max_pay: 2_000 }, { pay: "1,200.00" }],
  [{ exclude: ["W-000002", "Ann Lee"] }],
  [{ exclude: ["Ann B. Lee"] }, { name: "Ann C. Lee" }],
  [{ not_shift: "night" }, { shift: "days, evenings" }],
  ...["days only", "Day shift (7-3)", "day;", "weekend days", "mornings", "AM"].map(
    (shift): [object, Row] => [{ not_shift: "night" }, { shift }],
  ),
  [{ not_shift: "day" }, { shift: "graveyards" }],
  [{ not_city: "Toledo" }, { city: "Detroit (Downtown)" }],
  [{ not_city: "Toledo" }, { city: "Detroit 48201" }],
  ...["Indiana, USA", "Ind."].map((state): [object, Row] => [
    { not_city: "Columbus, OH" },
    { city: "Columbus", state },
  ]),
  [{ exclude: ["Ann Lee, Jr."] }, { name: "John Smith" }],
];
for (const [context, row = {}] of MET) {
  test(`is met: ${JSON.stringify(context)} by ${JSON.stringify(row)}`, async () => {
    assert.equal(await judge(context, row), undefined);
  });
}

test("a name is the same name in another Unicode form", async () => {
  const tools: ValidatorTools = { rows: async () => [ROW] };
  const artifact = { fills: [{ worker_id: ROW.worker_id, name: NFD }] };
  const outcome = await fillValidator.validate(artifact, { role: "janitor", count: 1 }, tools);
  assert.equal(outcome.ok, true);
});

const UNKNOWN: readonly [context: object, path: string, right: RegExp][] = [
  [{ shift: "nihgts" }, "context.shift", /"day", "evening", "night"/],
  [{ not_shift: "days or nights" }, "context.not_shift", /"night"/],
  [{ state: "Michgan" }, "context.state", /"MI"/],
  [{ state: "ZZ" }, "context.state", /"MI"/],
  [{ city: "Detroit, MI", state: "OH" }, "context.state", /Detroit, MI/],
  [{ city: "Detroit, Wayne" }, "context.city", /Detroit, MI/],
  [{ not_city: "Michigan" }, "context.not_city", /a state/],
  [{ not_city: "Detroit, OH" }, "context.not_city", /MI/],
  [{ available: "constructor" }, "context.available", /"weekends"/],
  [{ available: "__proto__" }, "context.available", /"weekends"/],
  [{ exclude: ["Ann Lee", "W-1"] }, "context.exclude.1", /W-000001/],
  [{ exclude: ["worker 4711"] }, "context.exclude.0", /W-000001/],
  [{ exclude: ["W-000002, W-1"] }, "context.exclude.0", /W-000001/],
  [{ exclude: ["Lee, Ann, Núñez, José"] }, "context.exclude.0", /one entry for each/],
];
for (const [context, path, right] of UNKNOWN) {
  test(`is invalid: ${JSON.stringify(context)}`, async () => {
    for (const judged of [
      () => judge(context),
      async () => fillTask.plan("a janitor", { ...context }),
    ]) {
      await assert.rejects(judged, (error) => {
        assert.ok(error instanceof LakehouseError);
        assert.deepEqual([error.code, error.reason], ["invalid", "invalid_input"]);
        assert.equal(error.issues[0]!.path, path);
        assert.match(error.issues[0]!.message, right);
        return true;
      });
    }
  });
}

const AMOUNTS: readonly [row: Row, field: string, message: RegExp][] = [
  [{ pay: "1,200.00" }, "affordable", /asks for 1,200.00/],
  [{ pay: "18,50" }, "affordable", /cannot be read: "18,50"/],
  [{ pay: "18.50 or 25" }, "affordable", /cannot be read/],
  [{ pay: "-5" }, "affordable", /cannot be read/],
  [{ pay: "" }, "affordable", /unknown/],
  [{ reliability: "85%" }, "reliable", /has reliability 85%, below/],
  [{ reliability: "85" }, "reliable", /cannot be read: "85"/],
  [{ reliability: 85 }, "reliable", /cannot be read: "85"/],
  [{ reliability: "0.95x" }, "reliable", /cannot be read/],
];
for (const [row, field, message] of AMOUNTS) {
  test(`is not guessed: ${JSON.stringify(row)}`, async () => {
    const error = await judge({ max_pay: 20, min_reliability: 0.9 }, row);
    assert.equal(error?.field, `fills.0.${field}`);
    assert.match(error!.message, message);
  });
}

test("notes speak for an experience in whole words, and not where they deny it", async () => {
  const cold = { experience: "cold storage" };
  assert.equal(await judge(cold, { notes: "Used to freezer work." }), undefined);
  for (const notes of [
    "Doesn\u2019t like freezer work.",
    "Repairs freezers.",
    "Lacks freezer work.",
  ]) {
    assert.equal((await judge(cold, { notes }))?.field, "fills.0.experienced", notes);
  }
  assert.equal((await judge({ experience: "a" }))?.field, "fills.0.experienced");
});
