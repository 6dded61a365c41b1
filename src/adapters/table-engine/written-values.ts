// Values that DuckDB tells as text, in the JSON single-value form of Iceberg's table spec (app. D).
import type { Cell } from "#ports/table-engine.ts";

/** Characters that a bound of text keeps; Iceberg's writers keep 16 by default. */
const TEXT_MAX = 64;
const CLOCK = /^(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,6}))?$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
/** The least numbers above zero of the two float types. */
const TINY = { double: Number.MIN_VALUE, float: 2 ** -149 } as const;

/**
 * `text`: as a cast to VARCHAR gives it, binary as hex. undefined: a value that the form cannot
 * say (NaN, infinity, years beyond four digits).
 */
export function cellOfText(type: string, text: string): Cell | undefined {
  if (type === "boolean") return text === "1" || text === "true";
  if (type === "int" || type === "long") {
    const number = Number(text);
    return Number.isSafeInteger(number) ? number : text;
  }
  if (type === "double" || type === "float") {
    const number = type === "float" ? Math.fround(Number(text)) : Number(text);
    return Number.isFinite(number) ? number : undefined;
  }
  if (type === "date") return DAY.test(text) ? text : undefined;
  if (type === "time") return isoClock(text);
  if (type === "timestamp" || type === "timestamptz") return isoTimestamp(type, text);
  if (type === "binary" || type.startsWith("fixed")) return text.toLowerCase();
  return text;
}

function isoClock(text: string): string | undefined {
  const parts = CLOCK.exec(text);
  if (parts === null || Number(parts[1]) > 23) return undefined;
  const fraction = parts[4] === undefined ? "" : `.${parts[4].padEnd(6, "0")}`;
  return `${parts[1]}:${parts[2]}:${parts[3]}${fraction}`;
}

/** `2024-01-01 10:00:00.5+00` → `2024-01-01T10:00:00.500000+00:00`. */
function isoTimestamp(type: "timestamp" | "timestamptz", text: string): string | undefined {
  const zoned = type === "timestamptz";
  if (zoned && !text.endsWith("+00")) return undefined;
  const [day, rest] = text.split(" ");
  const clock = isoClock((rest ?? "").replace(/\+00$/, ""));
  if (!DAY.test(day!) || clock === undefined) return undefined;
  return `${day}T${clock}${zoned ? "+00:00" : ""}`;
}

/**
 * A bound that no value lies below. Zero of the float types stands for -0.0 too, which Iceberg
 * orders before 0.0, so it becomes the next lower number.
 */
export function lowerBound(type: string, text: string): Cell | undefined {
  if (type === "string") return [...text].slice(0, TEXT_MAX).join("");
  if (type === "binary") return text.slice(0, 2 * TEXT_MAX).toLowerCase();
  const cell = cellOfText(type, text);
  if (cell === 0 && (type === "double" || type === "float")) return -TINY[type];
  return cell;
}

/** A bound that no value lies above: what is cut off is made good by a greater last character. */
export function upperBound(type: string, text: string): Cell | undefined {
  if (type === "string") {
    const points = [...text];
    return points.length <= TEXT_MAX ? text : nextText(points.slice(0, TEXT_MAX));
  }
  if (type === "binary") return text.length <= 2 * TEXT_MAX ? text.toLowerCase() : undefined;
  const cell = cellOfText(type, text);
  return cell === 0 ? 0 : cell;
}

/** The least text of as many characters, or fewer, above all that begin with these. */
function nextText(points: string[]): string | undefined {
  while (points.length > 0) {
    const last = points.pop()!.codePointAt(0)!;
    if (last >= 0x10_ff_ff) continue;
    const next = last === 0xd7_ff ? 0xe0_00 : last + 1;
    return points.join("") + String.fromCodePoint(next);
  }
  return undefined;
}
