// The session log as SQL sees it (kb.sessions). Nested values are JSON text.
import type { Column } from "#contracts/nouns.ts";

const text = (name: string): Column => ({ name, type: "string", nullable: true });

export const sessionLogColumns: Column[] = [
  text("schema"),
  text("session_id"),
  text("trace_id"),
  text("daemon"),
  text("timestamp"),
  text("kind"),
  text("model"),
  text("provider"),
  text("prompt"),
  { name: "iterations", type: "long", nullable: true },
  text("attempts"),
  text("final_verdict"),
  text("artifact"),
  { name: "grounded_in_roster", type: "boolean", nullable: true },
  text("review"),
  { name: "duration_ms", type: "double", nullable: true },
  { name: "drafts", type: "long", nullable: true },
  text("escalated_to"),
  text("usage"),
];
