// Talks to a foreign engine in a process of its own: one JSON command, one JSON answer, by line.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export interface EnginePeer {
  /** Runs a command of the peer's script; throws what the engine says went wrong. */
  ask<T>(command: string, args?: Readonly<Record<string, unknown>>): Promise<T>;
  stop(): Promise<void>;
}

export interface PeerOptions {
  readonly python: string;
  readonly script: string;
  /** Handed to the script as its only argument, as JSON. */
  readonly config: unknown;
  readonly env?: Readonly<Record<string, string>>;
}

const ANSWER_TIMEOUT_MS = 180_000;
const STOP_TIMEOUT_MS = 10_000;

/** Starts the script; answers come in the order of the commands. */
export function startPeer(options: PeerOptions): EnginePeer {
  const { python, script, config, env = {} } = options;
  const child = spawn(python, ["-u", script, JSON.stringify(config)], {
    env: { ...process.env, ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let complaints = "";
  child.stderr.on("data", (chunk: Buffer) => {
    complaints = (complaints + chunk.toString()).slice(-20_000);
  });
  child.stdin.on("error", () => undefined);
  const waiting: { take(line: string): void; fail(error: Error): void }[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => waiting.shift()?.take(line));
  const ended = new Promise<void>((resolve) => {
    child.once("close", (code) => {
      const error = new Error(`${script} ended with ${code}:\n${complaints}`);
      for (const one of waiting.splice(0)) one.fail(error);
      resolve();
    });
  });
  child.once("error", (error) => {
    for (const one of waiting.splice(0)) one.fail(error);
  });

  async function answerTo(line: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        child.kill("SIGKILL");
        reject(new Error(`no answer to ${line.slice(0, 300)}:\n${complaints}`));
      }, ANSWER_TIMEOUT_MS);
      const done = (end: () => void) => {
        clearTimeout(timer);
        end();
      };
      waiting.push({
        take: (answer) => done(() => resolve(answer)),
        fail: (error) => done(() => reject(error)),
      });
      child.stdin.write(`${line}\n`);
    });
  }

  return {
    async ask<T>(command: string, args = {}) {
      const line = JSON.stringify({ command, ...args });
      const answer = JSON.parse(await answerTo(line)) as { ok?: T; error?: string };
      if (answer.error !== undefined) throw new Error(`${line.slice(0, 500)}\n${answer.error}`);
      return answer.ok as T;
    },
    async stop() {
      child.stdin.end();
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}
