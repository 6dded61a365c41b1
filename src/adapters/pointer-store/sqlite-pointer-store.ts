// Pointers in one SQLite file that several processes may share; a swap that answers is on disk.
import { dirname } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { DatabaseSync } from "node:sqlite";
import { makeDurableDir } from "#kernel/durable-dir.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { Pointer, PointerStore } from "#ports/pointer-store.ts";
import { checkChanges } from "./pointer-changes.ts";

export interface SqlitePointerStoreOptions {
  /** The database file; made when it is not there. */
  readonly path: string;
  /** How long to wait for another process that is writing. Default 10 s. */
  readonly busy_timeout_ms?: number;
}

interface Row {
  readonly name: string;
  readonly version: number;
  readonly value: string;
}

/** A change with its value as JSON text; no text takes the record away. */
interface TextChange {
  readonly space: string;
  readonly name: string;
  readonly expected_version: number;
  readonly text: string | undefined;
}

const SCHEMA_VERSION = 1;
// Waiting inside SQLite blocks the event loop, so each try is short and the pauses are ours.
const BUSY_TRY_MS = 10;
const PAUSE_MS_MAX = 25;

/** Opens the store. Errors: `unavailable` (reason `pointers_busy`) when a lock is held too long. */
export async function createSqlitePointerStore(
  options: SqlitePointerStoreOptions,
): Promise<PointerStore> {
  const { DatabaseSync } = await import("node:sqlite");
  await makeDurableDir(dirname(options.path));
  const patiently = createPatience(options.busy_timeout_ms ?? 10_000);
  const db = new DatabaseSync(options.path);
  let closed = false;
  try {
    await patiently(() => prepareFile(db, options.path));
  } catch (error) {
    db.close();
    throw error;
  }
  const select = db.prepare(
    "SELECT name, version, value FROM pointers WHERE space = ? AND name = ?",
  );
  const selectAll = db.prepare(
    "SELECT name, version, value FROM pointers WHERE space = ? ORDER BY name",
  );
  const insert = db.prepare(
    "INSERT INTO pointers (space, name, version, value) VALUES (?, ?, 1, ?) ON CONFLICT DO NOTHING",
  );
  const update = db.prepare(
    `UPDATE pointers SET version = version + 1, value = ?
     WHERE space = ? AND name = ? AND version = ?`,
  );
  const drop = db.prepare("DELETE FROM pointers WHERE space = ? AND name = ? AND version = ?");

  function apply(change: TextChange): boolean {
    const { space, name, expected_version, text } = change;
    if (text === undefined) {
      if (expected_version === 0) return select.get(space, name) === undefined;
      return Number(drop.run(space, name, expected_version).changes) > 0;
    }
    const { changes } =
      expected_version === 0
        ? insert.run(space, name, text)
        : update.run(text, space, name, expected_version);
    return Number(changes) > 0;
  }

  return {
    async get(space, name) {
      const row = await patiently(() => select.get(space, name) as Row | undefined);
      return row === undefined ? undefined : toPointer(row);
    },
    async list(space) {
      const rows = await patiently(() => selectAll.all(space) as unknown as Row[]);
      return rows.map(toPointer);
    },
    async swap(space, name, expected_version, value) {
      const text = JSON.stringify(value);
      const changed = await patiently(() => apply({ space, name, expected_version, text }));
      if (!changed) return undefined;
      return toPointer({ name, version: expected_version + 1, value: text });
    },
    async swapAll(changes) {
      checkChanges(changes);
      const all = changes.map(({ value, ...place }): TextChange => ({
        ...place,
        text: JSON.stringify(value),
      }));
      return patiently(() => inTransaction(db, () => all.every(apply)));
    },
    async remove(space, name, expected_version) {
      const { changes } = await patiently(() => drop.run(space, name, expected_version));
      return Number(changes) > 0;
    },
    async close() {
      if (!closed) db.close();
      closed = true;
    },
  };
}

function prepareFile(db: DatabaseSync, path: string): void {
  db.exec(`PRAGMA busy_timeout = ${BUSY_TRY_MS}`);
  db.exec("PRAGMA journal_mode = WAL");
  db.exec("PRAGMA synchronous = FULL");
  const { user_version } = db.prepare("PRAGMA user_version").get() as { user_version: number };
  if (user_version > SCHEMA_VERSION) {
    throw new LakehouseError("unavailable", `${path} was written by a newer version`, {
      reason: "pointers_newer",
      hint: "run the version that wrote it, or a later one",
    });
  }
  if (user_version === SCHEMA_VERSION) return;
  db.exec(`
    BEGIN IMMEDIATE;
    CREATE TABLE IF NOT EXISTS pointers (
      space TEXT NOT NULL, name TEXT NOT NULL,
      version INTEGER NOT NULL CHECK (version > 0),
      value TEXT NOT NULL CHECK (json_valid(value)),
      PRIMARY KEY (space, name)
    ) STRICT, WITHOUT ROWID;
    PRAGMA user_version = ${SCHEMA_VERSION};
    COMMIT;`);
}

/** Commits when `work` answers true and rolls back otherwise; the write lock is taken at once. */
function inTransaction(db: DatabaseSync, work: () => boolean): boolean {
  db.exec("BEGIN IMMEDIATE");
  try {
    const done = work();
    db.exec(done ? "COMMIT" : "ROLLBACK");
    return done;
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

/** Tries again, with pauses, while another process holds the file. */
function createPatience(busy_timeout_ms: number) {
  return async function patiently<T>(work: () => T): Promise<T> {
    const until = performance.now() + busy_timeout_ms;
    for (;;) {
      try {
        return work();
      } catch (error) {
        if (!isBusy(error)) throw error;
        if (performance.now() > until) {
          throw new LakehouseError("unavailable", "the pointer file is locked by another process", {
            reason: "pointers_busy",
            cause: error,
          });
        }
        await wait(Math.random() * PAUSE_MS_MAX);
      }
    }
  };
}

function isBusy(error: unknown): boolean {
  const { errcode, message } = error as { errcode?: number; message?: string };
  // SQLITE_BUSY is 5 and SQLITE_LOCKED 6, with extended codes in the higher bytes.
  const code = errcode === undefined ? undefined : errcode & 0xff;
  return code === 5 || code === 6 || /database (table )?is locked/.test(message ?? "");
}

function toPointer(row: Row): Pointer {
  return { name: row.name, version: row.version, value: JSON.parse(row.value) as unknown };
}
