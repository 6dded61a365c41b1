// The columns of playbooks.jsonl, for whoever reads the log with SQL.
import type { Column } from "#contracts/nouns.ts";

const column = (name: string, type: string): Column => ({ name, type, nullable: true });

/** One row for each operation; every row carries the whole entry as it stood after it. */
export const playbookLogColumns: readonly Column[] = [
  column("op", "string"),
  column("at", "string"),
  column("reason", "string"),
  column("success", "boolean"),
  column("applied_to", "string"),
  column("playbook_id", "string"),
  column("scope", "string"),
  column("query_text", "string"),
  column("answer_id", "string"),
  column("answer_corpus", "string"),
  column("score", "double"),
  column("tags", "list<string>"),
  column("task_class", "string"),
  column("expires_at", "string"),
  column("not_for", "list<string>"),
  column("status", "string"),
  column("status_reason", "string"),
  column("evidence", "long"),
  column("successes", "long"),
  column("failures", "long"),
  column("recorded_at", "string"),
  column("updated_at", "string"),
  column("trace_id", "string"),
];
