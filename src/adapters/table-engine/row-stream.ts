// Runs one checked statement on a connection and hands its rows on, chunk by chunk, with limits.
import type { DuckDBResult, DuckDBDataChunk } from "@duckdb/node-api";
import { endingIterator } from "#kernel/ending-iterator.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { RowStream, SqlRequest } from "#ports/table-engine.ts";
import { toColumnType } from "./column-types.ts";
import { isFatal, toQueryError } from "./engine-errors.ts";
import { fromJson, toJsonOf, type ToJson } from "./json-values.ts";
import type { DuckDb, PooledConnection } from "./query-instance.ts";

/**
 * Guards the engine's work of one query: interrupts it when its time is used up or when the caller
 * leaves. Time during which the consumer does not ask counts apart, against the same limit, so that
 * a slow reader does not lose a quick query and a reader that fell asleep does not hold it forever.
 */
export interface Watch {
  /** Awaits engine work under the watch; throws `deadline_exceeded` or `cancelled`. */
  during<T>(work: () => Promise<T>): Promise<T>;
  /** The consumer holds a chunk now; `onAbandoned` is called when it does not come back. */
  idle(onAbandoned: () => void): void;
  end(): void;
}

export function watchQuery(pooled: PooledConnection, request: SqlRequest): Watch {
  const { signal, limits } = request;
  let spent_ms = 0;
  let stopped: LakehouseError | undefined;
  let idle_timer: NodeJS.Timeout | undefined;
  let onIdleAbort: (() => void) | undefined;

  function stopWith(error: LakehouseError): void {
    stopped ??= error;
    pooled.connection.interrupt();
  }
  const onAbort = () => {
    stopWith(new LakehouseError("cancelled", "the query was cancelled", { cause: signal.reason }));
    onIdleAbort?.();
  };
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();

  return {
    async during(work) {
      clearTimeout(idle_timer);
      onIdleAbort = undefined;
      if (stopped !== undefined) throw stopped;
      const left_ms = Math.max(1, limits.timeout_ms - spent_ms);
      const started = performance.now();
      const timer = setTimeout(() => stopWith(tookTooLong(limits.timeout_ms)), left_ms);
      try {
        const result = await work();
        if (stopped !== undefined) throw stopped;
        return result;
      } catch (error) {
        throw stopped ?? error;
      } finally {
        clearTimeout(timer);
        spent_ms += performance.now() - started;
      }
    },
    idle(onAbandoned) {
      clearTimeout(idle_timer);
      onIdleAbort = onAbandoned;
      idle_timer = setTimeout(() => {
        stopWith(tookTooLong(limits.timeout_ms));
        onAbandoned();
      }, limits.timeout_ms);
      idle_timer.unref();
    },
    end() {
      clearTimeout(idle_timer);
      onIdleAbort = undefined;
      signal.removeEventListener("abort", onAbort);
    },
  };
}

function tookTooLong(timeout_ms: number): LakehouseError {
  return new LakehouseError("deadline_exceeded", `the query took longer than ${timeout_ms} ms`, {
    hint: "give a larger timeout_ms, or read less",
  });
}

/** Runs `sql` and resolves when its first rows (or its error) are there. Releases the connection. */
export async function streamRows(
  duckdb: DuckDb,
  pooled: PooledConnection,
  sql: string,
  request: SqlRequest,
): Promise<RowStream> {
  const watch = watchQuery(pooled, request);
  function finish(state: EndState): void {
    watch.end();
    pooled.release(state);
  }
  try {
    const values = request.params.map((param) => fromJson(param, duckdb));
    const { result, first } = await watch.during(async () => {
      await pooled.show(request.relations);
      const prepared = await pooled.connection.prepare(sql);
      try {
        prepared.bind(values);
        const result = await prepared.stream();
        return { result, first: await result.fetchChunk() };
      } finally {
        prepared.destroySync();
      }
    });
    const converters = result.columnTypes().map(toJsonOf);
    const columns = columnsOf(result);
    watch.idle(() => finish("midway"));
    const chunks = readChunks({ result, first, converters, watch, request, finish });
    return { columns, chunks: endingIterator(chunks, () => finish("midway")) };
  } catch (error) {
    finish(isFatal(error) ? "fatal" : "midway");
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
  finish(state: EndState): void;
}

type EndState = "done" | "midway" | "fatal";

async function* readChunks(reading: Reading): AsyncGenerator<readonly (readonly unknown[])[]> {
  const { result, watch, request } = reading;
  let left = request.limits.rows_max;
  let chunk = reading.first;
  let state: EndState = "midway";
  try {
    while (chunk !== null && chunk.rowCount > 0 && left > 0) {
      const rows = rowsOf(chunk, reading.converters, Math.min(left, chunk.rowCount));
      left -= rows.length;
      watch.idle(() => reading.finish("midway"));
      yield rows;
      chunk = await watch.during(() => result.fetchChunk());
    }
    if (chunk === null || chunk.rowCount === 0) state = "done";
  } catch (error) {
    if (isFatal(error)) state = "fatal";
    throw toQueryError(error);
  } finally {
    reading.finish(state);
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
