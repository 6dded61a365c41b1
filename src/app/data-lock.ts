// One process for each service's data: a lock that the system itself frees when the holder dies.
import { access, constants, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { LakehouseError } from "#kernel/problem.ts";

/** The folder of a house's data, made where there is none; `invalid` when it cannot be used. */
export async function openDataFolder(data_dir: string): Promise<void> {
  const run = join(data_dir, "run");
  try {
    await mkdir(run, { recursive: true });
    await access(run, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new LakehouseError("invalid", `the data folder ${data_dir} cannot be used (${why})`, {
      reason: "bad_settings",
      hint: "let this user write there, or name another folder: --data, or data_dir in lakehouse.toml",
      cause,
    });
  }
}

/** Takes the lock of a service's folder; the answer frees it. `unavailable` when it is held. */
export async function lockService(data_dir: string, service: string): Promise<() => void> {
  const { DatabaseSync } = await import("node:sqlite");
  // A file lock of SQLite is held by the kernel for the process: kill -9 frees it.
  const database = new DatabaseSync(join(data_dir, "run", `${service}.lock`));
  try {
    database.exec("PRAGMA busy_timeout = 300; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;");
  } catch (cause) {
    database.close();
    throw new LakehouseError(
      "unavailable",
      `${service} of ${data_dir} is in use by another process`,
      {
        reason: "data_in_use",
        hint: "stop that process, or let this one talk to it: `lakehouse up` serves many callers",
        cause,
      },
    );
  }
  return () => database.close();
}
