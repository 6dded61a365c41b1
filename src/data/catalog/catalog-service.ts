// catalog: datasets as named pointers to immutable metadata, changed by compare-and-swap.
import type { catalog } from "#contracts/catalog.ts";
import type { journal } from "#contracts/journal.ts";
import type { storage } from "#contracts/storage.ts";
import { startCall } from "#kernel/call.ts";
import type { Clock } from "#kernel/clock.ts";
import type { Client, Handlers } from "#kernel/contract.ts";
import type { Service } from "#kernel/lifecycle.ts";
import type { Log } from "#kernel/log.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { PointerStore } from "#ports/pointer-store.ts";
import type { CatalogParts } from "./catalog-parts.ts";
import type { CatalogSettings } from "./catalog-settings.ts";
import { createCatalogStore } from "./catalog-store.ts";
import { commitFiles } from "./commit-files.ts";
import { noSuchDataset } from "./dataset-record.ts";
import {
  quarantineDataset,
  restoreDataset,
  tombstoneDataset,
  verifyDataset,
} from "./dataset-states.ts";
import { createMetadataObjects } from "./metadata-objects.ts";
import { createOutbox } from "./outbox.ts";
import { createSnapshotReader } from "./read-snapshots.ts";
import { registerDataset } from "./register-dataset.ts";

export interface CatalogNeeds {
  readonly storage: Client<typeof storage>;
  readonly journal: Client<typeof journal>;
  /** Stays the caller's: closed by whoever opened it, after the catalog has stopped. */
  readonly pointers: PointerStore;
  readonly log: Log;
  readonly clock: Clock;
}

const START_CHECK_TIMEOUT_MS = 600_000;

export async function createCatalog(
  needs: CatalogNeeds,
  settings: CatalogSettings,
): Promise<Service<typeof catalog>> {
  const { log, clock, pointers } = needs;
  const objects = createMetadataObjects(needs.storage, settings.cached_entries_max);
  const outbox = createOutbox(needs.journal, log);
  const attempts_max = settings.commit_attempts_max;
  const store = createCatalogStore({ pointers, objects, outbox, clock, log, attempts_max });
  const parts: CatalogParts = { store, objects, storage: needs.storage, settings, clock, log };
  const reader = createSnapshotReader(parts);
  const stopping = new AbortController();
  await store.recoverOutboxes();
  const checked = settings.verify_on_start ? checkAll(parts, stopping.signal) : Promise.resolve();

  const handlers: Handlers<typeof catalog> = {
    register: (input, call) => registerDataset(parts, input, call),
    async list({ include_tombstoned }) {
      const all = (await store.list()).map((held) => held.record.dataset);
      const wanted = all.filter((one) => include_tombstoned || one.status !== "tombstoned");
      return { datasets: wanted };
    },
    async get({ name }) {
      const held = await store.get(name);
      if (held === undefined) throw noSuchDataset(name);
      return held.record.dataset;
    },
    commit: (input, call) => commitFiles(parts, input, call),
    snapshots: async ({ name, limit }, call) => ({
      snapshots: await reader.snapshots(name, limit, call),
    }),
    files: ({ name, at }, call) => reader.files(name, at, call),
    async verify({ name }, call) {
      const found = await verifyDataset(parts, name, call, { by: "caller" });
      if (found.missing_keys.length > 0) reader.forget(found.dataset);
      return found;
    },
    quarantine: ({ name, reason }, call) => quarantineDataset(parts, name, reason, call),
    tombstone: ({ name }, call) => tombstoneDataset(parts, name, call),
    restore: ({ name }, call) => restoreDataset(parts, name, call),
  };

  return {
    handlers,
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
      await store.clearOutboxes();
    },
  };
}

/** Checks dataset after dataset beside the work; what cannot be checked now is left as it is. */
async function checkAll(parts: CatalogParts, signal: AbortSignal): Promise<void> {
  const principal = { name: "catalog", scopes: ["read", "write", "admin"] as const };
  const call = startCall({ signal, principal, timeout_ms: START_CHECK_TIMEOUT_MS });
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
