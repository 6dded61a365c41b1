// Who is measured by the gateway bench: the provider itself, and gateways in front of it.
import { spawn } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../../test/support/listening.ts";
import { ROOT } from "../../test/support/source-tree.ts";
import type { Runtime } from "../../test/support/runtimes.ts";
import { pinned, unpinned } from "./gateway-machine.ts";
import { ended, saidUrl, untilOk } from "./gateway-processes.ts";

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

/** Sockets passed on to sockets, nothing read: no gateway on the runtime can do more. */
export async function startRelay(upstream_url: string, runtime: Runtime): Promise<Subject> {
  const relay = "bench/support/gateway-relay.ts";
  const program = [...runtime.args, relay, new URL(upstream_url).port];
  const [command, args] = pinned(runtime.path, program);
  const started = performance.now();
  const child = spawn(command, args, { cwd: ROOT, stdio: ["pipe", "pipe", "inherit"] });
  const url = await saidUrl(child, "the relay");
  return {
    ...direct(url),
    name: "relay",
    pid: child.pid!,
    cold_ms: performance.now() - started,
    stop: () => ended(child, "SIGTERM"),
  };
}

/** What a call passes through: auth, keys and their ledger, chat, the witness with its log. */
export const EVERYTHING = "gateway,journal,usage,chat,observe";
/** Compilers have done their work by then: Bun's takes some 70,000 requests, Node's 30,000. */
export const WARM_UP = 80_000;

const TOKEN = "bench-token-0123456789abcdef";

export interface HouseOptions {
  readonly upstream_url: string;
  readonly dir: string;
  readonly only: string;
  readonly runtime: Runtime;
  /** On the whole machine from the start, not on the one core. */
  readonly unpinned?: boolean;
}

/** As it is run: auth, a key with limits, the ledger, the witness with its log on disk. */
export async function startLakehouse(options: HouseOptions): Promise<Subject> {
  const { upstream_url, dir, only, runtime } = options;
  await mkdir(dir, { recursive: true });
  const config = join(dir, "lakehouse.toml");
  await writeFile(config, settingsFor(upstream_url));
  const port = await freePort();
  const house = ["bin/lakehouse.js", "--data", join(dir, "d"), "--config", config];
  const program = [...runtime.args, ...house, "up", "--only", only, "--port", String(port)];
  const place = options.unpinned === true ? unpinned : pinned;
  const [command, args] = place(runtime.path, program);
  const started = performance.now();
  const child = spawn(command, args, {
    cwd: ROOT,
    env: { ...process.env, LAKEHOUSE_LOG_LEVEL: "error", BENCH_TOKEN: TOKEN },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const url = `http://127.0.0.1:${port}`;
  const cold_ms = await untilOk(`${url}/health`, child, started);
  const secret = only.includes("usage") ? await newKey(url) : TOKEN;
  return {
    name: "lakehouse",
    pid: child.pid!,
    url: `${url}/v1/chat/completions`,
    headers: { authorization: `Bearer ${secret}` },
    model: "bench/bench",
    cold_ms,
    stop: () => ended(child, "SIGTERM"),
  };
}

/** A virtual key whose limits are all checked on each call, and never reached. */
async function newKey(url: string): Promise<string> {
  const most = 1e15;
  const limits = { requests_per_minute: 1e9, tokens_per_minute: 1e12 };
  const budget = { day_tokens: most, month_tokens: most, day_cost: most, month_cost: most };
  const answer = await fetch(`${url}/v1/keys`, {
    method: "POST",
    headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify({ name: "bench", models: ["bench/*"], ...limits, budget }),
  });
  const made = (await answer.json()) as { secret?: string };
  if (made.secret === undefined) throw new Error(`no key was made: ${JSON.stringify(made)}`);
  return made.secret;
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
scopes = ["read", "write", "admin"]

[[usage.prices]]
model = "bench/*"
prompt_per_million = 1
completion_per_million = 2
`;
