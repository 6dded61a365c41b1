// The data plane on real adapters, for benchmarks; queries are asked over HTTP on loopback.
import { join } from "node:path";
import { createDiskObjectStore } from "#adapters/object-store/disk-object-store.ts";
import { createSqlitePointerStore } from "#adapters/pointer-store/sqlite-pointer-store.ts";
import { createDuckDbEngine } from "#adapters/table-engine/duckdb-table-engine.ts";
import { catalog } from "#contracts/catalog.ts";
import { ingest } from "#contracts/ingest.ts";
import { journal } from "#contracts/journal.ts";
import { query } from "#contracts/query.ts";
import { storage } from "#contracts/storage.ts";
import { createCatalog } from "#data/catalog/catalog-service.ts";
import { catalogSettings } from "#data/catalog/catalog-settings.ts";
import { createIngest } from "#data/ingest/ingest-service.ts";
import { ingestSettings } from "#data/ingest/ingest-settings.ts";
import { createJournal } from "#data/journal/journal-service.ts";
import { journalSettings } from "#data/journal/journal-settings.ts";
import { createQuery } from "#data/query/query-service.ts";
import { querySettings } from "#data/query/query-settings.ts";
import { createStorage, oneBucket } from "#data/storage/storage-service.ts";
import { storageSettings } from "#data/storage/storage-settings.ts";
import { systemClock } from "#kernel/clock.ts";
import { connectHttp } from "#kernel/connect-http.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import { listen } from "#kernel/listen.ts";
import { silentLog } from "#kernel/log.ts";
import { serveHttp } from "#kernel/serve-http.ts";

export const MEMORY_MB = 2_048;

export type Lake = Awaited<ReturnType<typeof openLake>>;

/** The data plane on real adapters, asked over HTTP on loopback. */
export async function openLake(dir: string) {
  const base = { log: silentLog, clock: systemClock };
  const objects = await createDiskObjectStore({ root: join(dir, "objects") });
  const pointers = await createSqlitePointerStore({ path: join(dir, "pointers.sqlite") });
  const storing = await createStorage(
    { ...base, ...oneBucket(objects) },
    storageSettings.parse({}),
  );
  const writing = await createJournal({ ...base, dir: join(dir, "j") }, journalSettings.parse({}));
  const stores = {
    storage: connectLocal(storage, storing.handlers),
    journal: connectLocal(journal, writing.handlers),
  };
  const listing = await createCatalog({ ...base, ...stores, pointers }, catalogSettings.parse({}));
  const catalog_client = connectLocal(catalog, listing.handlers);
  const temp_dir = join(dir, "tmp");
  const engine = await createDuckDbEngine({ memory_mb: MEMORY_MB, temp_dir, data_dir: dir });
  const needs = { ...base, ...stores, catalog: catalog_client, engine };
  const ingesting = await createIngest(
    { ...needs, dir: join(dir, "in") },
    ingestSettings.parse({}),
  );
  const querying = await createQuery(
    { ...needs, kb: [], dir: join(dir, "out") },
    querySettings.parse({}),
  );
  const client = connectLocal(query, querying.handlers);
  const server = await listen(serveHttp([{ contract: query, client }]), { port: 0 });
  const remote = connectHttp(query, { url: server.url });
  return {
    storage: stores.storage,
    catalog: catalog_client,
    ingest: connectLocal(ingest, ingesting.handlers),
    query: remote.client,
    async stop() {
      await remote.close();
      await server.stop();
      for (const part of [querying, ingesting, listing]) await part.stop();
      await engine.close();
      await writing.stop();
      await storing.stop();
      await pointers.close();
    },
  };
}
