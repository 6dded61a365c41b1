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

/** The same, its processes kept on the first core; undefined where that cannot be (or is so). */
export function onOneCore(runtime: Runtime | undefined): Runtime | undefined {
  if (runtime === undefined || process.platform !== "linux") return undefined;
  if (availableParallelism() === 1) return undefined;
  const args = ["-c", "0", runtime.path, ...runtime.args];
  return { ...runtime, path: "taskset", args };
}
