// Filters of a search: a field that no item searched has is a mistake, not an empty answer.
import type { Call } from "#kernel/call.ts";
import { nearestName } from "#kernel/check-input.ts";
import type { Client } from "#kernel/contract.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { Filters } from "#contracts/nouns.ts";
import type { vector } from "#contracts/vector.ts";
import { indexOf, type CorpusRecord } from "./corpus-registry.ts";

/** Throws `invalid` (`no_such_field`) with the nearest field that items of these corpora have. */
export async function checkFilterFields(
  client: Client<typeof vector>,
  corpora: readonly CorpusRecord[],
  filters: Filters | undefined,
  call: Call,
): Promise<void> {
  const asked = Object.keys(filters ?? {});
  if (asked.length === 0 || corpora.length === 0) return;
  const known = new Set<string>();
  for (const { corpus } of corpora) {
    const { fields } = await client.stats({ index: indexOf(corpus) }, call);
    // Nothing is known of an index that is not open: its own error says more.
    if (fields === undefined) return;
    for (const field of fields) known.add(field);
  }
  const unknown = asked.filter((field) => !known.has(field));
  if (unknown.length === 0) return;
  throw noSuchField(unknown, [...known].toSorted());
}

function noSuchField(unknown: readonly string[], known: readonly string[]): LakehouseError {
  const message = "no item of the corpora searched has this field";
  const nearest = nearestName(unknown[0]!, known);
  const list = known.length === 0 ? "the items have no fields" : `fields: ${known.join(", ")}`;
  return new LakehouseError("invalid", `filters.${unknown[0]}: ${message}`, {
    reason: "no_such_field",
    hint: nearest === undefined ? list : `did you mean "${nearest}"?`,
    issues: unknown.map((field) => ({ path: `filters.${field}`, message })),
  });
}
