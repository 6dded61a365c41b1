// The session log: one row for each session, whatever its end.
import { join } from "node:path";
import { openJsonlLog } from "#kernel/jsonl-log.ts";
import type { Log } from "#kernel/log.ts";
import type { SessionRow } from "#contracts/iterate.ts";

export interface SessionStore {
  /** Never throws: a row that cannot be written is logged and counted, the work stands. */
  append(row: SessionRow): Promise<void>;
  rows(): AsyncIterable<SessionRow>;
  figures(): { rows_written: number; rows_failed: number };
  close(): Promise<void>;
}

export async function openSessionStore(dir: string, log: Log): Promise<SessionStore> {
  const file = await openJsonlLog<SessionRow>(join(dir, "sessions.jsonl"), {
    onCorrupt: (line) => log.warn(line, "a line of the session log cannot be read"),
  });
  const figures = { rows_written: 0, rows_failed: 0 };
  return {
    async append(row) {
      try {
        await file.append(row);
        figures.rows_written++;
      } catch (error) {
        figures.rows_failed++;
        log.error({ err: error, session_id: row.session_id }, "a session row is lost");
      }
    },
    async *rows() {
      for await (const { row } of file.read()) yield row;
    },
    figures: () => ({ ...figures }),
    close: () => file.close(),
  };
}
