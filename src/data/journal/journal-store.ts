// Keeps the chain: events are linked and written by batches, so that a failed write leaves no gap.
import { join } from "node:path";
import type { JournalEvent } from "#contracts/journal.ts";
import { openJsonlLog } from "#kernel/jsonl-log.ts";
import type { CorruptLine } from "#kernel/jsonl-read.ts";
import type { Log } from "#kernel/log.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { GENESIS, link, type ChainHead, type UnhashedEvent } from "./hash-chain.ts";
import { readLinesBackward } from "./read-backward.ts";

export type NewEvent = Omit<UnhashedEvent, "seq" | "prev_hash">;

export interface JournalStore {
  readonly path: string;
  head(): ChainHead;
  /** Durable length of the file in bytes; grows together with the head. */
  size(): number;
  append(event: NewEvent): Promise<JournalEvent>;
  close(): Promise<void>;
}

interface Waiting {
  readonly event: NewEvent;
  readonly resolve: (event: JournalEvent) => void;
  readonly reject: (error: unknown) => void;
}

const BATCH_EVENTS_MAX = 1_000;
const WAITING_EVENTS_MAX = 100_000;

export async function openJournalStore(dir: string, log: Log): Promise<JournalStore> {
  const path = join(dir, "journal.jsonl");
  const onCorrupt = (line: CorruptLine) => log.error({ ...line }, "unreadable line in the journal");
  const file = await openJsonlLog<JournalEvent>(path, { onCorrupt });
  if (file.repaired_bytes > 0)
    log.warn({ bytes: file.repaired_bytes, path }, "torn line set aside");
  let head = await restoreHead(path, file.size(), log);
  let size = file.size();
  const waiting: Waiting[] = [];
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    while (waiting.length > 0) await writeBatch(waiting.splice(0, BATCH_EVENTS_MAX));
    running = undefined;
  }

  /** The head moves on only when the whole batch is on disk: else the next starts where it did. */
  async function writeBatch(batch: readonly Waiting[]): Promise<void> {
    let next = head;
    const events = batch.map((one) => {
      const linked = link(next, one.event);
      next = linked.head;
      return linked.event;
    });
    try {
      await file.appendAll(events);
    } catch (error) {
      for (const one of batch) one.reject(error);
      return;
    }
    head = next;
    size = file.size();
    batch.forEach((one, at) => one.resolve(events[at]!));
  }

  return {
    path,
    head: () => head,
    size: () => size,
    append(event) {
      if (waiting.length >= WAITING_EVENTS_MAX) {
        const full = new LakehouseError("unavailable", "too many events wait for the journal");
        return Promise.reject(full);
      }
      return new Promise((resolve, reject) => {
        waiting.push({ event, resolve, reject });
        running ??= Promise.resolve().then(run);
      });
    },
    async close() {
      await running;
      await file.close();
    },
  };
}

/** From the last readable event; what is wrong before it is for `verify` to tell. */
async function restoreHead(path: string, size: number, log: Log): Promise<ChainHead> {
  for await (const line of readLinesBackward(path, size)) {
    const event = parseEvent(line);
    if (event !== undefined) return { next_seq: event.seq + 1, hash: event.hash };
    log.error({ path, line: line.slice(0, 200) }, "the last line of the journal is unreadable");
  }
  return GENESIS;
}

/** The event of a line; undefined when the line is not one. */
export function parseEvent(line: string): JournalEvent | undefined {
  try {
    const event = JSON.parse(line) as JournalEvent | null;
    const sound = typeof event?.seq === "number" && typeof event.hash === "string";
    return sound ? event : undefined;
  } catch {
    return undefined;
  }
}
