// Runs one checked statement on a connection and hands its rows on, chunk by chunk, with limits.
import type { DuckDBResult, DuckDBDataChunk } from "@duckdb/node-api";
import { endingIterator } from "#kernel/ending-iterator.ts";
import type { RowStream, SqlRequest } from "#ports/table-engine.ts";
import { toColumnType } from "./column-types.ts";
import { isFatal, toQueryError } from "./engine-errors.ts";
import { fromJson, toJsonOf, type ToJson } from "./json-values.ts";
import type { DuckDb } from "./locked-instance.ts";
import type { PooledConnection } from "./query-instance.ts";
import { watchQuery, type EndState, type Watch } from "./query-watch.ts";

/**
 * Runs `sql` and resolves when its first rows (or its error) are there. Releases the connection.
 */
export async function streamRows(
  duckdb: DuckDb,
  pooled: PooledConnection,
  sql: string,
  request: SqlRequest,
): Promise<RowStream> {
  const watch = watchQuery(pooled, request);
  try {
    const values = request.params.map((param) => fromJson(param, duckdb));
    const { result, first } = await watch.during(async () => {
      await pooled.show(request.relations);
      const prepared = await pooled.prepare(sql);
      prepared.bind(values);
      const result = await prepared.stream();
      return { result, first: await result.fetchChunk() };
    });
    const converters = result.columnTypes().map(toJsonOf);
    const columns = columnsOf(result);
    watch.idle();
    const chunks = readChunks({ result, first, converters, watch, request });
    return { columns, chunks: endingIterator(chunks, () => watch.end("midway")) };
  } catch (error) {
    watch.end(isFatal(error) ? "fatal" : "midway");
    throw toQueryError(error);
  }
}

function columnsOf(result: DuckDBResult): RowStream["columns"] {
  const types = result.columnTypes();
  return result
    .columnNames()
    .map((name, at) => ({ name, type: toColumnType(types[at]!), nullable: true }));
}

interface Reading {
  readonly result: DuckDBResult;
  readonly first: DuckDBDataChunk | null;
  readonly converters: readonly ToJson[];
  readonly watch: Watch;
  readonly request: SqlRequest;
}

async function* readChunks(reading: Reading): AsyncGenerator<readonly (readonly unknown[])[]> {
  const { result, watch, request } = reading;
  let left = request.limits.rows_max;
  let chunk = reading.first;
  let state: EndState = "midway";
  try {
    while (chunk !== null && chunk.rowCount > 0 && left > 0) {
      const rows = rowsOf(chunk, reading.converters, Math.min(left, chunk.rowCount));
      left -= rows.length;
      watch.idle();
      yield rows;
      chunk = await watch.during(() => result.fetchChunk());
    }
    if (chunk === null || chunk.rowCount === 0) state = "done";
  } catch (error) {
    if (isFatal(error)) state = "fatal";
    throw toQueryError(error);
  } finally {
    watch.end(state);
  }
}

function rowsOf(chunk: DuckDBDataChunk, converters: readonly ToJson[], count: number): unknown[][] {
  const rows: unknown[][] = Array.from({ length: count }, () =>
    Array.from({ length: converters.length }),
  );
  for (let column = 0; column < converters.length; column++) {
    const vector = chunk.getColumnVector(column);
    const convert = converters[column]!;
    for (let row = 0; row < count; row++) rows[row]![column] = convert(vector.getItem(row));
  }
  return rows;
}
