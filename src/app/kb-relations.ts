// The system's own logs as SQL tables of schema kb, read while they are being written.
import { join } from "node:path";
import { eventLogColumns } from "#improve/observe/event-log-columns.ts";
import { journalLogColumns } from "#data/journal/journal-log-columns.ts";
import { pathwayLogColumns } from "#recall/pathway/pathway-log-columns.ts";
import { playbookLogColumns } from "#recall/playbook/playbook-log-columns.ts";
import { correctionLogColumns } from "#work/respond/correction-log-columns.ts";
import { outcomeLogColumns } from "#work/respond/outcome-log-columns.ts";
import { decisionLogColumns } from "#work/permission/decision-log-columns.ts";
import { sessionLogColumns } from "#work/iterate/session-log-columns.ts";
import { usageLogColumns } from "#models/usage/usage-log-columns.ts";
import type { Column } from "#contracts/nouns.ts";

export interface KbRelation {
  readonly name: string;
  readonly uris: readonly string[];
  readonly columns: readonly Column[];
}

/**
 * events, outcomes, overseer_corrections, sessions, journal, pathways, playbooks, usage,
 * permission_decisions.
 */
export function kbRelations(data_dir: string): readonly KbRelation[] {
  const log = (name: string, file: string, columns: readonly Column[]): KbRelation => ({
    name,
    uris: [join(data_dir, file)],
    columns,
  });
  return [
    log("events", "observe/ops.jsonl", eventLogColumns),
    log("outcomes", "kb/outcomes.jsonl", outcomeLogColumns),
    log("overseer_corrections", "kb/overseer_corrections.jsonl", correctionLogColumns),
    log("sessions", "iterate/sessions.jsonl", sessionLogColumns),
    log("journal", "journal/journal.jsonl", journalLogColumns),
    log("pathways", "pathway/pathways.jsonl", pathwayLogColumns),
    log("playbooks", "playbook/playbooks.jsonl", playbookLogColumns),
    log("usage", "usage/usage.jsonl", usageLogColumns),
    log("permission_decisions", "permission/decisions.jsonl", decisionLogColumns),
  ];
}
