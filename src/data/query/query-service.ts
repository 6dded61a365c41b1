// The query service: checks who may run, opens what is named, and sends the rows on.
import { createReadStream } from "node:fs";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { catalog } from "#contracts/catalog.ts";
import type { query } from "#contracts/query.ts";
import type { Call } from "#kernel/call.ts";
import type { Clock } from "#kernel/clock.ts";
import type { ByteStream, Client, OutputOf, ParsedInputOf } from "#kernel/contract.ts";
import { newId } from "#kernel/ids.ts";
import type { Service } from "#kernel/lifecycle.ts";
import type { Log } from "#kernel/log.ts";
import type { QueryEngine } from "#ports/table-engine.ts";
import { createAnswerCache, type PlannedSlot } from "./answer-cache.ts";
import { collectRows, type Collected } from "./collect-rows.ts";
import { explainQuery } from "./explain-query.ts";
import { keeping, type HeldAnswer } from "./held-answers.ts";
import { CONTENT_TYPE, encodedRows, heldBody, ownedBody, primed } from "./query-bodies.ts";
import { createQueryTables, type KbTable } from "./query-tables.ts";
import { createRunningQueries, type RunningQuery } from "./running-queries.ts";
import type { QuerySettings } from "./query-settings.ts";
import { jsonTail, type Sent } from "./result-formats.ts";

export interface QueryNeeds {
  readonly catalog: Client<typeof catalog>;
  readonly engine: QueryEngine;
  /** What answers say made them. */
  readonly engine_name?: string;
  /** Logs that SQL can name in schema kb. */
  readonly kb: readonly KbTable[];
  /** For Parquet results on their way out; lies where the engine may write. */
  readonly dir: string;
  readonly log: Log;
  readonly clock: Clock;
}

type SqlInput = ParsedInputOf<typeof query.operations.sql>;
type RowsInput = ParsedInputOf<typeof query.operations.rows>;
type SqlAnswer = OutputOf<typeof query.operations.sql>;

const MIB = 1024 * 1024;

export async function createQuery(
  needs: QueryNeeds,
  settings: QuerySettings,
): Promise<Service<typeof query>> {
  const { engine, engine_name = "duckdb" } = needs;
  await emptyFolder(needs.dir);
  const tables = createQueryTables(needs.catalog, needs.kb);
  const queries = createRunningQueries({ engine, tables, log: needs.log }, settings);
  const cache = createAnswerCache(
    settings.cache_mb * MIB,
    settings.cache_entry_mb * MIB,
    engine_name,
  );

  function slotOf(input: RowsInput, form: string, rows_max: number, call: Call) {
    const { sql, params, at } = input;
    return cache.slot({ sql, params, at, form, rows_max }, input.cache, (names) =>
      tables.versionsOf(names, call),
    );
  }

  async function sql(input: SqlInput, call: Call): Promise<SqlAnswer> {
    const { format } = input;
    const is_json = format === "json";
    const asked = input.limit ?? Number.MAX_SAFE_INTEGER;
    const rows_max = is_json ? Math.min(input.limit ?? asked, settings.rows_max) : asked;
    const started = performance.now();
    const slot = slotOf(input, format, rows_max, call);
    const early = await slot.early();
    if (early !== undefined) return heldAnswer(early, input, started);
    const running = await queries.begin(input, is_json ? rows_max + 1 : rows_max, call);
    try {
      const planned = slot.planned(running.names, running.scans);
      if (planned.found !== undefined) {
        running.end();
        return heldAnswer(planned.found, { ...input, query_id: running.query_id }, started);
      }
      const body = await (format === "parquet"
        ? parquetBody(running, planned)
        : streamBody(running, planned, format, rows_max));
      const { query_id } = running;
      return { content_type: CONTENT_TYPE[format], query_id, cache: planned.state, body };
    } catch (error) {
      running.end();
      throw error;
    }
  }

  async function streamBody(
    running: RunningQuery,
    planned: PlannedSlot,
    format: Exclude<SqlInput["format"], "parquet">,
    rows_max: number,
  ): Promise<ByteStream> {
    const sent: Sent = { row_count: 0, truncated: false };
    const { query_id, started } = running;
    async function* whole() {
      const stream = await engine.rows(running.request);
      const rows = encodedRows(format, stream, sent, rows_max);
      yield* kept(planned, rows, sent);
      const elapsed_ms = elapsedSince(started);
      if (format === "json") yield jsonTail({ ...sent, elapsed_ms, query_id });
    }
    const body = await queries.run(running, () => primed(whole()));
    const { timeout_ms } = running.request.limits;
    const failed = (thrown: unknown) => queries.failed(running, thrown);
    return ownedBody({ timeout_ms, onEnd: running.end, failed }, body);
  }

  /** What passes is held for who asks next, if it may be and is not too large. */
  function kept(planned: PlannedSlot, rows: AsyncGenerator<Uint8Array>, sent: Sent) {
    const { store } = planned;
    if (store === undefined) return rows;
    return keeping(rows, cache.entry_bytes_max, (pieces) => store({ pieces, ...sent }));
  }

  async function parquetBody(running: RunningQuery, planned: PlannedSlot): Promise<ByteStream> {
    const path = join(needs.dir, `${newId()}.parquet`);
    const remove = () => rm(path, { force: true });
    try {
      const { rows } = await queries.run(running, () => engine.toParquet(running.request, path));
      const bytes = kept(planned, bytesOf(path), { row_count: rows, truncated: false });
      const { timeout_ms } = running.request.limits;
      const failed = (thrown: unknown) => queries.failed(running, thrown);
      return ownedBody({ timeout_ms, onEnd: remove, failed }, bytes);
    } catch (error) {
      await remove();
      throw error;
    } finally {
      running.end();
    }
  }

  async function rows(input: RowsInput, call: Call) {
    const rows_max = Math.min(input.limit ?? settings.rows_max, settings.rows_max);
    const started = performance.now();
    const slot = slotOf(input, "rows", rows_max, call);
    const early = await slot.early();
    if (early !== undefined) return fromHeld(early, input.query_id ?? newId(), started);
    const running = await queries.begin(input, rows_max + 1, call);
    const { query_id } = running;
    try {
      const planned = slot.planned(running.names, running.scans);
      if (planned.found !== undefined) return fromHeld(planned.found, query_id, started);
      const result = await queries.run(running, async () =>
        collectRows(await engine.rows(running.request), rows_max, settings.result_mb_max * MIB),
      );
      planned.store?.(toHeld(result));
      const plain = result.rows.map((row) => [...row]);
      return rowsAnswer(query_id, { ...result, rows: plain }, started);
    } finally {
      running.end();
    }
  }

  return {
    handlers: {
      sql,
      rows,
      explain: (input, call) => explainQuery({ engine, engine_name, queries }, input, call),
      cancel: async ({ query_id }) => ({ cancelled: queries.cancel(query_id) }),
      tables: async (_input, call) => ({ tables: await tables.list(call) }),
    },
    health: async () => ({
      status: "ok",
      figures: { ...queries.figures(), ...cache.figures() },
    }),
    stop: async () => queries.stopAll(),
  };
}

function elapsedSince(started: number): number {
  return Math.round((performance.now() - started) * 1000) / 1000;
}

/** Results on their way out when the process ended. */
async function emptyFolder(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  for (const left of await readdir(dir)) {
    if (left.endsWith(".parquet")) await rm(join(dir, left), { force: true });
  }
}

function heldAnswer(held: HeldAnswer, input: SqlInput, started: number): SqlAnswer {
  const query_id = input.query_id ?? newId();
  const { row_count, truncated } = held;
  const elapsed_ms = elapsedSince(started);
  const json = input.format === "json";
  const tail = json ? jsonTail({ row_count, truncated, elapsed_ms, query_id }) : undefined;
  const body = heldBody(held.pieces, tail);
  return { content_type: CONTENT_TYPE[input.format], query_id, cache: "hit", body };
}

type PlainRows = Omit<Collected, "rows"> & { readonly rows: unknown[][] };

function rowsAnswer(query_id: string, { columns, rows, truncated }: PlainRows, started: number) {
  const elapsed_ms = elapsedSince(started);
  return { query_id, columns: [...columns], rows, row_count: rows.length, truncated, elapsed_ms };
}

/** As text: whoever gets the rows may do with them what they like. */
function toHeld({ columns, rows, truncated }: Collected): HeldAnswer {
  const pieces = [Buffer.from(JSON.stringify({ columns, rows, truncated }))];
  return { pieces, row_count: rows.length, truncated };
}

function fromHeld(held: HeldAnswer, query_id: string, started: number) {
  const plain = JSON.parse(Buffer.concat(held.pieces).toString("utf8")) as PlainRows;
  return rowsAnswer(query_id, plain, started);
}

/** Opened when its reader begins: one that never does leaves no descriptor behind. */
async function* bytesOf(path: string): AsyncGenerator<Uint8Array> {
  yield* createReadStream(path) as AsyncIterable<Uint8Array>;
}
