// What a model's answer comes to: its object, mended if that loses nothing, or what to say to it.
import type { FinishReason, ValidationError } from "#contracts/nouns.ts";
import { answerSections, firstObject, isMember, nextObjectStart } from "./json-extract.ts";
import { endOfLooseObject } from "./loose-object.ts";
import { pathAt, repairLosslessly } from "./lossless-repair.ts";

export type AnswerRead =
  | { readonly artifact: Record<string, unknown>; readonly repaired: boolean }
  /** To be asked again: where it went wrong, what was expected, what came. */
  | { readonly error: ValidationError };

/**
 * Strict JSON first, then near-JSON whose repair is proven to lose nothing. Never a part of a
 * broken object, never a shorter form of one that was cut off.
 */
export function readAnswer(text: string, finish_reason: FinishReason): AnswerRead {
  for (const sections of answerSections(text)) {
    for (const section of sections) {
      const strict = firstObject(section);
      if (strict !== undefined) return withoutDoubles(strict.value, strict.source, false);
    }
    for (const section of sections) {
      const start = nextObjectStart(section, 0);
      if (start >= 0) return readLoosely(section, start, finish_reason);
    }
  }
  return { error: nothingFound(text, finish_reason) };
}

function readLoosely(section: string, start: number, finish_reason: FinishReason): AnswerRead {
  const { end, balanced, path } = endOfLooseObject(section, start);
  const source = balanced
    ? section.slice(start, end)
    : section.slice(start).replace(/\s*```\s*$/, "");
  if (!balanced && finish_reason === "length") return { error: cutOff(source, path) };
  if (isMember(section, start, end)) return { error: malformed(section, 0) };
  const repair = repairLosslessly(source);
  if (!repair.ok) {
    return { error: balanced ? malformed(source, repair.at) : cutOff(source, path) };
  }
  // What follows an object that was closed too early belongs to it still.
  if (balanced && /^\s*(?:["'\]:]|,\s*["'{])/.test(section.slice(end, end + 64))) {
    return { error: malformed(source, source.length - 1) };
  }
  const { value } = repair;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { error: malformed(source, undefined) };
  }
  return withoutDoubles(value as Record<string, unknown>, repair.text, true);
}

/** JSON.parse keeps the last of two members of one name: the other would be lost silently. */
function withoutDoubles(
  artifact: Record<string, unknown>,
  source: string,
  repaired: boolean,
): AnswerRead {
  if (countColons(source) === countMembers(artifact)) return { artifact, repaired };
  return {
    error: {
      kind: "schema",
      field: "",
      message: "a field is written twice in the same object; write each field once",
      expected: "one JSON object in which no field stands twice",
      actual: excerpt(source, 0),
    },
  };
}

/** Colons outside of strings: as many as members were written. */
function countColons(json: string): number {
  let count = 0;
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === 34) {
      for (at++; json.charCodeAt(at) !== 34; at++) if (json.charCodeAt(at) === 92) at++;
    } else if (code === 58) count++;
  }
  return count;
}

function countMembers(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const inner = Object.values(value);
  let count = Array.isArray(value) ? 0 : inner.length;
  for (const one of inner) count += countMembers(one);
  return count;
}

const EXCERPT_MAX = 160;

function excerpt(text: string, around: number): string {
  const from = Math.max(0, Math.min(around - EXCERPT_MAX / 2, text.length - EXCERPT_MAX));
  const part = text.slice(from, from + EXCERPT_MAX);
  return `${from > 0 ? "…" : ""}${part}${from + EXCERPT_MAX < text.length ? "…" : ""}`;
}

function nothingFound(text: string, finish_reason: FinishReason): ValidationError {
  const cut = finish_reason === "length" ? " before it was cut off" : "";
  return {
    kind: "schema",
    field: "",
    message: `the answer holds no JSON object${cut}; answer with one JSON object and nothing else`,
    expected: "one JSON object",
    actual: text.trim() === "" ? "an empty answer" : excerpt(text, 0),
  };
}

function cutOff(source: string, path: string): ValidationError {
  return {
    kind: "schema",
    field: path,
    message: "the JSON object was cut off here; answer with the whole object, shorter if need be",
    expected: "one complete JSON object",
    actual: excerpt(source, source.length),
  };
}

function malformed(source: string, at: number | undefined): ValidationError {
  const place = at ?? strictErrorAt(source);
  return {
    kind: "schema",
    field: pathAt(source, place),
    message: "this is no JSON, and it cannot be mended without changing what it says",
    expected: "strict JSON: double quotes, each value given, quotes inside strings escaped",
    actual: excerpt(source, place),
  };
}

/** Where a strict reader stumbles, if this runtime says so; else the beginning. */
function strictErrorAt(source: string): number {
  try {
    JSON.parse(source);
  } catch (error) {
    return Number(/position (\d+)/.exec((error as Error).message)?.[1] ?? 0);
  }
  return 0;
}
