// Object keys: which are allowed, in what order they stand, and how a key becomes a path on disk.
import { LakehouseError } from "#kernel/problem.ts";

const KEY_BYTES_MAX = 1024;
const PIECE_BYTES_MAX = 200;
const ORDINARY = /^[A-Za-z0-9_+@,~-][A-Za-z0-9._+@,~-]*$/;
const KEPT = /^[A-Za-z0-9._+@,~-]$/;
const KEPT_BEYOND_ASCII = /^[\p{L}\p{N}\p{M}]$/u;
const ASCII = /^[\0-\x7f]$/;

/** Throws `invalid` (reason `bad_key`) for a key that no store takes. */
export function checkKey(key: string): void {
  const wrong = faultOf(key);
  if (wrong === undefined) return;
  throw new LakehouseError("invalid", `the key ${JSON.stringify(key.slice(0, 80))} ${wrong}`, {
    reason: "bad_key",
    hint: "a key is parts joined by /, at most 1024 bytes, without . and .. as parts",
  });
}

function faultOf(key: string): string | undefined {
  if (key === "") return "is empty";
  if (key.length > KEY_BYTES_MAX || Buffer.byteLength(key) > KEY_BYTES_MAX) return "is too long";
  if (!key.isWellFormed()) return "is not well-formed text";
  if (key.includes("\0") || key.includes("\\")) return "has a NUL or a backslash";
  if (key.startsWith("/")) return "starts with a slash";
  if (key.split("/").some((part) => part === "." || part === "..")) return "has . or .. as a part";
  return undefined;
}

/** Order of the keys' UTF-8 bytes. JavaScript's own order differs beyond U+D7FF. */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left === right) continue;
    const left_high = left >= 0xd800 && left <= 0xdfff;
    const right_high = right >= 0xd800 && right <= 0xdfff;
    if (left_high !== right_high && left >= 0xd800 && right >= 0xd800) return left_high ? 1 : -1;
    return left - right;
  }
  return a.length - b.length;
}

/**
 * Path below the root, parts joined by `/`. Ordinary keys (`datasets/workers/ab12.parquet`) are
 * their own path. File and folder names never meet: a file name has a dot or ends in `%f`, a folder
 * name has none or ends in `%d`, so `a` and `a/b` can both exist. Other characters are `%XX` of
 * their UTF-8 bytes (a literal % too), an empty part is `%e`, and a name over 200 bytes is cut into
 * folders that end in `%+`.
 */
export function keyToPath(key: string): string {
  checkKey(key);
  const parts = key.split("/");
  return parts.map((part, at) => encodePart(part, at === parts.length - 1)).join("/");
}

function encodePart(part: string, is_file: boolean): string {
  const pieces = cut(encodeName(part));
  const last = pieces.pop()!;
  const dotted = last.includes(".");
  const mark = dotted === is_file ? "" : is_file ? "%f" : "%d";
  return [...pieces.map((piece) => `${piece}%+`), `${last}${mark}`].join("/");
}

function encodeName(part: string): string[] {
  if (part === "") return ["%e"];
  if (ORDINARY.test(part) && !part.endsWith(".")) return [...part];
  // File systems that fold Unicode forms would take two keys for one.
  const folded = part === part.normalize("NFC");
  const units = Array.from(part, (char) =>
    KEPT.test(char) || (folded && !ASCII.test(char) && KEPT_BEYOND_ASCII.test(char))
      ? char
      : percent(char),
  );
  if (units[0] === ".") units[0] = "%2E";
  if (units.at(-1) === ".") units[units.length - 1] = "%2E";
  return units;
}

function percent(char: string): string {
  const hex = Buffer.from(char).toString("hex").toUpperCase();
  return hex.replaceAll(/../g, "%$&");
}

function cut(units: readonly string[]): string[] {
  const pieces: string[] = [];
  let piece = "";
  let size = 0;
  for (const unit of units) {
    const unit_size = Buffer.byteLength(unit);
    if (size + unit_size > PIECE_BYTES_MAX) {
      pieces.push(piece);
      piece = "";
      size = 0;
    }
    piece += unit;
    size += unit_size;
  }
  return [...pieces, piece];
}

export interface DecodedName {
  readonly kind: "file" | "folder" | "more";
  /** The part; of `more`, the beginning of a part that goes on inside the folder. */
  readonly text: string;
}

/** What a name found on disk stands for; undefined when it is not one of ours. */
export function decodeName(name: string, is_folder: boolean): DecodedName | undefined {
  const mark = /%[fd+]$/.exec(name)?.[0];
  const bare = mark === undefined ? name : name.slice(0, -2);
  const kind = mark === "%+" ? "more" : is_folder ? "folder" : "file";
  if ((kind === "file") === is_folder) return undefined;
  if (!/^(?:[^%]|%[0-9A-F]{2})+$/s.test(bare) && bare !== "%e") return undefined;
  try {
    return { kind, text: bare === "%e" ? "" : decodeURIComponent(bare) };
  } catch {
    return undefined;
  }
}
