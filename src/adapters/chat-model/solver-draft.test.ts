// What the solver drafts, and what each kind of error teaches it.
import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import type { ValidationError } from "#contracts/nouns.ts";
import type { ContextBundle } from "#ports/context-bundle.ts";
import { draftFrom } from "./solver-draft.ts";

const PEOPLE = [
  { id: "w-1", name: "Ada", city: "Austin", status: "active" },
  { id: "w-2", name: "Ben", city: "Boston", status: "active" },
  { id: "w-3", name: "Cem", city: "Austin", status: "resting" },
  { id: "w-4", name: "Dee", city: "Austin", status: "active" },
  { id: "w-5", name: "Eli", city: "Boston", status: "active" },
];

function bundle(changes: Partial<ContextBundle> = {}): ContextBundle {
  return {
    base: { order: "o-1" },
    list_field: "picks",
    item: { person_id: "id", name: "name" },
    count: 2,
    candidates: PEOPLE,
    ...changes,
  };
}

function fault(changes: Partial<ValidationError>): ValidationError {
  return { kind: "consistency", field: "picks.0.person_id", message: "no", ...changes };
}

test("without errors it takes the best candidates in their order", () => {
  assert.deepEqual(draftFrom(bundle(), []), {
    artifact: {
      order: "o-1",
      picks: [
        { person_id: "w-1", name: "Ada" },
        { person_id: "w-2", name: "Ben" },
      ],
    },
    chosen: ["w-1", "w-2"],
    exhausted: false,
  });
});

test("an artifact without a list is the base itself", () => {
  const draft = draftFrom(bundle({ list_field: null }), []);
  assert.deepEqual(draft.artifact, { order: "o-1" });
});

test("what is expected of one is expected of all, case aside", () => {
  const draft = draftFrom(bundle(), [
    fault({ field: "picks.1.city", expected: "AUSTIN ", actual: "Boston" }),
  ]);
  assert.deepEqual(draft.chosen, ["w-1", "w-3"]);
});

test("lessons add up, each read against the draft it was about", () => {
  const draft = draftFrom(bundle(), [
    fault({ field: "picks.1.city", expected: "Austin", actual: "Boston" }),
    fault({ kind: "policy", field: "picks.1.status", expected: "active", actual: "resting" }),
  ]);
  assert.deepEqual(draft.chosen, ["w-1", "w-4"]);
});

test("a list of expected values means any of them", () => {
  const draft = draftFrom(bundle({ count: 3 }), [
    fault({ field: "picks[2].status", expected: ["active", "ready"], actual: "resting" }),
  ]);
  assert.deepEqual(draft.chosen, ["w-1", "w-2", "w-4"]);
});

test("a phantom is left out by the id that the validator names", () => {
  const draft = draftFrom(bundle(), [fault({ kind: "phantom", actual: "W-2" })]);
  assert.deepEqual(draft.chosen, ["w-1", "w-3"]);
});

test("without an id the one who stood there is left out", () => {
  const draft = draftFrom(bundle(), [
    fault({ kind: "policy", field: "picks.0.rating", actual: 0.2 }),
    fault({ kind: "policy", field: "picks.0.rating", actual: 0.1 }),
  ]);
  assert.deepEqual(draft.chosen, ["w-3", "w-4"]);
});

test("stale candidate data does not make it repeat itself", () => {
  const draft = draftFrom(bundle(), [
    fault({ field: "picks.0.status", expected: "active", actual: "left" }),
  ]);
  assert.deepEqual(draft.chosen, ["w-2", "w-4"]);
});

test("an expected value that nobody has concerns the one, not all", () => {
  const draft = draftFrom(bundle(), [
    fault({ field: "picks.0.name", expected: "Ada Lovelace", actual: "Ada" }),
  ]);
  assert.deepEqual(draft.chosen, ["w-2", "w-3"]);
});

test("too few: it takes as many as are expected, else one more", () => {
  const missing = fault({ kind: "completeness", field: "picks" });
  assert.equal(draftFrom(bundle({ count: 1 }), [{ ...missing, expected: 3 }]).chosen.length, 3);
  assert.equal(draftFrom(bundle({ count: 1 }), [missing]).chosen.length, 2);
  assert.equal(draftFrom(bundle({ count: 4 }), [{ ...missing, expected: 2 }]).chosen.length, 2);
});

test("the same candidate under the same id or with the same item is taken once", () => {
  const twice = [PEOPLE[0]!, { ...PEOPLE[0]!, id: "W-1" }, PEOPLE[1]!];
  assert.deepEqual(draftFrom(bundle({ candidates: twice }), []).chosen, ["w-1", "w-2"]);
});

test("when candidates run out it answers with what it has and says so", () => {
  const draft = draftFrom(bundle({ count: 9 }), [fault({ kind: "phantom", actual: "w-3" })]);
  assert.deepEqual(draft.chosen, ["w-1", "w-2", "w-4", "w-5"]);
  assert.equal(draft.exhausted, true);
});

test("a field beside the list is put right, a rule in words is not taken for a value", () => {
  const draft = draftFrom(bundle({ base: { order: "o-1", place: { city: "X" } } }), [
    fault({ field: "place.city", expected: "Austin" }),
    fault({ kind: "policy", field: "order", expected: "an open order" }),
    fault({ field: "__proto__.polluted", expected: true }),
    fault({ field: "", expected: {} }),
  ]);
  assert.deepEqual(draft.artifact["place"], { city: "Austin" });
  assert.equal(draft.artifact["order"], "o-1");
  assert.equal(({} as { polluted?: boolean }).polluted, undefined);
});

const anyError: fc.Arbitrary<ValidationError> = fc.record(
  {
    kind: fc.constantFrom("schema", "completeness", "consistency", "policy", "phantom"),
    field: fc.constantFrom(
      "picks",
      "picks.length",
      "picks.0",
      "picks.0.person_id",
      "picks.1.city",
      "picks[2].name",
      "picks.7.status",
      "order",
      "",
    ),
    message: fc.string(),
    expected: fc.constantFrom("Austin", "active", 0, 2, 3, "nobody", ["active"], null),
    actual: fc.constantFrom("w-1", "w-2", "w-9", "Boston", 1, null),
  },
  { requiredKeys: ["kind", "field", "message"] },
) as fc.Arbitrary<ValidationError>;

const anyBundle = fc
  .record({
    count: fc.nat(6),
    candidates: fc.array(
      fc.record({
        id: fc.constantFrom("w-1", "w-2", "w-3", "w-4", "W-1", "w-5"),
        city: fc.constantFrom("Austin", "Boston"),
        name: fc.constantFrom("Ada", "Ben", "Cem"),
        status: fc.constantFrom("active", "resting"),
      }),
      { maxLength: 12 },
    ),
  })
  .map((changes) => bundle(changes));

test("it never invents an id, never takes one twice, and is deterministic", () => {
  fc.assert(
    fc.property(anyBundle, fc.array(anyError, { maxLength: 8 }), (given, errors) => {
      const draft = draftFrom(given, errors);
      const known = new Set(given.candidates.map(({ id }) => id));
      assert.ok(draft.chosen.every((id) => known.has(id)));
      assert.equal(new Set(draft.chosen.map((id) => id.toLowerCase())).size, draft.chosen.length);
      assert.deepEqual(draftFrom(structuredClone(given), structuredClone(errors)), draft);
    }),
  );
});

test("whom a validator ruled out by id never comes back, whatever follows", () => {
  fc.assert(
    fc.property(
      anyBundle,
      fc.array(anyError, { maxLength: 5 }),
      fc.array(anyError, { maxLength: 5 }),
      (given, before, after) => {
        const out = fault({ kind: "phantom", actual: "w-2" });
        const draft = draftFrom(given, [...before, out, ...after]);
        assert.ok(!draft.chosen.includes("w-2"));
      },
    ),
  );
});

test("against a judge that wants certain candidates it finds them or runs out", () => {
  const judge = (ids: readonly string[], count: number): ValidationError | undefined => {
    for (const [at, id] of ids.entries()) {
      const person = PEOPLE.find((one) => one.id === id)!;
      if (person.city !== "Austin") {
        return fault({ field: `picks.${at}.city`, expected: "Austin", actual: person.city });
      }
      if (person.status !== "active") {
        return fault({ kind: "policy", field: `picks.${at}.status`, actual: person.status });
      }
    }
    if (ids.length >= count) return undefined;
    return fault({ kind: "completeness", field: "picks", expected: count, actual: ids.length });
  };
  const errors: ValidationError[] = [];
  for (let iteration = 1; ; iteration++) {
    const { chosen } = draftFrom(bundle(), errors);
    const error = judge(chosen, 2);
    if (error === undefined) {
      assert.deepEqual(chosen, ["w-1", "w-4"]);
      assert.ok(iteration <= 3);
      return;
    }
    errors.push(error);
    assert.ok(iteration < 10, "it does not get there");
  }
});
