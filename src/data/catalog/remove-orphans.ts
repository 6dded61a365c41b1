// Removing objects below a dataset's location that nothing refers to: what crashes leave behind.
import type { catalog } from "#contracts/catalog.ts";
import type { Call } from "#kernel/call.ts";
import type { OutputOf, ParsedInputOf } from "#kernel/contract.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { CatalogParts } from "./catalog-parts.ts";
import { healthyRecord, quarantinedError } from "./dataset-record.ts";
import { DROPPED } from "./pointer-swaps.ts";
import type { TableMetadata } from "./iceberg/table-types.ts";
import { reachableObjects, removeUnreachable, type ObjectSizes } from "./reachable-objects.ts";
import { BrokenMetadata } from "./table-objects.ts";
import { joinLocation, sameSpelling, splitLocation } from "./table-places.ts";

type Operation = (typeof catalog)["operations"]["remove_orphans"];

const KEYS_TOLD_MAX = 1_000;
const PAGE = 1_000;
/** What other parts of the house keep there. */
const KEPT_BY_OTHERS = /^(_catalog|_vectors|_rejects)(\/|$)/;

export async function removeOrphans(
  parts: CatalogParts,
  input: ParsedInputOf<Operation>,
  call: Call,
): Promise<OutputOf<Operation>> {
  const { name, dry_run } = input;
  const { dataset } = healthyRecord(await parts.store.get(name), name);
  await requireOwnLocation(parts, name, dataset.location);
  const age_ms = input.older_than_ms ?? parts.settings.orphan_age_min_ms;
  // Listed first: what is committed meanwhile is not in the list, or is reachable afterwards.
  const found = await listBelow(parts, dataset.location, parts.clock.now() - age_ms, call);
  await parts.store.read(name, call, async (held) => {
    const { metadata_location } = healthyRecord(held, name);
    const metadata = await parts.objects.metadata(metadata_location, call);
    try {
      const reachable = await reachableObjects(parts, metadata, metadata_location, call);
      for (const location of reachable) found.delete(location);
    } catch (error) {
      if (!(error instanceof BrokenMetadata)) throw error;
      // Of an old snapshot, perhaps: then the present one is sound, but nothing may be removed.
      throw quarantinedError(`${name}, one of its snapshots`, error.message);
    }
  });
  const keys = [...found.keys()].map((location) => splitLocation(location)!.key);
  let removed_bytes = 0;
  for (const size of found.values()) removed_bytes += size ?? 0;
  const told = { orphan_keys: keys.slice(0, KEYS_TOLD_MAX), orphans: keys.length, dry_run };
  if (dry_run || keys.length === 0) return { ...told, removed_bytes };
  const done = await removeUnreachable(parts, name, found, call);
  return { ...told, orphans: done.removed, removed_bytes: done.removed_bytes };
}

/** Objects below a location that are older than a time. */
export async function listBelow(
  { storage, buckets }: CatalogParts,
  location: string,
  before_ms: number,
  call: Call,
): Promise<ObjectSizes> {
  const place = splitLocation(location)!;
  const { main } = await buckets(call);
  const bucket = place.bucket === main ? {} : { bucket: place.bucket };
  const prefix = `${place.key}/`;
  const found: ObjectSizes = new Map();
  let after: string | undefined;
  do {
    const from = after === undefined ? {} : { after };
    const page = await storage.list({ ...bucket, prefix, limit: PAGE, ...from }, call);
    for (const { key, size_bytes, modified_at } of page.objects) {
      if (Date.parse(modified_at) > before_ms) continue;
      found.set(joinLocation({ bucket: place.bucket, key }), size_bytes);
    }
    after = page.next_after ?? undefined;
  } while (after !== undefined);
  return found;
}

/** Throws `conflict` (`location_shared`) when what stands below may belong to somebody else. */
export async function requireOwnLocation(
  parts: Pick<CatalogParts, "store" | "pointers">,
  name: string,
  location: string,
): Promise<void> {
  const why = await sharedWith(parts, name, location);
  if (why === undefined) return;
  throw new LakehouseError("conflict", `the location of "${name}", ${location}, ${why}`, {
    reason: "location_shared",
    hint: "nothing is removed where files may belong to others",
  });
}

/** With whom or what a location is shared; undefined: it is the dataset's own. */
export async function sharedWith(
  { store, pointers }: Pick<CatalogParts, "store" | "pointers">,
  name: string,
  location: string,
): Promise<string | undefined> {
  const key = splitLocation(location)?.key ?? "";
  if (key === "" || key === "datasets") return "holds all datasets";
  if (KEPT_BY_OTHERS.test(key)) return "holds what other parts of the house keep";
  const dropped = (await pointers.list(DROPPED)).map(({ value }) => {
    const { dataset } = value as { dataset?: { name?: string; location?: string } };
    return { name: `${dataset?.name} (dropped)`, location: dataset?.location ?? "" };
  });
  const held = (await store.list()).map(({ record }) => record.dataset);
  const other = [...held.filter((one) => one.name !== name), ...dropped].find(
    (one) => one.location !== "" && overlap(one.location, location),
  );
  return other === undefined ? undefined : `is also that of "${other.name}" (${other.location})`;
}

/** Why files that no snapshot of a dataset refers to are left all the same; undefined: they go. */
export async function keptFiles(
  parts: Pick<CatalogParts, "store" | "pointers">,
  name: string,
  { location, properties }: Pick<TableMetadata, "location" | "properties">,
): Promise<string | undefined> {
  if (properties["gc.enabled"] === "false") return "its property gc.enabled is false";
  const shared = await sharedWith(parts, name, location);
  return shared === undefined ? undefined : `its location ${shared}`;
}

function overlap(a: string, b: string): boolean {
  const [one, two] = [`${sameSpelling(a)}/`, `${sameSpelling(b)}/`];
  return one.startsWith(two) || two.startsWith(one);
}
