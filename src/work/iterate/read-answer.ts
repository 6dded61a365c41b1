// What a model's answer comes to: its object, mended if that loses nothing, or what to say to it.
import type { FinishReason, ValidationError } from "#contracts/nouns.ts";
import { answerSections } from "./answer-sections.ts";
import { firstObject, firstStart, isClosedAgain, isPart } from "./json-extract.ts";
import { endOfLooseObject, nextObjectStart } from "./loose-object.ts";
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
  try {
    return read(text, finish_reason);
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) throw thrown;
    return { error: tooDeep(text) };
  }
}

function read(text: string, finish_reason: FinishReason): AnswerRead {
  for (const sections of answerSections(text, finish_reason)) {
    let part: AnswerRead | undefined;
    for (const section of sections) {
      const in_string = objectInString(section);
      if (in_string !== undefined) return in_string;
      const strict = firstObject(section);
      if (strict === undefined) continue;
      // What is shown first may be a part of what the next block holds.
      if (strict.value === undefined) {
        part ??= { error: partOnly(section, strict.start) };
      } else if (finish_reason === "length" && isCutBehind(section, strict.end)) {
        return { error: cutOff(section, "") };
      } else return withoutDoubles(strict.value, strict.source, false);
    }
    if (part !== undefined) return part;
    for (const section of sections) {
      const start = firstStart(section);
      if (start >= 0) return readLoosely(section, start, finish_reason);
    }
  }
  return { error: nothingFound(text, finish_reason) };
}

/** The answer was cut off, and went on behind what seems to be all of it; not in a list. */
function isCutBehind(section: string, end: number): boolean {
  return /^\s*[,"'`]/.test(section.slice(end, end + ENDING_MAX)) && !isList(section);
}

function isList(section: string): boolean {
  return section.trimStart().startsWith("[");
}

/** The beginning of an object that was made a text, its quotes escaped. */
const OBJECT_AS_TEXT = /^"\s*\{(?:\s|\\[nrt])*\\"/;

/** What is nothing but a JSON string: the whole object in it counts, never one of its parts. */
function objectInString(section: string): AnswerRead | undefined {
  const said = section.trim();
  if (!said.startsWith('"') || !said.endsWith('"')) return undefined;
  const text = parsed(said);
  if (text === undefined && !OBJECT_AS_TEXT.test(said)) return undefined;
  if (typeof text !== "string") return { error: textForObject(said) };
  if (nextObjectStart(text, 0) < 0) return undefined;
  const value = parsed(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { error: textForObject(said) };
  }
  return withoutDoubles(value as Record<string, unknown>, text, true);
}

/** undefined: it is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Not by one pattern: models may end in white space without end. */
function withoutFence(source: string): string {
  const trimmed = source.trimEnd();
  return trimmed.endsWith("```") ? trimmed.slice(0, -3).trimEnd() : source;
}

function readLoosely(section: string, start: number, finish_reason: FinishReason): AnswerRead {
  const { end, balanced, path } = endOfLooseObject(section, start);
  const source = balanced ? section.slice(start, end) : withoutFence(section.slice(start));
  if (!balanced && finish_reason === "length") return { error: cutOff(source, path) };
  if (isPart(section, start, end)) return { error: partOnly(section, start) };
  const repair = repairLosslessly(source, balanced);
  if (!repair.ok) {
    // One that ends in a bracket and still cannot be closed has a wrong sign further up.
    const has_end = balanced || /[}\]]\s*$/.test(source.slice(-ENDING_MAX));
    return { error: has_end ? malformed(repair.text, repair.at) : cutOff(source, path) };
  }
  if (balanced && !isList(section) && goesOn(section, end, finish_reason)) {
    return { error: partOnly(section, start) };
  }
  const { value } = repair;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { error: malformed(source, undefined) };
  }
  return withoutDoubles(value as Record<string, unknown>, repair.text, true);
}

/** A list ends that nothing began, or a name; or another object or a member follows. */
const GOES_ON = /^\s*(?:\]|:(?=[\s"'[{])|,\s*\{|,\s*[\w$-]+\s*:)/;
const NEXT_MEMBER = /^\s*,?\s*["'`“‘][^"'`”’\n]{0,100}["'`”’]\s*:/;
/** Behind an empty line a name and a colon are words about a field, if no brace closes again. */
const BEGINS_PARAGRAPH = /^[ \t\r]*\n[ \t\r]*\n/;

/** A mended object was closed in the wrong place. */
function goesOn(section: string, end: number, finish_reason: FinishReason): boolean {
  if (finish_reason === "length" && isCutBehind(section, end)) return true;
  const behind = section.slice(end, end + 2 * EXCERPT_MAX);
  if (GOES_ON.test(behind)) return true;
  if (!NEXT_MEMBER.test(behind)) return false;
  return !BEGINS_PARAGRAPH.test(behind) || isClosedAgain(section, end);
}

/** JSON.parse keeps the last of two members of one name: the other would be lost silently. */
function withoutDoubles(
  artifact: Record<string, unknown>,
  source: string,
  repaired: boolean,
): AnswerRead {
  const { members, depth, has_odd_name, has_proto } = measured(artifact);
  if (depth > DEPTH_MAX) return { error: tooDeep(source) };
  if (has_proto) return { error: reservedName(source) };
  if (repaired && has_odd_name) return { error: malformed(source, 0) };
  const { colons, lost_at } = scanned(source);
  if (lost_at !== undefined) return { error: lostNumber(source, lost_at) };
  if (colons === members) return { artifact, repaired };
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

/** No artifact of people is nested so deep; validators and logs read what is by recursion. */
const DEPTH_MAX = 200;
/** Names that hold these were prose up to a quote or a brace further on. */
const ODD_NAME = /["{}\n]|:\s|^\s|\s$/;

/** Validators never see it: schemas and copies pass it over. */
const RESERVED_NAME = "__proto__";

/** Members of all objects, the deepest nesting, and whether a name can hardly, or must not, be. */
function measured(artifact: object) {
  let members = 0;
  let depth = 0;
  let has_odd_name = false;
  let has_proto = false;
  const waiting: [value: unknown, at: number][] = [[artifact, 1]];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [value, at] = next;
    if (typeof value !== "object" || value === null) continue;
    const inner = Object.values(value);
    if (!Array.isArray(value)) {
      members += inner.length;
      has_odd_name ||= Object.keys(value).some((name) => ODD_NAME.test(name));
      has_proto ||= Object.hasOwn(value, RESERVED_NAME);
    }
    depth = Math.max(depth, at);
    for (const one of inner) waiting.push([one, at + 1]);
  }
  return { members, depth, has_odd_name, has_proto };
}

/**
 * Of strict JSON, strings left aside: the colons, as many as members were written, and where the
 * first number stands that is read as another one.
 */
function scanned(json: string) {
  let colons = 0;
  let lost_at: number | undefined;
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === 34) {
      for (at++; json.charCodeAt(at) !== 34; at++) if (json.charCodeAt(at) === 92) at++;
    } else if (code === 58) colons++;
    else if (code >= 48 && code <= 57) {
      const token = numberAt(json, at);
      if (isLost(token)) lost_at ??= at;
      at += token.length - 1;
    }
  }
  return { colons, lost_at };
}

const NUMBER = /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/** The number at `at`, without its sign. */
function numberAt(json: string, at: number): string {
  NUMBER.lastIndex = at;
  return NUMBER.exec(json)![0];
}

/** Any whole number of so many digits is held exactly. */
const EXACT_DIGITS = 15;

/** Too large or too small, or its whole part has other digits; a fraction may be rounded. */
function isLost(token: string): boolean {
  if (token.length <= EXACT_DIGITS && !/e/i.test(token)) return false;
  const value = Number(token);
  if (!Number.isFinite(value)) return true;
  if (value === 0) return /^[\d.]*[1-9]/.test(token);
  const whole = wholePart(token);
  return whole.length > EXACT_DIGITS && wholePart(String(value)) !== whole;
}

/** The digits before the point, once the exponent has moved it. */
function wholePart(token: string): string {
  const [mantissa = "", exponent = "0"] = token.toLowerCase().split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  const point = Math.max(0, whole.length + Number(exponent));
  const digits = (whole + fraction).slice(0, point).padEnd(point, "0");
  return digits.replace(/^0+/, "");
}

function tooDeep(source: string): ValidationError {
  return {
    kind: "schema",
    field: "",
    message: `the answer is nested too deep; write at most ${DEPTH_MAX} levels`,
    expected: `one JSON object of at most ${DEPTH_MAX} levels`,
    actual: excerpt(source, 0),
  };
}

function reservedName(source: string): ValidationError {
  const at = Math.max(0, source.indexOf(`"${RESERVED_NAME}"`));
  return {
    kind: "schema",
    field: [pathAt(source, at), RESERVED_NAME].filter((step) => step !== "").join("."),
    message: `no field may have the name ${RESERVED_NAME}; leave it out`,
    expected: "the fields of the artifact and no others",
    actual: excerpt(source, at),
  };
}

function textForObject(said: string): ValidationError {
  return {
    kind: "schema",
    field: "",
    message: "the answer is a JSON string in place of an object; answer with the object itself",
    expected: "one JSON object, not in quotes",
    actual: excerpt(said, 0),
  };
}

function lostNumber(source: string, at: number): ValidationError {
  const token = (source[at - 1] === "-" ? "-" : "") + numberAt(source, at);
  const written = token.length > EXCERPT_MAX / 4 ? `${token.slice(0, EXCERPT_MAX / 4)}…` : token;
  return {
    kind: "schema",
    field: pathAt(source, at),
    message: "a number has more digits than a number can hold; write it as a text, or shorter",
    expected: `numbers of at most ${EXACT_DIGITS} digits`,
    actual: `${excerpt(source, at)} (${written} is read as ${Number(token)})`,
  };
}

const EXCERPT_MAX = 160;
/** Models may end in white space without end. */
const ENDING_MAX = 64;

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

function partOnly(section: string, start: number): ValidationError {
  return {
    kind: "schema",
    field: "",
    message:
      "this object is only a part of another one, which lost its opening brace or was closed too " +
      "early; answer with the whole object",
    expected: "one JSON object, each bracket of it opened once and closed once",
    actual: excerpt(section, start),
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
  const strict = strictError(source);
  const place = at ?? strict.at;
  // Where other slips were mended, a strict reader stumbles at the first of them.
  const why = strict.at === place && strict.why !== "" ? ` (${strict.why})` : "";
  return {
    kind: "schema",
    field: pathAt(source, place),
    message: `this is no JSON${why}, and it cannot be mended without changing what it says`,
    expected: "strict JSON: double quotes, each value given, quotes inside strings escaped",
    actual: excerpt(source, place),
  };
}

/** Where a strict reader stumbles, if this runtime says so (else the beginning), and over what. */
function strictError(source: string): { readonly at: number; readonly why: string } {
  try {
    JSON.parse(source);
  } catch (error) {
    const { message } = error as Error;
    const at = Number(/position (\d+)/.exec(message)?.[1] ?? 0);
    // Only what was expected: other words quote the source, which is told beside.
    const wanted = /\bExpected (.{1,80}?)(?: in JSON|$)/.exec(message)?.[1];
    return { at, why: wanted === undefined ? "" : `expected ${wanted}` };
  }
  return { at: 0, why: "" };
}
