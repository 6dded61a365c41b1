// Prepared statements of one connection, kept for who asks the same again: binding names and types
// takes longer than many a query, and blocks the event loop.
import type { DuckDBConnection, DuckDBPreparedStatement } from "@duckdb/node-api";

export interface KeptStatements {
  /** A statement without values; nobody else has it until it is given back. */
  take(sql: string): Promise<DuckDBPreparedStatement>;
  /** `keep`: it ran to its end and may serve again. */
  giveBack(sql: string, statement: DuckDBPreparedStatement, keep: boolean): void;
  /** What they read has changed. */
  clear(): void;
}

/** Each holds its plan, and the first file that it reads open. */
const STATEMENTS_MAX = 32;
const LENGTH_MAX = 2_000;

export function createKeptStatements(connection: DuckDBConnection): KeptStatements {
  const kept = new Map<string, DuckDBPreparedStatement>();

  return {
    async take(sql) {
      const known = kept.get(sql);
      if (known === undefined) return connection.prepare(sql);
      kept.delete(sql);
      // Otherwise the values of the last caller would stand in for those that this one left out.
      known.clearBindings();
      return known;
    },
    giveBack(sql, statement, keep) {
      if (!keep || sql.length > LENGTH_MAX || kept.has(sql)) return statement.destroySync();
      kept.set(sql, statement);
      if (kept.size <= STATEMENTS_MAX) return;
      const [oldest, idle] = kept.entries().next().value!;
      kept.delete(oldest);
      idle.destroySync();
    },
    clear() {
      for (const statement of kept.values()) statement.destroySync();
      kept.clear();
    },
  };
}
