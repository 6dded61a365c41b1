// The write-ahead logs of one index: numbered files, of which the last is written.
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { openJsonlLog, type JsonlLog } from "#kernel/jsonl-log.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { LogRow } from "./log-rows.ts";

const FILE = /^log-(\d+)\.jsonl$/;

export interface IndexLogs {
  /** The log that is written now. */
  readonly current: JsonlLog<LogRow>;
  readonly number: number;
  /** Bytes of all logs since the generation. */
  bytes(): number;
  /** Opens the next log; rows go there from the moment `switchOver` is called, which is at once. */
  rotate(switchOver: () => void): Promise<number>;
  /** Forgets logs below a number. */
  removeBelow(number: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the logs from number `from` on and hands each of their rows to `replay` first. A torn last
 * line was never acknowledged; any other line that cannot be read throws `unavailable`.
 */
export async function openIndexLogs(
  dir: string,
  from: number,
  replay: (row: LogRow) => Promise<void>,
): Promise<IndexLogs> {
  const numbers = await logNumbers(dir);
  for (const number of numbers.filter((one) => one < from)) await rm(pathOf(dir, number));
  const kept = numbers.filter((one) => one >= from);
  let closed_bytes = 0;
  for (const number of kept) {
    const log = await openLog(dir, number);
    try {
      for await (const { row } of log.read()) await replay(row);
      if (number !== kept.at(-1)) closed_bytes += log.size();
    } finally {
      await log.close();
    }
  }
  let number = kept.at(-1) ?? from;
  let current = await openLog(dir, number);

  return {
    get current() {
      return current;
    },
    get number() {
      return number;
    },
    bytes: () => closed_bytes + current.size(),
    async rotate(switchOver) {
      const next = await openLog(dir, number + 1);
      const former = current;
      current = next;
      number++;
      switchOver();
      await former.close();
      closed_bytes += former.size();
      return number;
    },
    async removeBelow(first) {
      closed_bytes = 0;
      for (const one of await logNumbers(dir)) if (one < first) await rm(pathOf(dir, one));
    },
    close: () => current.close(),
  };
}

function openLog(dir: string, number: number): Promise<JsonlLog<LogRow>> {
  return openJsonlLog<LogRow>(pathOf(dir, number), {
    onCorrupt({ path, line, message }) {
      const text = `line ${line} of ${path} cannot be read: ${message}`;
      throw new LakehouseError("unavailable", text, { reason: "damaged_index" });
    },
  });
}

const pathOf = (dir: string, number: number) =>
  join(dir, `log-${String(number).padStart(6, "0")}.jsonl`);

async function logNumbers(dir: string): Promise<number[]> {
  const names = await readdir(dir);
  const numbers = names.flatMap((name) => FILE.exec(name)?.[1] ?? []).map(Number);
  return numbers.toSorted((a, b) => a - b);
}
