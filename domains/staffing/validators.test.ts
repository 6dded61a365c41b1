// The three validators, case by case, on a real roster in DuckDB.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { LakehouseError, type ValidationError, type ValidatorTools } from "#pack.ts";
import { packQuery } from "#work/validate/pack-query.suite.ts";
import { fingerprintOf } from "./playbook-validator.ts";
import { staffingPack } from "./pack.ts";

const dir = await mkdtemp(join(tmpdir(), "lakehouse-test-"));
const query = await packQuery(staffingPack, 10_000, dir);
after(async () => {
  query.stop();
  await rm(dir, { recursive: true, force: true });
});

const tools: ValidatorTools = {
  async rows(sql, params) {
    const answer = await query.client.rows({ sql, params: params as string[] });
    const names = answer.columns.map((column) => column.name);
    return answer.rows.map((row) => Object.fromEntries(names.map((name, at) => [name, row[at]])));
  },
};

type Row = Record<string, string>;

async function workers(where: string, count = 1): Promise<Row[]> {
  const rows = await tools.rows(
    `SELECT * FROM workers WHERE ${where} ORDER BY worker_id LIMIT ${count}`,
    [],
  );
  assert.equal(rows.length, count, `workers where ${where}`);
  return rows as Row[];
}

const fillOf = (rows: readonly Row[]) => ({
  fills: rows.map(({ worker_id, name }) => ({ worker_id, name })),
});

async function errorOf(kind: string, artifact: unknown, context: object): Promise<ValidationError> {
  const outcome = await staffingPack.validators[kind]!.validate(artifact, { ...context }, tools);
  assert.ok(!outcome.ok, "it was accepted");
  return outcome.error;
}

const GOOD =
  "role = 'forklift operator' AND city = 'Columbus' AND state = 'OH' AND status = 'active' " +
  "AND NOT blacklisted";
const WANT = { role: "forklift operator", city: "Columbus", state: "OH", count: 2 };

test("a fill that is right in everything is accepted and grounded", async () => {
  const artifact = fillOf(await workers(GOOD, 2));
  const outcome = await staffingPack.validators["fill"]!.validate(artifact, WANT, tools);
  assert.ok(outcome.ok);
  assert.equal(outcome.grounded, true);
  assert.ok(outcome.checks.includes("phantoms"));
});

/** What is wrong with the second worker → the error's kind and field. */
const WRONG_WORKER: readonly [string, string, object, string, string][] = [
  ["another city", "role = 'forklift operator' AND city = 'Toledo'", {}, "consistency", "city"],
  [
    "the same city name in another state",
    "city = 'Columbus' AND state = 'IN' AND role = 'forklift operator'",
    {},
    "consistency",
    "state",
  ],
  [
    "another role",
    "role = 'packer' AND city = 'Columbus' AND state = 'OH'",
    {},
    "consistency",
    "role",
  ],
  ["inactive", GOOD.replace("'active'", "'inactive'"), {}, "policy", "status"],
  ["blacklisted", GOOD.replace("NOT ", ""), {}, "policy", "blacklisted"],
  ["another shift", `${GOOD} AND shift = 'day'`, { shift: "night" }, "consistency", "shift"],
  ["an unknown shift", `${GOOD} AND shift IS NULL`, { shift: "night" }, "consistency", "shift"],
  [
    "a shift ruled out",
    `${GOOD} AND shift = 'night'`,
    { not_shift: "night" },
    "consistency",
    "shift_ok",
  ],
  [
    "no certification",
    `${GOOD} AND certifications IS NULL`,
    { certification: "OSHA 10" },
    "policy",
    "certified",
  ],
  [
    "not reliable enough",
    `${GOOD} AND reliability < 0.8`,
    { min_reliability: 0.9 },
    "consistency",
    "reliable",
  ],
  [
    "reliability unknown",
    `${GOOD} AND reliability IS NULL`,
    { min_reliability: 0.9 },
    "consistency",
    "reliable",
  ],
  [
    "no weekends",
    `${GOOD} AND availability = 'not available weekends'`,
    { available: "weekends" },
    "consistency",
    "available",
  ],
  [
    "no experience",
    `${GOOD} AND notes IS NULL`,
    { experience: "cold storage" },
    "consistency",
    "experienced",
  ],
  ["too dear", `${GOOD} AND pay > 21`, { max_pay: 20 }, "consistency", "affordable"],
];

/** A worker who meets what every case asks for. */
const FITS: Readonly<Record<string, string>> = {
  shift: "shift = 'night'",
  not_shift: "shift = 'day'",
  certification: "certifications LIKE '%OSHA 10%'",
  min_reliability: "reliability >= 0.9",
  available: "availability = 'any day'",
  experience: "notes LIKE 'Two winters in cold storage%'",
  max_pay: "pay <= 20",
};

for (const [name, where, asked, kind, field] of WRONG_WORKER) {
  test(`a fill is refused: ${name}`, async () => {
    const key = Object.keys(asked)[0];
    const fits = key === undefined ? GOOD : `${GOOD} AND ${FITS[key]!}`;
    const found = key === "experience" ? [] : await workers(fits);
    const artifact = fillOf([...found, ...(await workers(where))]);
    const context = { ...WANT, count: artifact.fills.length, ...asked };
    const error = await errorOf("fill", artifact, context);
    assert.deepEqual([error.kind, error.field], [kind, `fills.${found.length}.${field}`]);
    assert.notEqual(error.expected, undefined);
    assert.notEqual(error.actual, undefined);
  });
}

test("a fill is refused for phantoms, wrong names, duplicates, counts and exclusions", async () => {
  const [one, two] = await workers(GOOD, 2);
  const right = fillOf([one!, two!]);
  const phantom = structuredClone(right);
  phantom.fills[1]!.worker_id = "W-999999";
  assert.deepEqual(await errorOf("fill", phantom, WANT).then(({ kind, field }) => [kind, field]), [
    "phantom",
    "fills.1.worker_id",
  ]);
  const misnamed = structuredClone(right);
  misnamed.fills[0]!.name = "Nobody Here";
  const named = await errorOf("fill", misnamed, WANT);
  assert.deepEqual(
    [named.kind, named.field, named.expected],
    ["consistency", "fills.0.name", one!["name"]],
  );
  const twice = await errorOf("fill", fillOf([one!, one!]), WANT);
  assert.deepEqual([twice.kind, twice.field], ["consistency", "fills.1.worker_id"]);
  const short = await errorOf("fill", fillOf([one!]), WANT);
  assert.deepEqual(
    [short.kind, short.field, short.expected, short.actual],
    ["completeness", "fills", 2, 1],
  );
  const excluded = await errorOf("fill", right, { ...WANT, exclude: [two!["worker_id"]!] });
  assert.deepEqual([excluded.kind, excluded.field], ["policy", "fills.1.not_excluded"]);
});

const BAD_SHAPES: readonly [string, unknown, string][] = [
  ["null", null, "fills"],
  ["a list", [], "fills"],
  ["no fills", {}, "fills"],
  ["fills of text", { fills: ["W-000001"] }, "fills.0"],
  ["an id that is none", { fills: [{ worker_id: "1 OR 1=1", name: "x" }] }, "fills.0.worker_id"],
  ["a field too many", { fills: [{ worker_id: "W-000001", name: "x", note: "y" }] }, "fills.0"],
];
for (const [name, artifact, field] of BAD_SHAPES) {
  test(`a fill is refused for its shape: ${name}`, async () => {
    const error = await errorOf("fill", artifact, { ...WANT, count: 1 });
    assert.deepEqual([error.kind, error.field], ["schema", field]);
  });
}

test("a fill without a contract cannot be judged", async () => {
  const error = await errorOf("fill", { fills: [] }, {});
  assert.deepEqual([error.kind, error.field], ["completeness", "context"]);
});

const UNREADABLE: readonly [string, object, string, RegExp][] = [
  ["fill", { ...WANT, min_reliability: "0.9" }, "context.min_reliability", /expected number/],
  ["fill", { ...WANT, exclude: "W-000001" }, "context.exclude", /expected array/],
  ["fill", { ...WANT, certifications: "OSHA 10" }, "context.certifications", /"certification"/],
  ["fill", { ...WANT, citty: "Columbus" }, "context.citty", /did you mean "city"/],
  ["fill", { citty: "Columbus" }, "context.citty", /did you mean "city"/],
  ["fill", { ...WANT, count: "2" }, "context.count", /expected number/],
  ["email", { worker_id: "W-000001", must_mention: "Monday" }, "context.must_mention", /array/],
  ["playbook", { operaton: "fill: welder" }, "context.operaton", /did you mean "operation"/],
];
for (const [kind, context, path, message] of UNREADABLE) {
  test(`a ${kind} is not judged by a context with a wrong ${path}`, async () => {
    const judged = staffingPack.validators[kind]!.validate({ fills: [] }, { ...context }, tools);
    await assert.rejects(judged, (error) => {
      assert.ok(error instanceof LakehouseError);
      assert.deepEqual([error.code, error.reason], ["invalid", "invalid_input"]);
      assert.equal(error.issues[0]!.path, path);
      assert.match(error.issues[0]!.message, message);
      return true;
    });
  });
}

const [recipient, stranger] = await workers("status = 'active'", 2);
const FIRST = recipient!["name"]!.split(" ")[0]!;
const EMAIL = {
  to: recipient!["email"]!,
  subject: "Night shift on Monday",
  body: `Hi ${FIRST},\n\nwould the night shift on Monday suit you? Please let us know today.\n\nThank you,\nDispatch`,
};
const EMAIL_CONTEXT = {
  worker_id: recipient!["worker_id"]!,
  must_mention: ["night shift", "Monday"],
};
const inBody = (text: string) => ({
  ...EMAIL,
  body: EMAIL.body.replace("Please", `${text} Please`),
});

const bare = (row: Row) => row["phone"]!.replaceAll(/\D/g, "");
type EmailCase = readonly [string, object, string | undefined, string | undefined];
const leak = (name: string, said: string): EmailCase => [name, inBody(said), "policy", "body"];

const EMAILS: readonly EmailCase[] = [
  ["right", EMAIL, undefined, undefined],
  [
    "with the recipient's own phone",
    inBody(`Is ${recipient!["phone"]!} right?`),
    undefined,
    undefined,
  ],
  ["to someone else", { ...EMAIL, to: stranger!["email"]! }, "consistency", "to"],
  ["someone else's phone", inBody(`Call ${stranger!["phone"]!}.`), "policy", "body"],
  ["someone else's address", inBody(`Ask ${stranger!["email"]!}.`), "policy", "body"],
  ["a social security number", inBody("Your 123-45-6789 is on file."), "policy", "body"],
  ...[
    "(419)555-1234",
    "+1 (419)555-1234",
    "4195551234",
    "14195551234",
    "419/555/1234",
    "419\u2011555\u20111234",
    "+44 20 7946 0958",
  ].map((phone) => leak(phone, `Call ${phone}.`)),
  ...[
    "123 45 6789 is on file",
    "your SSN is 123456789",
    "social security: 1234 56789",
    "123456789 (SSN)",
    "123.45.6789 is on file",
  ].map((said) => leak(said, `Note: ${said}.`)),
  ["their own phone without marks", inBody(`Is ${bare(recipient!)} right?`), undefined, undefined],
  ["plain numbers", inBody("Order 123456789, dock 12, 2026-11-21, 18.50."), undefined, undefined],
  ["another worker's id", inBody("W-000999 also comes."), "policy", "body"],
  ["another's id in small letters", inBody("w-000999 also comes."), "policy", "body"],
  ["too short", { ...EMAIL, body: `Hi ${FIRST}, ok?` }, "completeness", "body"],
  ["too long", inBody("word ".repeat(500)), "policy", "body"],
  ["no subject", { ...EMAIL, subject: " " }, "completeness", "subject"],
  [
    "no greeting",
    { ...EMAIL, body: EMAIL.body.replace(`Hi ${FIRST},`, "Monday!") },
    "completeness",
    "body",
  ],
  [
    "a fact missing",
    { ...EMAIL, subject: "Work", body: EMAIL.body.replace("Monday", "one day") },
    "completeness",
    "body",
  ],
  [
    "no sign-off",
    { ...EMAIL, body: EMAIL.body.replace("Thank you,\nDispatch", "That is all of it.") },
    "completeness",
    "body",
  ],
  ["a threat", inBody("This is your last chance."), "policy", "body"],
  ["shouting", inBody("ANSWER TODAY PLEASE."), "policy", "body"],
  ["no body", { to: EMAIL.to, subject: "x" }, "schema", "body"],
];
for (const [name, artifact, kind, field] of EMAILS) {
  test(`an e-mail: ${name}`, async () => {
    if (kind === undefined) {
      const judged = await staffingPack.validators["email"]!.validate(
        artifact,
        EMAIL_CONTEXT,
        tools,
      );
      assert.ok(judged.ok, JSON.stringify(judged));
      return;
    }
    const error = await errorOf("email", artifact, EMAIL_CONTEXT);
    assert.deepEqual([error.kind, error.field], [kind, field]);
  });
}

test("an e-mail to nobody of the roster is a phantom", async () => {
  const error = await errorOf("email", EMAIL, { worker_id: "W-999999" });
  assert.equal(error.kind, "phantom");
});

const OPERATION = "fill: welder in Detroit, MI";
const STEPS = ["Search the roster.", "Check certifications.", "Record the outcome."];
const fingerprinted = (steps: readonly string[]) => ({
  operation: OPERATION,
  steps,
  fingerprint: fingerprintOf(OPERATION, steps),
});
const PLAYBOOK = fingerprinted(STEPS);
const withSteps = (steps: readonly string[]) => ({ ...PLAYBOOK, steps });

const PLAYBOOKS: readonly [string, object, string | undefined, string | undefined][] = [
  ["right", PLAYBOOK, undefined, undefined],
  ["another operation", { ...PLAYBOOK, operation: "fill: packer" }, "consistency", "operation"],
  ["too few steps", withSteps(["Go."]), "completeness", "steps"],
  ["an empty step", withSteps([...STEPS, " "]), "completeness", "steps.3"],
  ["a step twice", withSteps([...STEPS, STEPS[0]!]), "consistency", "steps.3"],
  ["a step too long", withSteps([...STEPS, "x".repeat(301)]), "policy", "steps.3"],
  ["a phantom worker", withSteps([...STEPS, "Ask W-999999."]), "phantom", "steps.3"],
  ["a phantom in small letters", withSteps([...STEPS, "Ask w-999999."]), "phantom", "steps.3"],
  ["a tax form named", fingerprinted([...STEPS, "Collect the W-4."]), undefined, undefined],
  ["a phantom of few digits", withSteps([...STEPS, "Ask W-9999."]), "phantom", "steps.3"],
  [
    "a gate named",
    fingerprinted([...STEPS, "Meet at gate W-204, lot w 12."]),
    undefined,
    undefined,
  ],
  ["a wrong fingerprint", { ...PLAYBOOK, fingerprint: "0" }, "consistency", "fingerprint"],
  ["no steps", { operation: OPERATION, fingerprint: "0" }, "schema", "steps"],
];
for (const [name, artifact, kind, field] of PLAYBOOKS) {
  test(`a playbook: ${name}`, async () => {
    const context = { operation: OPERATION };
    if (kind === undefined) {
      const judged = await staffingPack.validators["playbook"]!.validate(artifact, context, tools);
      assert.ok(judged.ok);
      return;
    }
    const error = await errorOf("playbook", artifact, context);
    assert.deepEqual([error.kind, error.field], [kind, field]);
  });
}
