// Rows of an index's write-ahead log, and what they do to the index when they are applied.
import { LakehouseError } from "#kernel/problem.ts";
import type { VectorIndex } from "#ports/vector-index.ts";
import type { ItemTable, TableItem } from "./item-table.ts";

export type LogRow =
  | {
      readonly op: "upsert";
      readonly items: readonly TableItem[];
      /** One row for each item: little-endian float32, base64. */
      readonly vectors: string;
    }
  | { readonly op: "remove"; readonly ids: readonly string[] };

/** What a search works on: items and vectors that belong together. */
export interface IndexState {
  readonly table: ItemTable;
  readonly vectors: VectorIndex;
}

export function upsertRow(items: readonly TableItem[], vectors: Float32Array): LogRow {
  const bytes = Buffer.from(vectors.buffer, vectors.byteOffset, vectors.byteLength);
  return { op: "upsert", items, vectors: bytes.toString("base64") };
}

export function vectorsOf(row: Extract<LogRow, { op: "upsert" }>): Float32Array {
  const bytes = Buffer.from(row.vectors, "base64");
  const vectors = new Float32Array(bytes.length >> 2);
  new Uint8Array(vectors.buffer).set(bytes.subarray(0, vectors.byteLength));
  return vectors;
}

/**
 * Vectors go in before their items show and come out after, so that a search which meets a vector
 * without an item can pass it over and never misses one that has been acknowledged.
 */
export async function applyUpsert(
  { table, vectors }: IndexState,
  items: readonly TableItem[],
  rows: Float32Array,
): Promise<void> {
  const first = table.slots;
  const slots = Float64Array.from(items, (_, at) => first + at);
  await vectors.upsert(slots, rows);
  const dead = items.map((item) => table.put(item)).filter((slot) => slot >= 0);
  if (dead.length > 0) await vectors.remove(dead);
}

/** How many there were. */
export async function applyRemove(
  { table, vectors }: IndexState,
  ids: readonly string[],
): Promise<number> {
  const dead = ids.map((id) => table.remove(id)).filter((slot) => slot >= 0);
  if (dead.length > 0) await vectors.remove(dead);
  return dead.length;
}

/** Applies a row that was read from the log; the number of items in it. */
export async function applyRow(state: IndexState, row: LogRow): Promise<number> {
  if (row.op === "remove") {
    await applyRemove(state, row.ids);
    return row.ids.length;
  }
  if (row.op !== "upsert") {
    throw new LakehouseError("unavailable", "the log holds a row of an unknown kind");
  }
  await applyUpsert(state, row.items, vectorsOf(row));
  return row.items.length;
}
