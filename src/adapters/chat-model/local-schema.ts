// Translates a JSON schema to what grammars of node-llama-cpp know, as tight as they can hold it.
import type { GbnfJsonSchema } from "node-llama-cpp";
import { asObject } from "./openai-shapes.ts";
import { createComposition, DEPTH_MAX, invalid, type Loose } from "./schema-composition.ts";

export interface HeldSchema {
  readonly schema: GbnfJsonSchema;
  /** Keywords that stand in it and that no grammar holds to. */
  readonly unheld: readonly string[];
}

/** Whole numbers of a range are told one by one up to so many. */
const RANGE_MAX = 256;

const ANY = {
  oneOf: [
    { type: ["string", "number", "boolean", "null"] },
    { type: "array" },
    { type: "object", additionalProperties: true },
  ],
};

/** By what is said of a value it is told which kind of value is meant, where no type is named. */
const TYPE_BY_KEYWORD: readonly (readonly [string, readonly string[]])[] = [
  ["object", ["properties", "additionalProperties", "required", "minProperties", "maxProperties"]],
  ["array", ["items", "prefixItems", "minItems", "maxItems"]],
  ["string", ["minLength", "maxLength", "pattern", "format"]],
  ["number", ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]],
];

const HELD_FORMATS: ReadonlySet<unknown> = new Set(["date-time", "time", "date"]);

/** Keywords that say which kind of value it is. */
const KINDS = ["type", "enum", "const", "oneOf", "anyOf", "allOf", "nullable"];

/** Keywords that say nothing of which values are right, or are read below. */
const READ: ReadonlySet<string> = new Set([
  "$schema",
  "$id",
  "$comment",
  "$defs",
  "definitions",
  "$ref",
  "$anchor",
  "id",
  "title",
  "description",
  "default",
  "examples",
  "deprecated",
  "readOnly",
  "writeOnly",
  ...KINDS,
  "properties",
  "required",
  "additionalProperties",
  "minProperties",
  "maxProperties",
  "items",
  "prefixItems",
  "minItems",
  "maxItems",
  "additionalItems",
  "minLength",
  "maxLength",
  "format",
]);

/**
 * Properties are always told in full and in their order, more of them only where
 * `additionalProperties` says so. Errors: `invalid` for what no value can meet or nobody can read.
 */
export function toGrammarSchema(root: unknown): HeldSchema {
  const unheld = new Set<string>();
  const { resolve, merged, count } = createComposition(root, (keyword) => unheld.add(keyword));
  const defs: Record<string, unknown> = {};
  const names = new Map<string, string>();

  function referred(ref: string): GbnfJsonSchema {
    let name = names.get(ref);
    if (name === undefined) {
      const target = resolve(ref);
      name = `d${names.size}`;
      names.set(ref, name);
      defs[name] = read(target, 0);
    }
    return { $ref: `#/$defs/${name}` } as unknown as GbnfJsonSchema;
  }

  function read(value: unknown, depth: number): GbnfJsonSchema {
    const given = asObject(value);
    count(given ?? {});
    if (value === false) throw invalid("`false` is met by no value");
    if (given === undefined) return ANY as GbnfJsonSchema;
    const { $ref, ...beside } = given;
    const is_plain = Object.keys(beside).every((key) => !HOLDS.has(key));
    if (typeof $ref === "string" && is_plain) return referred($ref);
    const schema = "allOf" in given || "$ref" in given ? merged(given, 0) : given;
    if (depth > DEPTH_MAX) throw invalid(`it is nested more than ${DEPTH_MAX} deep`);
    for (const key of Object.keys(schema)) {
      if (!READ.has(key) && !isInRange(schema, key)) unheld.add(key);
    }
    const { oneOf, anyOf, ...base } = schema;
    const choices = oneOf ?? anyOf;
    if (Array.isArray(choices)) {
      return alternatives(base, choices, oneOf === undefined ? "anyOf" : "oneOf", depth);
    }
    return single(base, depth);
  }

  function alternatives(
    base: Loose,
    choices: readonly unknown[],
    keyword: string,
    depth: number,
  ): GbnfJsonSchema {
    const open = choices.filter((one) => one !== false);
    if (open.length === 0) throw invalid(`${keyword} has no schema that a value can meet`);
    if (Object.keys(base).every((key) => !HOLDS.has(key))) {
      return { oneOf: open.map((one) => read(one, depth + 1)) };
    }
    // Whatever is said beside the alternatives holds in each of them.
    const each = open.map((one) => merged({ allOf: [asObject(one) ?? {}], ...base }, 0));
    if (keyword === "oneOf" && open.every((one) => !("properties" in (asObject(one) ?? {})))) {
      unheld.add(keyword);
    }
    const told = new Map(each.map((one) => [JSON.stringify({ ...one, required: 0 }), one]));
    const held = [...told.values()].map((one) => read(one, depth + 1));
    return held.length === 1 ? held[0]! : { oneOf: held };
  }

  function single(schema: Loose, depth: number): GbnfJsonSchema {
    if (schema["const"] !== undefined) return constantOf(schema["const"]);
    const { enum: values, type, nullable } = schema;
    if (values !== undefined) {
      if (!Array.isArray(values) || values.length === 0) throw invalid("enum names no value");
      return choiceOf(values.map(constantOf));
    }
    const types = Array.isArray(type) ? [...(type as unknown[])] : [type ?? typeBy(schema)];
    if (nullable === true && !types.includes("null")) types.push("null");
    return choiceOf(types.map((one) => ofType(one, schema, depth)));
  }

  function ofType(type: unknown, schema: Loose, depth: number): GbnfJsonSchema {
    switch (type) {
      case undefined:
        return ANY as GbnfJsonSchema;
      case "object":
        return objectOf(schema, depth);
      case "array":
        return arrayOf(schema, depth);
      case "string":
        return stringOf(schema);
      case "integer":
        return rangeOf(schema) ?? { type: "integer" };
      case "number":
      case "boolean":
      case "null":
        return { type };
      default:
        throw invalid(`${JSON.stringify(type)} is no type`);
    }
  }

  function objectOf(schema: Loose, depth: number): GbnfJsonSchema {
    const { required, additionalProperties: more, minProperties, maxProperties } = schema;
    const given = Object.entries(asObject(schema["properties"]) ?? {});
    // Names are the caller's: one of them may be __proto__.
    const properties = new Map<string, unknown>();
    for (const [name, one] of given) if (one !== false) properties.set(name, read(one, depth + 1));
    for (const name of Array.isArray(required) ? required : []) {
      if (typeof name === "string" && !properties.has(name)) properties.set(name, ANY);
    }
    // Without anything said of it an object is any; one whose members are named has those.
    const is_open = schema["properties"] === undefined && properties.size === 0;
    const others = more ?? is_open;
    const bounds = others === false ? {} : { minProperties, maxProperties };
    return defined({
      type: "object",
      properties: Object.fromEntries(properties),
      additionalProperties: typeof others === "boolean" ? others : read(others, depth + 1),
      ...bounds,
    });
  }

  function arrayOf(schema: Loose, depth: number): GbnfJsonSchema {
    const { minItems, maxItems, items, additionalItems } = schema;
    const is_tuple = Array.isArray(items);
    const first = is_tuple ? items : schema["prefixItems"];
    const others = is_tuple ? additionalItems : items;
    const prefix = Array.isArray(first) ? first.map((one) => read(one, depth + 1)) : undefined;
    const ends = others === false ? (prefix?.length ?? 0) : undefined;
    return defined({
      type: "array",
      ...(prefix === undefined || prefix.length === 0 ? {} : { prefixItems: prefix }),
      ...(asObject(others) === undefined ? {} : { items: read(others, depth + 1) }),
      minItems,
      maxItems: ends === undefined ? maxItems : Math.min(ends, Number(maxItems ?? ends)),
    });
  }

  function stringOf({ minLength, maxLength, format }: Loose): GbnfJsonSchema {
    if (HELD_FORMATS.has(format)) return { type: "string", format: format as "date" };
    if (format !== undefined) unheld.add("format");
    return defined({ type: "string", minLength, maxLength });
  }

  const schema = read(root, 0);
  for (const name of Object.keys(defs)) checkEnds(defs, name);
  const whole = names.size === 0 ? schema : ({ ...schema, $defs: defs } as GbnfJsonSchema);
  return { schema: whole, unheld: [...unheld] };
}

/** References that lead to nothing but references would be asked for ever. */
function checkEnds(defs: Loose, name: string): void {
  let at: unknown = defs[name];
  for (let steps = 0; steps <= DEPTH_MAX; steps++) {
    const ref = asObject(at)?.["$ref"];
    if (typeof ref !== "string") return;
    at = defs[ref.slice("#/$defs/".length)];
  }
  throw invalid("its references have no end");
}

/** Keywords beside which others cannot simply be left out. */
const HOLDS: ReadonlySet<string> = new Set([
  ...KINDS,
  "not",
  "if",
  ...TYPE_BY_KEYWORD.flatMap(([, keywords]) => keywords),
]);

function typeBy(schema: Loose): string | undefined {
  return TYPE_BY_KEYWORD.find(([, keywords]) => keywords.some((key) => key in schema))?.[0];
}

/** Bounds of a whole number that are held by telling each. */
function isInRange(schema: Loose, key: string): boolean {
  return (key === "minimum" || key === "maximum") && rangeOf(schema) !== undefined;
}

function rangeOf({ type, minimum, maximum }: Loose): GbnfJsonSchema | undefined {
  const can = type === "integer" && Number.isFinite(minimum) && Number.isFinite(maximum);
  const [from, to] = can ? [Math.ceil(Number(minimum)), Math.floor(Number(maximum))] : [0, -1];
  if (can && from > to) throw invalid("no whole number is between minimum and maximum");
  if (!can || to - from >= RANGE_MAX) return undefined;
  return { enum: Array.from({ length: to - from + 1 }, (_, at) => from + at) };
}

/** Grammars know constants that are text, numbers, truth values and null; others by their parts. */
function constantOf(value: unknown): GbnfJsonSchema {
  if (Array.isArray(value)) {
    const prefixItems = value.map(constantOf);
    const { length } = value;
    return length === 0
      ? { type: "array", maxItems: 0 }
      : { type: "array", prefixItems, minItems: length, maxItems: length };
  }
  const object = asObject(value);
  if (object === undefined) return { const: value as string };
  const members = Object.entries(object).map(([name, one]) => [name, constantOf(one)]);
  return { type: "object", properties: Object.fromEntries(members) as Record<string, never> };
}

function choiceOf(schemas: readonly GbnfJsonSchema[]): GbnfJsonSchema {
  if (schemas.length === 1) return schemas[0]!;
  const values = schemas.map((one) => ("const" in one ? one.const : undefined));
  const all = values.every((value) => value !== undefined);
  return all ? { enum: values as string[] } : { oneOf: schemas };
}

function defined(schema: Loose): GbnfJsonSchema {
  const entries = Object.entries(schema).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as GbnfJsonSchema;
}
