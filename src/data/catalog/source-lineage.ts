// Which commits' rows stand at a snapshot, told by sequence numbers: also when some have expired.
import { z } from "zod";
import type { TableMetadata, TableSnapshot } from "./iceberg/table-types.ts";

const lineage = z.object({
  /** The first commit whose rows may be there: it replaced all before, or was the first. */
  since: z.int().min(0),
  /** Those in between, from … to, that were rolled back before the next one. */
  without: z.array(z.tuple([z.int(), z.int()])),
});
type Lineage = z.output<typeof lineage>;

/** In the summary of our snapshots that do not simply come after all earlier ones. */
export const LINEAGE = "lakehouse.lineage";

const PLAIN: Lineage = { since: 0, without: [] };

/** What the summary of a snapshot on top of another one says of its history. */
export function lineageTexts(
  metadata: TableMetadata,
  parent: TableSnapshot | undefined,
  sequence_number: number,
  replaces: boolean,
): Record<string, string> {
  const next =
    replaces || parent === undefined
      ? firstAt(sequence_number)
      : onTop(lineageOf(byId(metadata), parent), parent, sequence_number);
  return next.since === 0 && next.without.length === 0 ? {} : { [LINEAGE]: JSON.stringify(next) };
}

/** Tells of a commit's sequence number whether its rows stand at a snapshot. */
export function standsAt(metadata: TableMetadata, snapshot_id: string | null) {
  const known = byId(metadata);
  const snapshot = known.get(snapshot_id ?? "");
  if (snapshot === undefined) return () => false;
  const { since, without } = lineageOf(known, snapshot);
  const last = snapshot["sequence-number"];
  return (sequence_number: number): boolean =>
    sequence_number >= since &&
    sequence_number <= last &&
    !without.some(([from, to]) => sequence_number >= from && sequence_number <= to);
}

type Known = ReadonlyMap<string, TableSnapshot>;

function byId({ snapshots }: TableMetadata): Known {
  return new Map(snapshots.map((one) => [one["snapshot-id"], one]));
}

/** Of snapshots that say nothing, other engines' too, it follows from their parents. */
function lineageOf(known: Known, snapshot: TableSnapshot): Lineage {
  const silent: { readonly at: TableSnapshot; readonly parent: TableSnapshot }[] = [];
  const seen = new Set<string>();
  let at = snapshot;
  let found = toldBy(at);
  while (found === undefined && !seen.has(at["snapshot-id"])) {
    seen.add(at["snapshot-id"]);
    const parent_id = at["parent-snapshot-id"] ?? null;
    const parent = parent_id === null ? undefined : known.get(parent_id);
    if (parent === undefined) {
      // The first one; or its parent has expired, and it came after that as others do.
      found = parent_id === null ? firstAt(at["sequence-number"]) : PLAIN;
      break;
    }
    silent.push({ at, parent });
    at = parent;
    found = toldBy(at);
  }
  return silent.reduceRight(
    (before, { at: one, parent }) => onTop(before, parent, one["sequence-number"]),
    found ?? PLAIN,
  );
}

/** Nothing from before is left; of the very first commit that need not be said. */
function firstAt(sequence_number: number): Lineage {
  return sequence_number > 1 ? { since: sequence_number, without: [] } : PLAIN;
}

/** What was committed between a snapshot and the one made on top of it was rolled back before. */
function onTop({ since, without }: Lineage, parent: TableSnapshot, sequence: number): Lineage {
  const [from, to] = [parent["sequence-number"] + 1, sequence - 1];
  return from > to ? { since, without } : { since, without: [...without, [from, to]] };
}

function toldBy({ summary }: TableSnapshot): Lineage | undefined {
  const text = summary[LINEAGE];
  if (text === undefined) return undefined;
  try {
    return lineage.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
