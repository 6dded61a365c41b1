// Rows of a table written anew without some of them: delete by condition, upsert, compaction.
import type { DuckDBConnection, DuckDBValue } from "@duckdb/node-api";
import { LakehouseError } from "#kernel/problem.ts";
import type {
  RewriteRequest,
  RewriteResult,
  RewriteSource,
  TableEngine,
  TableRelation,
} from "#ports/table-engine.ts";
import type { StatementChecker } from "./checked-statements.ts";
import { toQueryError } from "./engine-errors.ts";
import { createFileShapes } from "./file-shapes.ts";
import { createIdleInstance } from "./idle-instance.ts";
import { fromJson } from "./json-values.ts";
import { openLocked, type DuckDb, type InstanceSettings } from "./locked-instance.ts";
import { quoteName, textList } from "./sql-text.ts";
import { tableSelect, type RowPlace } from "./table-view.ts";
import { createFileWriter } from "./write-files.ts";

export interface Rewriter extends Pick<TableEngine, "affected" | "rewrite"> {
  close(): Promise<void>;
}

/** Conditions are users' SQL: they are checked, and run in an instance that is locked. */
export function createRewriter(
  duckdb: DuckDb,
  settings: InstanceSettings,
  checker: StatementChecker,
): Rewriter {
  const shapes = createFileShapes();
  const instance = createIdleInstance(() => openLocked(duckdb, settings, { transforms: true }));

  async function use<T>(signal: AbortSignal, work: (connection: DuckDBConnection) => Promise<T>) {
    return instance.use(async (connection) => {
      const interrupt = () => connection.interrupt();
      // An interrupt is lost when it comes before the engine begins, so it is repeated.
      const timer = setInterval(() => signal.aborted && interrupt(), 100);
      signal.addEventListener("abort", interrupt, { once: true });
      try {
        if (signal.aborted) throw stopped(signal);
        return await work(connection);
      } catch (error) {
        throw signal.aborted ? stopped(signal) : toQueryError(error);
      } finally {
        clearInterval(timer);
        signal.removeEventListener("abort", interrupt);
      }
    });
  }

  async function plan(
    connection: DuckDBConnection,
    relation: TableRelation,
    source: RewriteSource,
  ): Promise<RewritePlan> {
    const name = quoteName(relation.name);
    if (source.kind === "all") return { affected: "false", kept: "true", values: [] };
    if (source.kind === "unless") {
      await checker.checkCondition(source.where);
      const values = source.params.map((param) => fromJson(param, duckdb));
      const where = `(\n${source.where}\n)`;
      return { affected: where, kept: `${where} IS NOT TRUE`, values };
    }
    checkKey(relation, source.key);
    const place_names = placeNames(relation);
    const keys = source.key.map(quoteName).join(", ");
    const files = source.incoming_uris.map((uri) => ({ uri }));
    const incoming = await tableSelect(
      connection,
      { ...relation, files, name_mapped: true },
      shapes,
      place_names,
    );
    const [file, row] = [place_names.file, place_names.row].map(quoteName);
    const place = `list_position(${textList(source.incoming_uris)}, ${file})`;
    const last = `row_number() OVER (PARTITION BY ${keys} ORDER BY ${place} DESC, ${row} DESC) = 1`;
    const same = source.key
      .map((key) => `i.${quoteName(key)} IS NOT DISTINCT FROM ${name}.${quoteName(key)}`)
      .join(" AND ");
    const exists = `EXISTS (SELECT 1 FROM (${incoming}) AS i WHERE ${same})`;
    return {
      affected: exists,
      kept: `NOT ${exists}`,
      values: [],
      added: `SELECT * EXCLUDE (${file}, ${row}) FROM (${incoming}) QUALIFY ${last}`,
      added_count: `SELECT count(*) FROM (SELECT DISTINCT ${keys} FROM (${incoming}))`,
    };
  }

  return {
    affected: (relation, source, signal) =>
      use(signal, async (connection) => {
        const { affected, values } = await plan(connection, relation, source);
        if (relation.files.length === 0 || source.kind === "all") return [];
        const place = placeNames(relation);
        const rows = await tableSelect(connection, relation, shapes, place);
        const reader = await connection.runAndReadAll(
          `SELECT ${quoteName(place.file)}, count(*) FROM (${rows}) AS ${quoteName(relation.name)}
           WHERE ${affected} GROUP BY 1 ORDER BY 1`,
          values,
        );
        return reader.getRows().map(([uri, count]) => ({ uri: String(uri), rows: Number(count) }));
      }),
    rewrite: (request) =>
      use(request.signal, async (connection) => {
        const planned = await plan(connection, request.relation, request.source);
        return rewriteRows(connection, request, planned, {
          rows: await tableSelect(connection, request.relation, shapes),
        });
      }),
    close: () => instance.close(),
  };
}

/** Names for a row's file and number that no column of the table has. */
function placeNames({ columns }: TableRelation): RowPlace {
  const taken = new Set(columns.map(({ name }) => name.toLowerCase()));
  const free = (name: string): string => (taken.has(name) ? free(`${name}_`) : name);
  return { file: free("lakehouse_file"), row: free("lakehouse_row") };
}

interface RewritePlan {
  /** SQL condition for the rows that are left out. */
  readonly affected: string;
  readonly kept: string;
  readonly values: DuckDBValue[];
  /** Rows that come in their place. */
  readonly added?: string;
  readonly added_count?: string;
}

async function rewriteRows(
  connection: DuckDBConnection,
  { relation, target }: RewriteRequest,
  { kept, values, added, added_count }: RewritePlan,
  { rows }: { readonly rows: string },
): Promise<RewriteResult> {
  const count = async (sql: string) => {
    const reader = await connection.runAndReadAll(sql);
    return Number(reader.getRows()[0]![0]);
  };
  const before = await count(`SELECT count(*) FROM (${rows})`);
  const incoming = added_count === undefined ? 0 : await count(added_count);
  const names = relation.columns.map((column) => quoteName(column.name)).join(", ");
  const table = quoteName(relation.name);
  const left = `SELECT ${names} FROM (${rows}) AS ${table} WHERE ${kept}`;
  const select = added === undefined ? left : `${left}\nUNION ALL (${added})`;
  const writer = createFileWriter(connection, target);
  const files = await writer.write(select, values, relation.columns);
  const written = files.reduce((sum, file) => sum + file.rows, 0);
  return { files, rows: written, dropped_rows: before + incoming - written };
}

function checkKey(relation: TableRelation, key: readonly string[]): void {
  const known = new Set(relation.columns.map(({ name }) => name));
  const missing = key.filter((name) => !known.has(name));
  if (key.length > 0 && missing.length === 0) return;
  const told =
    key.length === 0 ? "no column is named as key" : `no column "${missing.join('", "')}"`;
  throw new LakehouseError("invalid", `rows cannot be matched: ${told}`, {
    reason: "bad_key_columns",
  });
}

function stopped(signal: AbortSignal): LakehouseError {
  return new LakehouseError("cancelled", "the rewrite was cancelled", { cause: signal.reason });
}
