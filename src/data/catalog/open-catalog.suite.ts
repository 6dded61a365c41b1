// A catalog on real adapters below one folder, for the tests here and for the children they start.
import { join } from "node:path";
import { createDiskObjectStore } from "#adapters/object-store/disk-object-store.ts";
import { createMemoryObjectStore } from "#adapters/object-store/memory-object-store.ts";
import { createMemoryPointerStore } from "#adapters/pointer-store/memory-pointer-store.ts";
import { createSqlitePointerStore } from "#adapters/pointer-store/sqlite-pointer-store.ts";
import { catalog, type DataFile } from "#contracts/catalog.ts";
import { journal } from "#contracts/journal.ts";
import { storage } from "#contracts/storage.ts";
import { systemClock, type Clock } from "#kernel/clock.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import type { Client } from "#kernel/contract.ts";
import { silentLog } from "#kernel/log.ts";
import { createJournal } from "#data/journal/journal-service.ts";
import { journalSettings } from "#data/journal/journal-settings.ts";
import { createStorage, oneBucket } from "#data/storage/storage-service.ts";
import { storageSettings } from "#data/storage/storage-settings.ts";
import type { Connect } from "../../../test/support/each-transport.ts";
import { createCatalog } from "./catalog-service.ts";
import { catalogSettings } from "./catalog-settings.ts";

export interface OpenOptions {
  readonly connect?: Connect;
  readonly clock?: Clock;
  /** Objects and pointers in memory: for many steps that need no disk. */
  readonly in_memory?: boolean;
  readonly settings?: Parameters<typeof catalogSettings.parse>[0];
  /** Two processes need a journal each: it has one writer. */
  readonly journal_dir?: string;
  /** File of the pointers below the folder. */
  readonly pointers?: string;
  readonly wrapJournal?: (client: Client<typeof journal>) => Client<typeof journal>;
}

export type OpenedCatalog = Awaited<ReturnType<typeof openCatalog>>;

export async function openCatalog(dir: string, options: OpenOptions = {}) {
  const connect: Connect =
    options.connect ?? (async (c, h) => connectLocal(c, h, { strict: true }));
  const base = { log: silentLog, clock: options.clock ?? systemClock };
  const root = join(dir, "objects");
  const objects = options.in_memory
    ? await createMemoryObjectStore({ scratch_dir: dir })
    : await createDiskObjectStore({ root });
  const storing = await createStorage(
    { ...base, ...oneBucket(objects) },
    storageSettings.parse({}),
  );
  const storage_client = connectLocal(storage, storing.handlers);
  const journal_dir = join(dir, options.journal_dir ?? "journal");
  const writing = await createJournal({ ...base, dir: journal_dir }, journalSettings.parse({}));
  const journal_client = connectLocal(journal, writing.handlers);
  const pointers = options.in_memory
    ? await createMemoryPointerStore()
    : await createSqlitePointerStore({ path: join(dir, options.pointers ?? "pointers.sqlite") });
  const needs = {
    ...base,
    storage: storage_client,
    journal: options.wrapJournal?.(journal_client) ?? journal_client,
    pointers,
  };
  const settings = catalogSettings.parse(options.settings ?? {});
  const service = await createCatalog(needs, settings);
  let stopped = false;
  return {
    root,
    service,
    pointers,
    catalog: await connect(catalog, service.handlers),
    storage: storage_client,
    journal: journal_client,
    async stop() {
      if (stopped) return;
      stopped = true;
      await service.stop();
      await pointers.close();
      await writing.stop();
    },
  };
}

/** Puts an object and describes it as a data file of `rows` rows. */
export async function putFile(
  client: Client<typeof storage>,
  key: string,
  rows = 1,
): Promise<DataFile> {
  const bytes = Buffer.from(`rows of ${key}`);
  const body = (async function* () {
    yield bytes;
  })();
  await client.put({ key, body });
  return { key, rows, size_bytes: bytes.length, partition: {}, stats: [], split_offsets: [] };
}

export const FIELDS = [
  { name: "id", type: "long", nullable: false },
  { name: "name", type: "string" },
];
