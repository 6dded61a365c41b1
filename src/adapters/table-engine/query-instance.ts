// The locked DuckDB instance that users' statements run in, and its bounded pool of connections.
import type * as DuckDbModule from "@duckdb/node-api";
import type { DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { LakehouseError } from "#kernel/problem.ts";
import type { Relation } from "#ports/table-engine.ts";
import {
  emptySelect,
  jsonlSelect,
  parquetScan,
  parquetSelect,
  presentFiles,
  viewKey,
} from "./relation-view.ts";
import { quoteName, textList } from "./sql-text.ts";

export type DuckDb = typeof DuckDbModule;

export interface InstanceSettings {
  readonly memory_mb: number;
  readonly threads: number;
  readonly temp_dir: string;
  readonly temp_mb: number;
  /** Files under these folders can be read by name in a relation; nothing else of the disk can. */
  readonly allowed_dirs: readonly string[];
  readonly connections_max: number;
}

/** A connection with a catalog of its own, so that two queries never see each other's views. */
export interface PooledConnection {
  readonly connection: DuckDBConnection;
  /** Makes exactly these relations visible by name, as of now. */
  show(relations: readonly Relation[]): Promise<void>;
  /**
   * Gives it back. `midway`: its statement did not run to the end. `fatal`: the instance is lost,
   * and the next query opens another.
   */
  release(state?: "done" | "midway" | "fatal"): void;
}

export interface QueryInstance {
  acquire(signal: AbortSignal): Promise<PooledConnection>;
  close(): Promise<void>;
}

/** Views one connection remembers before it is replaced by a fresh one. */
const VIEWS_MAX = 500;

interface Slot {
  readonly instance: DuckDBInstance;
  readonly connection: DuckDBConnection;
  readonly catalog: string;
  readonly views: Map<string, string>;
  readonly schemas: Set<string>;
}

export function createQueryInstance(duckdb: DuckDb, settings: InstanceSettings): QueryInstance {
  const turns = createTurns(settings.connections_max);
  let opening: Promise<DuckDBInstance> | undefined;
  let current: DuckDBInstance | undefined;
  let made = 0;
  let closed = false;
  let idle: Slot[] = [];

  async function openSlot(): Promise<Slot> {
    opening ??= openLocked(duckdb, settings);
    try {
      const instance = await opening;
      current = instance;
      const connection = await instance.connect();
      const catalog = `scope_${++made}`;
      await connection.run(`ATTACH ':memory:' AS ${catalog}`);
      await connection.run(`USE ${catalog}`);
      return { instance, connection, catalog, views: new Map(), schemas: new Set(["main"]) };
    } catch (error) {
      opening = undefined;
      throw error;
    }
  }

  /** Whether a connection can serve again; one that stopped midway is first brought to rest. */
  async function settle(slot: Slot, midway: boolean): Promise<boolean> {
    if (closed || slot.instance !== current || slot.views.size > VIEWS_MAX) return false;
    if (!midway) return true;
    slot.connection.interrupt();
    return slot.connection.run("SELECT 1").then(
      () => true,
      () => false,
    );
  }

  async function discard(slot: Slot): Promise<void> {
    slot.connection.closeSync();
    if (closed || slot.instance !== current) return;
    const connection = await slot.instance.connect();
    await connection.run(`DETACH ${slot.catalog}`);
    connection.closeSync();
  }

  function giveBack(slot: Slot, state: "done" | "midway" | "fatal"): void {
    if (state === "fatal" && slot.instance === current) {
      opening = undefined;
      current = undefined;
      idle = [];
    }
    void settle(slot, state === "midway")
      .then((good) => (good ? void idle.push(slot) : discard(slot)))
      .catch(() => undefined)
      .finally(() => turns.leave());
  }

  return {
    async acquire(signal) {
      if (closed) throw new LakehouseError("unavailable", "the table engine is closed");
      await turns.enter(signal);
      const slot = await Promise.resolve(idle.pop() ?? openSlot()).catch((error: unknown) => {
        turns.leave();
        throw error;
      });
      let out = true;
      return {
        connection: slot.connection,
        show: async (relations) => {
          for (const relation of relations) await showRelation(slot, relation);
        },
        release(state = "done") {
          if (out) giveBack(slot, state);
          out = false;
        },
      };
    },
    async close() {
      closed = true;
      for (const slot of idle.splice(0)) slot.connection.closeSync();
      const instance = await opening?.catch(() => undefined);
      instance?.closeSync();
    },
  };
}

/** Lets `count` in at a time; the others wait in the order they came. */
function createTurns(count: number) {
  let inside = 0;
  const waiting: (() => void)[] = [];
  return {
    async enter(signal: AbortSignal): Promise<void> {
      if (inside < count && waiting.length === 0) {
        inside++;
        return;
      }
      await new Promise<void>((resolve, reject) => {
        const wake = () => {
          signal.removeEventListener("abort", leave);
          resolve();
        };
        const leave = () => {
          waiting.splice(waiting.indexOf(wake), 1);
          reject(new LakehouseError("cancelled", "the query was cancelled while it waited"));
        };
        signal.addEventListener("abort", leave, { once: true });
        waiting.push(wake);
      });
    },
    /** Hands the place to the next in line, if there is one. */
    leave(): void {
      const next = waiting.shift();
      if (next === undefined) inside--;
      else next();
    },
  };
}

async function openLocked(duckdb: DuckDb, settings: InstanceSettings): Promise<DuckDBInstance> {
  const instance = await duckdb.DuckDBInstance.create(":memory:", {
    threads: String(settings.threads),
    memory_limit: `${settings.memory_mb}MB`,
    temp_directory: settings.temp_dir,
    max_temp_directory_size: `${settings.temp_mb}MB`,
    autoload_known_extensions: "false",
    autoinstall_known_extensions: "false",
    allow_community_extensions: "false",
    allow_unsigned_extensions: "false",
  });
  const connection = await instance.connect();
  const dirs = settings.allowed_dirs.map((dir) => (dir.endsWith("/") ? dir : `${dir}/`));
  for (const statement of [
    `SET allowed_directories = ${textList(dirs)}`,
    "SET parquet_metadata_cache = true",
    "SET TimeZone = 'UTC'",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
  ]) {
    await connection.run(statement);
  }
  connection.closeSync();
  return instance;
}

async function showRelation(slot: Slot, wanted: Relation): Promise<void> {
  const relation = await presentFiles(wanted);
  const place = `${relation.schema}.${relation.name}`.toLowerCase();
  const key = viewKey(relation);
  if (slot.views.get(place) === key) return;
  if (!slot.schemas.has(relation.schema)) {
    await slot.connection.run(`CREATE SCHEMA IF NOT EXISTS ${quoteName(relation.schema)}`);
    slot.schemas.add(relation.schema);
  }
  const name = [slot.catalog, relation.schema, relation.name].map(quoteName).join(".");
  const select = await selectOf(slot.connection, relation);
  await slot.connection.run(`CREATE OR REPLACE VIEW ${name} AS ${select}`);
  slot.views.set(place, key);
}

async function selectOf(connection: DuckDBConnection, relation: Relation): Promise<string> {
  if (relation.uris.length === 0) return emptySelect(relation.columns);
  if (relation.kind === "jsonl") return jsonlSelect(relation);
  const reader = await connection.runAndReadAll(`DESCRIBE FROM ${parquetScan(relation.uris)}`);
  const rows = reader.getRows();
  const found = new Map(rows.map((row) => [String(row[0]), String(row[1])]));
  return parquetSelect(relation, found);
}
