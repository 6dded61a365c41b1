// Tells trouble with the disk that is written to from trouble with what is read.
import { LakehouseError, type ErrorOptions } from "#kernel/problem.ts";

/** System codes; of Linux's EDQUOT Node tells the number only. */
const FULL_CODE = /\b(ENOSPC|EDQUOT|EFBIG)\b|system error -122\b/;
/** What npm, pip and SQLite say. */
const FULL_WORDS = /no space left on device|disk quota exceeded|file too large|disk is full/i;
const FORBIDDEN = /\b(EACCES|EPERM|EROFS)\b|readonly database/;

/** A step that writes to `path`. Errors: `unavailable` (storage_full, cannot_write). */
export async function writing<T>(path: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (cause) {
    const { message } = cause as Error;
    const does = FORBIDDEN.test(message) ? "let this user write there" : "see to the disk";
    const hint = `${does}, then pull again: what came is kept`;
    const said = `cannot write ${path}: ${message}`;
    const trouble = storageFull(message) ?? { reason: "cannot_write", hint };
    throw new LakehouseError("unavailable", said, { ...trouble, cause });
  }
}

/** The reason and hint where a message tells of a full disk. */
export function storageFull(message: string): ErrorOptions | undefined {
  if (!FULL_CODE.test(message) && !FULL_WORDS.test(message)) return undefined;
  const hint = "make room, then pull again: it goes on from what came, which is kept";
  return { reason: "storage_full", hint };
}

/** Whether the system refused a read or a write, and not what was read is broken. */
export function isSystemError(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.syscall !== undefined;
}
