// A real Trino on one node, with our Iceberg catalog and S3 door as its only catalog, `lake`.
import { spawn } from "node:child_process";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../support/listening.ts";

export interface TrinoTools {
  /** The unpacked server. */
  readonly home: string;
  readonly java_home: string;
}

export interface RunningTrino {
  readonly url: string;
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 180_000;
const STOP_TIMEOUT_MS = 10_000;

/**
 * Starts it with what it writes below `dir`; answers when it reads `table` of the lake, which must
 * have a file at least: a count over metadata alone needs no node.
 */
export async function startTrino(
  tools: TrinoTools,
  house_url: string,
  table: string,
  dir: string,
): Promise<RunningTrino> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const etc = join(dir, "etc");
  const plugins = join(dir, "plugins");
  await mkdir(join(etc, "catalog"), { recursive: true });
  await mkdir(plugins);
  // Only this one: loading them all takes a minute.
  await symlink(join(tools.home, "plugin/iceberg"), join(plugins, "iceberg"));
  const config = [
    "coordinator=true",
    "node-scheduler.include-coordinator=true",
    "node.bind-ip=127.0.0.1",
    "node.internal-address=127.0.0.1",
    `http-server.http.port=${port}`,
    `discovery.uri=${url}`,
    "query.max-memory=512MB",
    "query.max-memory-per-node=512MB",
    "memory.heap-headroom-per-node=300MB",
    "catalog.management=static",
    `plugin.dir=${plugins}`,
    `catalog.config-dir=${join(etc, "catalog")}`,
  ];
  const lake = [
    "connector.name=iceberg",
    "iceberg.catalog.type=rest",
    `iceberg.rest-catalog.uri=${house_url}/iceberg`,
    "iceberg.rest-catalog.vended-credentials-enabled=true",
    "fs.native-s3.enabled=true",
    `s3.endpoint=${house_url}`,
    "s3.region=us-east-1",
    "s3.path-style-access=true",
  ];
  await writeFile(join(etc, "config.properties"), `${config.join("\n")}\n`);
  await writeFile(join(etc, "catalog/lake.properties"), `${lake.join("\n")}\n`);
  await writeFile(join(etc, "log.properties"), "io.trino=WARN\n");
  const options = [
    "-Xmx2G",
    "-Dfile.encoding=UTF-8",
    "-Duser.timezone=UTC",
    "-Djdk.attach.allowAttachSelf=true",
    "-XX:+EnableDynamicAgentLoading",
    "--sun-misc-unsafe-memory-access=allow",
    "--enable-native-access=ALL-UNNAMED",
    "--add-modules=jdk.incubator.vector",
    "-Dnode.environment=test",
    "-Dnode.id=lake",
    `-Dnode.data-dir=${join(dir, "data")}`,
    `-Dconfig=${join(etc, "config.properties")}`,
    `-Dlog.levels-file=${join(etc, "log.properties")}`,
    "-cp",
    join(tools.home, "lib/*"),
  ];
  const child = spawn(
    join(tools.java_home, "bin/java"),
    [...options, "io.trino.server.TrinoServer"],
    {
      cwd: dir,
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => (said = (said + chunk.toString()).slice(-20_000)));
  }
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.once("error", (error) => (said += String(error)));
  async function stop() {
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(timer);
  }
  const until = Date.now() + START_TIMEOUT_MS;
  while (!(await reads(url, table))) {
    if (child.exitCode !== null || Date.now() > until) {
      if (child.exitCode === null) await stop();
      throw new Error(`Trino did not start:\n${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return { url, stop };
}

/**
 * It says that it is up, and counts itself as active, some seconds before the node map it gives a
 * catalog's splits to has a node ("No nodes available"): only a read of the catalog tells.
 */
async function reads(url: string, table: string): Promise<boolean> {
  const headers = { "x-trino-user": "test", "x-trino-catalog": "lake" };
  const body = `SELECT * FROM default.${table} LIMIT 1`;
  try {
    const info = (await (await fetch(`${url}/v1/info`)).json()) as { starting?: boolean };
    if (info.starting !== false) return false;
    let asked = await fetch(`${url}/v1/statement`, { method: "POST", headers, body });
    for (;;) {
      const page = (await asked.json()) as { nextUri?: string; error?: object };
      if (page.error !== undefined) return false;
      if (page.nextUri === undefined) return true;
      asked = await fetch(page.nextUri, { headers });
    }
  } catch {
    return false;
  }
}
