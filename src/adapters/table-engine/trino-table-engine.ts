// Queries on a Trino cluster, which reads the same Iceberg catalog; our own logs stay local.
import { LakehouseError } from "#kernel/problem.ts";
import type { QueryEngine, SqlRequest } from "#ports/table-engine.ts";
import { createTrinoClient, type TrinoConnection } from "./trino-client.ts";
import { withParameters } from "./trino-parameters.ts";
import { trinoRows } from "./trino-rows.ts";
import { readTrinoStatement } from "./trino-statement.ts";
import { rowsToParquet } from "./trino-to-parquet.ts";

/** The schema of the house's own logs, which lie on this machine. */
const LOCAL_SCHEMA = "kb";

/**
 * `inspect` answers no names: Trino knows its tables itself. A statement over logs alone is the
 * local engine's, names and all; one that mixes both is refused (`sql_failed`).
 */
export function createTrinoEngine(connection: TrinoConnection, local: QueryEngine): QueryEngine {
  const client = createTrinoClient(connection);
  const read = (sql: string) => readTrinoStatement(sql, connection.catalog);

  async function rows(request: SqlRequest) {
    const statement = read(request.sql);
    const sql = withParameters(statement, request.params);
    return trinoRows((session, signal) => client.start(sql, session, signal), request);
  }

  return {
    async inspect(sql) {
      const { tables } = read(sql);
      if (!tables.some(([schema, name]) => schema === LOCAL_SCHEMA && name !== undefined))
        return [];
      const names = await local.inspect(sql);
      const others = names.filter((name) => !isLocal(name));
      if (others.length > 0) throw mixed(others);
      return names;
    },
    rows: async (request) => (isOfLogs(request) ? local.rows(request) : rows(request)),
    async toParquet(request, target_path) {
      if (isOfLogs(request)) return local.toParquet(request, target_path);
      if (/^\s*(EXPLAIN|SHOW|DESC)/i.test(request.sql)) throw notATable();
      return rowsToParquet(local, await rows(request), request, target_path);
    },
    conditions: async () => new Map(),
    /** The local engine is closed by who opened it; here nothing is held open. */
    close: async () => undefined,
  };
}

function isLocal(name: string): boolean {
  return name.toLowerCase().startsWith(`${LOCAL_SCHEMA}.`);
}

/** The relations are what `inspect` named: logs, or nothing. */
function isOfLogs(request: SqlRequest): boolean {
  return request.relations.length > 0;
}

function mixed(others: readonly string[]): LakehouseError {
  const message = `logs (${LOCAL_SCHEMA}) are read here and ${others.join(", ")} on Trino`;
  return new LakehouseError("invalid", `one statement cannot name both: ${message}`, {
    reason: "sql_failed",
    hint: "ask for each by itself",
  });
}

function notATable(): LakehouseError {
  return new LakehouseError("invalid", "only rows of a query can be answered as Parquet", {
    reason: "sql_failed",
  });
}
