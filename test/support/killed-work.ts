// Kills a process that works, again and again; no session, correction or outcome may be missing.
import assert from "node:assert/strict";
import { silentLog } from "#kernel/log.ts";
import { sessionRow, type SessionRow } from "#contracts/iterate.ts";
import {
  correctionRow,
  outcomeRow,
  type CorrectionRow,
  type OutcomeRow,
} from "#contracts/respond.ts";
import { openSessionStore } from "#work/iterate/session-store.ts";
import { openCorrectionStore } from "#work/respond/correction-store.ts";
import { openOutcomeStore } from "#work/respond/outcome-store.ts";
import { killWriters, linesOf, noneIsMissing } from "./killed-writers.ts";

/** One kill after each of these counts of told lines, all on one folder. */
export async function killWorkers(dir: string, kills_after: readonly number[]) {
  const kb_dir = `${dir}/kb`;
  const told = await killWriters({
    writer: "work-crash-child.ts",
    dir,
    kills_after,
    async afterKill() {
      // Opening repairs what the kill left.
      for (const store of [
        await openSessionStore(dir, silentLog),
        await openCorrectionStore(kb_dir, silentLog),
        await openOutcomeStore(kb_dir, silentLog),
      ]) {
        await store.close();
      }
    },
  });
  const sessions = await linesOf<SessionRow>(`${dir}/sessions.jsonl`, (row) => {
    sessionRow.parse(row);
    return `session ${row.session_id}`;
  });
  const corrections = await linesOf<CorrectionRow>(
    `${kb_dir}/overseer_corrections.jsonl`,
    (row) => `correction ${correctionRow.parse(row).correction}`,
  );
  const outcomes = await linesOf<OutcomeRow>(`${kb_dir}/outcomes.jsonl`, (row) => {
    const { trace_id, status } = outcomeRow.parse(row);
    return `outcome ${trace_id} ${status}`;
  });
  const figures = {
    kills: kills_after.length,
    sessions: noneIsMissing(told, sessions, "session "),
    corrections: noneIsMissing(told, corrections, "correction "),
    outcomes: noneIsMissing(told, outcomes, "outcome "),
  };
  assert.ok([...told].every((line) => !line.startsWith("outcome ") || line.endsWith(" accepted")));
  return figures;
}
