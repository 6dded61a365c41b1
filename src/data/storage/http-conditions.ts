// HTTP's Range and If-None-Match (RFC 9110 §13.1.2, §14.1.2) as pure functions.
import type { ByteRange } from "#ports/object-store.ts";

export type RangeAnswer =
  | { readonly kind: "whole" }
  | { readonly kind: "part"; readonly range: Required<ByteRange> & { end: number } }
  | { readonly kind: "unsatisfiable" };

/**
 * What a Range header asks of an object of `size` bytes. Headers that are not one valid byte range
 * (other units, several ranges, nonsense) are ignored, as the RFC wants: the answer is the whole.
 */
export function parseRange(header: string | undefined, size: number): RangeAnswer {
  const match = /^bytes=\s*(\d{0,16})\s*-\s*(\d{0,16})\s*$/i.exec(header?.trim() ?? "");
  if (match === null || (match[1] === "" && match[2] === "")) return { kind: "whole" };
  if (match[1] === "") {
    const length = Math.min(Number(match[2]), size);
    if (length === 0) return { kind: "unsatisfiable" };
    return { kind: "part", range: { start: size - length, end: size } };
  }
  const start = Number(match[1]);
  const last = match[2] === "" ? Infinity : Number(match[2]);
  if (last < start) return { kind: "whole" };
  if (start >= size) return { kind: "unsatisfiable" };
  return { kind: "part", range: { start, end: Math.min(last + 1, size) } };
}

/** Whether an If-None-Match header names this etag (weak comparison, lists, `*`). */
export function namesEtag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === "*") return true;
  const bare = (text: string) => text.trim().replace(/^W\//, "");
  return header.split(",").some((one) => bare(one) === bare(etag));
}
