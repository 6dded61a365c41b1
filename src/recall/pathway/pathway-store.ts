// Keeps the traces: an append-only log, replayed on start; tables and words in memory.
import { rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { syncDir } from "#kernel/durable-dir.ts";
import { openJsonlLog, type JsonlLog } from "#kernel/jsonl-log.ts";
import type { Log } from "#kernel/log.ts";
import type { Pathway } from "#contracts/pathway.ts";
import { applyRow, refusalOf, type Applied } from "./apply-row.ts";
import { createWordReader } from "./index-words.ts";
import { openLineReader, type LineReader } from "./line-reader.ts";
import { keepLogSnapshots, resumeMemory } from "./log-snapshot.ts";
import { pathwayOf } from "./pathway-form.ts";
import { rowProblem, type PathwayRow } from "./pathway-row.ts";
import type { PathwaySettings } from "./pathway-settings.ts";
import { contentText } from "./trace-content.ts";
import { createTraceTable, type TraceTable } from "./trace-table.ts";
import { createWordIndex, type WordIndex } from "./word-index.ts";

/** What is open of the log: replaced as a whole when the log was compacted. */
export interface LogState {
  readonly jsonl: JsonlLog<PathwayRow>;
  readonly reader: LineReader;
  readonly table: TraceTable;
  readonly words: WordIndex;
  readonly corrupt_lines: number;
  /** Rows that were not replayed, for a snapshot had them. */
  readonly rows_resumed: number;
}

export interface PathwayStore {
  readonly path: string;
  readonly state: LogState;
  /** Appends a row; when it is durable it counts, and only then this resolves. */
  append(row: PathwayRow): Promise<Applied>;
  /** As `append`; all rows are kept or none. */
  appendAll(rows: readonly PathwayRow[]): Promise<void>;
  /** The state, whose file stays open until it is released. */
  hold(): { readonly state: LogState; release(): Promise<void> };
  /** Runs work on a state that is held until it ends. */
  using<T>(work: (state: LogState) => Promise<T>): Promise<T>;
  pathway(trace: number): Promise<Pathway>;
  /** The content as text, of the version a doc stands for; undefined: it is not current. */
  textOf(doc: number): Promise<string | undefined>;
  /** Runs work while nobody else appends; `append` and `replace` are for it alone. */
  exclusive<T>(work: (within: Exclusive) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface Exclusive {
  append(rows: readonly PathwayRow[]): Promise<void>;
  /** Puts a finished file in the place of the log and opens it. */
  replace(path: string): Promise<void>;
}

export interface StoreOptions {
  readonly dir: string;
  readonly log: Log;
  readonly settings: PathwaySettings;
  /** Told of each text version that came in, and of all again after the log was replaced. */
  readonly onDoc: (doc: number, state: LogState) => void;
}

/** Rows replayed before others have their turn. */
const REPLAY_AT_ONCE = 2_000;

/** Opens `<dir>/pathways.jsonl`; lines that cannot be read are logged, counted and skipped. */
export async function openPathwayStore(options: StoreOptions): Promise<PathwayStore> {
  const path = join(options.dir, "pathways.jsonl");
  let state = await openState(path, options);
  const gate = createGate();
  const users = new Map<LogState, number>();
  const snapshots = keepLogSnapshots({
    log_path: path,
    log: options.log,
    state: () => state,
    alone: (work) => gate.exclusive(work),
    rows_min: options.settings.snapshot_rows_min,
    rows_kept: state.rows_resumed,
  });

  function applied(row: PathwayRow, offset: number): Applied {
    const result = applyRow(state.table, row, offset);
    if (result.doc !== undefined) {
      state.words.add(scopeNumber(state.table, result.trace), result.doc, wordsOf(row));
      options.onDoc(result.doc, state);
    }
    snapshots.rowsCame();
    return result;
  }

  async function appendAll(rows: readonly PathwayRow[]): Promise<void> {
    let offset = await state.jsonl.appendAll(rows);
    for (const row of rows) {
      applied(row, offset);
      offset += Buffer.byteLength(JSON.stringify(row)) + 1;
    }
  }

  function hold() {
    const held = state;
    users.set(held, (users.get(held) ?? 0) + 1);
    return {
      state: held,
      async release(): Promise<void> {
        const left = users.get(held)! - 1;
        if (left > 0) users.set(held, left);
        else users.delete(held);
        // The last one closes what was replaced meanwhile.
        if (left === 0 && held !== state) await held.reader.close();
      },
    };
  }

  async function using<T>(work: (used: LogState) => Promise<T>): Promise<T> {
    const { state: used, release } = hold();
    try {
      return await work(used);
    } finally {
      await release();
    }
  }

  async function replace(finished: string): Promise<void> {
    const before = state;
    await before.jsonl.close();
    await snapshots.forget();
    await rename(finished, path);
    await syncDir(dirname(path));
    const after = await openState(path, options);
    // Rows keep their order, so traces and docs keep their numbers.
    after.table.columns.recalled_at = before.table.columns.recalled_at;
    state = after;
    for (let doc = 0; doc < after.table.hashes.count; doc++) options.onDoc(doc, after);
    snapshots.rowsCame();
    if (!users.has(before)) await before.reader.close();
  }

  for (let doc = 0; doc < state.table.hashes.count; doc++) options.onDoc(doc, state);
  snapshots.rowsCame();
  return {
    path,
    get state() {
      return state;
    },
    append: (row) => gate.pass(async () => applied(row, await state.jsonl.append(row))),
    appendAll: (rows) => gate.pass(() => appendAll(rows)),
    hold,
    using,
    pathway: (trace) => using((used) => readPathway(used, trace)),
    textOf: (doc) =>
      using(async ({ table, reader }) => {
        const trace = table.docs.trace.values[doc]!;
        if (table.columns.doc.values[trace] !== doc || table.isRetired(trace)) return undefined;
        const body = await rowAt({ table, reader }, table.columns.body_row.values[trace]!);
        return contentText(body.content);
      }),
    exclusive: (work) => gate.exclusive(() => work({ append: appendAll, replace })),
    async close() {
      // What is on its way to the disk counts before the doors close.
      await gate.exclusive(async () => undefined);
      await snapshots.close();
      await state.jsonl.close();
      await state.reader.close();
    },
  };
}

/** Many pass at once, or one alone. */
function createGate() {
  let closed: Promise<unknown> | undefined;
  const inside = new Set<Promise<unknown>>();
  return {
    async pass<T>(work: () => Promise<T>): Promise<T> {
      while (closed !== undefined) await closed;
      const mine = work();
      const settled = mine.then(
        () => undefined,
        () => undefined,
      );
      inside.add(settled);
      void settled.then(() => inside.delete(settled));
      return mine;
    },
    async exclusive<T>(work: () => Promise<T>): Promise<T> {
      while (closed !== undefined) await closed;
      const mine = Promise.all(inside).then(work);
      closed = mine.then(
        () => (closed = undefined),
        () => (closed = undefined),
      );
      return mine;
    },
  };
}

type Readable = Pick<LogState, "table" | "reader">;

/** A row by its number. */
export async function rowAt({ table, reader }: Readable, row: number): Promise<PathwayRow> {
  return JSON.parse(await reader.line(table.rows.offset.values[row]!)) as PathwayRow;
}

export async function readPathway(state: Readable, trace: number): Promise<Pathway> {
  const numbers = rowsOfTrace(state.table, trace);
  const [first, body, meta, retired] = await Promise.all(
    numbers.map(async (number) => (number === undefined ? undefined : rowAt(state, number))),
  );
  return pathwayOf(state.table, trace, { first: first!, body: body ?? first!, meta, retired });
}

async function openState(path: string, { log, settings }: StoreOptions): Promise<LogState> {
  const table = createTraceTable();
  const { bm25_k1: k1, bm25_b: b, postings_max } = settings;
  const words = createWordIndex(createWordReader(), { k1, b, postings_max });
  let corrupt_lines = 0;
  const skip = (told: object, why: string) => {
    corrupt_lines++;
    log.warn({ path, ...told, why }, "a line of the pathway log is skipped");
  };
  const jsonl: JsonlLog<PathwayRow> = await openJsonlLog(path, {
    onCorrupt: ({ line, offset, message }) => skip({ line, offset }, message),
  });
  try {
    const resumed = await resumeMemory(path, jsonl.size(), { table, words }, log);
    corrupt_lines += resumed?.corrupt_lines ?? 0;
    const rows_resumed = table.rows.count;
    const lines_resumed = rows_resumed + corrupt_lines;
    for await (const { row, line: read, offset } of jsonl.read(resumed?.log_bytes)) {
      const line = lines_resumed + read;
      const why = rowProblem(row) ?? refusalOf(table, row);
      if (why !== undefined) skip({ line, offset }, why);
      else {
        const { trace, doc } = applyRow(table, row, offset);
        if (doc !== undefined) words.add(scopeNumber(table, trace), doc, wordsOf(row));
      }
      if (line % REPLAY_AT_ONCE === 0) await nextTurn();
    }
    const reader = await openLineReader(path);
    return { jsonl, reader, table, words, corrupt_lines, rows_resumed };
  } catch (error) {
    await jsonl.close();
    throw error;
  }
}

function scopeNumber(table: TraceTable, trace: number): number {
  return table.columns.scope.values[trace]!;
}

/** Tags are words too: who tags a trace says what it is about. */
function wordsOf(row: PathwayRow): string {
  const tags = row.tags ?? [];
  const text = contentText(row.content);
  return tags.length === 0 ? text : `${text}\n${tags.join("\n")}`;
}

/** Numbers of the rows that hold what a trace says: first, body, meta, retiring. */
function rowsOfTrace(table: TraceTable, trace: number): (number | undefined)[] {
  const first = table.columns.first_row.values[trace]!;
  const body = table.columns.body_row.values[trace]!;
  const meta = table.meta_rows.get(trace);
  return [first, body === first ? undefined : body, meta, table.retire_rows.get(trace)];
}
