// The outcome log as SQL sees it (kb.outcomes).
import type { Column } from "#contracts/nouns.ts";

const column = (type: string) => (name: string) => ({ name, type, nullable: true });
const text = column("string");

export const outcomeLogColumns: Column[] = [
  ...["schema", "kind", "sig_hash", "task_class", "task"].map(text),
  column("boolean")("accepted"),
  text("status"),
  column("long")("iterations"),
  text("model"),
  ...["answer_ids", "playbook_ids"].map(column("list<string>")),
  ...["recorded_at", "trace_id"].map(text),
  column("double")("duration_ms"),
  column("long")("corrections"),
  text("permission"),
];
