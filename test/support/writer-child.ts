// One of several processes that commit to the same tables until it is killed or has done enough.
import { writeSync } from "node:fs";
import { join } from "node:path";
import { createDiskObjectStore } from "#adapters/object-store/disk-object-store.ts";
import { createPostgresPointerStore } from "#adapters/pointer-store/postgres-pointer-store.ts";
import { createSqlitePointerStore } from "#adapters/pointer-store/sqlite-pointer-store.ts";
import { catalog as catalogContract, type DataFile } from "#contracts/catalog.ts";
import { journal as journalContract } from "#contracts/journal.ts";
import { storage as storageContract } from "#contracts/storage.ts";
import { createCatalog } from "#data/catalog/catalog-service.ts";
import { catalogSettings } from "#data/catalog/catalog-settings.ts";
import { createJournal } from "#data/journal/journal-service.ts";
import { journalSettings } from "#data/journal/journal-settings.ts";
import { createStorage, oneBucket } from "#data/storage/storage-service.ts";
import { storageSettings } from "#data/storage/storage-settings.ts";
import { systemClock } from "#kernel/clock.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import { silentLog } from "#kernel/log.ts";
import { toLakehouseError } from "#kernel/problem.ts";
import { seededRandom } from "#kernel/random.ts";

/** What a writer says it is about to do, before it does it. */
export interface Attempt {
  readonly op_id: string;
  readonly table: string;
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

export const TABLES = ["first", "second"];

/** The catalog over a folder, or over a PostgreSQL server, that other processes use too. */
export async function openSharedCatalog(dir: string, who: string, postgres_url: string) {
  const needs = { log: silentLog, clock: systemClock };
  const objects = await createDiskObjectStore({ root: join(dir, "objects") });
  const pointers =
    postgres_url === ""
      ? await createSqlitePointerStore({ path: join(dir, "pointers.sqlite") })
      : await createPostgresPointerStore({ url: postgres_url });
  const storage = await createStorage(
    { ...needs, ...oneBucket(objects) },
    storageSettings.parse({}),
  );
  const log_dir = join(dir, `journal-${who}`);
  const journal = await createJournal({ ...needs, dir: log_dir }, journalSettings.parse({}));
  const clients = {
    storage: connectLocal(storageContract, storage.handlers),
    journal: connectLocal(journalContract, journal.handlers),
  };
  const settings = catalogSettings.parse({ verify_on_start: false, commit_attempts_max: 500 });
  const service = await createCatalog({ ...needs, ...clients, pointers }, settings);
  return {
    storage: clients.storage,
    catalog: connectLocal(catalogContract, service.handlers),
    async stop() {
      await service.stop();
      await journal.stop();
      await pointers.close();
    },
  };
}

type Shared = Awaited<ReturnType<typeof openSharedCatalog>>;

if (process.argv[1]?.endsWith("writer-child.ts") === true) {
  const [dir, who, count, postgres_url = ""] = process.argv.slice(2) as [string, string, string];
  const shared = await openSharedCatalog(dir, who, postgres_url);
  say("ready");
  await Promise.all([work(shared, who, "a", Number(count)), work(shared, who, "b", Number(count))]);
  await shared.stop();
}

function say(text: string): void {
  writeSync(1, `${text}\n`);
}

async function work(shared: Shared, who: string, lane: string, count: number): Promise<void> {
  const random = seededRandom(
    [...`${who}${lane}`].reduce((sum, one) => sum + one.charCodeAt(0), 7),
  );
  for (let turn = 0; turn < count; turn++) {
    const op_id = `${who}-${lane}-${turn}`;
    const table = TABLES[Math.floor(random.next() * TABLES.length)]!;
    const dice = random.next();
    const attempt = dice < 0.6 ? append : dice < 0.8 ? remove : join2;
    try {
      await attempt(shared, table, op_id, random.next());
    } catch (thrown) {
      const { reason } = toLakehouseError(thrown);
      if (reason !== "snapshot_moved" && reason !== "no_such_file") throw thrown;
      say(`no ${op_id} ${reason}`);
    }
  }
}

async function put({ storage }: Shared, table: string, op_id: string): Promise<DataFile> {
  const key = `datasets/${table}/${op_id}.parquet`;
  const body = (async function* () {
    yield Buffer.from(op_id);
  })();
  const { size_bytes } = await storage.put({ key, body });
  return { key, rows: 1, size_bytes, partition: {}, stats: [], split_offsets: [] };
}

async function append(shared: Shared, table: string, op_id: string): Promise<void> {
  const file = await put(shared, table, op_id);
  announce({ op_id, table, added: [file.key], removed: [] });
  const properties = { op_id };
  await shared.catalog.commit({ name: table, operation: "append", added: [file], properties });
  say(`ack ${op_id}`);
}

async function remove(shared: Shared, table: string, op_id: string, at: number): Promise<void> {
  const { files, dataset } = await shared.catalog.files({ name: table, locate: false });
  const victim = files[Math.floor(at * files.length)];
  if (victim === undefined) return;
  announce({ op_id, table, added: [], removed: [victim.key] });
  await shared.catalog.commit({
    name: table,
    operation: "delete",
    removed_keys: [victim.key],
    based_on_snapshot_id: dataset.current_snapshot_id,
    conflict_where: [],
    properties: { op_id },
  });
  say(`ack ${op_id}`);
}

/** Two files become one, as compaction does. */
async function join2(shared: Shared, table: string, op_id: string, at: number): Promise<void> {
  const { files, dataset } = await shared.catalog.files({ name: table, locate: false });
  const from = Math.floor(at * Math.max(0, files.length - 1));
  const pair = files.slice(from, from + 2);
  if (pair.length < 2) return;
  const file = { ...(await put(shared, table, op_id)), rows: pair[0]!.rows + pair[1]!.rows };
  const removed = pair.map((one) => one.key);
  announce({ op_id, table, added: [file.key], removed });
  await shared.catalog.commit({
    name: table,
    operation: "replace",
    added: [file],
    removed_keys: removed,
    based_on_snapshot_id: dataset.current_snapshot_id,
    properties: { op_id },
  });
  say(`ack ${op_id}`);
}

function announce(attempt: Attempt): void {
  say(`try ${JSON.stringify(attempt)}`);
}
