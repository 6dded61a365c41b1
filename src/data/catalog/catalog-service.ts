// catalog: datasets as Iceberg tables, named pointers to immutable metadata, compare-and-swap.
import type { catalog, Dataset } from "#contracts/catalog.ts";
import type { journal } from "#contracts/journal.ts";
import type { storage } from "#contracts/storage.ts";
import { startCall, type Call } from "#kernel/call.ts";
import type { Clock } from "#kernel/clock.ts";
import type { Client, Handlers, ParsedInputOf } from "#kernel/contract.ts";
import type { Service } from "#kernel/lifecycle.ts";
import type { Log } from "#kernel/log.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { PointerStore } from "#ports/pointer-store.ts";
import { alterDataset } from "./alter-dataset.ts";
import type { CatalogParts } from "./catalog-parts.ts";
import type { CatalogSettings } from "./catalog-settings.ts";
import { createCatalogStore } from "./catalog-store.ts";
import { commitFiles } from "./commit-files.ts";
import { commitTables } from "./commit-tables.ts";
import { noSuchDataset } from "./dataset-record.ts";
import {
  quarantineDataset,
  restoreDataset,
  tombstoneDataset,
  verifyDataset,
} from "./dataset-states.ts";
import { listDropped } from "./restore-dropped.ts";
import { dropDataset, renameDataset } from "./drop-dataset.ts";
import { expireSnapshots } from "./expire-snapshots.ts";
import { createTable, loadTable, registerTable } from "./iceberg-tables.ts";
import { createMetadataPrinter } from "./metadata-printer.ts";
import { migrateFirstFormat } from "./migrate-first-format.ts";
import {
  alterNamespace,
  createNamespace,
  dropNamespace,
  listNamespaces,
  namespaceOf,
} from "./namespaces.ts";
import { createOutbox } from "./outbox.ts";
import { listSources, readFiles, readSnapshots } from "./read-snapshots.ts";
import { registerDataset } from "./register-dataset.ts";
import { removeOrphans } from "./remove-orphans.ts";
import { createScanPlanner, type ScanPlanner } from "./scan-files.ts";
import { rollBack, tagSnapshot, untagSnapshot } from "./snapshot-refs.ts";
import { createTableObjects } from "./table-objects.ts";
import { createBuckets } from "./table-places.ts";
import { readStatistics } from "./table-statistics.ts";

export interface CatalogNeeds {
  readonly storage: Client<typeof storage>;
  readonly journal: Client<typeof journal>;
  /** Stays the caller's: closed by whoever opened it, after the catalog has stopped. */
  readonly pointers: PointerStore;
  readonly log: Log;
  readonly clock: Clock;
}

const START_TIMEOUT_MS = 600_000;

export async function createCatalog(
  needs: CatalogNeeds,
  settings: CatalogSettings,
): Promise<Service<typeof catalog>> {
  const { log, clock, pointers, storage: objects_at } = needs;
  const buckets = createBuckets(objects_at);
  const objects = createTableObjects(objects_at, buckets, settings.cached_entries_max);
  const outbox = createOutbox(needs.journal, log);
  const attempts_max = settings.commit_attempts_max;
  const store = createCatalogStore({ pointers, objects, outbox, clock, log, attempts_max });
  const print = createMetadataPrinter();
  const base = { store, objects, storage: objects_at, buckets, pointers, print };
  const parts: CatalogParts = { ...base, settings, clock, log };
  const planner = createScanPlanner(parts);
  const stopping = new AbortController();
  await store.swaps.recoverOutboxes();
  await migrateFirstFormat(parts, stopping.signal);
  const checked = settings.verify_on_start ? checkAll(parts, stopping.signal) : Promise.resolve();

  return {
    handlers: {
      ...datasetHandlers(parts, planner),
      ...upkeepHandlers(parts),
      ...tableHandlers(parts),
    },
    async health() {
      const counts = { healthy: 0, quarantined: 0, tombstoned: 0 };
      for (const { record } of await store.list()) counts[record.dataset.status]++;
      const not_journalled = outbox.waiting();
      if (not_journalled === 0) return { status: "ok", figures: { ...counts, not_journalled } };
      const reason = "the journal did not take some events; they are tried again";
      return { status: "degraded", figures: { ...counts, not_journalled, reason } };
    },
    async stop() {
      stopping.abort();
      await checked;
      await store.swaps.clearOutboxes();
    },
  };
}

type All = Handlers<typeof catalog>;

type DatasetHandlers =
  | "register"
  | "list"
  | "get"
  | "commit"
  | "alter"
  | "snapshots"
  | "files"
  | "sources"
  | "statistics"
  | "verify"
  | "quarantine"
  | "tombstone"
  | "restore";

function datasetHandlers(parts: CatalogParts, planner: ScanPlanner): Pick<All, DatasetHandlers> {
  const { store } = parts;
  return {
    register: (input, call) => registerDataset(parts, input, call),
    list: async (input) => ({ datasets: await listDatasets(parts, input) }),
    async get({ name }) {
      const held = await store.get(name);
      if (held === undefined) throw noSuchDataset(name);
      return held.record.dataset;
    },
    commit: (input, call) => commitFiles(parts, input, call),
    alter: (input, call) => alterDataset(parts, input, call),
    snapshots: async ({ name, limit }, call) => ({
      snapshots: await readSnapshots(parts, name, limit, call),
    }),
    files: (input, call) => readFiles(parts, planner, input, call),
    sources: async (input, call) => ({ sources: await listSources(parts, input, call) }),
    statistics: (input, call) => readStatistics(parts, input, call),
    async verify({ name }, call) {
      const found = await verifyDataset(parts, name, call, { by: "caller" });
      const { current_snapshot_id } = found.dataset;
      const broken = found.missing_keys.length > 0;
      if (broken && current_snapshot_id !== null) planner.forget(current_snapshot_id);
      return found;
    },
    quarantine: ({ name, reason }, call) => quarantineDataset(parts, name, reason, call),
    tombstone: ({ name }, call) => tombstoneDataset(parts, name, call),
    restore: (input, call) => restoreDataset(parts, input, call),
  };
}

async function listDatasets(
  parts: CatalogParts,
  { include_tombstoned, namespace, name }: ParsedInputOf<(typeof catalog)["operations"]["list"]>,
): Promise<Dataset[]> {
  const { store } = parts;
  const held = name === undefined ? await store.list() : [await store.get(name)];
  const all = held.flatMap((one) => one?.record.dataset ?? []);
  if (include_tombstoned && name === undefined) all.push(...(await listDropped(parts)));
  return all.filter(
    (one) =>
      (include_tombstoned || one.status !== "tombstoned") &&
      (namespace === undefined || namespaceOf(one.name) === namespace),
  );
}

type UpkeepHandlers =
  | "tag"
  | "untag"
  | "rollback"
  | "expire_snapshots"
  | "remove_orphans"
  | "rename"
  | "namespaces"
  | "create_namespace"
  | "alter_namespace"
  | "drop_namespace";

function upkeepHandlers(parts: CatalogParts): Pick<All, UpkeepHandlers> {
  return {
    tag: (input, call) => tagSnapshot(parts, input, call),
    untag: (input, call) => untagSnapshot(parts, input, call),
    rollback: (input, call) => rollBack(parts, input, call),
    expire_snapshots: (input, call) => expireSnapshots(parts, input, call),
    remove_orphans: (input, call) => removeOrphans(parts, input, call),
    rename: (input, call) => renameDataset(parts, input, call),
    namespaces: async () => ({ namespaces: await listNamespaces(parts) }),
    create_namespace: (input, call) => createNamespace(parts, input, call),
    alter_namespace: (input, call) => alterNamespace(parts, input, call),
    drop_namespace: ({ namespace }, call) => dropNamespace(parts, namespace, call),
  };
}

type TableHandlers =
  | "load_table"
  | "create_table"
  | "commit_tables"
  | "register_table"
  | "drop_table";

function tableHandlers(parts: CatalogParts): Pick<All, TableHandlers> {
  return {
    load_table: ({ name }, call) => loadTable(parts, name, call),
    create_table: (input, call) => createTable(parts, input, call),
    commit_tables: (input, call) => commitTables(parts, input, call),
    register_table: (input, call) => registerTable(parts, input, call),
    drop_table: (input, call) => dropDataset(parts, input, call),
  };
}

/** A call of the catalog's own, on behalf of nobody. */
function startOwnCall(signal: AbortSignal): Call {
  const principal = { name: "catalog", scopes: ["read", "write", "admin"] as const };
  return startCall({ signal, principal, timeout_ms: START_TIMEOUT_MS });
}

/** Checks dataset after dataset beside the work; what cannot be checked now is left as it is. */
async function checkAll(parts: CatalogParts, signal: AbortSignal): Promise<void> {
  const call = startOwnCall(signal);
  try {
    for (const { record } of await parts.store.list()) {
      if (signal.aborted) return;
      await verifyDataset(parts, record.dataset.name, call, { by: "check" });
    }
  } catch (error) {
    if (error instanceof LakehouseError && error.code === "cancelled") return;
    parts.log.warn({ err: error }, "the datasets could not all be checked after starting");
  }
}
