// The MCP conformance suite and the inspector: had from npm into the cache folder once.
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { CACHE, INSTALL_TIMEOUT_MS, mayInstall, type Found } from "./foreign-engines.ts";

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
  const folder = join(CACHE, "mcp");
  try {
    await installOnce(folder);
    const at = (script: string) => join(folder, "node_modules", script);
    const [conformance, inspector] = [at(SCRIPTS.conformance), at(SCRIPTS.inspector)];
    for (const script of [conformance, inspector]) {
      if (!existsSync(script)) throw new Error(`there is no ${script}`);
    }
    return { found: { conformance, inspector, versions: PACKAGES.join(" · ") }, skip: false };
  } catch (error) {
    const skip = `MCP conformance and inspector not run: ${(error as Error).message.split("\n")[0]}`;
    console.log(skip);
    return { skip };
  }
}

/** A stamp beside the folder says that it is whole. Scripts of packages are not run. */
async function installOnce(folder: string): Promise<void> {
  const stamp = `${folder}.stamp`;
  const contents = PACKAGES.join(" ");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === contents) return;
  if (!mayInstall()) throw new Error("not installed here; `npm run test:interop` installs it");
  rmSync(stamp, { force: true });
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{"private":true}');
  const args = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--save-exact"];
  const options = { cwd: folder, timeout: INSTALL_TIMEOUT_MS, maxBuffer: 16 * 1024 * 1024 };
  await run("npm", [...args, "--prefix", folder, ...PACKAGES], options);
  writeFileSync(stamp, contents);
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
