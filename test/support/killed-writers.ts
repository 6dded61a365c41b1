// Kills a process that writes, again and again: what it told was on disk must be there.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { readJsonlFile } from "#kernel/jsonl-read.ts";
import { ROOT } from "./source-tree.ts";

export interface KilledWriters {
  /** File beside this one; writes into the folder it is given and tells what is durable. */
  readonly writer: string;
  readonly dir: string;
  /** One kill after each of these counts of told lines, all on one folder. */
  readonly kills_after: readonly number[];
  /** Opens what was left, as the next start would; told: all lines so far. */
  afterKill(told: ReadonlySet<string>): Promise<void>;
}

/** All lines that the writers told before they were killed. */
export async function killWriters(job: KilledWriters): Promise<ReadonlySet<string>> {
  const program = fileURLToPath(new URL(`./${job.writer}`, import.meta.url));
  const told = new Set<string>();
  for (const kill_after of job.kills_after) {
    const lines = await writeAndKill(program, job.dir, kill_after);
    assert.ok(lines.length >= kill_after, `told ${lines.length} lines, wanted ${kill_after}`);
    for (const line of lines) told.add(line);
    await job.afterKill(told);
  }
  return told;
}

/** A process that tells lines on stdout; `errors`: the end of what it wrote to stderr. */
export function startChild(command: readonly string[]) {
  const child = spawn(command[0]!, command.slice(1), {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  return Object.assign(child, { errors: () => errors.slice(-2000) });
}

/** Runs the writer until it has told so many lines; answers all that it told. */
async function writeAndKill(program: string, dir: string, kill_after: number): Promise<string[]> {
  const args = ["--no-warnings", program, dir];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => {
    text += part;
    if (text.split("\n").length > kill_after) child.kill("SIGKILL");
  });
  await new Promise((resolve) => child.once("close", resolve));
  return text.split("\n").slice(0, -1);
}

/** What the rows of a log say, one text each; a torn line in their midst fails the test. */
export async function linesOf<T>(path: string, say: (row: T) => string): Promise<Set<string>> {
  const there = new Set<string>();
  const onCorrupt = () => assert.fail(`a torn line was left in ${path}`);
  for await (const { row } of readJsonlFile<T>(path, { onCorrupt })) there.add(say(row));
  return there;
}

/** How many lines beginning so were told; every one of them must be there. */
export function noneIsMissing(
  told: ReadonlySet<string>,
  there: ReadonlySet<string>,
  begins: string,
): number {
  const wanted = [...told].filter((line) => line.startsWith(begins));
  const missing = wanted.filter((line) => !there.has(line));
  assert.deepEqual(missing.slice(0, 5), [], `${missing.length} of ${wanted.length} are missing`);
  return wanted.length;
}
