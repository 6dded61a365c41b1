// Reads settings strictly: file text, then variables, then the schema; faults name line and key.
import type { z } from "zod";
import { nearestName, toIssues } from "./check-input.ts";
import { LakehouseError, type InputIssue } from "./problem.ts";
import { tomlLines } from "./toml-lines.ts";

export type SettingsDocument = Record<string, unknown>;

const PREFIX = "LAKEHOUSE_";

/** A variable that sets something. */
export interface SettingVariable {
  readonly name: string;
  readonly path: readonly string[];
  readonly value: unknown;
}

/**
 * What `LAKEHOUSE_<SECTION>_<KEY>` variables set, and `LAKEHOUSE_<KEY>` at the top. Values are read
 * as JSON where they are JSON (numbers, true, lists), else as text. One that begins with the name
 * of a section and is none of its keys is `invalid`; others are somebody else's.
 */
export function readVariables(
  variables: Readonly<Record<string, string | undefined>>,
  schema: z.ZodObject,
): SettingVariable[] {
  const found: SettingVariable[] = [];
  const unknown: string[] = [];
  for (const [name, value] of Object.entries(variables)) {
    if (!name.startsWith(PREFIX) || value === undefined) continue;
    const key = name.slice(PREFIX.length).toLowerCase();
    const path = pathOfVariable(key, schema);
    if (path !== undefined) found.push({ name, path, value: readValue(value) });
    else if (sectionOf(key, schema.shape) !== undefined) unknown.push(name);
  }
  if (unknown.length === 0) return found;
  throw new LakehouseError(
    "invalid",
    unknown.map((name) => unknownVariable(name, schema)).join("\n"),
    {
      reason: "bad_settings",
      hint: "lakehouse.example.toml lists every setting with its default",
    },
  );
}

/** Lays what variables set over a document. */
export function applyVariables(
  document: SettingsDocument,
  variables: readonly SettingVariable[],
): SettingsDocument {
  const result = structuredClone(document);
  for (const { path, value } of variables) setAt(result, path, value);
  return result;
}

type Shape = Readonly<Record<string, unknown>>;

function pathOfVariable(name: string, schema: z.ZodObject): string[] | undefined {
  const path = pathIn(name, schema.shape);
  if (path !== undefined) return path;
  const section = sectionOf(name, schema.shape);
  // The keys of a section that is a record are the user's own.
  if (section === undefined || !isRecord(schema.shape[section])) return undefined;
  return [section, name.slice(section.length + 1)];
}

function pathIn(name: string, shape: Shape): string[] | undefined {
  if (Object.hasOwn(shape, name)) return [name];
  for (const [table, schema] of Object.entries(shape)) {
    const inner = shapeOf(schema);
    if (inner === undefined || !name.startsWith(`${table}_`)) continue;
    const path = pathIn(name.slice(table.length + 1), inner);
    if (path !== undefined) return [table, ...path];
  }
  return undefined;
}

/** The section that a name begins with. */
function sectionOf(name: string, shape: Shape): string | undefined {
  const is_section = (schema: unknown) => shapeOf(schema) !== undefined || isRecord(schema);
  return Object.keys(shape).find((key) => name.startsWith(`${key}_`) && is_section(shape[key]));
}

function unknownVariable(name: string, schema: z.ZodObject): string {
  const key = name.slice(PREFIX.length).toLowerCase();
  const section = sectionOf(key, schema.shape)!;
  const known = namesIn(shapeOf(schema.shape[section]) ?? {});
  const nearest = nearestName(key.slice(section.length + 1), known);
  if (nearest === undefined)
    return `unknown variable ${name} ([${section}] knows: ${known.join(", ")})`;
  const meant = `${PREFIX}${section}_${nearest}`.toUpperCase();
  return `unknown variable ${name}, did you mean ${meant}?`;
}

/** The names by which variables reach the keys of a table and of the tables in it. */
function namesIn(shape: Shape): string[] {
  return Object.entries(shape).flatMap(([key, inner]) => {
    const below = namesIn(shapeOf(inner) ?? {}).map((name) => `${key}_${name}`);
    return [...below, key];
  });
}

function isRecord(schema: unknown): boolean {
  return unwrapped(schema).def?.type === "record";
}

function shapeOf(schema: unknown): Shape | undefined {
  return unwrapped(schema).shape;
}

interface AnySchema {
  readonly shape?: Shape;
  readonly def?: { readonly type?: string; readonly innerType?: unknown };
}

function unwrapped(schema: unknown): AnySchema {
  let current = schema as AnySchema;
  while (current.shape === undefined && current.def?.innerType !== undefined) {
    current = current.def.innerType as AnySchema;
  }
  return current;
}

function setAt(document: SettingsDocument, path: readonly string[], value: unknown): void {
  const [first, ...rest] = path as [string, ...string[]];
  if (rest.length === 0) {
    document[first] = value;
    return;
  }
  const inner = (document[first] ??= {}) as SettingsDocument;
  setAt(inner, rest, value);
}

function readValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Where settings come from, so that a fault can say where it stands. */
export interface SettingsSource {
  /** Of the file. */
  readonly name: string;
  readonly text: string;
  readonly variables?: readonly SettingVariable[];
}

/**
 * The checked settings; a fault is `invalid` with file and line (or the variable), key and the
 * nearest known key.
 */
export function checkSettings<S extends z.ZodObject>(
  schema: S,
  document: SettingsDocument,
  source: SettingsSource,
): z.output<S> {
  // Checked once in the life of a process: compiling the checks would take longer than they do.
  const result = schema.safeParse(document, { jitless: true });
  if (result.success) return result.data;
  const issues: InputIssue[] = toIssues(schema, result.error).map(({ path, message }) => {
    const what = message.replace(MISSING, "is missing ($1)");
    return { path, message: `${whereOf(source, path)}: ${path}: ${what}` };
  });
  throw new LakehouseError("invalid", issues.map((issue) => issue.message).join("\n"), {
    reason: "bad_settings",
    hint: "lakehouse.example.toml lists every setting with its default",
    issues,
  });
}

/** As the checks say it of what is not there. */
const MISSING = /^Invalid input: expected (\w+), received undefined$/;

function whereOf({ name, text, variables = [] }: SettingsSource, path: string): string {
  const variable = variables.findLast((one) => `${path}.`.startsWith(`${one.path.join(".")}.`));
  if (variable !== undefined) return variable.name;
  const line = lineOf(text, path);
  return line === undefined ? name : `${name}:${line}`;
}

/** 1-based line of the TOML text on which a dotted key stands, else that of what is around it. */
export function lineOf(text: string, path: string): number | undefined {
  const lines = tomlLines(text);
  for (let part = path; part !== ""; part = part.slice(0, Math.max(0, part.lastIndexOf(".")))) {
    const line = lines.get(part);
    if (line !== undefined) return line;
  }
  return undefined;
}

const SECRET_KEY = /(^|_)(token|api_key|key|secret|password)$/;

/** A copy in which secrets read "***"; references (env:, file:) and what is empty are kept. */
export function maskSecrets(value: unknown, key = ""): unknown {
  if (typeof value === "string" && SECRET_KEY.test(key)) {
    return value === "" || /^(env|file):/.test(value) ? value : "***";
  }
  if (Array.isArray(value)) return value.map((item) => maskSecrets(item, key));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, maskSecrets(inner, name)]),
  );
}
