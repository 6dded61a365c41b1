// Folders for what DuckDB instances spill: one each, since their files have the same names.
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { randomUUID } from "node:crypto";
import { join } from "node:path";

export interface InstanceFolder {
  readonly path: string;
  remove(): Promise<void>;
}

const PREFIX = "duckdb-";

export async function makeInstanceFolder(temp_dir: string): Promise<InstanceFolder> {
  const path = join(temp_dir, `${PREFIX}${process.pid}-${randomUUID()}`);
  await mkdir(path, { recursive: true });
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** Removes folders of killed processes; a process number may be given again, so older is dead. */
export async function removeDeadFolders(temp_dir: string): Promise<void> {
  const started_ms = Date.now() - process.uptime() * 1000;
  for (const name of await readdir(temp_dir)) {
    const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (pid === undefined) continue;
    const path = join(temp_dir, name);
    const own = Number(pid) === process.pid;
    const made_ms = await stat(path).then(
      (info) => info.mtimeMs,
      () => started_ms,
    );
    if (own ? made_ms < started_ms - 1000 : !isAlive(Number(pid))) {
      await rm(path, { recursive: true, force: true });
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
