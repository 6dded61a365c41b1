// Processes of the gateway bench: the provider, the gateways, the load; their CPU and memory.
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { ROOT } from "../../test/support/source-tree.ts";
import { aside } from "./gateway-machine.ts";
import type { LoadJob, LoadResult } from "./gateway-load.ts";

const run = promisify(execFile);
/** Linux counts CPU time in hundredths of a second. */
const TICK_MS = 10;

export interface Upstream {
  readonly url: string;
  /** When the last reader of a stream left it, in epoch milliseconds. */
  left(): Promise<{ at_ms: number; count: number }>;
  stop(): Promise<void>;
}

/** `delay_ms`: how long it thinks about each answer. */
export async function startUpstream(delay_ms = 0): Promise<Upstream> {
  const file = "bench/support/gateway-upstream.ts";
  const program = ["--no-warnings", file, String(delay_ms)];
  const [command, args] = aside(process.execPath, program);
  const child = spawn(command, args, {
    cwd: ROOT,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const url = await saidUrl(child, "the provider");
  return {
    url,
    left: async () =>
      (await (await fetch(`${url}/left`)).json()) as { at_ms: number; count: number },
    stop: () => ended(child, "SIGTERM"),
  };
}

/** Where a child listens that prints `{ "port": N }`; `name`: what is told when it ends before. */
export async function saidUrl(child: ChildProcess, name: string): Promise<string> {
  const first = await new Promise<string>((resolve, reject) => {
    child.stdout!.once("data", (chunk: Buffer) => resolve(chunk.toString()));
    child.once("exit", () => reject(new Error(`${name} ended at start`)));
  });
  return `http://127.0.0.1:${(JSON.parse(first) as { port: number }).port}`;
}

/** Ends a child that was started here, and waits for it. */
export async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  await exited;
}

export async function runLoad(job: LoadJob): Promise<LoadResult> {
  const file = "bench/support/gateway-load.ts";
  const program = ["--no-warnings", file, JSON.stringify(job)];
  const [command, args] = aside(process.execPath, program);
  const { stdout } = await run(command, args, { cwd: ROOT });
  return JSON.parse(stdout) as LoadResult;
}

/** CPU time of a process so far, all its threads, user and system. */
export function cpuMs(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** Resident memory of a process in MiB. */
export function rssMib(pid: number): number {
  const text = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(text)?.[1] ?? Number.NaN) / 1024;
}

/** Milliseconds until `url` answers below 500; throws when the child ends before. */
export async function untilOk(url: string, child: ChildProcess, started: number): Promise<number> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${url} ended at start`);
    const answer = await fetch(url).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer !== undefined && answer.status < 500) return performance.now() - started;
    if (performance.now() - started > 60_000) throw new Error(`${url} did not answer`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
