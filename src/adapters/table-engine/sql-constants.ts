// Constants of a parsed statement as cells, where it is certain how the engine compares them.
import type { Cell } from "#ports/table-engine.ts";

export interface Tree {
  readonly [key: string]: unknown;
}

const DAY = String.raw`(\d{4}-\d{2}-\d{2})`;
const STAMP = new RegExp(`^${DAY}(?:[ T](\\d{2}:\\d{2})(?::(\\d{2})(?:\\.(\\d{1,6}))?)?)?$`);
const SAFE = Number.MAX_SAFE_INTEGER;

/** undefined: no constant, NULL, or one that other engines might compare otherwise. */
export function constantOf(value: unknown, params: readonly unknown[]): Cell | undefined {
  const node = value as Tree;
  if (node["class"] === "PARAMETER") return plainCell(params[Number(node["identifier"]) - 1]);
  if (node["class"] === "CAST") return castOf(node);
  if (node["class"] !== "CONSTANT") return undefined;
  const { value: plain, is_null, type } = node["value"] as Tree & { type: Tree };
  if (is_null === true) return undefined;
  if (type["id"] === "DECIMAL") {
    const { scale } = type["type_info"] as { scale: number };
    const unscaled = plainCell(plain);
    return typeof unscaled === "number" ? Number(`${unscaled}e-${scale}`) : undefined;
  }
  return plainCell(plain);
}

/** Numbers over 2^53 may have been rounded on the way here, and compare as doubles. */
function plainCell(value: unknown): Cell | undefined {
  if (typeof value === "string" || typeof value === "boolean") return value;
  return typeof value === "number" && Math.abs(value) <= SAFE ? value : undefined;
}

/** `DATE '…'`, `'…'::TIMESTAMP`, true and false, which are casts of text too. */
function castOf(node: Tree): Cell | undefined {
  const child = node["child"] as Tree;
  if (child["class"] !== "CONSTANT" || node["try_cast"] === true) return undefined;
  const { value: text } = child["value"] as Tree;
  if (typeof text !== "string") return undefined;
  const { id } = node["cast_type"] as Tree;
  if (id === "BOOLEAN") return /^(t|f)$/.test(text) ? text === "t" : undefined;
  const zoned = id === "TIMESTAMP WITH TIME ZONE";
  const parts = STAMP.exec(zoned ? text.replace(/(Z|\+00(:00)?)$/, "") : text);
  if (parts === null) return undefined;
  const [, day, minutes, seconds, fraction] = parts;
  if (id === "DATE") return minutes === undefined ? day : undefined;
  if (id !== "TIMESTAMP" && !zoned) return undefined;
  const below = fraction === undefined ? "" : `.${fraction.padEnd(6, "0")}`;
  return `${day}T${minutes ?? "00:00"}:${seconds ?? "00"}${below}${zoned ? "+00:00" : ""}`;
}
