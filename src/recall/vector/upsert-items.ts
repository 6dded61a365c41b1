// Items as a caller gives them to items and vector rows as an index takes them; all checks here.
import type { Call } from "#kernel/call.ts";
import type { Client } from "#kernel/contract.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { embed } from "#contracts/embed.ts";
import type { VectorItem } from "#contracts/vector.ts";
import type { IndexEntry } from "./index-entry.ts";
import type { TableItem } from "./item-table.ts";
import { dimensionDiffers, embedTexts } from "./text-vectors.ts";

export interface PreparedItems {
  readonly items: readonly TableItem[];
  /** One row for each item. */
  readonly vectors: Float32Array;
}

/** Largest number that half precision holds. */
const HALF_MAX = 65_504;

/** Throws `invalid` before anything is changed. Items without a vector are embedded. */
export async function prepareItems(
  client: Client<typeof embed>,
  entry: IndexEntry,
  items: readonly VectorItem[],
  batch_texts: number,
  call: Call,
): Promise<PreparedItems> {
  const { dimension } = entry;
  const vectors = new Float32Array(items.length * dimension);
  const to_embed: number[] = [];
  for (const [at, item] of items.entries()) {
    if (item.vector !== undefined) {
      vectors.set(toVector(entry, item.vector, `items.${at}.vector`), at * dimension);
    } else if (item.text === undefined) throw noText(at, item.id);
    else to_embed.push(at);
  }
  if (to_embed.length > 0) {
    const texts = to_embed.map((at) => items[at]!.text!);
    const rows = await embedTexts(client, entry, texts, batch_texts, call);
    for (const [row, at] of to_embed.entries()) {
      vectors.set(rows.subarray(row * dimension, (row + 1) * dimension), at * dimension);
    }
  }
  return {
    items: items.map(({ id, text, metadata }) => ({ id, text: text ?? null, metadata })),
    vectors,
  };
}

/** A vector as the index stores it; throws `invalid` for a wrong length or size. */
export function toVector(
  entry: IndexEntry,
  numbers: readonly number[],
  field: string,
): Float32Array {
  if (numbers.length !== entry.dimension) throw dimensionDiffers(entry.dimension, numbers.length);
  const vector = new Float32Array(numbers);
  let largest = 0;
  for (let at = 0; at < vector.length; at++) largest = Math.max(largest, Math.abs(vector[at]!));
  const half = entry.metric !== "cos" && entry.quantization !== "f32";
  if (largest <= (half ? HALF_MAX : Number.MAX_VALUE)) return vector;
  throw new LakehouseError("invalid", `${field} has a number too large for ${entry.quantization}`);
}

function noText(at: number, id: string): LakehouseError {
  return new LakehouseError("invalid", `items.${at} (${id}) has neither text nor vector`, {
    reason: "no_text",
    hint: "give the text to embed, or the vector",
  });
}
