// A DuckDB instance that users' statements may run in: no files but the lake's, settings locked.
import type * as DuckDbModule from "@duckdb/node-api";
import type { DuckDBInstance } from "@duckdb/node-api";
import { makeInstanceFolder } from "./instance-folder.ts";
import { registerTransforms } from "./partition-transforms.ts";
import { textList } from "./sql-text.ts";

export type DuckDb = typeof DuckDbModule;

export interface InstanceSettings {
  readonly memory_mb: number;
  readonly threads: number;
  /** Each instance has a folder of its own in it. */
  readonly temp_dir: string;
  readonly temp_mb: number;
  /** Files under these folders can be read by name in a relation; nothing else of the disk can. */
  readonly allowed_dirs: readonly string[];
  readonly connections_max: number;
}

export interface OpenInstance {
  readonly instance: DuckDBInstance;
  /** Closes it and removes what it spilled. */
  close(): Promise<void>;
}

/** An instance of the settings, without extensions, in UTC; not locked. */
export async function openInstance(
  duckdb: DuckDb,
  settings: InstanceSettings,
): Promise<OpenInstance> {
  const folder = await makeInstanceFolder(settings.temp_dir);
  const instance = await duckdb.DuckDBInstance.create(":memory:", {
    threads: String(settings.threads),
    memory_limit: `${settings.memory_mb}MB`,
    temp_directory: folder.path,
    max_temp_directory_size: `${settings.temp_mb}MB`,
    autoload_known_extensions: "false",
    autoinstall_known_extensions: "false",
    allow_community_extensions: "false",
    allow_unsigned_extensions: "false",
  });
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  connection.closeSync();
  return {
    instance,
    close: async () => {
      instance.closeSync();
      await folder.remove();
    },
  };
}

/** The same, locked; `transforms`: with the functions that partitioned writes need. */
export async function openLocked(
  duckdb: DuckDb,
  settings: InstanceSettings,
  { transforms = false } = {},
): Promise<OpenInstance> {
  const open = await openInstance(duckdb, settings);
  const connection = await open.instance.connect();
  if (transforms) registerTransforms(duckdb, connection);
  const dirs = settings.allowed_dirs.map((dir) => (dir.endsWith("/") ? dir : `${dir}/`));
  for (const statement of [
    `SET allowed_directories = ${textList(dirs)}`,
    "SET parquet_metadata_cache = true",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
  ]) {
    await connection.run(statement);
  }
  connection.closeSync();
  return open;
}
