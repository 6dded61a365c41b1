// Picks events out of the journal file, from either end, without holding the file.
import type { JournalEvent } from "#contracts/journal.ts";
import { throwIfOver, type Call } from "#kernel/call.ts";
import { readJsonlFile } from "#kernel/jsonl-read.ts";
import { parseEvent } from "./journal-store.ts";
import { readLinesBackward } from "./read-backward.ts";

export interface EventQuery {
  readonly action?: string | undefined;
  readonly subject?: string | undefined;
  readonly trace_id?: string | undefined;
  readonly from_seq?: number | undefined;
  readonly before_seq?: number | undefined;
  readonly order: "newest" | "oldest";
  readonly limit: number;
}

/** Events among the first `size` bytes that match, at most `limit`, in the order asked for. */
export async function listEvents(
  path: string,
  size: number,
  query: EventQuery,
  call: Call,
): Promise<JournalEvent[]> {
  const found: JournalEvent[] = [];
  const { from_seq = 0, before_seq = Infinity } = query;
  const newest = query.order === "newest";
  let seen = 0;
  for await (const event of newest ? backward(path, size) : forward(path, size)) {
    if (++seen % 256 === 0) throwIfOver(call);
    // seq grows along the file, so what lies beyond the bound need not be read.
    if (newest ? event.seq < from_seq : event.seq >= before_seq) break;
    if (event.seq < from_seq || event.seq >= before_seq || !matches(event, query)) continue;
    found.push(event);
    if (found.length === query.limit) break;
  }
  return found;
}

function matches(event: JournalEvent, query: EventQuery): boolean {
  return (
    (query.action === undefined || event.action === query.action) &&
    (query.subject === undefined || event.subject === query.subject) &&
    (query.trace_id === undefined || event.trace_id === query.trace_id)
  );
}

async function* backward(path: string, size: number): AsyncGenerator<JournalEvent> {
  for await (const line of readLinesBackward(path, size)) {
    const event = parseEvent(line);
    if (event !== undefined) yield event;
  }
}

async function* forward(path: string, size: number): AsyncGenerator<JournalEvent> {
  // Unreadable lines are skipped here: `verify` names them.
  for await (const { row } of readJsonlFile<JournalEvent>(path, { to_offset: size })) {
    if (typeof row?.seq === "number") yield row;
  }
}
