// Tables of every kind written by our own engine, for foreign ones to read.
import { join } from "node:path";
import { createReadStream } from "node:fs";
import { DuckDBInstance } from "@duckdb/node-api";
import type { Clients } from "#contracts/all-contracts.ts";

/** Tables that any engine must read; `clock_kinds` has types that Spark knows nothing of. */
export const TABLES = ["kinds", "parted", "evolved", "edited", "shop.orders"] as const;

/** Makes all tables; `dir` is for files on the way in. */
export async function fillLake(clients: Clients, dir: string): Promise<void> {
  await fillKinds(clients, dir);
  await fillParted(clients);
  await fillEvolved(clients, dir);
  await fillEdited(clients);
  await clients.catalog.create_namespace({ namespace: "shop", properties: { owner: "sales" } });
  await ingestRows(clients, "shop.orders", [{ id: 1, total: 2.5 }]);
}

/** Rows as NDJSON into a dataset. */
export async function ingestRows(
  clients: Clients,
  dataset: string,
  rows: readonly object[],
  options: { mode?: "append" | "upsert"; key?: string[]; evolve?: boolean } = {},
): Promise<string> {
  const text = rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  const body = (async function* () {
    yield Buffer.from(text);
  })();
  const report = await clients.ingest.file({ dataset, format: "ndjson", body, ...options });
  if (report.rejected_rows > 0)
    throw new Error(`${report.rejected_rows} rows of ${dataset} rejected`);
  return report.snapshot_id!;
}

const KINDS_SQL = `
  SELECT i::BIGINT AS id,
    i % 2 = 0 AS flag,
    (i - 500)::INTEGER AS small,
    (9007199254740993 + i)::BIGINT AS big,
    (i / 7)::FLOAT AS ratio,
    CASE WHEN i = 7 THEN 'NaN'::DOUBLE WHEN i = 8 THEN 'Infinity'::DOUBLE
      ELSE i * 1.25 END AS amount,
    (i * 1.0001)::DECIMAL(18, 4) AS price,
    (i * 1234567890123.45)::DECIMAL(38, 10) AS huge,
    DATE '1969-12-25' + i::INTEGER AS born,
    TIMESTAMP '1969-12-31 23:59:58.123456' + INTERVAL (i) SECOND AS seen,
    TIMESTAMPTZ '2024-02-29 12:00:00.5+00' + INTERVAL (i) HOUR AS seen_tz,
    CASE WHEN i % 5 = 0 THEN NULL ELSE 'näme ' || i || ' 語' END AS label,
    encode('bytes-' || i) AS raw,
    CASE WHEN i % 3 = 0 THEN NULL ELSE ['a' || i, NULL, 'c'] END AS tags,
    {'city': 'town ' || i, 'at': {'lat': i * 0.5, 'lon': -i * 0.25}} AS place,
    MAP {'one': i::BIGINT, 'two': (i * 2)::BIGINT} AS counts,
    [{'sku': 'x' || i, 'n': i::INTEGER}, {'sku': 'y', 'n': NULL}] AS lines
  FROM range(1, 41) AS r(i)`;

const CLOCK_SQL = `
  SELECT i::BIGINT AS id,
    TIME '10:20:30.004' + INTERVAL (i) SECOND AS at,
    ('00000000-0000-4000-8000-0000000000' || lpad(i::VARCHAR, 2, '0'))::UUID AS ref
  FROM range(1, 11) AS r(i)`;

async function fillKinds(clients: Clients, dir: string): Promise<void> {
  await ingestSql(clients, dir, "kinds", KINDS_SQL);
  await ingestSql(clients, dir, "clock_kinds", CLOCK_SQL);
}

/** The rows of a SELECT as a Parquet file into a dataset: columns have just the wanted types. */
async function ingestSql(
  clients: Clients,
  dir: string,
  dataset: string,
  sql: string,
): Promise<void> {
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  const path = join(dir, `${dataset}.parquet`);
  await connection.run(`COPY (${sql}) TO '${path}' (FORMAT parquet)`);
  connection.closeSync();
  instance.closeSync();
  await clients.ingest.file({ dataset, format: "parquet", body: createReadStream(path) });
}

/** Rows of `parted` from id `first` on, over several days. */
export function partedRows(first: number, count: number) {
  return Array.from({ length: count }, (_, index) => {
    const id = first + index;
    const since = new Date(Date.UTC(2024, 0, 1 + (id % 4), id % 24)).toISOString().slice(0, 19);
    return { id, since, name: id % 9 === 0 ? null : `${"abc"[id % 3]}-name-${id}`, amount: id / 4 };
  });
}

async function fillParted(clients: Clients): Promise<void> {
  await clients.catalog.register({
    name: "parted",
    fields: [
      { name: "id", type: "long" },
      { name: "since", type: "timestamp" },
      { name: "name", type: "string" },
      { name: "amount", type: "double" },
    ],
    partition_by: [
      { column: "since", transform: "day" },
      { column: "id", transform: "bucket[3]" },
      { column: "name", transform: "truncate[2]" },
    ],
  });
  await ingestRows(clients, "parted", partedRows(1, 60));
  await ingestRows(clients, "parted", partedRows(61, 40));
}

async function fillEvolved(clients: Clients, dir: string): Promise<void> {
  await clients.catalog.register({
    name: "evolved",
    fields: [
      { name: "id", type: "long" },
      { name: "n", type: "int" },
      { name: "f", type: "float" },
      { name: "d", type: "decimal(9,2)" },
      { name: "old_name", type: "string" },
      { name: "gone", type: "string" },
    ],
  });
  await ingestSql(
    clients,
    dir,
    "evolved",
    `SELECT i::BIGINT AS id, i::INTEGER AS n, 0.5::FLOAT AS f, 1.25::DECIMAL(9, 2) AS d,
      'o' || i AS old_name, 'x' AS gone FROM range(1, 4) AS r(i)`,
  );
  await clients.catalog.alter({
    name: "evolved",
    fields: [
      { change: "widen", name: "n", type: "long" },
      { change: "widen", name: "f", type: "double" },
      { change: "widen", name: "d", type: "decimal(18,2)" },
      { change: "rename", name: "old_name", to: "note" },
      { change: "drop", name: "gone" },
      { change: "add", name: "gone", type: "date" },
      { change: "add", name: "extra", type: "list<long>" },
      { change: "move", name: "note", after: "id" },
    ],
  });
  await ingestSql(
    clients,
    dir,
    "evolved",
    `SELECT i::BIGINT AS id, 'n' || i AS note, 1099511627776 AS n, 0.1::DOUBLE AS f,
      123456789012.25::DECIMAL(18, 2) AS d, DATE '2024-05-06' AS gone, [i::BIGINT] AS extra
      FROM range(4, 6) AS r(i)`,
  );
}

async function fillEdited(clients: Clients): Promise<void> {
  const rows = (first: number, count: number, note: string) =>
    Array.from({ length: count }, (_, index) => ({ id: first + index, note, n: index }));
  await ingestRows(clients, "edited", rows(1, 200, "first"));
  await ingestRows(clients, "edited", rows(201, 200, "second"));
  await clients.catalog.tag({ name: "edited", tag: "before" });
  await clients.rewrite.delete_rows({ dataset: "edited", where: "id % 10 = 3" });
  const changed = rows(190, 40, "upserted");
  await ingestRows(clients, "edited", changed, { mode: "upsert", key: ["id"] });
  await clients.rewrite.compact({ dataset: "edited" });
  await ingestRows(clients, "edited", rows(1000, 5, "after"));
}
