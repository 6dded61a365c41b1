// Which ids stand in the roster.
import type { ValidatorTools } from "#pack.ts";
import { textOf } from "./roster-values.ts";

export async function rosterIdsAmong(
  ids: readonly string[],
  tools: ValidatorTools,
): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const marks = ids.map((_, index) => `$${index + 1}`).join(", ");
  const rows = await tools.rows(`SELECT worker_id FROM workers WHERE worker_id IN (${marks})`, ids);
  const found = new Set(rows.map((row) => textOf(row, "worker_id")));
  return new Set(ids.filter((id) => found.has(id)));
}
