// Runs the commands of package.json on any Node ≥ 20: installs what is missing, then uses the
// pinned Node.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statfsSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

// Each running DuckDB statement holds one of these threads; file work must not wait behind them.
process.env.UV_THREADPOOL_SIZE ??= "16";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
// A process of the house starts in half the time with its code compiled already.
process.env.NODE_COMPILE_CACHE ??= join(root, "node_modules/.cache/compiled");
const [task = "help", ...args] = process.argv.slice(2);

const UNIT = ["src", "domains", "test/golden"];
const TIDY = ["test/tidy"];
const SLOW = ["test/scenarios"];
/**
 * They kill processes, or take seconds for long random lives, hostile statements and large bodies:
 * beside what they test, and run with the slow ones.
 */
const SLOW_UNIT = /-(crash|thorough)\.test\.ts$/;
const FOREIGN = ["test/interop"];
/** Much is made and thrown away: with room for the young a twelfth less time goes by. */
const ROOM_FOR_YOUNG = "--max-semi-space-size=64";
const TEST_FLAGS = ["--no-warnings", ROOM_FOR_YOUNG, "--test", "--test-isolation=none"];
/** No unit test takes a tenth of this; one that waits for ever fails instead. */
const UNIT_TEST_LIMIT = "--test-timeout=120000";
/** Tests wait now and then, for a timeout or a child: one process more than two cores. */
const LANES = 3;
/** A lane that has done one part takes another: they end at about the same time. */
const PARTS = 2 * LANES;
/** A part takes half a minute. What keeps it from ending after this is told, and is a failure. */
const PART_LIMIT_MS = 360_000;
/** Between a part's end and that of its output. */
const LAST_WORDS_MS = 10_000;

const TASKS = {
  demo: () => lakehouse(["demo", ...args]),
  start: () => lakehouse(["up", ...args]),
  "start:bun": () => run(bun(), ["src/app/main.ts", "up", ...args]),
  test: () => unitTests(args),
  "test:all": async () =>
    check() || (await unitTests(args)) || slowTests(args) || nodeTests(FOREIGN, args) || bunTests(),
  "test:slow": () => slowTests(args),
  "test:bun": () => bunTests(),
  "test:interop": () => nodeTests(FOREIGN, args),
  check,
  bench: () => bench(args),
  golden: () => nodeTests(["test/golden"], [], { LAKEHOUSE_GOLDEN_WRITE: "1" }),
  format: () => run(tool("oxfmt"), ["src", "domains", "test", "bench", "scripts", "bin"]),
};

if (!(task in TASKS)) {
  console.error(`unknown task "${task}"; known: ${Object.keys(TASKS).join(", ")}`);
  process.exit(2);
}
install();
process.exitCode = await TASKS[task]();

/** Installs the locked dependencies when they are not there, or not those of the lock file. */
function install() {
  const installed = join(root, "node_modules/.package-lock.json");
  const lock = join(root, "package-lock.json");
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  console.error("installing dependencies (npm ci) …");
  const env = { ...process.env, ONNXRUNTIME_NODE_INSTALL: "skip" };
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const options = { cwd: root, env, stdio: ["ignore", 2, 2] };
  const done = spawnSync(npm, ["ci", "--no-audit", "--no-fund", "--loglevel=error"], options);
  if (done.status !== 0) process.exit(done.status ?? 1);
}

function node() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  const pinned = join(root, "node_modules/.bin/node");
  if (existsSync(pinned)) return pinned;
  if (major > 24 || (major === 24 && minor >= 12)) return process.execPath;
  console.error(
    `Node 24.12 or newer is needed on this platform (this is ${process.versions.node})`,
  );
  process.exit(1);
}

function bun() {
  const folder = join(root, "node_modules/@oven");
  const found = existsSync(folder)
    ? readdirSync(folder)
        .map((name) => join(folder, name, "bin/bun"))
        .filter(existsSync)
    : [];
  if (found.length > 0) return found[0];
  console.error("the bun package has no build for this platform");
  process.exit(1);
}

function tool(name) {
  return join(root, "node_modules/.bin", name);
}

function run(command, rest, env = {}) {
  const options = { cwd: root, stdio: "inherit", env: { ...process.env, ...env } };
  const done = spawnSync(command, rest, options);
  if (done.error) console.error(String(done.error));
  return done.status ?? 1;
}

function lakehouse(rest) {
  return run(node(), ["src/app/main.ts", ...rest]);
}

function testFiles(folders) {
  const files = folders.flatMap((folder) => filesUnder(folder, ".test.ts"));
  if (files.length === 0) {
    console.error(`no test files under ${folders.join(", ")}`);
    process.exit(1);
  }
  return files.toSorted();
}

/** Files below a folder of the project whose names end so (Node 20 has no globSync). */
function filesUnder(folder, ending) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .map((name) => `${folder}/${name}`)
    .filter((name) => name.endsWith(ending));
}

function nodeTests(folders, rest, env = {}) {
  return runTests(testFiles(folders), rest, env);
}

/** Those that are named among the arguments, else all of these. */
function runTests(files, rest, env = {}) {
  const chosen = rest.filter((arg) => !arg.startsWith("-"));
  const flags = rest.filter((arg) => arg.startsWith("-"));
  return run(node(), [...TEST_FLAGS, ...flags, ...(chosen.length > 0 ? chosen : files)], env);
}

function slowTests(rest) {
  const beside = testFiles(UNIT).filter((file) => SLOW_UNIT.test(file));
  return runTests([...testFiles(SLOW), ...beside], rest);
}

/** All unit tests; those that are named, or in one process where there is one core. */
function unitTests(rest) {
  const files = testFiles(UNIT).filter((file) => !SLOW_UNIT.test(file));
  if (availableParallelism() === 1 || rest.some((arg) => !arg.startsWith("-"))) {
    return runTests(files, rest);
  }
  const flags = [...TEST_FLAGS, UNIT_TEST_LIMIT, ...rest];
  return inLanes("unit tests", node(), flags, files);
}

function bunTests() {
  const files = testFiles(UNIT).map((file) => `./${file}`);
  const flags = ["test", "--timeout", "120000"];
  return inLanes("unit tests on Bun", bun(), flags, files);
}

/** Files side by side. One process is heard as it speaks, the others when it has ended. */
async function inLanes(what, command, flags, all_files) {
  const started = Date.now();
  const lanes = Math.min(LANES, availableParallelism() + 1);
  const parts = dealt(all_files, PARTS).map((files) => createPart(command, [...flags, ...files]));
  const waiting = [...parts];
  async function lane() {
    for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) await part.run();
  }
  const running = Array.from({ length: lanes }, lane);
  let code = 0;
  for (const part of parts) {
    part.show();
    const { code: own, fault } = await part.end;
    code = Math.max(code, own);
    if (fault !== undefined) console.log(`✖ this process of the ${what} ${fault}`);
  }
  await Promise.all(running);
  const words = code === 0 ? "all passed" : "some FAILED, see above";
  const took_s = ((Date.now() - started) / 1000).toFixed(1);
  console.log(`${what} in ${PARTS} processes, ${lanes} at a time: ${words} (${took_s} s)`);
  return code;
}

/** `end` tells the exit code, and why it is none of its own. Shown, all that it says is printed. */
function createPart(command, rest) {
  let held = [];
  let finish;
  const end = new Promise((resolve) => (finish = resolve));
  function hear(text) {
    if (held === undefined) process.stdout.write(text);
    else held.push(text);
  }

  function run() {
    const env = { ...process.env, ...quickFolder() };
    const child = spawn(command, rest, { cwd: root, stdio: ["ignore", "pipe", "pipe"], env });
    for (const stream of [child.stdout, child.stderr]) stream.on("data", hear);
    let fault;
    const late = setTimeout(() => {
      fault = `was ended after ${PART_LIMIT_MS / 1000} s`;
      child.kill("SIGKILL");
    }, PART_LIMIT_MS);
    child.on("exit", (code) => {
      clearTimeout(late);
      const left_behind = setTimeout(() => {
        for (const stream of [child.stdout, child.stderr]) stream.destroy();
        fault ??= "left a process behind that it had started";
      }, LAST_WORDS_MS);
      child.on("close", () => {
        clearTimeout(left_behind);
        finish({ code: fault === undefined ? (code ?? 1) : 1, fault });
      });
    });
    return end;
  }

  return {
    end,
    run,
    show() {
      for (const text of held) process.stdout.write(text);
      held = undefined;
    },
  };
}

/** To and fro: neighbours take about the same time, and nobody always has the first turn. */
function dealt(files, parts) {
  const partOf = (at) => (Math.floor(at / parts) % 2 === 0 ? at % parts : parts - 1 - (at % parts));
  return Array.from({ length: parts }, (_, part) => files.filter((_, at) => partOf(at) === part));
}

/** Thousands of small stores are made and synced: in memory where there is room for them. */
function quickFolder() {
  const folder = "/dev/shm";
  if (process.env.TMPDIR !== undefined || !existsSync(folder)) return {};
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize >= 2 ** 31 ? { TMPDIR: folder } : {};
}

function check() {
  const sources = ["src", "domains", "test", "bench", "scripts", "bin"];
  return (
    run(tool("oxfmt"), ["--check", ...sources]) ||
    run(tool("oxlint"), ["--type-aware", "--quiet", ...sources]) ||
    run(tool("tsc"), ["--noEmit"]) ||
    nodeTests(TIDY, [])
  );
}

function bench(rest) {
  const question = rest[0] ?? "";
  if (!existsSync(join(root, "bench", `${question}.ts`))) {
    const known = filesUnder("bench", ".ts")
      .filter((file) => !/support\/|peers\//.test(file))
      .map((file) => file.slice("bench/".length, -3));
    console.error(`which question? npm run bench -- <${known.join(" | ")}> [--json]`);
    return 2;
  }
  if (rest.includes("--help")) {
    console.log(benchHelp(`bench/${question}.ts`));
    return 0;
  }
  return run(node(), ["--no-warnings", `bench/${question}.ts`, ...rest.slice(1)]);
}

/** What its file says of it: the lines at the top, and the comment that shows how it is called. */
function benchHelp(file) {
  const text = readFileSync(join(root, file), "utf8");
  const top = /^(?:\/\/.*\n)+/.exec(text)?.[0] ?? "";
  const call = text.match(/\/\*\*(?:(?!\*\/)[^])*\*\//g)?.find((one) => one.includes("run bench"));
  return `${top}${call ?? ""}`.replaceAll(/^ *(?:\/\/|\/\*\*|\*\/|\*)? ?|\*\/$/gm, "").trim();
}
