// A running Trino query as a stream of rows: pages when they are asked for, within time and rows.
import { endingIterator } from "#kernel/ending-iterator.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { RowStream, SqlRequest } from "#ports/table-engine.ts";
import type { TrinoColumn, TrinoPage, TrinoQuery } from "./trino-client.ts";
import { trinoType } from "./trino-types.ts";

export type StartQuery = (
  session: Readonly<Record<string, string>>,
  signal: AbortSignal,
) => Promise<TrinoQuery>;

/** Resolves when columns and the first rows (or the error) are there. */
export async function trinoRows(start: StartQuery, request: SqlRequest): Promise<RowStream> {
  const clock = watchTime(request);
  const session = sessionOf(request);
  let query: TrinoQuery | undefined;
  try {
    query = await clock.during((signal) => start(session, signal));
    const { columns, first } = await clock.during((signal) => firstRows(query!, signal));
    const types = columns.map(trinoType);
    const shown = columns.map(({ name }, at) => ({
      name,
      type: types[at]!.name,
      nullable: true,
    }));
    const chunks = readPages(
      query,
      first,
      types.map((type) => type.toJson),
      clock,
      request,
    );
    const ended = async () => {
      clock.end();
      await query!.cancel();
    };
    clock.onStop(() => void query!.cancel());
    return { columns: shown, chunks: endingIterator(chunks, ended) };
  } catch (error) {
    clock.end();
    await query?.cancel();
    throw error;
  }
}

/** Limits that the cluster itself should hold. */
function sessionOf({ limits }: SqlRequest): Record<string, string> {
  const session: Record<string, string> = {
    query_max_run_time: `${Math.ceil(limits.timeout_ms / 1000)}s`,
  };
  if (limits.memory_mb !== undefined) session["query_max_memory"] = `${limits.memory_mb}MB`;
  return session;
}

async function firstRows(query: TrinoQuery, signal: AbortSignal) {
  let columns: readonly TrinoColumn[] | undefined;
  for (;;) {
    const page = await query.next(signal);
    columns = page?.columns ?? columns;
    if (page !== undefined && page.rows.length === 0) continue;
    return { columns: columns ?? [], first: page };
  }
}

type ToJson = (value: unknown) => unknown;

async function* readPages(
  query: TrinoQuery,
  first: TrinoPage | undefined,
  converters: readonly ToJson[],
  clock: Clock,
  request: SqlRequest,
): AsyncGenerator<readonly (readonly unknown[])[]> {
  let left = request.limits.rows_max;
  let page = first;
  while (page !== undefined && left > 0) {
    const rows = page.rows.length > left ? page.rows.slice(0, left) : page.rows;
    left -= rows.length;
    if (rows.length > 0) {
      clock.idle();
      yield rows.map((row) => converters.map((convert, at) => convert(row[at])));
    }
    if (left > 0) page = await clock.during((signal) => query.next(signal));
  }
}

interface Clock {
  /** Awaits work on the cluster, whose time counts; `deadline_exceeded` or `cancelled`. */
  during<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** The consumer has rows now; it may take as long again to come back. */
  idle(): void;
  /** What to do when time is up or the caller leaves while nobody asks for rows. */
  onStop(stop: () => void): void;
  end(): void;
}

function watchTime({ limits, signal }: SqlRequest): Clock {
  const stopped = new AbortController();
  const either = AbortSignal.any([signal, stopped.signal]);
  let spent_ms = 0;
  let timer: NodeJS.Timeout | undefined;
  const arm = (ms: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => stopped.abort(), Math.max(1, ms)).unref();
  };
  const wrong = () => {
    if (!stopped.signal.aborted) return new LakehouseError("cancelled", "the query was cancelled");
    const message = `the query took longer than ${limits.timeout_ms} ms`;
    const hint = "give a larger timeout_ms, or read less";
    return new LakehouseError("deadline_exceeded", message, { hint });
  };
  return {
    async during(work) {
      if (either.aborted) throw wrong();
      const started = performance.now();
      arm(limits.timeout_ms - spent_ms);
      timer?.ref();
      try {
        return await work(either);
      } catch (error) {
        throw either.aborted ? wrong() : error;
      } finally {
        clearTimeout(timer);
        spent_ms += performance.now() - started;
      }
    },
    idle: () => arm(limits.timeout_ms),
    onStop: (stop) => either.addEventListener("abort", stop, { once: true }),
    end: () => clearTimeout(timer),
  };
}
