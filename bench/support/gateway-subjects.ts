// Who is measured by the gateway bench: the provider itself, and gateways in front of it.
import { spawn } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../../test/support/running-house.ts";
import { ROOT } from "../../test/support/source-tree.ts";
import { ended, untilOk } from "./gateway-processes.ts";

export interface Subject {
  readonly name: string;
  /** 0: no process of its own to be measured. */
  readonly pid: number;
  /** Of the completions endpoint. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly model: string;
  /** From the start of the process to its first answer. */
  readonly cold_ms: number;
  stop(): Promise<void>;
}

export function direct(upstream_url: string): Subject {
  return {
    name: "direct",
    pid: 0,
    url: `${upstream_url}/v1/chat/completions`,
    headers: {},
    model: "bench",
    cold_ms: 0,
    stop: async () => undefined,
  };
}

const TOKEN = "bench-token-0123456789abcdef";

/** Lakehouse as it is run: auth, the witness with its log on disk, and all of chat. */
export async function startLakehouse(
  upstream_url: string,
  dir: string,
  only: string,
  node_options: readonly string[] = [],
): Promise<Subject> {
  await mkdir(dir, { recursive: true });
  const config = join(dir, "lakehouse.toml");
  await writeFile(config, settingsFor(upstream_url));
  const port = await freePort();
  const program = ["--no-warnings", ...node_options, "bin/lakehouse.js", "--data", join(dir, "d")];
  const args = [...program, "--config", config, "up", "--only", only, "--port", String(port)];
  const started = performance.now();
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, LAKEHOUSE_LOG_LEVEL: "warn", BENCH_TOKEN: TOKEN },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const url = `http://127.0.0.1:${port}`;
  const cold_ms = await untilOk(`${url}/health`, child, started);
  return {
    name: "lakehouse",
    pid: child.pid!,
    url: `${url}/v1/chat/completions`,
    headers: { authorization: `Bearer ${TOKEN}` },
    model: "bench/bench",
    cold_ms,
    stop: () => ended(child, "SIGTERM"),
  };
}

const settingsFor = (upstream_url: string) => `
[providers]
ollama = ""

[[providers.endpoints]]
name = "bench"
base_url = "${upstream_url}/v1"

[[auth.tokens]]
name = "bench"
token = "env:BENCH_TOKEN"
scopes = ["read", "write"]
`;
