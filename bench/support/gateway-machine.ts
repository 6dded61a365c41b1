// Where the processes of the gateway bench run: one core for whoever is measured.
import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { CAN_PIN, onCores } from "../../test/support/runtimes.ts";

const MEASURED_CORE = "0";
const OTHER_CORES = `1-${availableParallelism() - 1}`;

/** The command on the core of whoever is measured. */
export function pinned(command: string, args: readonly string[]): [string, string[]] {
  return onCores(MEASURED_CORE, command, args);
}

/** The command wherever the system puts it, as users start it. */
export function unpinned(command: string, args: readonly string[]): [string, string[]] {
  return [command, [...args]];
}

/** The command on the other cores: the provider, the load. */
export function aside(command: string, args: readonly string[]): [string, string[]] {
  return onCores(OTHER_CORES, command, args);
}

/** Lets a process with all its threads run on the whole machine, or on its one core again. */
export function spread(pid: number, everywhere: boolean): void {
  if (!CAN_PIN || pid === 0) return;
  const cores = everywhere ? `0-${availableParallelism() - 1}` : MEASURED_CORE;
  execFileSync("taskset", ["-a", "-c", "-p", cores, String(pid)], { stdio: "ignore" });
}
