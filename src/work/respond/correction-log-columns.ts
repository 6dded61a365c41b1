// The log of overseers' corrections as SQL sees it (kb.overseer_corrections).
import type { Column } from "#contracts/nouns.ts";

const text = (name: string): Column => ({ name, type: "string", nullable: true });

export const correctionLogColumns: Column[] = [
  ...["schema", "created_at", "task_class", "reason", "correction", "model"].map(text),
  { name: "applied_at_turn", type: "long", nullable: true },
  ...["sig_hash", "usage", "trace_id"].map(text),
];
