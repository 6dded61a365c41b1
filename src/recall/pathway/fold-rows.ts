// Compaction: outcomes and merges of one trace that follow each other become one row of counts.
import { open, type FileHandle } from "node:fs/promises";
import { syncDir } from "#kernel/durable-dir.ts";
import { dirname } from "node:path";
import { operationsOf, type CountedItem, type CountedOp, type PathwayRow } from "./pathway-row.ts";
import { rowAt, type LogState } from "./pathway-store.ts";

/** Items of one row at most, so that a row stays far below the longest line of a log. */
const ITEMS_MAX = 10_000;
const WRITE_BYTES = 1024 * 1024;

/** Rows of counts of one trace as one row; nothing of them is left out. */
export function foldedRow(rows: readonly PathwayRow[]): PathwayRow {
  const last = rows.at(-1)!;
  if (rows.length === 1) return last;
  const items = rows.flatMap(operationsOf).map((row): CountedItem => {
    const { op, at, trace_id, success } = row;
    const told = success === undefined ? {} : { success };
    return { op: op as CountedOp, at, trace_id, ...told };
  });
  const { at, tenant, agent, task_class, pathway_id, trace_id } = last;
  return { op: "counts", at, tenant, agent, task_class, pathway_id, trace_id, items };
}

/** Writes the rows of a log to a new file, folded; durable when it resolves. Its row count. */
export async function writeFolded(state: LogState, path: string): Promise<number> {
  const { rows } = state.table;
  const file = await open(path, "w");
  const out = createBlocks(file);
  let written = 0;
  let number = 0;
  try {
    const endingAt = createRuns(state);
    for await (const line of state.reader.lines(rows.offset.values.subarray(0, rows.count))) {
      const ending = await endingAt(number++, line);
      if (ending === undefined) continue;
      await out.write(ending);
      written++;
    }
    await out.end();
    await file.sync();
  } finally {
    await file.close();
  }
  await syncDir(dirname(path));
  return written;
}

/** What is written at a row: itself, the run that ends with it, or nothing while it goes on. */
function createRuns(state: LogState) {
  const { trace, previous, counted, count } = state.table.rows;
  const next = new Int32Array(count).fill(-1);
  for (let row = 0; row < count; row++)
    if (previous.values[row]! >= 0) next[previous.values[row]!] = row;
  const runs = new Map<number, { rows: number[]; items: number }>();

  return async (row: number, line: string): Promise<string | undefined> => {
    if (counted.values[row] !== 1) return line;
    const owner = trace.values[row]!;
    const run = runs.get(owner) ?? { rows: [], items: 0 };
    run.rows.push(row);
    run.items += (JSON.parse(line) as PathwayRow).items?.length ?? 1;
    const after = next[row]!;
    if (after >= 0 && counted.values[after] === 1 && run.items < ITEMS_MAX) {
      runs.set(owner, run);
      return undefined;
    }
    runs.delete(owner);
    if (run.rows.length === 1) return line;
    return JSON.stringify(foldedRow(await Promise.all(run.rows.map((one) => rowAt(state, one)))));
  };
}

function createBlocks(file: FileHandle) {
  let lines: string[] = [];
  let size = 0;
  async function end(): Promise<void> {
    if (lines.length > 0) await file.appendFile(`${lines.join("\n")}\n`);
    lines = [];
    size = 0;
  }
  return {
    async write(line: string): Promise<void> {
      lines.push(line);
      size += line.length;
      if (size >= WRITE_BYTES) await end();
    },
    end,
  };
}
