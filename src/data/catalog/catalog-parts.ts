// What the operations of the catalog work with, put together once by the service.
import type { storage } from "#contracts/storage.ts";
import type { Clock } from "#kernel/clock.ts";
import type { Client } from "#kernel/contract.ts";
import type { Log } from "#kernel/log.ts";
import type { CatalogSettings } from "./catalog-settings.ts";
import type { CatalogStore } from "./catalog-store.ts";
import type { MetadataObjects } from "./metadata-objects.ts";

export interface CatalogParts {
  readonly store: CatalogStore;
  readonly objects: MetadataObjects;
  readonly storage: Client<typeof storage>;
  readonly settings: CatalogSettings;
  readonly clock: Clock;
  readonly log: Log;
}
