// Reads settings strictly: file text, then variables, then the schema; faults name line and key.
import type { z } from "zod";
import { toIssues } from "./check-input.ts";
import { LakehouseError, type InputIssue } from "./problem.ts";

export type SettingsDocument = Record<string, unknown>;

/**
 * Lays `LAKEHOUSE_<SECTION>_<KEY>` variables over a document, and `LAKEHOUSE_<KEY>` over its top.
 * Values are read as JSON where they are JSON (numbers, true, lists), else as text.
 */
export function applyVariables(
  document: SettingsDocument,
  variables: Readonly<Record<string, string | undefined>>,
  schema: z.ZodObject,
): SettingsDocument {
  const result = structuredClone(document);
  for (const [name, value] of Object.entries(variables)) {
    if (!name.startsWith("LAKEHOUSE_") || value === undefined) continue;
    const path = pathOfVariable(name.slice("LAKEHOUSE_".length).toLowerCase(), schema);
    if (path !== undefined) setAt(result, path, readValue(value));
  }
  return result;
}

function pathOfVariable(name: string, schema: z.ZodObject): string[] | undefined {
  if (name in schema.shape) return [name];
  for (const [section, inner] of Object.entries(schema.shape)) {
    if (!name.startsWith(`${section}_`)) continue;
    const shape = shapeOf(inner);
    const key = name.slice(section.length + 1);
    if (shape !== undefined && key in shape) return [section, key];
  }
  return undefined;
}

function shapeOf(schema: unknown): Record<string, unknown> | undefined {
  let current = schema as { shape?: Record<string, unknown>; def?: { innerType?: unknown } };
  while (current.shape === undefined && current.def?.innerType !== undefined) {
    current = current.def.innerType as typeof current;
  }
  return current.shape;
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

/** The checked settings; a fault is `invalid` with file, line, key and the nearest known key. */
export function checkSettings<S extends z.ZodObject>(
  schema: S,
  document: SettingsDocument,
  source: { readonly name: string; readonly text: string },
): z.output<S> {
  // Checked once in the life of a process: compiling the checks would take longer than they do.
  const result = schema.safeParse(document, { jitless: true });
  if (result.success) return result.data;
  const issues: InputIssue[] = toIssues(schema, result.error).map((issue) => {
    const line = lineOf(source.text, issue.path);
    const where = line === undefined ? source.name : `${source.name}:${line}`;
    return { path: issue.path, message: `${where}: ${issue.path}: ${issue.message}` };
  });
  throw new LakehouseError("invalid", issues.map((issue) => issue.message).join("\n"), {
    reason: "bad_settings",
    hint: "lakehouse.example.toml lists every setting with its default",
    issues,
  });
}

/** 1-based line of the TOML text on which a dotted key stands. */
export function lineOf(text: string, path: string): number | undefined {
  const steps = path.split(".");
  const key = steps.at(-1)!;
  const section = steps.slice(0, -1).join(".");
  let current = "";
  for (const [index, line] of text.split("\n").entries()) {
    const header = /^\s*\[+([^\]]+)\]+/.exec(line);
    if (header !== null) current = header[1]!.trim();
    const is_header = header !== null && current === path;
    const is_key = current === section && new RegExp(`^\\s*"?${escape(key)}"?\\s*=`).test(line);
    if (is_header || is_key) return index + 1;
  }
  return undefined;
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

const SECRET_KEY = /(^|_)(token|api_key|key|secret|password)$/;

/** A copy in which the values of secret keys read "***". References (env:, file:) are kept. */
export function maskSecrets(value: unknown, key = ""): unknown {
  if (typeof value === "string" && SECRET_KEY.test(key)) {
    return /^(env|file):/.test(value) ? value : "***";
  }
  if (Array.isArray(value)) return value.map((item) => maskSecrets(item, key));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, maskSecrets(inner, name)]),
  );
}
