// The items of a corpus in batches: rows of a table page by page, or texts as they were given.
import type { Call } from "#kernel/call.ts";
import type { Client } from "#kernel/contract.ts";
import { sha256Hex, canonicalJson } from "#kernel/ids.ts";
import { assert } from "#kernel/assert.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { checkClosed } from "#kernel/sql-condition.ts";
import type { Dataset } from "#contracts/catalog.ts";
import type { CorpusSource } from "#contracts/matrix.ts";
import type { Metadata } from "#contracts/nouns.ts";
import type { query } from "#contracts/query.ts";
import { checkColumn, parseRowTemplate, valueText } from "./row-template.ts";

export interface CorpusItem {
  readonly id: string;
  readonly text: string;
  readonly metadata: Metadata;
  readonly hash: string;
}

type RowSource = Omit<Extract<CorpusSource, { kind: "log" }>, "kind" | "log">;

/** A dataset at a snapshot, or a log of the house. */
export interface RowTable {
  /** As SQL writes it. */
  readonly sql_name: string;
  readonly columns: readonly string[];
  readonly rows: number;
  /** All pages are of it; null: as it stands when a page is read. */
  readonly snapshot_id: string | null;
}

export function datasetTable(dataset: Dataset): RowTable {
  return {
    sql_name: quoted(dataset.name),
    columns: dataset.fields.map((field) => field.name),
    rows: dataset.rows,
    snapshot_id: dataset.current_snapshot_id,
  };
}

/** Errors: `not_found` (no_such_log) with the logs there are. */
export async function logTable(
  client: Client<typeof query>,
  log: string,
  call: Call,
): Promise<RowTable> {
  const { tables } = await client.tables({}, call);
  const logs = tables.filter((table) => table.schema === "kb");
  const found = logs.find((table) => table.name === log);
  if (found === undefined) {
    const known = logs.map((table) => table.name).join(", ");
    throw new LakehouseError("not_found", `there is no log "${log}"`, {
      reason: "no_such_log",
      hint: known === "" ? "this house keeps no logs" : `logs: ${known}`,
    });
  }
  const columns = found.columns.map((column) => column.name);
  return { sql_name: `kb.${quoted(log)}`, columns, rows: found.rows ?? 0, snapshot_id: null };
}

export interface ItemSource {
  readonly total: number;
  batches(call: Call): AsyncIterable<CorpusItem[]>;
}

/** Column of the page that carries the id as text; rows are read in its order. */
const KEY = "item_key";

/**
 * Reads by key, so that each page costs the same and rows with an equal id count once. Rows without
 * an id or without any text are left out. Throws `invalid`: a column that there is not, or a
 * condition that would break out of its brackets.
 */
export function rowItems(
  client: Client<typeof query>,
  table: RowTable,
  source: RowSource,
  id_prefix: string,
  page_rows: number,
): ItemSource {
  const known = table.columns;
  const template = parseRowTemplate(source.template, known);
  for (const column of [source.id_column, ...source.metadata_columns]) checkColumn(column, known);
  checkClosed("source.where", source.where);
  const columns = [...new Set([...template.columns, ...source.metadata_columns])];
  const sql = pageSql(table.sql_name, source, columns);
  const rows_max = source.rows_max ?? Number.MAX_SAFE_INTEGER;

  async function* batches(call: Call): AsyncGenerator<CorpusItem[]> {
    let after = "";
    for (let read = 0; read < rows_max;) {
      const limit = Math.min(page_rows, rows_max - read);
      const at = table.snapshot_id;
      const page = await client.rows(
        { sql, params: [after, limit], limit, ...(at === null ? {} : { at }) },
        call,
      );
      if (page.rows.length === 0) return;
      read += page.rows.length;
      const rows = page.rows.map((row) => toObject([KEY, ...columns], row));
      const last = String(rows.at(-1)![KEY]);
      assert(isAfter(last, after), "each page of a corpus begins behind the one before it");
      after = last;
      yield rows.flatMap((row) => toItem(row, template.render(row), source, id_prefix));
      if (page.rows.length < limit) return;
    }
  }
  return { total: Math.min(table.rows, rows_max), batches };
}

function pageSql(table: string, source: RowSource, columns: readonly string[]): string {
  const key = `CAST(${quoted(source.id_column)} AS VARCHAR)`;
  const picked = [`${key} AS ${KEY}`, ...columns.map(quoted)].join(", ");
  const where = source.where.trim() === "" ? "" : ` AND (${source.where})`;
  return `SELECT ${picked} FROM ${table} WHERE ${key} > $1${where} ORDER BY 1 LIMIT $2`;
}

/** In the order of the query engine: by the bytes of UTF-8. */
function isAfter(key: string, other: string): boolean {
  return Buffer.compare(Buffer.from(key), Buffer.from(other)) > 0;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function toObject(names: readonly string[], values: readonly unknown[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name, at) => [name, values[at]]));
}

function toItem(
  row: Readonly<Record<string, unknown>>,
  text: string,
  source: RowSource,
  id_prefix: string,
): CorpusItem[] {
  if (text === "") return [];
  const metadata: Metadata = {};
  for (const column of source.metadata_columns) metadata[column] = metadataValue(row[column]);
  return [withHash(id_prefix + String(row[KEY]), text, metadata)];
}

function metadataValue(value: unknown): Metadata[string] {
  if (value === undefined || value === null) return null;
  if (typeof value === "number" || typeof value === "boolean") return value;
  return valueText(value);
}

/** The last of texts with an equal id counts. */
export function textItems(
  source: Extract<CorpusSource, { kind: "texts" }>,
  id_prefix: string,
  batch: number,
): ItemSource {
  const items = new Map<string, CorpusItem>();
  for (const { id, text, metadata } of source.items) {
    items.set(id, withHash(id_prefix + id, text, metadata));
  }
  async function* batches(): AsyncGenerator<CorpusItem[]> {
    const all = [...items.values()];
    for (let at = 0; at < all.length; at += batch) yield all.slice(at, at + batch);
  }
  return { total: items.size, batches };
}

export function withHash(id: string, text: string, metadata: Metadata): CorpusItem {
  return { id, text, metadata, hash: sha256Hex(canonicalJson([text, metadata])).slice(0, 24) };
}
