// Export and import: the rows of a scope as they stand in the log, byte for byte, and a checksum.
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { readJsonlFile } from "#kernel/jsonl-read.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { newId } from "#kernel/ids.ts";
import { keyOf, uuidOf } from "./key-table.ts";
import { rowProblem, scopeKey, type PathwayRow, type PathwayScope } from "./pathway-row.ts";
import type { Exclusive, LogState, PathwayStore } from "./pathway-store.ts";
import { contentHash } from "./trace-content.ts";

/** The last line of an export; a file without it was cut off. */
interface ExportEnd {
  readonly schema: "pathway.export.v1";
  readonly rows: number;
  /** Of all bytes before this line. */
  readonly sha256: string;
}

const PIECE_CHARACTERS = 256 * 1024;
const ROWS_AT_ONCE = 1_000;

/** Rows of a scope that are in the log now. */
export function rowCount(state: LogState, scope: PathwayScope): number {
  return state.table.scope(scope)?.rows ?? 0;
}

/** The rows of a scope, the first `rows` of them, and the closing line. */
export async function* exportRows(
  state: LogState,
  scope: PathwayScope,
  rows: number,
): AsyncGenerator<Uint8Array> {
  const hash = createHash("sha256");
  let piece = "";
  for await (const line of state.reader.lines(offsetsOf(state, scope, rows))) {
    piece += `${line}\n`;
    if (piece.length < PIECE_CHARACTERS) continue;
    hash.update(piece);
    yield Buffer.from(piece);
    piece = "";
  }
  hash.update(piece);
  const end: ExportEnd = { schema: "pathway.export.v1", rows, sha256: hash.digest("hex") };
  yield Buffer.from(`${piece}${JSON.stringify(end)}\n`);
}

function* offsetsOf({ table }: LogState, scope: PathwayScope, rows: number): Generator<number> {
  const number = table.scope(scope)?.number;
  let left = rows;
  for (let row = 0; left > 0; row++) {
    if (table.columns.scope.values[table.rows.trace.values[row]!] !== number) continue;
    left--;
    yield table.rows.offset.values[row]!;
  }
}

/**
 * Takes an export over. It is kept aside and checked as a whole before a row is written; rows that
 * are there already are not written again, so an import that was broken off is simply made again.
 */
export async function importRows(
  store: PathwayStore,
  scope: PathwayScope,
  body: AsyncIterable<Uint8Array>,
): Promise<{ rows: number; written: number; already_there: number }> {
  const path = `${store.path}.import-${newId()}`;
  try {
    await pipeline(body, createWriteStream(path, { flags: "wx" }));
    const rows = await checkExport(path, scope);
    return await store.exclusive(async (within) => {
      const already_there = await commonRows(store.state, path, scope);
      const written = await writeMissing(within, path, already_there);
      return { rows, written, already_there: rows - written };
    });
  } finally {
    await rm(path, { force: true });
  }
}

function badExport(message: string): LakehouseError {
  return new LakehouseError("invalid", message, {
    reason: "bad_export",
    hint: "import what `export` of the same scope gave, whole",
  });
}

/** Every line, its order, the scope and the checksum; answers the number of rows. */
async function checkExport(path: string, scope: PathwayScope): Promise<number> {
  const hash = createHash("sha256");
  const replaces = new Map<string, string>();
  let end: ExportEnd | undefined;
  let rows = 0;
  const lines = readJsonlFile<PathwayRow & Partial<ExportEnd>>(path, {
    onCorrupt: ({ line, message }) => {
      throw badExport(`line ${line}: ${message}`);
    },
  });
  const known = new Set<string>();
  for await (const { row, line } of lines) {
    if (end !== undefined) throw badExport(`line ${line} stands behind the end`);
    if (row.schema === "pathway.export.v1") {
      end = row as ExportEnd;
      continue;
    }
    const problem = importProblem(row, scope, known);
    if (problem !== undefined) throw badExport(`line ${line}: ${problem}`);
    known.add(row.pathway_id);
    if (row.replaces !== undefined) replaces.set(row.pathway_id, row.replaces);
    hash.update(`${JSON.stringify(row)}\n`);
    rows++;
  }
  if (end === undefined) throw badExport("the end is missing: the file was cut off");
  if (end.rows !== rows) throw badExport(`${rows} rows, where the end says ${end.rows}`);
  if (end.sha256 !== hash.digest("hex")) throw badExport("the checksum differs");
  const cycle = cycleIn(replaces);
  if (cycle !== undefined) throw badExport(`the chain of ${cycle} bites its tail`);
  return rows;
}

function importProblem(
  row: PathwayRow,
  scope: PathwayScope,
  known: ReadonlySet<string>,
): string | undefined {
  const problem = rowProblem(row);
  if (problem !== undefined) return problem;
  if (scopeKey(row) !== scopeKey(scope)) return "it is of another scope";
  const id = uuidOf(keyOf(row.pathway_id)!);
  if (id !== row.pathway_id) return "pathway_id is not written as ids are";
  const opens = row.op === "add" || row.op === "revise";
  if (opens === known.has(row.pathway_id)) return opens ? "added twice" : "no trace before it";
  if (row.content === undefined || contentHash(row.content) === row.hash) return undefined;
  return "the hash is not that of the content";
}

function cycleIn(replaces: ReadonlyMap<string, string>): string | undefined {
  const done = new Set<string>();
  for (const start of replaces.keys()) {
    const walk = new Set<string>();
    for (let at: string | undefined = start; at !== undefined; at = replaces.get(at)) {
      if (walk.has(at)) return at;
      if (done.has(at)) break;
      walk.add(at);
    }
    for (const one of walk) done.add(one);
  }
  return undefined;
}

/**
 * For each trace of the file, how many of its rows are in the log already. What is there must begin
 * as what comes does, else two histories would become one.
 */
async function commonRows(
  state: LogState,
  path: string,
  scope: PathwayScope,
): Promise<Map<string, number>> {
  const present = new Map<string, { digests: string[] }>();
  const rows = rowCount(state, scope);
  for await (const line of state.reader.lines(offsetsOf(state, scope, rows))) {
    const { pathway_id } = JSON.parse(line) as PathwayRow;
    const known = present.get(pathway_id) ?? { digests: [] };
    known.digests.push(digest(line));
    present.set(pathway_id, known);
  }
  const there = new Map<string, number>();
  for await (const { row } of readJsonlFile<PathwayRow & Partial<ExportEnd>>(path)) {
    if (row.schema !== undefined) continue;
    const { pathway_id } = row;
    if (state.table.traceAt(pathway_id) === undefined) continue;
    const at = there.get(pathway_id) ?? 0;
    const { digests } = present.get(pathway_id) ?? { digests: undefined };
    if (digests !== undefined && at >= digests.length) continue;
    if (digests?.[at] !== digest(JSON.stringify(row))) {
      throw new LakehouseError("conflict", `${pathway_id} has another history here`, {
        reason: "histories_differ",
        extra: { pathway_id },
      });
    }
    there.set(pathway_id, at + 1);
  }
  return there;
}

function digest(line: string): string {
  return createHash("sha256").update(line).digest("base64").slice(0, 22);
}

async function writeMissing(
  within: Exclusive,
  path: string,
  already: Map<string, number>,
): Promise<number> {
  const left = new Map(already);
  let batch: PathwayRow[] = [];
  let written = 0;
  for await (const { row } of readJsonlFile<PathwayRow & Partial<ExportEnd>>(path)) {
    if (row.schema !== undefined) continue;
    const there = left.get(row.pathway_id) ?? 0;
    if (there > 0) {
      left.set(row.pathway_id, there - 1);
      continue;
    }
    batch.push(row);
    written++;
    if (batch.length >= ROWS_AT_ONCE) {
      await within.append(batch);
      batch = [];
    }
  }
  if (batch.length > 0) await within.append(batch);
  return written;
}
