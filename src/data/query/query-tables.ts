// From the names in a statement to the relations the engine may open; only those, only healthy
// ones, and of each only the files that may hold wanted rows.
import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { catalog, Dataset, ScanFile } from "#contracts/catalog.ts";
import type { Column } from "#contracts/nouns.ts";
import type { Predicate } from "#contracts/table-nouns.ts";
import type { Call } from "#kernel/call.ts";
import { nearestName } from "#kernel/check-input.ts";
import type { Client } from "#kernel/contract.ts";
import { LakehouseError, toLakehouseError } from "#kernel/problem.ts";
import type { ColumnCondition, Relation, TableFile, TableRelation } from "#ports/table-engine.ts";
import { fittingConditions } from "./fitting-conditions.ts";
import { KB_SCHEMA, readTableName, relationKey, schemaAndName } from "./table-names.ts";

export interface KbTable {
  readonly name: string;
  readonly uris: readonly string[];
  readonly columns: readonly Column[];
}

/** What a statement reads of one table. */
export interface TableScan {
  readonly relation: Relation;
  /** Undefined for a log. */
  readonly dataset: string | undefined;
  /** Tells table, snapshot and schema; undefined for a log, which changes at any time. */
  readonly version: string | undefined;
  readonly snapshot_id: string | null;
  readonly files_total: number;
  readonly files_read: number;
  readonly bytes_read: number;
  /** Conditions that files were left out by. */
  readonly where: readonly Predicate[];
}

export type Conditions = ReadonlyMap<string, readonly ColumnCondition[]>;

export interface QueryTables {
  /** `no_such_table`, `broken_dataset`, `no_such_snapshot`, `bad_point_in_time`. */
  scansOf(
    names: readonly string[],
    conditions: Conditions,
    at: string | undefined,
    call: Call,
  ): Promise<TableScan[]>;
  /** The present versions of the named tables; undefined when one is a log or not healthy. */
  versionsOf(names: readonly string[], call: Call): Promise<string[] | undefined>;
  list(call: Call): Promise<TableInfo[]>;
  /** Looks whether the objects of the named datasets are there; broken ones get quarantined. */
  examine(datasets: readonly string[], call: Call): Promise<string | undefined>;
  /** Marks a dataset broken; that it cannot be marked is no reason to fail otherwise. */
  quarantine(name: string, reason: string, call: Call): Promise<void>;
}

export interface TableInfo {
  readonly schema: string;
  readonly name: string;
  readonly columns: Column[];
  readonly rows: number | null;
  readonly broken: string | null;
}

type CatalogClient = Client<typeof catalog>;

interface FilesInput {
  readonly name: string;
  readonly at?: string;
}

/** Names of tables in a hint. */
const TOLD_MAX = 12;
/** Datasets whose columns are remembered from the last look. */
const KNOWN_MAX = 1_000;

export function createQueryTables(client: CatalogClient, kb: readonly KbTable[]): QueryTables {
  const known = new Map<string, Dataset["fields"]>();

  /** `where` is of one name alone: a table named twice is read once, for both. */
  async function scanOf(
    written: string,
    conditions: readonly ColumnCondition[],
    at: string | undefined,
    call: Call,
  ): Promise<TableScan> {
    const { schema, name, dataset } = readTableName(written);
    const log = schema === KB_SCHEMA ? kb.find((one) => one.name === name) : undefined;
    if (log !== undefined) return logScan(log);
    if (dataset === undefined) throw await noSuchTable(written, call);
    try {
      return await datasetScan(dataset, { schema, name }, conditions, at, call);
    } catch (thrown) {
      const error = toLakehouseError(thrown);
      if (error.reason === "no_such_dataset") throw await noSuchTable(written, call);
      throw asQueryError(error, dataset);
    }
  }

  async function datasetScan(
    dataset: string,
    place: { readonly schema: string; readonly name: string },
    conditions: readonly ColumnCondition[],
    at: string | undefined,
    call: Call,
  ): Promise<TableScan> {
    const input = at === undefined ? { name: dataset } : { name: dataset, at };
    const { where, found } = await wantedFiles(input, conditions, call);
    const snapshot_id = found.snapshot?.snapshot_id ?? null;
    const version = versionOf(found.dataset, snapshot_id);
    const version_key = `${version} ${keptKey(found.files, found.files_total)}`;
    return {
      relation: toRelation(place, found.dataset, found.files, version_key),
      dataset,
      version,
      snapshot_id,
      files_total: found.files_total,
      files_read: found.files.length,
      bytes_read: found.files.reduce((sum, file) => sum + file.size_bytes, 0),
      where,
    };
  }

  /** Columns may have changed since the last look, or since the wanted snapshot. */
  async function wantedFiles(
    input: FilesInput,
    conditions: readonly ColumnCondition[],
    call: Call,
  ) {
    if (conditions.length === 0) return { where: [], found: await client.files(input, call) };
    const fields = known.get(input.name) ?? (await client.get({ name: input.name }, call)).fields;
    const where = fittingConditions(conditions, fields);
    const found = await client.files(where.length === 0 ? input : { ...input, where }, call);
    if (input.at === undefined) remember(input.name, found.dataset.fields);
    const again = fittingConditions(conditions, found.dataset.fields);
    if (isDeepStrictEqual(where, again)) return { where, found };
    return { where: [], found: await client.files(input, call) };
  }

  function remember(name: string, fields: Dataset["fields"]): void {
    known.delete(name);
    known.set(name, fields);
    if (known.size > KNOWN_MAX) known.delete(known.keys().next().value!);
  }

  async function noSuchTable(written: string, call: Call): Promise<LakehouseError> {
    const { datasets } = await client.list({}, call);
    const known = [...datasets.map((one) => one.name), ...kb.map((one) => `kb.${one.name}`)];
    const { schema, name, dataset } = readTableName(written);
    const elsewhere = known.find((one) => schemaAndName(one).name === name);
    const nearest = elsewhere ?? nearestName(dataset ?? `${schema}.${name}`, known);
    return new LakehouseError("not_found", `there is no table "${written}"`, {
      reason: "no_such_table",
      ...(nearest === undefined
        ? { hint: tablesThere(known, schema) }
        : { hint: `did you mean "${nearest}"?`, extra: { nearest } }),
    });
  }

  return {
    async scansOf(names, conditions, at, call) {
      const wanted = new Map<string, string[]>();
      for (const name of new Set(names)) {
        wanted.set(relationKey(name), [...(wanted.get(relationKey(name)) ?? []), name]);
      }
      return Promise.all(
        [...wanted].map(([key, written]) => {
          const known = [...conditions].filter(([name]) => relationKey(name) === key);
          const one = written.length === 1 && known.length === 1 ? known[0]![1] : [];
          return scanOf(written[0]!, one, at, call);
        }),
      );
    },

    async versionsOf(names, call) {
      const datasets = names.map((name) => readTableName(name).dataset);
      if (!datasets.every((name) => name !== undefined)) return undefined;
      const found = await Promise.all(
        datasets.map((name) => client.get({ name }, call).catch(() => undefined)),
      );
      if (!found.every((one) => one?.status === "healthy")) return undefined;
      return found.map((one) => versionOf(one!, one!.current_snapshot_id));
    },

    async list(call) {
      const { datasets } = await client.list({}, call);
      const tables = datasets.map((dataset) => ({
        ...schemaAndName(dataset.name),
        columns: columnsOf(dataset),
        rows: dataset.rows,
        broken: dataset.status === "healthy" ? null : (dataset.status_reason ?? dataset.status),
      }));
      const logs = kb.map(({ name, columns }) => ({
        schema: KB_SCHEMA,
        name,
        columns: [...columns],
        rows: null,
        broken: null,
      }));
      return [...tables, ...logs];
    },

    async examine(datasets, call) {
      for (const name of datasets) {
        const { dataset, missing_keys } = await client.verify({ name }, call);
        if (missing_keys.length > 0 || dataset.status !== "healthy") return name;
      }
      return undefined;
    },

    async quarantine(name, reason, call) {
      await client.quarantine({ name, reason }, call).catch(() => undefined);
    },
  };
}

function logScan(log: KbTable): TableScan {
  return {
    relation: { kind: "jsonl", schema: KB_SCHEMA, ...log },
    dataset: undefined,
    version: undefined,
    snapshot_id: null,
    files_total: log.uris.length,
    files_read: log.uris.length,
    bytes_read: 0,
    where: [],
  };
}

function toRelation(
  place: { readonly schema: string; readonly name: string },
  dataset: Dataset,
  files: readonly ScanFile[],
  version_key: string,
): TableRelation {
  const { fields, name_mapped } = dataset;
  return {
    kind: "table",
    ...place,
    columns: fields,
    files: files.map(toTableFile),
    name_mapped,
    version_key,
  };
}

function toTableFile({ uri, location, deletes }: ScanFile): TableFile {
  if (deletes.length === 0) return { uri, location };
  return { uri, location, delete_uris: deletes.map((one) => one.uri) };
}

/** Those of the schema that was named, and where it has none all. */
function tablesThere(known: readonly string[], schema: string): string {
  const same = known.filter((one) => schemaAndName(one).schema === schema);
  const there = same.length > 0 ? same : known;
  if (there.length === 0) return "there is none yet: ingest makes one";
  const more = there.length > TOLD_MAX ? `, and ${there.length - TOLD_MAX} more` : "";
  return `there are: ${there.slice(0, TOLD_MAX).join(", ")}${more}`;
}

function versionOf(dataset: Dataset, snapshot_id: string | null): string {
  return `${dataset.dataset_id}@${snapshot_id ?? "empty"}#${dataset.schema_id}`;
}

/** Which of the snapshot's files were kept: equal for equal files. */
function keptKey(files: readonly ScanFile[], files_total: number): string {
  if (files.length === files_total) return "all";
  const hash = createHash("sha256");
  for (const { location } of files) hash.update(`${location}\n`);
  return hash.digest("base64url");
}

function asQueryError(error: LakehouseError, name: string): LakehouseError {
  if (error.reason === "tombstoned") {
    return new LakehouseError("not_found", `the dataset "${name}" was deleted`, {
      reason: "no_such_table",
      hint: "it can be restored through the catalog",
      cause: error,
    });
  }
  const unreadable = ["quarantined", "unreadable_deletes", "unreadable_files"];
  return unreadable.includes(error.reason) ? broken(name, error.message, error) : error;
}

function columnsOf(dataset: Dataset): Column[] {
  return dataset.fields.map(({ name, type, nullable }) => ({ name, type, nullable }));
}

/** 503: the data is not what it should be; the request was fine. */
export function broken(name: string, why: string, cause?: unknown): LakehouseError {
  return new LakehouseError("unavailable", `the dataset "${name}" is broken: ${why}`, {
    reason: "broken_dataset",
    hint: "GET /query/tables lists what can be queried; bring its objects back or replace it",
    extra: { dataset: name },
    cause,
  });
}
