// Fetches the archive of a package with its registry's own client: its mirror, cache, proxy and
// integrity are those that npm or pip are set to.
import { spawn } from "node:child_process";
import { mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { LakehouseError } from "#kernel/problem.ts";
import { storageFull, writing } from "./disk-write.ts";

const FETCH_LIMIT_MS = 60 * 60_000;
const SAID_LENGTH_MAX = 2_000;

export interface PackOptions {
  readonly signal: AbortSignal;
  readonly npm_options?: readonly string[];
  readonly pip_options?: readonly string[];
}

export interface WantedPackage {
  /** Absent: npm. */
  readonly registry?: "npm" | "pypi";
  readonly package: string;
  readonly version: string;
}

/** The archive's path below `folder`; not fetched again when it is there. */
export async function fetchPackage(
  wanted: WantedPackage,
  folder: string,
  options: PackOptions,
): Promise<string> {
  const name = wanted.package.replace(/^@/, "").replaceAll("/", "-");
  const pypi = wanted.registry === "pypi";
  const path = join(folder, `${name}-${wanted.version}.${pypi ? "whl" : "tgz"}`);
  if ((await stat(path).catch(() => undefined)) !== undefined) return path;
  // It is written into a folder of its own: what stands in ours is whole. No two runs have the
  // same one, for the client of a puller that was killed may go on for a while.
  const fresh = await writing(folder, () => mkdtemp(`${path}.new-`));
  try {
    await (pypi ? pipDownload : npmPack)(wanted, fresh, options);
    const [file] = await readdir(fresh);
    if (file === undefined) throw failed(`there was no archive of ${wanted.package}`, undefined);
    await writing(path, () => rename(join(fresh, file), path));
  } finally {
    await rm(fresh, { recursive: true, force: true }).catch(() => undefined);
  }
  return path;
}

function npmPack(wanted: WantedPackage, folder: string, options: PackOptions): Promise<void> {
  const spec = `${wanted.package}@${wanted.version}`;
  const args = ["pack", spec, "--pack-destination", folder, "--ignore-scripts"];
  return run("npm", [...args, "--loglevel=error", ...(options.npm_options ?? [])], options);
}

/** A wheel only, without what it needs: nothing of it is ever run or installed. */
function pipDownload(wanted: WantedPackage, folder: string, options: PackOptions): Promise<void> {
  const spec = `${wanted.package}==${wanted.version}`;
  const quiet = ["--disable-pip-version-check", "--no-input", "--quiet", "--quiet"];
  const args = ["download", spec, "--dest", folder, "--no-deps", "--only-binary", ":all:"];
  return run("pip", [...args, ...quiet, ...(options.pip_options ?? [])], options);
}

function run(program: "npm" | "pip", args: readonly string[], options: PackOptions): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(FETCH_LIMIT_MS)]);
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"], signal });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-SAID_LENGTH_MAX);
  });
  child.on("error", (cause: NodeJS.ErrnoException) => {
    if (options.signal.aborted) {
      reject(new LakehouseError("cancelled", "the pull was cancelled", { cause }));
    } else {
      reject(
        failed(cause.code === "ENOENT" ? `${program} is not installed` : cause.message, cause),
      );
    }
  });
  child.on("close", (code) => {
    if (code === 0) resolve();
    else
      reject(failed(`${program} ${args.slice(0, 2).join(" ")} failed: ${said.trim()}`, undefined));
  });
  return promise;
}

function failed(message: string, cause: unknown): LakehouseError {
  const hint = "is the registry reachable? what came before is kept: pull again";
  return new LakehouseError("unavailable", message, {
    ...(storageFull(message) ?? { hint }),
    cause,
  });
}
