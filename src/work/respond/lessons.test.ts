// What drafts teach of the playbooks that put their answers forward.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Attempt } from "#contracts/iterate.ts";
import type { MatrixHit } from "#contracts/matrix.ts";
import type { ValidationError } from "#contracts/nouns.ts";
import type { TaskKind } from "#ports/domain-pack.ts";
import { lessonsOf } from "./lessons.ts";
import { respondSettings } from "./respond-settings.ts";
import { accepted, scriptedHouse } from "./scripted-house.suite.ts";

interface Lamp {
  readonly lamp_id: string;
  readonly name?: string;
  readonly watts?: number;
}

/** Two lamps, each raised by a playbook of its own. */
const LAMPS: readonly Lamp[] = [
  { lamp_id: "L1", name: "Aurora", watts: 40 },
  { lamp_id: "L2", name: "Boreas", watts: 60 },
];

const hits = LAMPS.map((lamp, at) => ({
  id: `l-${lamp.lamp_id}`,
  corpus: "lamps",
  metadata: { ...lamp },
  playbook: { playbook_id: `p${at + 1}` },
})) as unknown as readonly MatrixHit[];

const kind = {
  answers: (artifact: { lamps: readonly Lamp[] }) =>
    artifact.lamps.map((lamp) => ({ corpus: "lamps", id: `l-${lamp.lamp_id}` })),
} as unknown as TaskKind;

const [first, second] = LAMPS as readonly [Lamp, Lamp];

/** Who is blamed for a draft of these lamps that was refused so. */
function blamed(
  lamps: readonly unknown[],
  fields: readonly string[],
  fault = "policy",
  expected?: string,
): string[] {
  const [field, ...others] = fields;
  const also = others.map((one) => ({ field: one, message: "no", expected }));
  const error = { kind: fault, field, message: "no", also, expected } as ValidationError;
  const attempt = { verdict: "validation_failed", artifact: { lamps }, error };
  const history = [attempt] as unknown as readonly Attempt[];
  const settings = respondSettings.parse({});
  const { outcomes } = lessonsOf(kind, undefined, history, { hits, shown: [] }, settings);
  assert.ok(outcomes.every(({ success }) => !success));
  return outcomes.map(({ playbook_id }) => playbook_id);
}

test("a playbook failed whose answer does not exist, does not fit or is refused as it is", () => {
  assert.deepEqual(blamed(LAMPS, ["lamps.1.lamp_id"], "phantom"), ["p2"]);
  // That there is no such item is no slip in its name.
  const renamed = [{ ...second, name: "Zephyrus" }];
  assert.deepEqual(blamed(renamed, ["lamps.0.name"], "phantom"), ["p2"]);
  assert.deepEqual(blamed(renamed, ["lamps.0.name"]), []);
  assert.deepEqual(blamed(LAMPS, ["lamps.1.in_stock"]), ["p2"]);
  assert.deepEqual(blamed(LAMPS, ["lamps.0"]), ["p1"]);
  assert.deepEqual(blamed(LAMPS, ["lamps"], "completeness"), []);
});

test("each playbook failed whose item the validator named, not only the first", () => {
  assert.deepEqual(blamed(LAMPS, ["lamps.0.in_stock", "lamps.1.in_stock"]), ["p1", "p2"]);
  const other = { lamp_id: "L9" };
  assert.deepEqual(blamed([other, second], ["lamps.0", "lamps.1"]), ["p2"]);
});

test("a slip of the model in a field beside is no evidence, a value of the answer is", () => {
  const misnamed = { ...first, name: "Aurorax" };
  assert.deepEqual(blamed([misnamed, second], ["lamps.0.name"], "consistency"), []);
  const both = ["lamps.0.name", "lamps.0.in_stock"];
  assert.deepEqual(blamed([misnamed, second], both), ["p1"]);
  // Copied as it stands: it is the lamp that does not fit.
  assert.deepEqual(blamed(LAMPS, ["lamps.1.watts"], "consistency"), ["p2"]);
  assert.deepEqual(blamed([{ ...second, watts: 45 }], ["lamps.0.watts"], "consistency"), []);
});

test("another value of the candidate where this one belongs is a slip too", () => {
  for (const name of ["L1", "l-L1", 40, ""]) {
    const swapped = [{ ...first, name }, second];
    assert.deepEqual(blamed(swapped, ["lamps.0.name"], "consistency"), [], String(name));
  }
  // Where the candidate has no such field, all that it says counts.
  assert.deepEqual(blamed([{ ...first, size: "40" }], ["lamps.0.size"]), ["p1"]);
  assert.deepEqual(blamed([{ ...first, size: "" }], ["lamps.0.size"]), []);
});

test("a draft of the wrong form blames nobody", () => {
  assert.deepEqual(blamed(LAMPS, ["lamps.0"], "schema"), []);
  assert.deepEqual(blamed([{ lamp_id: "L1" }], ["lamps.0.name"], "schema"), []);
});

test("only a value that the candidate has as it stands is blamed for its form", () => {
  assert.deepEqual(blamed([first, second], ["lamps.1.lamp_id"], "schema"), ["p2"]);
  assert.deepEqual(blamed([null, second], ["lamps.1.lamp_id"], "schema"), ["p2"]);
  assert.deepEqual(blamed([null, second], ["lamps.0.lamp_id"], "schema"), []);
  assert.deepEqual(blamed([{ ...first, watts: "40" }], ["lamps.0.watts"], "schema"), []);
  assert.deepEqual(blamed([first], ["lamps.0.name"], "schema"), []);
});

test("a value that differs in blanks or case alone is the candidate's own", () => {
  for (const name of ["AURORA", " Aurora\n"]) {
    const spelt = [{ ...first, name }];
    assert.deepEqual(blamed(spelt, ["lamps.0.name"], "consistency", "Zephyr"), ["p1"]);
    // A validator that wants the very letters: the answer is right, its spelling is the model's.
    assert.deepEqual(blamed(spelt, ["lamps.0.name"], "consistency", "Aurora"), []);
    const both = [{ ...second, lamp_id: "L9" }, ...spelt];
    assert.deepEqual(blamed(both, ["lamps.0.watts", "lamps.1.name"], "policy", "Aurora"), []);
  }
});

test("an answer that is named twice is not refused where it stands first", () => {
  assert.deepEqual(blamed([first, first], ["lamps.1.lamp_id"], "consistency"), []);
  assert.deepEqual(blamed([second, first, first], ["lamps.2"]), []);
  // Nobody looked at the second one.
  assert.deepEqual(blamed([first, first], ["lamps.0.in_stock"]), ["p1"]);
  assert.deepEqual(blamed([second, first, first], ["lamps.1.in_stock"]), ["p1"]);
  // Both were refused.
  assert.deepEqual(blamed([first, first], ["lamps.0.in_stock", "lamps.1.in_stock"]), ["p1"]);
});

test("where nothing is to be remembered no playbook hears how its answer went", async (t) => {
  for (const record_playbook of [false, true]) {
    const house = await scriptedHouse(t, {
      iterate: { iterate: async () => accepted(["l1", "l2"]) },
      hits: [{ id: "l1", raised_by: "p1" }, { id: "l2" }],
    });
    const { remembering } = await house.client.respond({ task: "lamps", record_playbook });
    const [outcomes, recorded] = record_playbook ? [["p1 good"], ["l2"]] : [[], []];
    assert.deepEqual(house.told, { outcomes, recorded });
    assert.equal(remembering === null, !record_playbook);
  }
});
