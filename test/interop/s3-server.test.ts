// The S3 store against a foreign S3 server, Versity's gateway, where Go can build it.
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { s3StoreSuite } from "#adapters/object-store/s3-store.suite.ts";
import { freePort } from "../support/listening.ts";
import { CACHE, fetching, mayInstall } from "./foreign-engines.ts";

const MODULE = "github.com/versity/versitygw/cmd/versitygw";
const VERSION = "v1.8.0";
const START_TIMEOUT_MS = 15_000;
const run = promisify(execFile);

/** Built once into the ignored cache folder; undefined with the reason where it cannot be. */
async function install(): Promise<{ program: string } | { why: string }> {
  const folder = join(CACHE, `versitygw-${VERSION}`);
  const program = join(folder, "versitygw");
  if (existsSync(program)) return { program };
  if (!mayInstall()) return { why: "not built here; `npm run test:interop` builds it" };
  mkdirSync(folder, { recursive: true });
  // One compiler at a time: other tests may be running.
  const env = { ...process.env, GOBIN: folder, GOFLAGS: "-p=1" };
  try {
    const args = ["install", `${MODULE}@${VERSION}`];
    await fetching((timeout) => run("go", args, { env, timeout }));
    return { program };
  } catch (error) {
    const { code, stderr = "" } = error as { code?: unknown; stderr?: string };
    const said = stderr.trim().split("\n").at(-1);
    const why = code === "ENOENT" ? "there is no go here" : said || (error as Error).message;
    return { why: `versitygw ${VERSION} could not be built: ${why}` };
  }
}

const installed = await install();
const directory = mkdtempSync(join(tmpdir(), "lakehouse-versitygw-"));
let server: ChildProcess | undefined;
after(async () => {
  if (server !== undefined && server.exitCode === null) {
    const ended = new Promise((done) => server!.once("exit", done));
    server.kill();
    await ended;
  }
  rmSync(directory, { recursive: true, force: true });
});

async function start(program: string): Promise<string> {
  mkdirSync(join(directory, "lake"));
  const port = await freePort();
  const address = [
    "--port",
    `127.0.0.1:${port}`,
    "--access",
    "lake-key",
    "--secret",
    "lake-secret",
  ];
  const args = [...address, "--quiet", "--keep-alive", "posix", directory];
  server = spawn(program, args, { stdio: "ignore" });
  const endpoint = `http://127.0.0.1:${port}`;
  const until = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < until) {
    if (
      await fetch(endpoint).then(
        () => true,
        () => false,
      )
    )
      return endpoint;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`versitygw does not answer at ${endpoint}`);
}

if ("why" in installed) {
  test("the S3 store on versitygw", { skip: `not run: ${installed.why}` }, () => undefined);
} else {
  console.log(`S3 server: versitygw ${VERSION}`);
  const endpoint = start(installed.program);
  // Met by each test; here it must not count as a failure that nobody minds.
  endpoint.catch(() => undefined);
  s3StoreSuite(
    "the S3 store on versitygw",
    async () => ({
      endpoint: await endpoint,
      region: "us-east-1",
      bucket: "lake",
      access_key: "lake-key",
      secret_key: "lake-secret",
    }),
    { lacks: new Map([["any_key", "versitygw keeps keys as paths of a file system"]]) },
  );
}
