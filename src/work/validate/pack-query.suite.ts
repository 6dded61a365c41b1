// For tests: the query contract's `rows` on DuckDB in memory, with a pack's generated tables in it.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { connectLocal } from "#kernel/connect-local.ts";
import type { Client, Handlers } from "#kernel/contract.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { seededRandom } from "#kernel/random.ts";
import { query } from "#contracts/query.ts";
import type { DomainPack } from "#ports/domain-pack.ts";

const SQL_TYPE: Readonly<Record<string, string>> = {
  string: "VARCHAR",
  double: "DOUBLE",
  long: "BIGINT",
  boolean: "BOOLEAN",
};

/** Real SQL over real generated data; only `rows` is served. */
export async function packQuery(
  pack: DomainPack,
  rows: number,
  dir: string,
): Promise<{ client: Client<typeof query>; stop(): void }> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  for (const table of pack.generate({ rows, random: seededRandom(7) })) {
    const path = join(dir, `${table.dataset}.csv`);
    await writeFile(path, [...table.csv()].join(""));
    const columns = table.columns
      .map(({ name, type }) => `'${name}': '${SQL_TYPE[type]!}'`)
      .join(", ");
    await connection.run(
      `CREATE TABLE ${table.dataset} AS FROM read_csv('${path}', header=false, columns={${columns}})`,
    );
  }
  const refuse = (): never => {
    throw new LakehouseError("unimplemented", "not served here");
  };
  const handlers = {
    async rows(input) {
      const values = input.params as (string | number)[];
      const reader = await connection.runAndReadAll(input.sql, values).catch((error: Error) => {
        throw new LakehouseError("invalid", error.message, { reason: "sql_syntax" });
      });
      const found = reader.getRowsJson() as unknown[][];
      const columns = reader
        .columnNames()
        .map((name) => ({ name, type: "string", nullable: true }));
      const answer = { query_id: "test", columns, rows: found, row_count: found.length };
      return { ...answer, truncated: false, elapsed_ms: 0 };
    },
    sql: refuse,
    explain: refuse,
    cancel: refuse,
    tables: refuse,
  } as Handlers<typeof query>;
  return {
    client: connectLocal(query, handlers),
    stop() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}
