// The MCP conformance suite and the inspector: had from npm into the cache folder once.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Found } from "./foreign-engines.ts";
import { findNpmPackages } from "./npm-packages.ts";

const run = promisify(execFile);

const PACKAGES = [
  "@modelcontextprotocol/conformance@0.2.0-alpha.12",
  "@modelcontextprotocol/inspector@2.12.0",
];
const SCRIPTS = {
  conformance: "@modelcontextprotocol/conformance/dist/index.js",
  inspector: "@modelcontextprotocol/inspector/clients/launcher/build/index.js",
};

export interface McpTools {
  readonly conformance: string;
  readonly inspector: string;
  readonly versions: string;
}

/** Both tools, or why they are not there. */
export async function findMcpTools(): Promise<Found<McpTools>> {
  const installed = await findNpmPackages({ name: "mcp", packages: PACKAGES });
  if (installed.skip !== false) return installed;
  const { folder, versions } = installed.found;
  const at = (script: string) => join(folder, "node_modules", script);
  const [conformance, inspector] = [at(SCRIPTS.conformance), at(SCRIPTS.inspector)];
  return { found: { conformance, inspector, versions }, skip: false };
}

/** What a script wrote, however it ended; killed after `timeout_ms`. */
export async function runScript(
  script: string,
  args: readonly string[],
  timeout_ms: number,
): Promise<{ stdout: string; stderr: string; ok: boolean }> {
  try {
    const options = { timeout: timeout_ms, maxBuffer: 64 * 1024 * 1024 };
    const { stdout, stderr } = await run(process.execPath, [script, ...args], options);
    return { stdout, stderr, ok: true };
  } catch (error) {
    const { stdout = "", stderr = "", message } = error as Error & Record<string, string>;
    return { stdout, stderr: stderr === "" ? (message ?? "") : stderr, ok: false };
  }
}
