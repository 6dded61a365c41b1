// kb/outcomes.jsonl: how each task went, one durable row for each.
import { join } from "node:path";
import { openJsonlLog } from "#kernel/jsonl-log.ts";
import type { Log } from "#kernel/log.ts";
import type { OutcomeRow } from "#contracts/respond.ts";

export interface OutcomeStore {
  /** Resolves when the row is on disk. */
  append(row: OutcomeRow): Promise<void>;
  rows(): AsyncIterable<OutcomeRow>;
  close(): Promise<void>;
}

export async function openOutcomeStore(kb_dir: string, log: Log): Promise<OutcomeStore> {
  const file = await openJsonlLog<OutcomeRow>(join(kb_dir, "outcomes.jsonl"), {
    onCorrupt: (line) => log.warn(line, "a line of the outcome log cannot be read"),
  });
  return {
    append: async (row) => void (await file.append(row)),
    async *rows() {
      for await (const { row } of file.read()) yield row;
    },
    close: () => file.close(),
  };
}
