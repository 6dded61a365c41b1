// Foreign clients of models, unmodified: programs as their users write them, each run on its own.
import { execFile } from "node:child_process";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { ROOT } from "../support/source-tree.ts";
import { findNpmPackages, type NpmFolder } from "./npm-packages.ts";
import type { Found } from "./foreign-engines.ts";

const run = promisify(execFile);
const PROGRAM_TIMEOUT_MS = 120_000;

const PACKAGES = [
  "ai@7.0.173",
  "@ai-sdk/openai-compatible@3.0.92",
  "@langchain/openai@1.6.0",
  "@langchain/core@1.4.0",
  "@openai/agents@0.20.0",
  "@openrouter/sdk@1.3.19",
  "zod@4.6.7",
];

export function findModelClients(): Promise<Found<NpmFolder>> {
  return findNpmPackages({ name: "model-clients", packages: PACKAGES });
}

/** What a program of `clients/` printed as JSON; it runs beside its packages. */
export async function runClient(
  { folder }: NpmFolder,
  program: string,
  args: readonly string[],
): Promise<Record<string, unknown>> {
  const script = join(folder, program);
  copyFileSync(join(ROOT, "test/interop/clients", program), script);
  const options = { timeout: PROGRAM_TIMEOUT_MS, maxBuffer: 16 * 1024 * 1024 };
  const { stdout } = await run(process.execPath, ["--no-warnings", script, ...args], options);
  const last = stdout.trim().split("\n").at(-1) ?? "";
  return JSON.parse(last) as Record<string, unknown>;
}
