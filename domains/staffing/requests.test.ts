// The parser and the planner on every line of the lift set, and on what must be left alone.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRequest, readRequest } from "./request-parser.ts";
import { staffingLiftQueries, staffingLiftSet } from "./lift-set.ts";
import { staffingPack } from "./pack.ts";

const planned = (task: string) =>
  Object.values(staffingPack.tasks)
    .map((kind) => kind.plan(task, {}))
    .find((plan) => plan);

test("the lift set has at least sixty requests in ten categories", () => {
  assert.ok(staffingLiftQueries.length >= 60);
  assert.equal(new Set(staffingLiftQueries.map((query) => query.category)).size, 10);
  assert.ok(staffingLiftSet.off_topic.length >= 15);
  const texts = staffingLiftQueries.flatMap(({ text, paraphrases, lookalikes }) => [
    text,
    ...paraphrases,
    ...lookalikes,
  ]);
  assert.equal(new Set(texts).size, texts.length, "no line stands there twice");
});

for (const { query_id, text, paraphrases, want } of staffingLiftQueries) {
  test(`${query_id} is read as what it wants, in its own words and in others`, () => {
    for (const line of [text, ...paraphrases]) {
      assert.deepEqual(parseRequest(line), want, line);
      assert.deepEqual(readRequest(line)!.unread, [], `nothing of it is left: ${line}`);
    }
    const signatures = [text, ...paraphrases].map((line) => planned(line)!.signature);
    assert.equal(new Set(signatures).size, 1);
  });
}

test("every look-alike is read as something else than its origin", () => {
  for (const { lookalikes, want } of staffingLiftQueries) {
    for (const line of lookalikes) assert.notDeepEqual(parseRequest(line), want, line);
  }
});

test("nothing out of the domain is planned", () => {
  for (const line of staffingLiftSet.off_topic) assert.equal(planned(line), undefined, line);
});

const READINGS: readonly [string, ReturnType<typeof parseRequest>][] = [
  ["2 welders and 3 packers in Toledo", undefined],
  ["What does a forklift operator earn?", undefined],
  ["Is there a nurse for the warehouse associates?", undefined],
  ["packers", { role: "packer", count: 1 }],
  ["a packer in Paris", { role: "packer", count: 1, city: "Paris" }],
  [
    "pickers for two nights at dock 4, 6 am, Springfield MO",
    { role: "order picker", count: 1, city: "Springfield", state: "MO" },
  ],
  [
    "a packer in Kansas City, not W-000123",
    { role: "packer", count: 1, city: "Kansas City", exclude: ["W-000123"] },
  ],
  ["3 packers, not pickers, Toledo", { role: "packer", count: 3, city: "Toledo", state: "OH" }],
];
for (const [line, expected] of READINGS) {
  test(`reads: ${line}`, () => assert.deepEqual(parseRequest(line), expected));
}

const UNREAD: readonly [string, string[]][] = [
  ["2 packers in Toledo for day or night shift", ["shift: day (only night was read)"]],
  ["2 packers in Toledo for days or nights", ["shift: night (only day was read)"]],
  [
    "2 packers in Toledo, no nights and no evenings",
    ["shift: no evening (only no night was read)"],
  ],
  ["2 packers in Toledo or Dayton", ["city: Dayton (besides Toledo)"]],
  ["2 packers in Toledo and Paris", ["city: Paris (besides Toledo)"]],
  ["2 packers in Columbus, OH or Columbus, IN", ["city: Columbus, IN (besides Columbus)"]],
  ["2 packers in Ohio or Michigan", ["state: MI"]],
  [
    "a warehouse associate with OSHA 10 and forklift certification",
    ["certification: forklift (only OSHA 10 was read)"],
  ],
  ["3 welders in Toledo with 5 years of experience", ["5 years of experience"]],
  ["3 welders in Toledo, badge 4711", ["number: 4711"]],
  ["a packer in Toledo, not Mary Miller or John Smith", ["exclude: John Smith"]],
  ["3 packers, nights, not days, Toledo, no forklift certification needed", []],
];
for (const [line, said] of UNREAD) {
  test(`is told what was not read of: ${line}`, () => {
    assert.deepEqual(staffingPack.tasks["fill"]!.plan(line, {})!.not_understood, said);
  });
}

test("only role and place become filters; the task's own words are searched with", () => {
  const task = "Need 3 forklift operators in Toledo, OH for the night shift";
  const plan = staffingPack.tasks["fill"]!.plan(task, {})!;
  assert.deepEqual(plan.filters, { role: "forklift operator", city: "Toledo", state: "OH" });
  assert.equal(plan.query_text, task);
  assert.deepEqual(plan.event, {
    role: "forklift operator",
    count: 3,
    city: "Toledo",
    state: "OH",
  });
});

test("a caller's context wins over the words", () => {
  const plan = staffingPack.tasks["fill"]!.plan("forklift operators in Toledo", { count: 7 })!;
  assert.equal(plan.context["count"], 7);
});

test("e-mails and playbooks are planned by their own kinds", () => {
  const email = "E-mail W-000042 about the night shift in Toledo on Monday";
  assert.equal(staffingPack.tasks["fill"]!.plan(email, {}), undefined);
  const plan = staffingPack.tasks["email"]!.plan(email, {})!;
  assert.deepEqual(plan.context["must_mention"], ["night shift", "Monday", "Toledo"]);
  const book = "Write a playbook for filling forklift operators in Toledo, OH";
  assert.equal(staffingPack.tasks["fill"]!.plan(book, {}), undefined);
  const operation = staffingPack.tasks["playbook"]!.plan(book, {})!.context["operation"];
  assert.equal(operation, "fill: forklift operator in Toledo, OH");
});

test("the staffing day has a cold day and a second day with every form", () => {
  const { tasks } = staffingPack.scenario()!;
  const ids = new Set(tasks.map((task) => task.task_id));
  assert.equal(ids.size, tasks.length);
  for (const task of tasks) {
    assert.ok(task.origin === undefined || ids.has(task.origin));
    assert.equal(planned(task.task) !== undefined, task.kind !== undefined, task.task);
  }
  const forms = new Set(tasks.filter((task) => task.day === 2).map((task) => task.form));
  assert.deepEqual([...forms].toSorted(), ["lookalike", "off_topic", "paraphrase", "verbatim"]);
});
