// A house as users run it: real processes with a data folder of their own, in one piece or split.
import { spawn, type ChildProcess } from "node:child_process";
import { connectHouse } from "#client.ts";
import type { Clients } from "#contracts/all-contracts.ts";
import { freePort } from "./listening.ts";
import { ROOT } from "./source-tree.ts";

export interface RunningProcess {
  readonly url: string;
  readonly child: ChildProcess;
  /** What it wrote to stderr so far. */
  output(): string;
  /** SIGTERM and wait; answers the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL and wait. */
  kill(): Promise<void>;
}

export interface StartOptions {
  readonly data_dir: string;
  readonly only?: readonly string[];
  readonly port?: number;
  /** A settings file. */
  readonly config?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** How long a process may take until it answers. */
const START_TIMEOUT_MS = 60_000;

export async function startProcess(options: StartOptions): Promise<RunningProcess> {
  const port = options.port ?? (await freePort());
  const only = options.only === undefined ? [] : ["--only", options.only.join(",")];
  const config = options.config === undefined ? [] : ["--config", options.config];
  const program = ["--no-warnings", "src/app/main.ts", "--data", options.data_dir];
  const args = [...program, ...config, "up", ...only];
  const child = spawn(process.execPath, [...args, "--port", String(port)], {
    cwd: ROOT,
    env: { ...process.env, LAKEHOUSE_LOG_LEVEL: "warn", ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stderr!.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stdout!.resume();
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const url = `http://127.0.0.1:${port}`;
  await untilAnswers(url, child, () => output);
  return {
    url,
    child,
    output: () => output,
    async stop() {
      child.kill("SIGTERM");
      return exited;
    },
    async kill() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

async function untilAnswers(url: string, child: ChildProcess, output: () => string): Promise<void> {
  const until = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < until) {
    if (child.exitCode !== null) throw new Error(`it ended at start: ${output()}`);
    const answer = await fetch(`${url}/health`).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer !== undefined) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  child.kill("SIGKILL");
  throw new Error(`no answer after ${START_TIMEOUT_MS} ms: ${output()}`);
}

export interface RunningHouse {
  readonly url: string;
  readonly clients: Clients;
  readonly processes: readonly RunningProcess[];
  stop(): Promise<void>;
}

/** Three processes: facts, recall with the witness, and the edge with models and work. */
export const THREE_PROCESSES: readonly (readonly string[])[] = [
  ["storage", "journal", "catalog", "query", "ingest"],
  ["embed", "vector", "playbook", "matrix", "observe", "lift"],
  ["gateway", "usage", "chat", "truth", "permission", "validate", "iterate", "respond"],
];

/** A house in one process, or split; clients talk to its gateway over HTTP. */
export async function startHouse(
  data_dir: string,
  form: "one process" | "three processes",
  env: Readonly<Record<string, string>> = {},
): Promise<RunningHouse> {
  const processes: RunningProcess[] = [];
  if (form === "one process") {
    processes.push(await startProcess({ data_dir, env }));
  } else {
    const ports = await Promise.all(THREE_PROCESSES.map(() => freePort()));
    const addresses = addressesOf(ports);
    for (const [index, only] of THREE_PROCESSES.entries()) {
      const all = { ...env, ...addresses };
      processes.push(await startProcess({ data_dir, only, port: ports[index]!, env: all }));
    }
  }
  const { url } = processes.at(-1)!;
  return {
    url,
    clients: connectHouse({ url }),
    processes,
    async stop() {
      for (const one of processes.toReversed()) await one.stop();
    },
  };
}

function addressesOf(ports: readonly number[]): Record<string, string> {
  const addresses: Record<string, string> = {};
  for (const [index, names] of THREE_PROCESSES.entries()) {
    for (const name of names) {
      if (name === "gateway") continue;
      addresses[`LAKEHOUSE_SERVICES_${name.toUpperCase()}`] = `http://127.0.0.1:${ports[index]}`;
    }
  }
  return addresses;
}
