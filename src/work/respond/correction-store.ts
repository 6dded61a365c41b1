// kb/overseer_corrections.jsonl: what overseers wrote, one durable row for each correction.
import { join } from "node:path";
import { openJsonlLog } from "#kernel/jsonl-log.ts";
import type { Log } from "#kernel/log.ts";
import type { CorrectionRow } from "#contracts/respond.ts";

export interface CorrectionStore {
  /** Resolves when the row is on disk. */
  append(row: CorrectionRow): Promise<void>;
  close(): Promise<void>;
}

export async function openCorrectionStore(kb_dir: string, log: Log): Promise<CorrectionStore> {
  const file = await openJsonlLog<CorrectionRow>(join(kb_dir, "overseer_corrections.jsonl"), {
    onCorrupt: (line) => log.warn(line, "a line of the correction log cannot be read"),
  });
  return {
    append: async (row) => void (await file.append(row)),
    close: () => file.close(),
  };
}
