// Renders lakehouse.example.toml: every setting with its default and what it means.
import { stringify } from "smol-toml";
import { z } from "zod";
import { houseSettings } from "#app/settings.ts";

interface JsonSchema {
  readonly description?: string;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly additionalProperties?: JsonSchema;
  readonly default?: unknown;
  /** Of a list or a table of blocks: the first is shown as one. */
  readonly examples?: readonly unknown[];
}

/**
 * The whole file; every line that sets something is commented out, so an empty file means the same.
 */
export function renderExampleSettings(): string {
  const schema = z.toJSONSchema(houseSettings, { io: "output" }) as JsonSchema;
  const defaults = houseSettings.parse({}) as Record<string, unknown>;
  const top: string[] = [];
  const sections: string[] = [];
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const value = defaults[name];
    if (property.properties === undefined) top.push(...settingLines(name, property, value));
    else sections.push(...sectionLines(name, property, value as Record<string, unknown>));
  }
  return [
    "# Every setting of Lakehouse with its default. An empty file is valid: remove the # of what you change.",
    "# Each can also be set by a variable: LAKEHOUSE_<SECTION>_<KEY>, e.g. LAKEHOUSE_GATEWAY_PORT=8080.",
    "# Generated from the settings schemas (npm run golden); a test compares.",
    "",
    ...top,
    ...sections,
  ].join("\n");
}

function sectionLines(name: string, schema: JsonSchema, values: Record<string, unknown>): string[] {
  const properties = Object.entries(schema.properties ?? {});
  return [
    "",
    `[${name}]`,
    ...properties.flatMap(([key, property]) => settingLines(key, property, values[key])),
    ...properties.flatMap(([key, property]) => blockLines(`${name}.${key}`, property)),
  ];
}

/**
 * A setting that is a list or a table of blocks, with one of them: what the example says, and
 * where it says nothing the default. They stand behind a section, for what follows one is its own.
 */
function blockLines(path: string, schema: JsonSchema): string[] {
  const [example] = schema.examples ?? [];
  if (example === undefined) return [];
  const in_list = schema.items !== undefined;
  const [name, given] = in_list ? ["", example] : Object.entries(example as object)[0]!;
  const header = in_list ? `[[${path}]]` : `[${path}.${keyOf(name)}]`;
  const members = (schema.items ?? schema.additionalProperties)?.properties ?? {};
  const lines = Object.entries(members).flatMap(([key, member]) => {
    const value = (given as Record<string, unknown>)[key] ?? member.default;
    if (value === undefined || value === null) return [];
    const note = member.description === undefined ? "" : `  # ${member.description}`;
    return [`#   ${key} = ${tomlValue(value)}${note}`];
  });
  return ["", "# one such block for each:", `#   ${header}`, ...lines];
}

function settingLines(key: string, schema: JsonSchema, value: unknown): string[] {
  const bounds = [
    ...(schema.minimum === undefined || schema.minimum < -1e9
      ? []
      : [`at least ${schema.minimum}`]),
    ...(schema.maximum === undefined || schema.maximum > 1e12 ? [] : [`at most ${schema.maximum}`]),
    ...(schema.enum === undefined ? [] : [`one of ${schema.enum.join(", ")}`]),
  ];
  const notes = [schema.description, bounds.join(", ")].filter((part) => part);
  const comment = notes.length === 0 ? [] : [`# ${notes.join("; ")}`];
  return [...comment, `# ${key} = ${tomlValue(value)}`];
}

/** A value on one line: tables inline, so that a setting stays within its section. */
function tomlValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(tomlValue).join(", ")}]`;
  if (typeof value !== "object" || value === null) {
    return stringify({ v: value ?? "" })
      .trim()
      .slice("v = ".length);
  }
  const pairs = Object.entries(value).map(([name, one]) => `${keyOf(name)} = ${tomlValue(one)}`);
  return pairs.length === 0 ? "{}" : `{ ${pairs.join(", ")} }`;
}

function keyOf(name: string): string {
  return /^[A-Za-z0-9_-]+$/.test(name) ? name : JSON.stringify(name);
}
