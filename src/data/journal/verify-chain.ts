// Recomputes the chain from the first line to the last, in bounded memory.
import type { JournalEvent } from "#contracts/journal.ts";
import { throwIfOver, type Call } from "#kernel/call.ts";
import { readJsonlFile, type CorruptLine } from "#kernel/jsonl-read.ts";
import { faultOf, GENESIS, type ChainHead } from "./hash-chain.ts";

export interface ChainReport {
  ok: boolean;
  /** Events that are sound, up to the first break. */
  events: number;
  head_hash: string;
  first_break: { seq: number; line: number; message: string } | null;
}

/** Checks the first `size` bytes, which must end in `expected`. */
export async function verifyChain(
  path: string,
  size: number,
  expected: ChainHead,
  call: Call,
): Promise<ChainReport> {
  let head = GENESIS;
  let line = 0;
  const corrupt: CorruptLine[] = [];
  const broken = (at_line: number, message: string): ChainReport => ({
    ok: false,
    events: head.next_seq,
    head_hash: head.hash,
    first_break: { seq: head.next_seq, line: at_line, message },
  });
  const options = { to_offset: size, onCorrupt: (found: CorruptLine) => void corrupt.push(found) };
  for await (const item of readJsonlFile<JournalEvent>(path, options)) {
    if (item.line % 256 === 0) throwIfOver(call);
    if (corrupt[0] !== undefined) break;
    line = item.line;
    const fault = faultOf(head, item.row);
    if (fault !== undefined) return broken(line, fault);
    head = { next_seq: item.row.seq + 1, hash: item.row.hash };
  }
  const bad = corrupt[0];
  if (bad !== undefined) return broken(bad.line, `the line is unreadable: ${bad.message}`);
  if (head.next_seq !== expected.next_seq || head.hash !== expected.hash) {
    const missing = expected.next_seq - head.next_seq;
    return broken(line + 1, `the end is missing: ${missing} events that were written are gone`);
  }
  return { ok: true, events: head.next_seq, head_hash: head.hash, first_break: null };
}
