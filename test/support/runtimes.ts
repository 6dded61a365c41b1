// What a house runs on, for those who start one as a process of its own.
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { ROOT } from "./source-tree.ts";

export interface Runtime {
  readonly name: "node" | "bun";
  readonly path: string;
  /** Before the program. */
  readonly args: readonly string[];
}

export const NODE: Runtime = { name: "node", path: process.execPath, args: ["--no-warnings"] };

/** Undefined where it is not installed. */
export function bun(): Runtime | undefined {
  const path = join(ROOT, `node_modules/@oven/bun-${process.platform}-${process.arch}/bin/bun`);
  return existsSync(path) ? { name: "bun", path, args: [] } : undefined;
}

/** Whether processes can be kept on a core (Linux with two of them). */
export const CAN_PIN = process.platform === "linux" && availableParallelism() > 1;

/** The command on these cores, where processes can be kept on some. */
export function onCores(
  cores: string,
  command: string,
  args: readonly string[],
): [string, string[]] {
  return CAN_PIN ? ["taskset", ["-c", cores, command, ...args]] : [command, [...args]];
}

/** The same, its processes kept on the first core; undefined where that cannot be (or is so). */
export function onOneCore(runtime: Runtime | undefined): Runtime | undefined {
  if (runtime === undefined || !CAN_PIN) return undefined;
  const [path, args] = onCores("0", runtime.path, runtime.args);
  return { ...runtime, path, args };
}
