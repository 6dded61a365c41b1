// The hash chain: each event carries the hash of the one before it, and its own over all it says.
import { canonicalJson, sha256Hex } from "#kernel/ids.ts";
import type { JournalEvent } from "#contracts/journal.ts";

export type UnhashedEvent = Omit<JournalEvent, "hash">;

/** The last link: what the next event has to follow. */
export interface ChainHead {
  /** The seq of the next event, which is the number of events so far. */
  readonly next_seq: number;
  readonly hash: string;
}

export const GENESIS: ChainHead = { next_seq: 0, hash: "0".repeat(64) };

/** sha256 over `<prev_hash>\n<canonical JSON of the event without its hash>`, lower-case hex. */
export function hashEvent(event: UnhashedEvent): string {
  return sha256Hex(`${event.prev_hash}\n${canonicalJson(event)}`);
}

/** The event with its place in the chain after `head`, and the head after it. */
export function link(
  head: ChainHead,
  event: Omit<UnhashedEvent, "seq" | "prev_hash">,
): { event: JournalEvent; head: ChainHead } {
  const placed = { seq: head.next_seq, ...event, prev_hash: head.hash };
  const hash = hashEvent(placed);
  return { event: { ...placed, hash }, head: { next_seq: head.next_seq + 1, hash } };
}

/** What is wrong with the event that should follow `head`; undefined when it is sound. */
export function faultOf(head: ChainHead, event: JournalEvent): string | undefined {
  if (typeof event !== "object" || event === null) return "the row is not an event";
  const { hash, ...rest } = event;
  const expected = head.next_seq;
  if (event.seq !== expected) {
    const what = event.seq > expected ? "rows are missing or out of order" : "a row stands twice";
    return `event ${event.seq} stands where ${expected} belongs: ${what}`;
  }
  if (event.prev_hash !== head.hash) return "prev_hash is not the hash of the event before";
  if (hash !== hashEvent(rest)) return "the event was changed: its hash does not match";
  return undefined;
}
