// One puller for each file of weights: a lock that the system itself frees when its holder dies.
import { readFile, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { writing } from "./disk-write.ts";
import { LakehouseError } from "#kernel/problem.ts";

/** SQLite's result code where another connection, here or in another process, holds the lock. */
const SQLITE_BUSY = 5;

/** One gets it, at once or not at all. Nothing is written for it: the disk may be full. */
const LOCK = "PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY; BEGIN IMMEDIATE;";

/**
 * Takes the step while nobody else, in this process or another, takes one under the lock `path`.
 * Errors: those of the step, `conflict` (pull_running), `unavailable` (storage_full, cannot_write).
 */
export async function asOnlyPuller<T>(
  path: string,
  name: string,
  step: () => Promise<T>,
): Promise<T> {
  const free = await takeLock(path, name);
  // Whom to wait for is told only: neither a full disk nor what a killed puller left matters here.
  const holder = `${path}.holder`;
  await writeFile(holder, `${process.pid} ${hostname()}`).catch(() => undefined);
  let is_done = false;
  try {
    const result = await step();
    is_done = true;
    return result;
  } finally {
    await rm(holder, { force: true }).catch(() => undefined);
    free();
    // One who opened the file before it went would hold a lock that the next one does not see.
    // That is harmless once the weights stand, and only then: both will find them.
    if (is_done) await rm(path, { force: true }).catch(() => undefined);
  }
}

/**
 * A file lock of SQLite is held by the kernel for the process: kill -9 frees it, and no process id
 * has to be believed. Nothing else here may open the file: closing it would let the lock go.
 */
async function takeLock(path: string, name: string): Promise<() => void> {
  const { DatabaseSync } = await import("node:sqlite");
  const database = await writing(path, async () => new DatabaseSync(path));
  try {
    await writing(path, async () => database.exec(LOCK));
  } catch (error) {
    database.close();
    throw isBusy((error as Error).cause) ? await pullRunning(path, name, error) : error;
  }
  return () => database.close();
}

function isBusy(cause: unknown): boolean {
  const { errcode, message } = cause as Error & { readonly errcode?: number };
  return errcode === undefined ? /is locked/.test(message) : (errcode & 0xff) === SQLITE_BUSY;
}

async function pullRunning(path: string, name: string, cause: unknown): Promise<LakehouseError> {
  const told = await readFile(`${path}.holder`, "utf8").catch(() => "");
  const [, pid, host] = /^(\d+) (\S+)$/.exec(told) ?? [];
  const who = pid === undefined ? "by another process" : `by process ${pid} on ${host}`;
  return new LakehouseError("conflict", `${name} is being pulled already, ${who}`, {
    reason: "pull_running",
    hint: "wait until it has ended, then ask again; or stop it: what it fetched is kept",
    cause,
  });
}
