// For tests of the query service alone: a catalog of made-up files and an engine that says what it
// was asked. Both stand at contract and port; the whole lake is tested in query.test.ts.
import { catalog, type Dataset, type ScanFile } from "#contracts/catalog.ts";
import { query } from "#contracts/query.ts";
import { systemClock } from "#kernel/clock.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import type { Client, Handlers } from "#kernel/contract.ts";
import { silentLog } from "#kernel/log.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { QueryEngine, RowStream, SqlRequest } from "#ports/table-engine.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import type { Conditions } from "./query-tables.ts";
import { createQuery } from "./query-service.ts";
import { querySettings } from "./query-settings.ts";

export interface FakeTable {
  name: string;
  snapshot_id: string | null;
  columns: readonly (readonly [name: string, type: string])[];
  files: readonly string[];
  status?: Dataset["status"];
}

function datasetOf(table: FakeTable): Dataset {
  const time = "2026-01-01T00:00:00.000Z";
  return {
    dataset_id: `id-${table.name}`,
    name: table.name,
    status: table.status ?? "healthy",
    status_reason: table.status === undefined ? null : "an object is missing",
    fields: table.columns.map(([name, type], at) => ({
      name,
      type,
      nullable: true,
      field_id: at + 1,
    })),
    schema_id: 0,
    last_field_id: table.columns.length,
    fingerprint: "f",
    partition_by: [],
    partition_spec_id: 0,
    location: `s3://lake/${table.name}`,
    tags: {},
    name_mapped: false,
    current_snapshot_id: table.snapshot_id,
    rows: table.files.length,
    files: table.files.length,
    size_bytes: table.files.length * 100,
    properties: {},
    created_at: time,
    updated_at: time,
  };
}

function fileOf(table: FakeTable, key: string): ScanFile {
  return {
    key,
    rows: 1,
    size_bytes: 100,
    partition: {},
    stats: [],
    split_offsets: [],
    uri: `/data/${key}`,
    location: `s3://lake/${key}`,
    added_snapshot_id: table.snapshot_id,
    sequence_number: 1,
    deletes: [],
  };
}

export interface FakeCatalog {
  readonly client: Client<typeof catalog>;
  /** What `files` was asked, in order. */
  readonly asked: { name: string; where?: unknown; at?: string | undefined }[];
  readonly verified: string[];
}

/** A file `…7` is left out by any condition, which is enough to see that one was made. */
export function fakeCatalog(tables: readonly FakeTable[]): FakeCatalog {
  const asked: FakeCatalog["asked"] = [];
  const verified: string[] = [];
  const find = (name: string) => {
    const table = tables.find((one) => one.name === name);
    if (table !== undefined) return table;
    throw new LakehouseError("not_found", `no ${name}`, { reason: "no_such_dataset" });
  };
  const known: Partial<Handlers<typeof catalog>> = {
    get: async ({ name }) => datasetOf(find(name)),
    list: async () => ({ datasets: tables.map(datasetOf) }),
    async files({ name, at, where }) {
      asked.push({ name, ...(where === undefined ? {} : { where }), at });
      const table = find(name);
      if (table.status === "quarantined") {
        throw new LakehouseError("unavailable", "gone", { reason: "quarantined" });
      }
      const kept = table.files.filter((key) => where === undefined || !key.endsWith("7"));
      const files = kept.map((key) => fileOf(table, key));
      const { snapshot_id } = table;
      const snapshot = snapshot_id === null ? null : snapshotOf(at ?? snapshot_id);
      return { dataset: datasetOf(table), snapshot, files, files_total: table.files.length };
    },
    async verify({ name }) {
      verified.push(name);
      const table = find(name);
      table.status = "quarantined";
      return { dataset: datasetOf(table), missing_keys: ["x"] };
    },
  };
  const handlers = new Proxy(known, {
    get: (target, key) =>
      Reflect.get(target, key) ?? (() => Promise.reject(new Error(`${String(key)} is not faked`))),
  });
  const client = connectLocal(catalog, handlers as Handlers<typeof catalog>, { strict: true });
  return { client, asked, verified };
}

function snapshotOf(snapshot_id: string) {
  const summary = {
    added_files: 0,
    removed_files: 0,
    added_rows: 0,
    removed_rows: 0,
    total_files: 0,
    total_rows: 0,
    total_bytes: 0,
  };
  return {
    snapshot_id,
    parent_snapshot_id: null,
    sequence_number: 1,
    timestamp_ms: 1,
    operation: "append" as const,
    schema_id: 0,
    manifest_key: "m",
    summary,
    properties: {},
  };
}

export interface FakeEngine extends QueryEngine {
  readonly requests: SqlRequest[];
  conditions_of: Conditions;
  answer: (request: SqlRequest) => RowStream;
}

/** Reads names after FROM and JOIN; answers one row that holds its count of requests. */
export function fakeEngine(): FakeEngine {
  const requests: SqlRequest[] = [];
  const engine: FakeEngine = {
    requests,
    conditions_of: new Map(),
    answer: () => rowsOf([[[requests.length]]]),
    inspect: async (sql) => [...sql.matchAll(/(?:from|join) ([\w".]+)/gi)].map((one) => one[1]!),
    conditions: async () => engine.conditions_of,
    async rows(request) {
      requests.push(request);
      return engine.answer(request);
    },
    toParquet: () => Promise.reject(new Error("not faked")),
    close: async () => undefined,
  };
  return engine;
}

/** Chunks of rows with one long column `n`; a function in place of a chunk is called then. */
export function rowsOf(
  chunks: Iterable<readonly (readonly unknown[])[] | (() => never)>,
): RowStream {
  return {
    columns: [{ name: "n", type: "long", nullable: true }],
    chunks: (async function* () {
      for (const chunk of chunks) yield typeof chunk === "function" ? chunk() : chunk;
    })(),
  };
}

export async function openQuery(
  t: { after(fn: () => unknown): void },
  tables: readonly FakeTable[],
  settings: Parameters<typeof querySettings.parse>[0] = {},
  other?: QueryEngine,
) {
  const engine = fakeEngine();
  const house = fakeCatalog(tables);
  const kb = [
    {
      name: "events",
      uris: ["/kb/e.jsonl"],
      columns: [{ name: "n", type: "long", nullable: true }],
    },
  ];
  const needs = {
    engine: other ?? engine,
    catalog: house.client,
    kb,
    dir: await tempDir(t),
    log: silentLog,
  };
  const service = await createQuery(
    { ...needs, clock: systemClock },
    querySettings.parse(settings),
  );
  t.after(() => service.stop());
  const client = connectLocal(query, service.handlers, { strict: true });
  const { asked, verified } = house;
  return { client, engine, asked, verified, health: () => service.health() };
}
