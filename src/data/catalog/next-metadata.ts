// The next metadata object of a table: its name, what it remembers of earlier ones, its bytes.
import type { Dataset } from "#contracts/catalog.ts";
import type { Call } from "#kernel/call.ts";
import { newId } from "#kernel/ids.ts";
import type { CatalogParts } from "./catalog-parts.ts";
import type { Change } from "./catalog-store.ts";
import type { DatasetRecord } from "./dataset-record.ts";
import { withPreviousMetadata } from "./iceberg/table-metadata.ts";
import type { TableMetadata } from "./iceberg/table-types.ts";
import type { ChangeEvent } from "./pointer-swaps.ts";
import type { NewObject } from "./table-objects.ts";
import { sameSpelling } from "./table-places.ts";
import { viewDataset } from "./table-view.ts";

export interface PlannedMetadata {
  readonly metadata: TableMetadata;
  readonly object: NewObject;
  /** Earlier metadata objects that nothing remembers any more. */
  readonly expired: readonly string[];
}

/** What is to be written; nothing is yet. */
export function planMetadata(
  { settings, objects, print }: Pick<CatalogParts, "settings" | "objects" | "print">,
  present: Pick<DatasetRecord, "metadata_location"> | undefined,
  next: TableMetadata,
): PlannedMetadata {
  const before = present?.metadata_location;
  const kept = settings.metadata_versions_kept;
  const { metadata, expired } =
    before === undefined
      ? { metadata: next, expired: [] }
      : withPreviousMetadata(next, before, next["last-updated-ms"], kept);
  const location = `${metadata.location}/metadata/${nextNumber(before)}-${newId()}.metadata.json`;
  objects.holdMetadata(location, metadata);
  const own = `${sameSpelling(metadata.location)}/`;
  return {
    metadata,
    object: { location, bytes: Buffer.from(print(metadata)) },
    // What stands elsewhere may be somebody else's.
    expired: expired.filter((one) => sameSpelling(one).startsWith(own)),
  };
}

/** `00003` after `…/00002-<uuid>.metadata.json`; `00000` for the first, as others count. */
function nextNumber(before: string | undefined): string {
  const found = /\/v?(\d+)[^/]*\.metadata\.json$/.exec(before ?? "");
  const number = before === undefined ? 0 : Number(found?.[1] ?? 0) + 1;
  return String(number).padStart(5, "0");
}

/** Writes the metadata that follows, and the change of the pointer that makes it current. */
export async function changeTo(
  parts: CatalogParts,
  record: Omit<DatasetRecord, "outbox">,
  next: TableMetadata,
  event: ChangeEvent,
  call: Call,
): Promise<{ change: Change; dataset: Dataset; metadata: TableMetadata }> {
  const { metadata, object, expired } = planMetadata(parts, record, next);
  await parts.objects.put(object, call);
  const { status, status_reason } = record.dataset;
  const view = await viewDataset(parts.objects, record.dataset, metadata, call);
  const dataset: Dataset = { ...view, status, status_reason };
  const change: Change = {
    record: { ...record, dataset, metadata_location: object.location },
    event,
    written: [object.location],
    expired,
  };
  return { change, dataset, metadata };
}
