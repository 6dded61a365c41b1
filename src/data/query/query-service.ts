// The query service: checks who may run, opens what is named, and sends the rows on.
import { createReadStream } from "node:fs";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { catalog } from "#contracts/catalog.ts";
import type { query } from "#contracts/query.ts";
import type { Call } from "#kernel/call.ts";
import type { Clock } from "#kernel/clock.ts";
import type { ByteStream, Client, ParsedInputOf } from "#kernel/contract.ts";
import { endingIterator } from "#kernel/ending-iterator.ts";
import { newId } from "#kernel/ids.ts";
import type { Service } from "#kernel/lifecycle.ts";
import type { Log } from "#kernel/log.ts";
import type { RowStream, TableEngine } from "#ports/table-engine.ts";
import { createQueryTables, type KbTable } from "./query-tables.ts";
import { createRunningQueries, type RunningQuery } from "./running-queries.ts";
import type { QuerySettings } from "./query-settings.ts";
import { collectRows, jsonBody } from "./collect-rows.ts";
import { distinctNames, toCsv, toNdjson } from "./result-formats.ts";

export interface QueryNeeds {
  readonly catalog: Client<typeof catalog>;
  readonly engine: TableEngine;
  /** Logs that SQL can name in schema kb. */
  readonly kb: readonly KbTable[];
  /** For Parquet results on their way out; lies where the engine may write. */
  readonly dir: string;
  readonly log: Log;
  readonly clock: Clock;
}

type SqlInput = ParsedInputOf<typeof query.operations.sql>;
type RowsInput = ParsedInputOf<typeof query.operations.rows>;

const CONTENT_TYPE = {
  json: "application/json",
  ndjson: "application/x-ndjson",
  csv: "text/csv; charset=utf-8",
  parquet: "application/vnd.apache.parquet",
} as const;

export async function createQuery(
  needs: QueryNeeds,
  settings: QuerySettings,
): Promise<Service<typeof query>> {
  const { engine } = needs;
  await mkdir(needs.dir, { recursive: true });
  for (const left of await readdir(needs.dir)) {
    if (left.endsWith(".parquet")) await rm(join(needs.dir, left), { force: true });
  }
  const tables = createQueryTables(needs.catalog, needs.kb);
  const queries = createRunningQueries({ engine, tables, log: needs.log }, settings);

  /** The turn is held until the last byte is sent or the reader leaves. */
  function asBody(query: RunningQuery, pieces: AsyncIterable<string>): ByteStream {
    // A body that nobody begins to read must not hold a turn for ever.
    const forgotten = setTimeout(query.end, query.request.limits.timeout_ms).unref();
    const bytes = (async function* () {
      clearTimeout(forgotten);
      for await (const piece of pieces) if (piece !== "") yield Buffer.from(piece);
    })();
    return endingIterator(bytes, () => {
      clearTimeout(forgotten);
      query.end();
    });
  }

  async function toText(input: SqlInput, call: Call): Promise<{ body: ByteStream; id: string }> {
    const query = await queries.begin(input, input.limit ?? Number.MAX_SAFE_INTEGER, call);
    try {
      const stream = await queries.run(query, () => engine.rows(query.request));
      const names = distinctNames(stream.columns);
      const encode = input.format === "csv" ? toCsv : toNdjson(names);
      const head = input.format === "csv" ? toCsv([names]) : "";
      return { body: asBody(query, encoded(stream, head, encode)), id: query.query_id };
    } catch (error) {
      query.end();
      throw error;
    }
  }

  async function toParquet(input: SqlInput, call: Call): Promise<{ body: ByteStream; id: string }> {
    const query = await queries.begin(input, input.limit ?? Number.MAX_SAFE_INTEGER, call);
    const path = join(needs.dir, `${newId()}.parquet`);
    const remove = () => rm(path, { force: true });
    try {
      await queries.run(query, () => engine.toParquet(query.request, path));
      return { body: endingIterator(bytesOf(path), remove), id: query.query_id };
    } catch (error) {
      await remove();
      throw error;
    } finally {
      query.end();
    }
  }

  async function collected(input: RowsInput, call: Call) {
    const rows_max = Math.min(input.limit ?? settings.rows_max, settings.rows_max);
    const query = await queries.begin(input, rows_max + 1, call);
    try {
      const bytes_max = settings.result_mb_max * 1024 * 1024;
      const result = await queries.run(query, async () =>
        collectRows(await engine.rows(query.request), rows_max, bytes_max),
      );
      const elapsed_ms = Math.round((performance.now() - query.started) * 1000) / 1000;
      return { ...result, elapsed_ms, query_id: query.query_id };
    } finally {
      query.end();
    }
  }

  return {
    handlers: {
      async sql(input, call) {
        const content_type = CONTENT_TYPE[input.format];
        if (input.format === "json") {
          const result = await collected(input, call);
          return { content_type, query_id: result.query_id, body: jsonBody(result) };
        }
        const { body, id } = await (input.format === "parquet" ? toParquet : toText)(input, call);
        return { content_type, query_id: id, body };
      },
      async rows(input, call) {
        const { columns, rows, truncated, elapsed_ms, query_id } = await collected(input, call);
        const row_count = rows.length;
        const plain = rows.map((row) => [...row]);
        return { query_id, columns: [...columns], rows: plain, row_count, truncated, elapsed_ms };
      },
      cancel: async ({ query_id }) => ({ cancelled: queries.cancel(query_id) }),
      tables: async (_input, call) => ({ tables: await tables.list(call) }),
    },
    health: async () => ({ status: "ok", figures: queries.figures() }),
    stop: async () => queries.stopAll(),
  };
}

/** Opened when its reader begins: one that never does leaves no descriptor behind. */
async function* bytesOf(path: string): AsyncGenerator<Uint8Array> {
  yield* createReadStream(path) as AsyncIterable<Uint8Array>;
}

async function* encoded(
  stream: RowStream,
  head: string,
  encode: (rows: readonly (readonly unknown[])[]) => string,
): AsyncGenerator<string> {
  yield head;
  for await (const rows of stream.chunks) yield encode(rows);
}
