// The log of permission decisions as SQL sees it (kb.permission_decisions).
import type { Column } from "#contracts/nouns.ts";

const text = (name: string): Column => ({ name, type: "string", nullable: true });

export const decisionLogColumns: Column[] = [
  ...["schema", "decision_id", "decision", "reason", "policy", "action"].map(text),
  { name: "confidence", type: "double", nullable: true },
  ...["actor", "target", "details", "principal", "decided_at", "trace_id"].map(text),
];
