// What a trace says: its content in one form, the hash that makes it itself, and its words.
import { hash } from "node:crypto";
import { canonicalJson } from "#kernel/ids.ts";

/**
 * The content as it is compared: keys sorted, text in Unicode form C, runs of white space as one
 * space. Letters keep their case: names and codes that differ in case differ.
 */
export function contentHash(content: unknown): string {
  return hash("sha256", canonicalJson(normalised(content)), "hex").slice(0, 32);
}

function normalised(value: unknown): unknown {
  if (typeof value === "string") return value.normalize("NFC").replaceAll(/\s+/gu, " ").trim();
  if (Array.isArray(value)) return value.map(normalised);
  if (typeof value !== "object" || value === null) return value;
  const result = Object.create(null) as Record<string, unknown>;
  for (const [key, inner] of Object.entries(value)) result[key] = normalised(inner);
  return result;
}

/** Whether a text has anything to be found by: a letter, a digit or a sign. */
export function saysSomething(text: string): boolean {
  return /[\p{L}\p{N}\p{P}\p{S}]/u.test(text);
}

/** Deeper values are left to the eye: nobody searches for them. */
const DEPTH_MAX = 32;

/** The text that is searched: a text as it is; of anything else a line for each value. */
export function contentText(content: unknown): string {
  if (typeof content === "string") return content;
  const lines: string[] = [];
  collect(content, "", 0, (name, value) => lines.push(name === "" ? value : `${name}: ${value}`));
  return lines.join("\n");
}

/** The values alone: the same words under other names are the same words. */
export function contentValues(content: unknown): string {
  const lines: string[] = [];
  collect(content, "", 0, (_, value) => lines.push(value));
  return lines.join("\n");
}

function collect(
  value: unknown,
  name: string,
  depth: number,
  take: (name: string, value: string) => void,
): void {
  if (value === null || depth > DEPTH_MAX) return;
  if (typeof value === "string") return take(name, value);
  if (typeof value !== "object") return take(name, JSON.stringify(value) ?? "");
  for (const [key, inner] of Object.entries(value)) {
    collect(inner, Array.isArray(value) ? name : key, depth + 1, take);
  }
}
