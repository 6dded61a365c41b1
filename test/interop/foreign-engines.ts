// Foreign engines for the interop tests: had into a cache folder once, used again in later runs.
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { ROOT } from "../support/source-tree.ts";

const run = promisify(execFile);

/** Kept from run to run; elsewhere when told so, for machines whose checkouts come and go. */
export const CACHE = process.env["LAKEHOUSE_INTEROP_CACHE"] ?? join(ROOT, ".cache/interop");
/** For all tools that a run fetches; one for which too little is left counts as not run. */
let fetching_left_ms = Number(process.env["LAKEHOUSE_INTEROP_INSTALL_S"] ?? 3600) * 1000;
const SAY_VERSION_TIMEOUT_MS = 60_000;

/** Versions that go together: Spark 3.5 runs on Java 8, 11 and 17; Trino 476 on 24 and later. */
const PYTHON_PACKAGES = ["pyiceberg[pyarrow,pyiceberg-core]==0.12.0", "pyspark==3.5.9"];
const SPARK_JARS = [
  "org.apache.iceberg:iceberg-spark-runtime-3.5_2.12:1.12.0",
  "org.apache.iceberg:iceberg-aws-bundle:1.12.0",
];
const SPARK_JAVAS = [8, 11, 17];
const TRINO = "io.trino:trino-server:476:tar.gz";
const TRINO_JAVA_MIN = 24;
const MAVEN_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy";

/** What a test needs, or why it is not there; `skip` is for node:test. */
export type Found<T> = { readonly found: T; readonly skip: false } | { readonly skip: string };

/**
 * Whether missing tools may be fetched (up to 1 GB): with `npm run test:interop`, or when told so.
 * Other runs use what is there.
 */
export function mayInstall(): boolean {
  const { npm_lifecycle_event, LAKEHOUSE_INTEROP_INSTALL } = process.env;
  return npm_lifecycle_event === "test:interop" || LAKEHOUSE_INTEROP_INSTALL === "1";
}

/** Gives what fetches a tool the time that is left for fetching. */
export async function fetching<T>(fetch: (timeout_ms: number) => Promise<T>): Promise<T> {
  if (fetching_left_ms < 1000) throw new Error("the time for fetching tools is over");
  const started = performance.now();
  try {
    return await fetch(Math.ceil(fetching_left_ms));
  } finally {
    fetching_left_ms -= performance.now() - started;
  }
}

/** A Python of its own with these packages. */
async function pythonWith(folder: string, packages: readonly string[]): Promise<string> {
  const python = join(folder, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
  await once(folder, packages.join(" "), async () => {
    rmSync(folder, { recursive: true, force: true });
    await install("python3", ["-m", "venv", folder]);
    await install(python, ["-m", "pip", "install", "-q", "--no-input", ...packages]);
  });
  return python;
}

/** A Python with the client library of Prometheus, which has its parser. */
export async function findPrometheusClient(): Promise<Found<{ python: string }>> {
  return attempt("the parser of prometheus_client", async () => {
    return { python: await pythonWith(join(CACHE, "prometheus"), ["prometheus_client==0.26.0"]) };
  });
}

/** A Python with PyIceberg, PyArrow and PySpark. */
export async function findPython(): Promise<Found<{ python: string; versions: string }>> {
  return attempt("PyIceberg and PySpark", async () => {
    const python = await pythonWith(join(CACHE, "python"), PYTHON_PACKAGES);
    const versions = `import platform, pyiceberg, pyarrow, pyspark
print("Python", platform.python_version(), "· PyIceberg", pyiceberg.__version__,
      "· PyArrow", pyarrow.__version__, "· PySpark", pyspark.__version__)`;
    const said = await run(python, ["-c", versions], { timeout: SAY_VERSION_TIMEOUT_MS });
    return { python, versions: said.stdout.trim() };
  });
}

export interface SparkTools {
  readonly python: string;
  readonly java_home: string;
  readonly jars: readonly string[];
  readonly versions: string;
}

/** Spark with the Iceberg runtime, and a Java that it runs on. */
export async function findSpark(): Promise<Found<SparkTools>> {
  const python = await findPython();
  if (python.skip !== false) return python;
  const folder = join(CACHE, "jars");
  return attempt("Spark with the Iceberg runtime", async () => {
    const java = await findJava((version) => SPARK_JAVAS.includes(version));
    await once(folder, SPARK_JARS.join(" "), async () => {
      for (const artifact of SPARK_JARS) await copyArtifact(artifact, folder);
    });
    const jars = readdirSync(folder).filter((name) => name.endsWith(".jar"));
    if (jars.length < SPARK_JARS.length) throw new Error(`only ${jars.join(", ")} in ${folder}`);
    return {
      python: python.found.python,
      java_home: java.home,
      jars: jars.map((name) => join(folder, name)),
      versions: `${python.found.versions} · Java ${java.version} · ${jars.join(" · ")}`,
    };
  });
}

/** A Trino server as it is unpacked, and a Java that it runs on. */
export async function findTrino(): Promise<
  Found<{ home: string; java_home: string; versions: string }>
> {
  const folder = join(CACHE, "trino");
  return attempt("Trino", async () => {
    const java = await findJava((version) => version >= TRINO_JAVA_MIN);
    await once(folder, TRINO, async () => {
      rmSync(folder, { recursive: true, force: true });
      await copyArtifact(TRINO, folder);
      for (const name of readdirSync(folder)) {
        if (!name.endsWith(".tar.gz")) continue;
        await install("tar", ["-xzf", join(folder, name), "-C", folder]);
        rmSync(join(folder, name));
      }
    });
    const name = readdirSync(folder).find((one) => one.startsWith("trino-server-"));
    if (name === undefined) throw new Error(`no trino-server in ${folder}`);
    const versions = `${name} · Java ${java.version}`;
    return { home: join(folder, name), java_home: java.home, versions };
  });
}

async function attempt<T>(what: string, find: () => Promise<T>): Promise<Found<T>> {
  try {
    return { found: await find(), skip: false };
  } catch (error) {
    const why = (error as Error).message.split("\n")[0];
    const skip = `${what} not run: ${why}`;
    console.log(skip);
    return { skip };
  }
}

/** Makes a folder once for these contents: a stamp beside it says that it is whole. */
async function once(folder: string, contents: string, make: () => Promise<void>): Promise<void> {
  const stamp = `${folder}.stamp`;
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === contents) return;
  if (!mayInstall()) throw new Error("not installed here; `npm run test:interop` installs it");
  mkdirSync(CACHE, { recursive: true });
  rmSync(stamp, { force: true });
  await make();
  writeFileSync(`${stamp}.new`, contents);
  renameSync(`${stamp}.new`, stamp);
}

/** Maven fetches from wherever it is set up to. */
async function copyArtifact(artifact: string, folder: string): Promise<void> {
  await install("mvn", [
    "-q",
    "-B",
    MAVEN_COPY,
    `-Dartifact=${artifact}`,
    `-DoutputDirectory=${folder}`,
  ]);
}

async function install(command: string, args: readonly string[]): Promise<void> {
  const maxBuffer = 64 * 1024 * 1024;
  try {
    await fetching((timeout) => run(command, [...args], { timeout, maxBuffer }));
  } catch (error) {
    const { stderr = "", message } = error as Error & { stderr?: string };
    throw new Error(`${command}: ${stderr.trim().split("\n").at(-1) ?? message}`, { cause: error });
  }
}

/** A Java of a wanted version: JAVA_HOME, the one on the path, or one that the system keeps. */
async function findJava(
  wanted: (version: number) => boolean,
): Promise<{ home: string; version: number }> {
  const kept = "/usr/lib/jvm";
  const homes = existsSync(kept) ? readdirSync(kept).map((name) => join(kept, name)) : [];
  const given = process.env["JAVA_HOME"];
  const on_path = (process.env["PATH"] ?? "").split(":").map((folder) => join(folder, ".."));
  const seen: number[] = [];
  for (const home of [...(given === undefined ? [] : [given]), ...on_path, ...homes]) {
    const java = join(home, "bin/java");
    if (!existsSync(java)) continue;
    const said = await run(java, ["-version"], { timeout: SAY_VERSION_TIMEOUT_MS });
    const [, major = "", minor = ""] = /version "(\d+)(?:\.(\d+))?/.exec(said.stderr) ?? [];
    const version = Number(major === "1" ? minor : major);
    if (wanted(version)) return { home, version };
    seen.push(version);
  }
  const there = seen.length === 0 ? "there is no Java" : `there is Java ${seen.join(", ")}`;
  throw new Error(`${there}, none of which it runs on`);
}
