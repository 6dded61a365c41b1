// Repairs near-JSON with jsonrepair, and proves that the result says what the source said.
import { jsonrepair, JSONRepairError } from "jsonrepair";
import { commentEnd, endOfLooseObject, isBlank, opensString, stringEnd } from "./loose-object.ts";
import { firstDifference, LITERALS } from "./same-content.ts";

export type Repair =
  | { readonly ok: true; readonly text: string; readonly value: unknown }
  /**
   * `at`: offset in `text` where the repair and the source part; undefined: not known. `text` is
   * the source, or, where it could not be read further, the source with its usual slips mended.
   */
  | { readonly ok: false; readonly at: number | undefined; readonly text: string };

/**
 * Longer answers are asked for again: the library takes quadratic time for some broken texts (a
 * fifth of a second at this size).
 */
export const REPAIRED_CHARS_MAX = 32_000;

/**
 * The source as strict JSON, if that is a matter of spelling: quotes, commas, colons, comments,
 * True / None, closing brackets. A repair that drops, adds or changes any content is refused.
 * `is_balanced`: no bracket seemed to be missing.
 */
export function repairLosslessly(source: string, is_balanced: boolean): Repair {
  if (source.length > REPAIRED_CHARS_MAX) return { ok: false, at: undefined, text: source };
  const plain = unescapedWhole(source);
  const strict = strictForm(withUsualSlipsMended(plain));
  if (!strict.ok) return strict;
  const at = firstDifference(plain, strict.text, is_balanced);
  return at === undefined ? strict : { ok: false, at, text: source };
}

/** As it is when that is strict JSON already, else what the library makes of it. */
function strictForm(text: string): Repair {
  try {
    return { ok: true, text, value: JSON.parse(text) as unknown };
  } catch {
    return repairedByLibrary(text);
  }
}

function repairedByLibrary(text: string): Repair {
  try {
    const repaired = jsonrepair(text);
    return { ok: true, text: repaired, value: JSON.parse(repaired) as unknown };
  } catch (thrown) {
    const at = thrown instanceof JSONRepairError ? thrown.position : undefined;
    return { ok: false, at, text };
  }
}

/** JSON that was escaped as a whole, `{\"a\":1}`, when nothing else in it is escaped. */
function unescapedWhole(source: string): string {
  if (!/^\{\s*\\"/.test(source)) return source;
  const plain = source.replaceAll('\\"', '"').replaceAll("\\n", "\n");
  return plain.includes("\\") ? source : plain;
}

/** A word outside of strings, and whether a colon, or another word, follows it. */
const WORD = /([\p{L}_$][\p{L}\p{N}_$-]*)(?:(\s*:)|([ \t]+[\p{L}\p{N}]))?/uy;

/**
 * The usual slips put right in one pass: other quotes than double ones (an apostrophe inside stays
 * one), bare field names, comments, commas that are doubled or trail, literals of other languages.
 * What is strict JSON then needs no library, and in some of these the library errs.
 */
function withUsualSlipsMended(source: string): string {
  let result = "";
  let taken = 0;
  let before = "";
  // A comma that waits for the token behind it: where it stands, or -1 once it was taken out.
  let comma: number | undefined;
  let comma_opens = false;
  const put = (upto: number, instead: string, from: number): void => {
    result += source.slice(taken, upto) + instead;
    taken = from;
  };
  for (let at = 0; at < source.length; at++) {
    const char = source[at]!;
    if (isBlank(char)) continue;
    const comment = char === "/" || char === "#" ? commentEnd(source, at, before) : at;
    if (comment > at) {
      if (comma !== undefined && comma >= 0) put(comma, "", comma + 1);
      if (comma !== undefined) comma = -1;
      put(at, "", comment);
      at = comment - 1;
      continue;
    }
    if (char === ",") {
      if (comma === undefined) {
        comma = at;
        comma_opens = before === "{" || before === "[";
      } else {
        if (comma >= 0) put(comma, "", comma + 1);
        put(at, "", at + 1);
        comma = -1;
      }
      before = char;
      continue;
    }
    if (comma !== undefined) {
      // Now it is known whether a value follows the comma; after an opening bracket none is due.
      const due = char !== "}" && char !== "]" && !comma_opens;
      if (due && comma < 0) put(at, ",", at);
      else if (!due && comma >= 0) put(comma, "", comma + 1);
      comma = undefined;
    }
    if (opensString(char, before, source, at)) {
      const end = stringEnd(source, at);
      if (end < 0) break;
      if (char !== '"') put(at, `"${requoted(source.slice(at + 1, end))}"`, end + 1);
      at = end;
      before = '"';
      continue;
    }
    if (char === ";" && endsLastMember(source, at, before)) {
      put(at, "", at + 1);
      continue;
    }
    const begins = before === "{" || before === "," || before === ":" || before === "[";
    const word = begins ? wordAt(source, at) : undefined;
    if (word !== undefined) {
      const [, name = "", colon, more] = word;
      const literal = more === undefined ? LITERALS.get(name) : undefined;
      if (colon !== undefined && before !== ":") put(at, `"${name}"`, at + name.length);
      else if (literal !== undefined) put(at, literal, at + name.length);
      at += name.length - 1;
    }
    before = source[at]!;
  }
  return result + (comma === -1 ? "," : "") + source.slice(taken);
}

const LAST = /;\s*[}\]]/y;
/** A value that goes without quotes, and needs none. */
const SCALAR = /[:,[]\s*(?:-?\d[\d.e+-]*|true|false|null|none)\s*$/i;
const NEAR = 64;

/** A semicolon behind a value that is surely whole, and before a closing bracket. */
function endsLastMember(source: string, at: number, before: string): boolean {
  LAST.lastIndex = at;
  if (!LAST.test(source)) return false;
  return '"}]'.includes(before) || SCALAR.test(source.slice(Math.max(0, at - NEAR), at));
}

function wordAt(source: string, at: number): RegExpExecArray | undefined {
  WORD.lastIndex = at;
  return WORD.exec(source) ?? undefined;
}

/** The inside of a string in other quotes, as it stands between double quotes. */
function requoted(inside: string): string {
  if (!inside.includes("\\") && !inside.includes('"')) return inside;
  return inside.replaceAll(/\\['`]|\\[\s\S]|"/g, (found) => {
    if (found === '"') return '\\"';
    return found === "\\'" || found === "\\`" ? found[1]! : found;
  });
}

/** Where the path of an offset leads: the dot path of what stands there. */
export function pathAt(source: string, at: number): string {
  return endOfLooseObject(source.slice(0, at), 0).path;
}
