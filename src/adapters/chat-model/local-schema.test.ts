// JSON schemas as grammars hold them: other spellings, what cannot be held, what is wrong.
import { test } from "node:test";
import assert from "node:assert/strict";
import { LakehouseError } from "#kernel/problem.ts";
import { toGrammarSchema } from "./local-schema.ts";

const ANY = toGrammarSchema(true).schema;
const object = (properties: object) => ({
  type: "object",
  properties,
  additionalProperties: false,
});

const HELD: readonly (readonly [string, unknown, object])[] = [
  ["a type is told by what is said of it", { minLength: 2 }, { type: "string", minLength: 2 }],
  [
    "properties make an object",
    { properties: { a: { type: "integer" } }, required: ["a"] },
    object({ a: { type: "integer" } }),
  ],
  [
    "anyOf is oneOf",
    { anyOf: [{ type: "null" }, { const: 1 }] },
    { oneOf: [{ type: "null" }, { const: 1 }] },
  ],
  [
    "names of properties are names",
    { type: "object", properties: { anyOf: { type: "null" }, $ref: { type: "null" } } },
    object({ anyOf: { type: "null" }, $ref: { type: "null" } }),
  ],
  [
    "what stands beside alternatives holds in each",
    {
      type: "object",
      properties: { k: { type: "null" } },
      anyOf: [{ properties: { a: { type: "null" } } }, { properties: { b: { type: "null" } } }],
    },
    {
      oneOf: [
        object({ a: { type: "null" }, k: { type: "null" } }),
        object({ b: { type: "null" }, k: { type: "null" } }),
      ],
    },
  ],
  [
    "alternatives that only require hold by themselves",
    { type: "object", properties: { k: { type: "null" } }, anyOf: [{ required: ["k"] }] },
    object({ k: { type: "null" } }),
  ],
  [
    "allOf is one schema",
    { allOf: [{ properties: { a: { type: "null" } } }, { required: ["b"] }], type: "object" },
    object({ a: { type: "null" }, b: ANY }),
  ],
  [
    "definitions of older drafts",
    { $ref: "#/definitions/A", definitions: { A: { enum: ["x", "y"] } } },
    { $ref: "#/$defs/d0", $defs: { d0: { enum: ["x", "y"] } } },
  ],
  [
    "a schema in itself",
    { type: "object", properties: { next: { anyOf: [{ $ref: "#" }, { type: "null" }] } } },
    {
      ...object({ next: { oneOf: [{ $ref: "#/$defs/d0" }, { type: "null" }] } }),
      $defs: { d0: object({ next: { oneOf: [{ $ref: "#/$defs/d0" }, { type: "null" }] } }) },
    },
  ],
  [
    "a reference beside which more is said",
    { $ref: "#/$defs/S", maxLength: 3, $defs: { S: { type: "string", minLength: 1 } } },
    { type: "string", minLength: 1, maxLength: 3 },
  ],
  [
    "a short range is told one by one",
    { type: "integer", minimum: 3, maximum: 5 },
    { enum: [3, 4, 5] },
  ],
  [
    "types side by side",
    { type: ["object", "null"], properties: { a: { type: "null" } } },
    { oneOf: [object({ a: { type: "null" } }), { type: "null" }] },
  ],
  [
    "an object of any kind",
    { type: "object" },
    { type: "object", properties: {}, additionalProperties: true },
  ],
  ["an object of nothing", { type: "object", properties: {} }, object({})],
  [
    "constants with parts",
    { enum: [{ a: [1] }, []] },
    {
      oneOf: [
        {
          type: "object",
          properties: {
            a: { type: "array", prefixItems: [{ const: 1 }], minItems: 1, maxItems: 1 },
          },
        },
        { type: "array", maxItems: 0 },
      ],
    },
  ],
  [
    "tuples of older drafts",
    { type: "array", items: [{ type: "null" }], additionalItems: false },
    { type: "array", prefixItems: [{ type: "null" }], maxItems: 1 },
  ],
];
for (const [name, schema, held] of HELD) {
  test(`held: ${name}`, () => {
    assert.deepEqual(toGrammarSchema(schema), { schema: held, unheld: [] });
  });
}

const manyMembers = (members: number) =>
  Object.fromEntries(Array.from({ length: members }, (_, at) => [`p${at}`, { type: "null" }]));

function manyRequired(members: number): object {
  const properties = manyMembers(members);
  const anyOf = Object.keys(properties).map((name) => ({ required: [name] }));
  return { type: "object", properties, anyOf };
}

/** Each level holds the next twice. */
function doubled(levels: number, members = 1): object {
  const d0 = { type: "object", properties: manyMembers(members) };
  const $defs: Record<string, object> = { d0 };
  for (let at = 1; at <= levels; at++) {
    const ref = { $ref: `#/$defs/d${at - 1}` };
    $defs[`d${at}`] = { allOf: [ref, ref] };
  }
  return { allOf: [{ $ref: `#/$defs/d${levels}` }], $defs };
}

test("what no grammar holds is named, wherever it stands", () => {
  const properties = {
    a: { type: "string", pattern: "^[0-9]+$", format: "email" },
    b: { type: "number", minimum: 1 },
    c: { type: "array", uniqueItems: true },
    d: { type: "integer", minimum: 0, maximum: 1e6 },
    e: { not: { type: "null" } },
  };
  const { unheld } = toGrammarSchema({ type: "object", properties });
  assert.deepEqual(unheld.toSorted(), [
    "format",
    "maximum",
    "minimum",
    "not",
    "pattern",
    "uniqueItems",
  ]);
});

for (const [name, schema, said] of [
  ["a reference to nowhere", { $ref: "#/$defs/none" }, /leads nowhere/],
  ["a reference elsewhere", { $ref: "https://a.test/b.json" }, /leads nowhere/],
  ["a reference to itself", { $ref: "#" }, /no end/],
  ["references in a ring", { $ref: "#/a", a: { $ref: "#/b" }, b: { $ref: "#/a" } }, /no end/],
  ["an allOf that holds itself", { allOf: [{ $ref: "#" }] }, /no end/],
  ["one that stands for too many", doubled(20), /more than 100000/],
  ["one whose members are too many", doubled(14, 1_000), /more than 100000/],
  ["too many alternatives of too much", manyRequired(3_000), /more than 100000/],
  ["an enum of nothing", { enum: [] }, /names no value/],
  ["what nothing can be", { type: "array", items: { anyOf: [false] } }, /no schema/],
  ["an empty range", { type: "integer", minimum: 3, maximum: 2 }, /no whole number/],
  ["a type that is none", { type: "text" }, /is no type/],
] as const) {
  test(`refused: ${name}`, () => {
    assert.throws(
      () => toGrammarSchema(schema),
      (error) =>
        error instanceof LakehouseError && error.code === "invalid" && said.test(error.message),
    );
  });
}

test("a property may be named as objects name their prototype", () => {
  const properties = JSON.parse('{"__proto__":{"type":"boolean"},"b":{"type":"boolean"}}');
  const { schema } = toGrammarSchema({ type: "object", properties });
  const held = (schema as { properties: object }).properties;
  assert.deepEqual(Object.entries(held), Object.entries(properties));
});
