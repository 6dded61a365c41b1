// The durable event log, with totals beside it so that a start reads only what came after them.
import { open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { openJsonlLog } from "#kernel/jsonl-log.ts";
import { readJsonlFile } from "#kernel/jsonl-read.ts";
import type { Log } from "#kernel/log.ts";
import type { Event } from "#contracts/observe.ts";
import { addToTotals, emptyTotals, type Totals } from "./event-totals.ts";

/** Totals of the log up to a byte offset. A cache: without it the log is counted again. */
interface Checkpoint {
  readonly schema: "observe.totals.v2";
  readonly offset: number;
  readonly totals: Omit<Totals, "by_source"> & { readonly by_source: [string, number][] };
}

export interface EventStore {
  /**
   * Resolves when the system has the events, which a killed process does not take with it; `lines`
   * are theirs, in the same order. They are on disk a moment later.
   */
  append(events: readonly Event[], lines: readonly string[]): Promise<void>;
  /** Resolves when all of them are on disk. */
  sync(): Promise<void>;
  /** What the log held when it was opened. */
  readonly restored: { readonly totals: Totals; readonly newest: readonly Event[] };
  corruptLines(): number;
  close(): Promise<void>;
}

/** A failing machine loses the calls of so long; told events are synced before the answer. */
const SYNC_AFTER_MS = 200;

export async function openEventStore(
  dir: string,
  ring_size: number,
  checkpoint_every: number,
  log: Log,
): Promise<EventStore> {
  const path = join(dir, "ops.jsonl");
  let corrupt_lines = 0;
  const onCorrupt = (line: object): void => {
    corrupt_lines++;
    log.warn(line, "a line of the event log cannot be read");
  };
  const file = await openJsonlLog<Event>(path, {
    onCorrupt,
    sync_after_ms: SYNC_AFTER_MS,
    onSyncFailed: (error) => log.warn({ err: error }, "the event log could not be synced"),
  });
  const durable = await countLog(dir, path, file.size(), onCorrupt);
  const restored = {
    totals: structuredClone(durable),
    newest: await newestRows(path, file.size(), ring_size),
  };
  let written_since = 0;
  let checkpointing: Promise<void> | undefined;

  function checkpoint(): Promise<void> {
    written_since = 0;
    const content: Checkpoint = {
      schema: "observe.totals.v2",
      offset: file.size(),
      totals: { ...durable, by_source: [...durable.by_source] },
    };
    checkpointing = writeAtomically(join(dir, "ops-totals.json"), JSON.stringify(content))
      .catch((error: unknown) => log.warn({ err: error }, "the totals could not be written"))
      .finally(() => (checkpointing = undefined));
    return checkpointing;
  }

  let in_flight = 0;
  return {
    restored,
    corruptLines: () => corrupt_lines,
    async append(events, lines) {
      in_flight++;
      try {
        await file.appendLines(lines);
      } finally {
        in_flight--;
      }
      for (const event of events) addToTotals(durable, event);
      written_since += events.length;
      // Only when nothing is in flight do the totals and the file's size speak of the same rows.
      if (written_since >= checkpoint_every && in_flight === 0 && checkpointing === undefined) {
        void checkpoint();
      }
    },
    sync: () => file.sync(),
    async close() {
      await file.close();
      await checkpointing;
      await checkpoint();
    },
  };
}

async function countLog(
  dir: string,
  path: string,
  size: number,
  onCorrupt: (line: object) => void,
): Promise<Totals> {
  const known = await readCheckpoint(dir, size);
  const totals: Totals =
    known === undefined
      ? emptyTotals()
      : { ...known.totals, by_source: new Map(known.totals.by_source) };
  const from_offset = known?.offset ?? 0;
  const rows = readJsonlFile<Event>(path, { from_offset, to_offset: size, onCorrupt });
  for await (const { row } of rows) addToTotals(totals, row);
  return totals;
}

async function readCheckpoint(dir: string, size: number): Promise<Checkpoint | undefined> {
  try {
    const text = await readFile(join(dir, "ops-totals.json"), "utf8");
    const content = JSON.parse(text) as Checkpoint;
    const fits = content.schema === "observe.totals.v2" && content.offset <= size;
    return fits ? content : undefined;
  } catch {
    // Missing or unreadable: it is only a cache of the log.
    return undefined;
  }
}

/** The last `count` rows, oldest first, read from the end of the file in growing steps. */
async function newestRows(path: string, size: number, count: number): Promise<Event[]> {
  let span = Math.min(size, count * 512);
  for (;;) {
    const start = size - span;
    const rows: Event[] = [];
    // The first line of a span that starts inside the file may be cut: it is skipped as unreadable.
    for await (const { row, line } of readJsonlFile<Event>(path, {
      from_offset: start,
      to_offset: size,
    })) {
      if (start === 0 || line > 1) rows.push(row);
    }
    if (start === 0 || rows.length >= count) return rows.slice(-count);
    span = Math.min(size, span * 4);
  }
}

async function writeAtomically(path: string, text: string): Promise<void> {
  const file = await open(`${path}.new`, "w");
  try {
    await file.writeFile(text);
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
}
