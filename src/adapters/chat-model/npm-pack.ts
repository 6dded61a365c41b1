// Fetches the archive of an npm package with npm itself: its registry, cache, proxy and integrity.
import { spawn } from "node:child_process";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { LakehouseError } from "#kernel/problem.ts";

const FETCH_LIMIT_MS = 60 * 60_000;
const SAID_LENGTH_MAX = 2_000;

export interface PackOptions {
  readonly signal: AbortSignal;
  readonly npm_options?: readonly string[];
}

/** The archive's path below `folder`; not fetched again when it is there. */
export async function packFromNpm(
  wanted: { readonly package: string; readonly version: string },
  folder: string,
  options: PackOptions,
): Promise<string> {
  const name = wanted.package.replace(/^@/, "").replaceAll("/", "-");
  const path = join(folder, `${name}-${wanted.version}.tgz`);
  if ((await stat(path).catch(() => undefined)) !== undefined) return path;
  // npm writes into a folder of its own: what stands in ours is whole.
  const fresh = `${path}.new`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { recursive: true });
  const spec = `${wanted.package}@${wanted.version}`;
  await runNpm(["pack", spec, "--pack-destination", fresh, "--ignore-scripts"], options);
  const [file] = await readdir(fresh);
  if (file === undefined) throw failed(`npm pack ${spec} made no archive`, undefined);
  await rename(join(fresh, file), path);
  await rm(fresh, { recursive: true, force: true });
  return path;
}

function runNpm(args: readonly string[], options: PackOptions): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(FETCH_LIMIT_MS)]);
  const child = spawn("npm", [...args, "--loglevel=error", ...(options.npm_options ?? [])], {
    stdio: ["ignore", "ignore", "pipe"],
    signal,
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-SAID_LENGTH_MAX);
  });
  child.on("error", (cause: NodeJS.ErrnoException) => {
    if (options.signal.aborted) {
      reject(new LakehouseError("cancelled", "the pull was cancelled", { cause }));
    } else {
      reject(failed(cause.code === "ENOENT" ? "npm is not installed" : cause.message, cause));
    }
  });
  child.on("close", (code) => {
    if (code === 0) resolve();
    else reject(failed(`npm ${args.slice(0, 2).join(" ")} failed: ${said.trim()}`, undefined));
  });
  return promise;
}

function failed(message: string, cause: unknown): LakehouseError {
  return new LakehouseError("unavailable", message, {
    hint: "is the registry reachable? what came before is kept: pull again",
    cause,
  });
}
