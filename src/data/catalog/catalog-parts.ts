// What the operations of the catalog work with, put together once by the service.
import type { storage } from "#contracts/storage.ts";
import type { Call } from "#kernel/call.ts";
import type { Clock } from "#kernel/clock.ts";
import type { Client } from "#kernel/contract.ts";
import type { Log } from "#kernel/log.ts";
import type { PointerStore } from "#ports/pointer-store.ts";
import type { CatalogSettings } from "./catalog-settings.ts";
import type { CatalogStore } from "./catalog-store.ts";
import type { MetadataPrinter } from "./metadata-printer.ts";
import type { TableObjects } from "./table-objects.ts";
import type { Buckets } from "./table-places.ts";

export interface CatalogParts {
  readonly store: CatalogStore;
  readonly objects: TableObjects;
  readonly storage: Client<typeof storage>;
  readonly buckets: (call: Call) => Promise<Buckets>;
  readonly pointers: PointerStore;
  readonly print: MetadataPrinter;
  readonly settings: CatalogSettings;
  readonly clock: Clock;
  readonly log: Log;
}
