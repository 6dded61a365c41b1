// From the names in a statement to the relations the engine may open; only those, only healthy
// ones.
import type { catalog } from "#contracts/catalog.ts";
import type { Column } from "#contracts/nouns.ts";
import type { Call } from "#kernel/call.ts";
import { nearestName } from "#kernel/check-input.ts";
import type { Client, OutputOf } from "#kernel/contract.ts";
import { LakehouseError, toLakehouseError } from "#kernel/problem.ts";
import type { Relation } from "#ports/table-engine.ts";

export interface KbTable {
  readonly name: string;
  readonly uris: readonly string[];
  readonly columns: readonly Column[];
}

export interface QueryTables {
  /** `no_such_table`, `broken_dataset`, `no_such_snapshot`. */
  relationsOf(names: readonly string[], at: string | undefined, call: Call): Promise<Relation[]>;
  list(call: Call): Promise<TableInfo[]>;
  /** Looks whether the objects of the named datasets are there; broken ones get quarantined. */
  examine(relations: readonly Relation[], call: Call): Promise<string | undefined>;
}

export interface TableInfo {
  readonly schema: string;
  readonly name: string;
  readonly columns: Column[];
  readonly rows: number | null;
  readonly broken: string | null;
}

type Dataset = OutputOf<typeof catalog.operations.get>;

export function createQueryTables(
  client: Client<typeof catalog>,
  kb: readonly KbTable[],
): QueryTables {
  async function relationOf(name: string, at: string | undefined, call: Call): Promise<Relation> {
    const [table, schema] = name.toLowerCase().split(".").toReversed();
    if (schema === "kb") {
      const log = kb.find((one) => one.name === table);
      if (log !== undefined) return { kind: "jsonl", schema: "kb", ...log };
    } else if ((schema ?? "main") === "main" && /^[a-z][a-z0-9_]{0,127}$/.test(table!)) {
      const found = await filesOf(table!, at, call);
      if (found !== undefined) return found;
    }
    throw await noSuchTable(name, call);
  }

  async function filesOf(
    name: string,
    at: string | undefined,
    call: Call,
  ): Promise<Relation | undefined> {
    try {
      const input = at === undefined ? { name } : { name, at };
      const { dataset, files } = await client.files(input, call);
      const uris = files.map((file) => file.uri);
      return { kind: "parquet", schema: "main", name, columns: columnsOf(dataset), uris };
    } catch (thrown) {
      const error = toLakehouseError(thrown);
      if (error.reason === "no_such_dataset") return undefined;
      if (error.reason === "tombstoned") {
        throw new LakehouseError("not_found", `the dataset "${name}" was deleted`, {
          reason: "no_such_table",
          hint: "it can be restored through the catalog",
          cause: error,
        });
      }
      if (error.reason === "quarantined") throw broken(name, error.message, error);
      throw error;
    }
  }

  async function noSuchTable(name: string, call: Call): Promise<LakehouseError> {
    const { datasets } = await client.list({}, call);
    const known = [...datasets.map((one) => one.name), ...kb.map((one) => `kb.${one.name}`)];
    const nearest = nearestName(name.toLowerCase(), known);
    return new LakehouseError("not_found", `there is no table "${name}"`, {
      reason: "no_such_table",
      ...(nearest === undefined ? {} : { hint: `did you mean "${nearest}"?`, extra: { nearest } }),
    });
  }

  return {
    relationsOf: (names, at, call) =>
      Promise.all([...new Set(names)].map((name) => relationOf(name, at, call))),

    async list(call) {
      const { datasets } = await client.list({}, call);
      const tables = datasets.map((dataset) => ({
        schema: "main",
        name: dataset.name,
        columns: columnsOf(dataset),
        rows: dataset.rows,
        broken: dataset.status === "healthy" ? null : (dataset.status_reason ?? dataset.status),
      }));
      const logs = kb.map(({ name, columns }) => ({
        schema: "kb",
        name,
        columns: [...columns],
        rows: null,
        broken: null,
      }));
      return [...tables, ...logs];
    },

    async examine(relations, call) {
      for (const { kind, name } of relations) {
        if (kind !== "parquet") continue;
        const { dataset, missing_keys } = await client.verify({ name }, call);
        if (missing_keys.length > 0 || dataset.status !== "healthy") return name;
      }
      return undefined;
    },
  };
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
