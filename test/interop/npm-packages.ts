// Foreign npm packages for the interop tests: had into the cache folder once, never dependencies.
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { CACHE, fetching, mayInstall, type Found } from "./foreign-engines.ts";

const run = promisify(execFile);

export interface NpmFolder {
  readonly folder: string;
  readonly versions: string;
}

/** What a group of packages is called, and each with its version, as `npm install` takes it. */
export interface NpmGroup {
  readonly name: string;
  readonly packages: readonly string[];
}

/** The folder that has these packages, or why there is none. Scripts of packages are not run. */
export async function findNpmPackages({ name, packages }: NpmGroup): Promise<Found<NpmFolder>> {
  const folder = join(CACHE, name);
  try {
    await installOnce(folder, packages);
    return { found: { folder, versions: packages.join(" · ") }, skip: false };
  } catch (error) {
    const why = (error as Error).message.split("\n")[0];
    const skip = `${packages.join(", ")} not run: ${why}`;
    console.log(skip);
    return { skip };
  }
}

/** A stamp beside the folder says that it is whole. */
async function installOnce(folder: string, packages: readonly string[]): Promise<void> {
  const stamp = `${folder}.stamp`;
  const contents = packages.join(" ");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === contents) return;
  if (!mayInstallPackages()) {
    throw new Error("not installed here; `npm run test:interop` installs it");
  }
  rmSync(stamp, { force: true });
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{"private":true,"type":"module"}');
  const args = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--save-exact"];
  const options = { cwd: folder, maxBuffer: 16 * 1024 * 1024 };
  const all = [...args, "--prefix", folder, ...packages];
  await fetching((timeout) => run("npm", all, { ...options, timeout }));
  writeFileSync(stamp, contents);
}

/** Packages are small next to the engines, so that `npm run test:all` has them too. */
function mayInstallPackages(): boolean {
  return mayInstall() || process.env["npm_lifecycle_event"] === "test:all";
}
