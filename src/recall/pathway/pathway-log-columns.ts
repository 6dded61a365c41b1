// The columns of pathways.jsonl, for whoever reads the log with SQL.
import type { Column } from "#contracts/nouns.ts";

const column = (name: string, type: string): Column => ({ name, type, nullable: true });

/** One row for each operation; `content` is there where an operation brought one. */
export const pathwayLogColumns: readonly Column[] = [
  column("op", "string"),
  column("at", "string"),
  column("tenant", "string"),
  column("agent", "string"),
  column("task_class", "string"),
  column("pathway_id", "string"),
  column("content", "string"),
  column("hash", "string"),
  column("tags", "list<string>"),
  column("derived_from", "list<string>"),
  column("session_id", "string"),
  column("replaces", "string"),
  column("success", "boolean"),
  column("reason", "string"),
  column("trace_id", "string"),
];
