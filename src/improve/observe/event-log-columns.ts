// The event log as SQL sees it (kb.events). `details` is JSON text.
import type { Column } from "#contracts/nouns.ts";

const column = (type: string) => (name: string) => ({ name, type, nullable: true });
const text = column("string");
const flag = column("boolean");
const number = column("double");

export const eventLogColumns: Column[] = [
  ...["event_id", "timestamp", "source"].map(text),
  flag("source_known"),
  text("endpoint"),
  flag("success"),
  number("duration_ms"),
  ...["input_summary", "output_summary", "error"].map(text),
  ...["trace_id", "span_id", "parent_span_id", "principal"].map(text),
  ...["staffer_id", "sig_hash", "task_class", "event_kind", "role", "city", "state"].map(text),
  number("count"),
  flag("rescue_attempted"),
  flag("rescue_succeeded"),
  column("long")("pr_number"),
  text("head_sha"),
  text("details"),
];
