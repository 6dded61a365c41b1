// truth: conditions, three-valued logic, decisions, rules of settings and domains.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { connectLocal } from "#kernel/connect-local.ts";
import { silentLog } from "#kernel/log.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { truth, type TruthCondition } from "#contracts/truth.ts";
import { bookshopPack } from "../../../domains/bookshop/pack.ts";
import { eachTransport } from "../../../test/support/each-transport.ts";
import { evaluateCondition } from "./evaluate-condition.ts";
import { compilePattern } from "./linear-pattern.ts";
import { createTruth } from "./truth-service.ts";
import { truthSettings } from "./truth-settings.ts";

const context = {
  order: {
    total: 120,
    city: "Toledo",
    tags: ["new"],
    note: "",
    items: [{ price: 5 }],
    change: -0,
    changes: [-0, { a: 1, b: 2 }],
  },
  owner: null,
};

const FIELDS: readonly [TruthCondition, boolean | undefined][] = [
  [{ kind: "always" }, true],
  [{ kind: "field_equals", path: "order.city", value: "Toledo" }, true],
  [{ kind: "field_equals", path: "order.city", value: "Lima" }, false],
  [{ kind: "field_equals", path: "order.tags", value: ["new"] }, true],
  [{ kind: "field_equals", path: "order.total", value: "120" }, undefined],
  [{ kind: "field_equals", path: "owner", value: "x" }, false],
  [{ kind: "field_equals", path: "order.none", value: "x" }, undefined],
  [{ kind: "field_equals", path: "order.constructor", value: "x" }, undefined],
  [{ kind: "field_equals", path: "order.tags.length", value: 1 }, undefined],
  [{ kind: "field_equals", path: "order.items.0.price", value: 5 }, true],
  [{ kind: "field_equals", path: "order.change", value: 0 }, true],
  [{ kind: "field_equals", path: "order.changes", value: [0, { b: 2, a: 1 }] }, true],
  [{ kind: "field_in", path: "order.change", values: [1, 0] }, true],
  [{ kind: "field_empty", path: "order.note" }, true],
  [{ kind: "field_empty", path: "order.none" }, true],
  [{ kind: "field_empty", path: "owner" }, true],
  [{ kind: "field_empty", path: "owner.name" }, undefined],
  [{ kind: "field_empty", path: "none.name" }, undefined],
  [{ kind: "field_empty", path: "order.total" }, false],
  [{ kind: "field_empty", path: "order.items.price" }, undefined],
  [{ kind: "field_empty", path: "order.items.7" }, true],
  [{ kind: "field_greater", path: "order.total", value: 100 }, true],
  [{ kind: "field_greater", path: "order.total", value: 120 }, false],
  [{ kind: "field_greater", path: "order.city", value: 1 }, undefined],
  [{ kind: "field_matches", path: "order.city", pattern: "^To" }, true],
  [{ kind: "field_matches", path: "order.total", pattern: "1" }, undefined],
  [{ kind: "field_in", path: "order.city", values: ["Lima", "Toledo"] }, true],
  [{ kind: "field_in", path: "order.city", values: ["Lima", 3] }, false],
  [{ kind: "field_in", path: "order.total", values: ["120"] }, undefined],
  [{ kind: "field_in", path: "order.total", values: [null, "120"] }, undefined],
  [{ kind: "field_in", path: "order.total", values: [null, "120", 1] }, false],
  [{ kind: "field_in", path: "order.total", values: [null] }, false],
  [{ kind: "field_in", path: "owner", values: ["x", 5] }, false],
];

const matchers = new Map([
  ["^To", await compilePattern("^To")],
  ["1", await compilePattern("1")],
]);

test("each condition on a field holds, does not, or says why it cannot be told", () => {
  for (const [condition, holds] of FIELDS) {
    const found = evaluateCondition(condition, context, matchers);
    assert.equal(found.holds, holds, JSON.stringify(condition));
    if (found.holds === undefined) assert.match(found.reason, / (has no|is) /);
  }
});

test("all, any and not follow the tables of three-valued logic", () => {
  const leaf = fc.constantFrom(...FIELDS);
  fc.assert(
    fc.property(fc.array(leaf, { minLength: 1, maxLength: 4 }), (leaves) => {
      const conditions = leaves.map(([condition]) => condition);
      const values = leaves.map(([, holds]) => holds);
      const all = values.includes(false) ? false : values.includes(undefined) ? undefined : true;
      const any = values.includes(true) ? true : values.includes(undefined) ? undefined : false;
      const holds = (condition: TruthCondition) =>
        evaluateCondition(condition, context, matchers).holds;
      assert.equal(holds({ kind: "all", conditions }), all);
      assert.equal(holds({ kind: "any", conditions }), any);
      const not = holds({ kind: "not", condition: { kind: "any", conditions } });
      assert.equal(not, any === undefined ? undefined : !any);
    }),
  );
});

const rules = [
  {
    name: "large",
    task_class: "order",
    when: { kind: "field_greater", path: "total", value: 100 },
    action: "require_review",
    message: "over 100",
  },
  {
    name: "closed",
    task_class: "order",
    when: { kind: "field_in", path: "city", values: ["Lima"] },
    action: "deny",
  },
  { name: "seen", task_class: "*", when: { kind: "always" }, action: "note" },
];

const bookRule = (name: string, task_class: string) => ({
  name,
  task_class,
  when: { kind: "always" },
  action: "deny",
});

test("a rule of a bare kind is one of the domain that has it", async () => {
  const given = { rules: [bookRule("bare", "order"), bookRule("full", "bookshop.order")] };
  const opened = await createTruth({ packs: [bookshopPack] }, truthSettings.parse(given));
  const client = connectLocal(truth, opened.handlers);
  for (const task_class of ["bookshop.order", "order"]) {
    const { findings } = await client.evaluate({ task_class, context: {} });
    assert.deepEqual(
      findings.map((one) => one.rule),
      ["bare", "full"],
    );
  }
  assert.equal((await client.rules({ task_class: "bookshop.order" })).rules.length, 2);
  assert.equal((await opened.health()).status, "ok");
});

test("a rule of a class that no domain has is told of, until somebody asks about it", async () => {
  const warned: object[] = [];
  const log = { ...silentLog, warn: (fields: object) => void warned.push(fields) };
  const given = { rules: [bookRule("lost", "ordr"), bookRule("all", "*")] };
  const needs = { packs: [bookshopPack], log };
  const opened = await createTruth(needs, truthSettings.parse(given));
  assert.deepEqual(warned, [{ rule: "lost", task_class: "ordr", meant: "bookshop.order" }]);
  const { status, figures } = await opened.health();
  assert.equal(status, "degraded");
  assert.equal(figures["reason"], "rules of a task class that no domain has: lost (ordr)");
  const client = connectLocal(truth, opened.handlers);
  await client.evaluate({ task_class: "order", context: {} });
  assert.equal((await opened.health()).status, "degraded");
  await client.evaluate({ task_class: "ordr", context: {} });
  assert.equal((await opened.health()).status, "ok", "a class of the caller's own");
});

async function service(given: Readonly<Record<string, unknown>> = { rules }) {
  return createTruth({ packs: [] }, truthSettings.parse(given));
}

eachTransport("deny comes before review, review before allow", async (connect) => {
  const client = await connect(truth, (await service()).handlers);
  const decide = async (task_class: string, given: Record<string, unknown>) =>
    client.evaluate({ task_class, context: given });
  assert.equal((await decide("order", { total: 1, city: "Toledo" })).decision, "allow");
  const review = await decide("order", { total: 101, city: "Toledo" });
  assert.deepEqual([review.decision, review.reason], ["require_review", "large: over 100"]);
  assert.equal((await decide("order", { total: 101, city: "Lima" })).decision, "deny");
  const other = await decide("other", {});
  assert.deepEqual(
    other.findings.map((one) => [one.rule, one.outcome]),
    [["seen", "holds"]],
  );
});

eachTransport("a rule that cannot be evaluated never passes silently", async (connect) => {
  const client = await connect(truth, (await service()).handlers);
  const verdict = await client.evaluate({ task_class: "order", context: { total: 1 } });
  assert.equal(verdict.decision, "require_review");
  assert.equal(verdict.reason, "closed could not be evaluated: the context has no city");
  assert.deepEqual([verdict.not_evaluated, verdict.rules_evaluated], [1, 2]);
  const strict = await connect(truth, (await service({ rules, default_action: "deny" })).handlers);
  const denied = await strict.evaluate({ task_class: "order", context: { total: 1 } });
  assert.equal(denied.decision, "deny");
});

eachTransport("rules of domains stand beside those of the settings", async (connect) => {
  const pack = { ...bookshopPack, truth_rules: [{ ...rules[2], name: "of_books" }] };
  const opened = await createTruth({ packs: [pack] }, truthSettings.parse({ rules }));
  const client = await connect(truth, opened.handlers);
  const listed = (await client.rules({})).rules.map((one) => [one.name, one.source]);
  assert.deepEqual(listed.at(-1), ["of_books", bookshopPack.name]);
  assert.equal((await client.rules({ task_class: "none" })).rules.length, 2);
});

test("rules that could never be evaluated stop the start", async () => {
  const bad = (rule: Record<string, unknown>) => service({ rules: [{ ...rules[0], ...rule }] });
  const when = { kind: "field_matches", path: "x", pattern: "(" };
  await assert.rejects(bad({ when }), LakehouseError);
  await assert.rejects(bad({ when: { kind: "no_such" } }));
  await assert.rejects(service({ rules: [rules[0], rules[0]] }), /two truth rules "large"/);
  let deep: unknown = { kind: "always" };
  for (let i = 0; i < 20; i++) deep = { kind: "not", condition: deep };
  await assert.rejects(bad({ when: deep }), /at most 16 deep/);
  const pack = { ...bookshopPack, truth_rules: [{ name: "half" }] };
  await assert.rejects(createTruth({ packs: [pack] }, truthSettings.parse({})), LakehouseError);
});
