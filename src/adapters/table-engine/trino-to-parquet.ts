// Rows of another engine as one Parquet file, written by the local one.
import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { LakehouseError } from "#kernel/problem.ts";
import { parseColumnType, type ColumnType } from "#ports/column-type.ts";
import type { QueryEngine, RowStream, SqlRequest } from "#ports/table-engine.ts";
import { toEngineType } from "./column-types.ts";
import { quoteName } from "./sql-text.ts";

/**
 * Every value goes through the file as text and is cast by its type, so nothing is guessed and what
 * cannot be cast is an error. The file in between lies beside the target and is removed.
 */
export async function rowsToParquet(
  local: QueryEngine,
  stream: RowStream,
  request: SqlRequest,
  target_path: string,
): Promise<{ rows: number }> {
  const { columns } = stream;
  const selects = columns.map(
    ({ name, type }, at) => `${valueOf(`c${at}`, type)} AS ${quoteName(name)}`,
  );
  const lines_path = `${target_path}.ndjson`;
  let rows = 0;
  async function* lines(): AsyncGenerator<string> {
    for await (const chunk of stream.chunks) {
      rows += chunk.length;
      yield chunk.map((row) => `${lineOf(row)}\n`).join("");
    }
  }
  try {
    await pipeline(lines, createWriteStream(lines_path, { flags: "wx" }));
    const names = ["r", ...columns.map((_, at) => `c${at}`)];
    const written = await local.toParquet(
      {
        ...request,
        sql: `SELECT ${selects.join(", ")} FROM answer`,
        params: [],
        relations: [
          {
            kind: "jsonl",
            schema: "main",
            name: "answer",
            columns: names.map((name) => ({ name, type: "string", nullable: true })),
            uris: [lines_path],
          },
        ],
        limits: { ...request.limits, rows_max: rows + 1 },
      },
      target_path,
    );
    if (written.rows === rows) return written;
    throw new LakehouseError("internal", `${rows} rows came, ${written.rows} were written`);
  } finally {
    await rm(lines_path, { force: true });
  }
}

/** `r` is never null: a line of nulls would be taken for no row. */
function lineOf(row: readonly unknown[]): string {
  let text = '{"r":"0"';
  row.forEach((value, at) => {
    if (value === null || value === undefined) return;
    const plain = typeof value === "string" ? value : JSON.stringify(value);
    text += `,"c${at}":${JSON.stringify(plain)}`;
  });
  return `${text}}`;
}

function valueOf(column: string, type: string): string {
  const parsed = parseColumnType(type);
  if (type === "string") return column;
  if (type === "binary") return `from_base64(${column})`;
  if (parsed.kind === "primitive") return `CAST(${column} AS ${toEngineType(type)})`;
  if (holdsBytes(parsed)) {
    throw new LakehouseError("unimplemented", `Parquet with ${type} cannot be written here`, {
      reason: "unsupported_format",
      hint: "ask for another format, or leave the column out",
    });
  }
  return `CAST(CAST(${column} AS JSON) AS ${toEngineType(type)})`;
}

function holdsBytes(type: ColumnType): boolean {
  if (type.kind === "primitive") return /^(binary|fixed)/.test(type.name);
  if (type.kind === "list") return holdsBytes(type.element);
  if (type.kind === "map") return holdsBytes(type.key) || holdsBytes(type.value);
  return type.fields.some((field) => holdsBytes(field.type));
}
