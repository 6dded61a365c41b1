// The columns of journal.jsonl, for SQL over it.
import type { Column } from "#contracts/nouns.ts";

export const journalLogColumns: readonly Column[] = [
  { name: "seq", type: "long", nullable: false },
  { name: "event_id", type: "string", nullable: false },
  { name: "recorded_at", type: "timestamptz", nullable: false },
  { name: "actor", type: "string", nullable: false },
  { name: "action", type: "string", nullable: false },
  { name: "subject", type: "string", nullable: false },
  { name: "before", type: "string", nullable: true },
  { name: "after", type: "string", nullable: true },
  { name: "details", type: "string", nullable: false },
  { name: "trace_id", type: "string", nullable: false },
  { name: "prev_hash", type: "string", nullable: false },
  { name: "hash", type: "string", nullable: false },
];
