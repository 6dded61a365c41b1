// What does the gateway cost? Latency, CPU, requests/s, streams, memory, beside direct and peers.
// `npm run bench -- gateway [--only SERVICE,…] [--rounds N] [--soak N] [--steady SECONDS] [--json]`
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bun, NODE, type Runtime } from "../test/support/runtimes.ts";
import { LLMS_SET_UP, startLlms } from "./peers/llms.ts";
import { PORTKEY_SET_UP, startPortkey } from "./peers/portkey.ts";
import {
  load,
  machine,
  median,
  numberArg,
  printReport,
  round,
  textArg,
} from "./support/bench-report.ts";
import type { BenchReport, Ratio, Spread } from "./support/bench-report.ts";
import { spread } from "./support/bench-report.ts";
import { rssMib, runLoad, startUpstream } from "./support/gateway-processes.ts";
import {
  healthUnderLoad,
  jobOf,
  oneRound,
  slowestLeaving,
  wide,
  type Seen,
} from "./support/gateway-rounds.ts";
import {
  direct,
  EVERYTHING,
  startLakehouse,
  startRelay,
  WARM_UP,
  type Subject,
} from "./support/gateway-subjects.ts";

const args = process.argv.slice(2);
const json = args.includes("--json");
const rounds = numberArg(args, "rounds", 5);
const sizes = {
  singles: numberArg(args, "singles", 4_000),
  many: numberArg(args, "many", 20_000),
};
const soak = numberArg(args, "soak", 200_000);
const steady_s = numberArg(args, "steady", 60);
const STEADY_PER_S = 2_000;
const THINKING_MS = 20;
const only = textArg(args, "only", EVERYTHING);

/** What is asked of ours on a runtime. */
const TARGETS = {
  node: { cpu_us: 120, per_s: 7_000, wide_per_s: 3_500, wide_p99_ms: Infinity },
  bun: { cpu_us: 90, per_s: 11_000, wide_per_s: 7_500, wide_p99_ms: 80 },
};

const note = (text: string) => (json ? undefined : console.error(text));
const before = load();
const dir = await mkdtemp(join(tmpdir(), "lakehouse-gateway-"));
const upstream = await startUpstream();
const slow = await startUpstream(THINKING_MS);
const open: Subject[] = [];
const figures: Record<string, Spread | number | string> = {};
const ratios: Record<string, Ratio> = {};

/** Ours beside its target: at most, or at least. */
function judge(name: string, value: number, kind: "<=" | ">=", target: number): void {
  const met = kind === "<=" ? value <= target : value >= target;
  ratios[name] = { value: round(value), target: `${kind} ${target}`, met };
}

async function started(subject: Promise<Subject | undefined>): Promise<Subject | undefined> {
  const one = await subject;
  if (one !== undefined) open.push(one);
  return one;
}

async function ours(
  runtime: Runtime,
  upstream_url: string,
  name: string,
  unpinned = false,
): Promise<Subject> {
  const options = { upstream_url, dir: join(dir, `${runtime.name}-${name}`), runtime, unpinned };
  return (await started(startLakehouse({ ...options, only })))!;
}

async function stopAll(): Promise<void> {
  for (const subject of open.splice(0)) await subject.stop();
}

/** Everybody in turn in each round, so that what else the machine does falls on all. */
async function interleaved(subjects: readonly Subject[]): Promise<Map<string, Seen[]>> {
  for (const subject of subjects) {
    await runLoad(jobOf(subject, { connections: 64, requests: WARM_UP }));
    await runLoad(jobOf(subject, { connections: 16, requests: 500, stream: true }));
  }
  const seen = new Map<string, Seen[]>(subjects.map(({ name }) => [name, []]));
  for (let n = 1; n <= rounds; n++) {
    note(`round ${n} of ${rounds} …`);
    for (const subject of subjects) seen.get(subject.name)!.push(await oneRound(subject, sizes));
  }
  return seen;
}

/** One pinned core: ours, the provider itself, the floor and the peers. */
async function pinnedRounds({ name: on }: Runtime, subjects: readonly Subject[]): Promise<void> {
  const seen = await interleaved(subjects);
  for (const [name, all] of seen) {
    for (const key of ["p50_ms", "p99_ms", "per_s", "cpu_us", "first_p50_ms"] as const) {
      if (key === "cpu_us" && name === "direct") continue;
      figures[`${on}: ${name} ${key}`] = spread(all.map((one) => one[key]));
    }
    const failure = all.find((one) => one.failure !== "")?.failure;
    if (failure !== undefined) figures[`${on}: ${name} first failure`] = failure;
  }
  const middle = (name: string, key: keyof Seen) =>
    median((seen.get(name) ?? []).map((one) => Number(one[key])));
  const added = (key: keyof Seen) => middle("lakehouse", key) - middle("direct", key);
  const wrong = seen.get("lakehouse")!.reduce((sum, one) => sum + one.garbled + one.failed, 0);
  const cpu_us = middle("lakehouse", "cpu_us");
  judge(`${on}: added p50 ms`, added("p50_ms"), "<=", 0.3);
  judge(`${on}: added p99 ms`, added("p99_ms"), "<=", 1.5);
  judge(`${on}: CPU us per request`, cpu_us, "<=", TARGETS[on].cpu_us);
  judge(`${on}: requests/s`, middle("lakehouse", "per_s"), ">=", TARGETS[on].per_s);
  // On a busy machine the core is shared: what it would do alone follows from the CPU.
  judge(`${on}: requests/s of a core, from CPU`, 1e6 / cpu_us, ">=", TARGETS[on].per_s);
  judge(`${on}: added first-token p50 ms`, added("first_p50_ms"), "<=", 1);
  judge(`${on}: answers wrong, out of order, failed`, wrong, "<=", 0);
  for (const peer of ["portkey", "llms"]) {
    if (!seen.has(peer)) continue;
    const times = middle("lakehouse", "per_s") / middle(peer, "per_s");
    const by_cpu = middle(peer, "cpu_us") / cpu_us;
    if (peer === "portkey") judge(`${on}: times portkey, requests/s`, times, ">=", 6);
    else figures[`${on}: times ${peer}, requests/s`] = round(times);
    figures[`${on}: times ${peer}, CPU`] = round(by_cpu);
  }
  // Where even the floor does less than six times the peer, no gateway can.
  const floor = middle("relay", "per_s") / middle("portkey", "per_s");
  if (seen.has("portkey")) figures[`${on}: relay times portkey, requests/s`] = round(floor);
  figures[`${on}: relay added p50 ms`] = round(
    middle("relay", "p50_ms") - middle("direct", "p50_ms"),
  );
}

async function peersOn(runtime: Runtime): Promise<Subject[]> {
  const portkey = await started(startPortkey(upstream.url, runtime));
  const llms = await started(startLlms(upstream.url, runtime));
  if (portkey === undefined) figures["portkey"] = `not run: ${PORTKEY_SET_UP}`;
  if (llms === undefined) figures["llms"] = `not run: ${LLMS_SET_UP}`;
  return [portkey, llms].filter((one) => one !== undefined);
}

/** A provider that thinks, 256 connections, the whole machine. */
async function wideRun(runtime: Runtime): Promise<void> {
  // From its start: what it does depends on how many cores it finds then.
  const subject = await ours(runtime, slow.url, "wide", true);
  await wide(subject, sizes.many);
  const { ok, seconds, p99_ms, failed } = await wide(subject, sizes.many * 2);
  const { wide_per_s, wide_p99_ms } = TARGETS[runtime.name];
  judge(`${runtime.name}: 256 connections, requests/s`, ok / seconds, ">=", wide_per_s);
  judge(`${runtime.name}: 256 connections, p99 ms`, p99_ms, "<=", wide_p99_ms);
  judge(`${runtime.name}: 256 connections, failed`, failed, "<=", 0);
}

async function soakRun(runtime: Runtime): Promise<void> {
  const subject = await ours(runtime, upstream.url, "soak");
  judge(`${runtime.name}: RSS idle MiB`, rssMib(subject.pid), "<=", 120);
  const part = Math.ceil(soak / 4);
  const after: number[] = [];
  let failed = 0;
  for (let n = 0; n < 4; n++) {
    const { failed: lost, garbled } = await runLoad(
      jobOf(subject, { connections: 64, requests: part }),
    );
    failed += lost + garbled;
    after.push(round(rssMib(subject.pid)));
  }
  figures[`${runtime.name}: RSS MiB after each quarter`] = after.join(", ");
  judge(`${runtime.name}: RSS MiB after ${soak}`, after.at(-1)!, "<=", 200);
  judge(`${runtime.name}: RSS MiB, last quarter over second`, after[3]! - after[1]!, "<=", 20);
  judge(`${runtime.name}: soak failed`, failed, "<=", 0);
  judge(`${runtime.name}: ms until the provider knows of a leaving`, await leaving(), "<=", 50);
  const steady = await healthUnderLoad(subject, STEADY_PER_S, steady_s);
  figures[`${runtime.name}: requests/s while /health was asked`] = round(
    steady.load.ok / steady.load.seconds,
  );
  figures[`${runtime.name}: /health max ms at ${STEADY_PER_S}/s`] = round(steady.max_ms);
  judge(`${runtime.name}: /health p99 ms at ${STEADY_PER_S}/s`, steady.p99_ms, "<=", 50);

  function leaving(): Promise<number> {
    return slowestLeaving(subject, upstream);
  }
}

async function coldStarts(runtime: Runtime): Promise<void> {
  const whole: number[] = [];
  const one_core: number[] = [];
  for (let n = 0; n < 12; n++) {
    const options = { upstream_url: upstream.url, dir: join(dir, `cold-${runtime.name}-${n}`) };
    const unpinned = n % 2 === 0;
    const cold = await startLakehouse({ ...options, only: "gateway,chat", runtime, unpinned });
    // The first one fills the cache of compiled code.
    if (n > 0) (unpinned ? whole : one_core).push(cold.cold_ms);
    await cold.stop();
  }
  const cold = spread(whole);
  figures[`${runtime.name}: cold start ms`] = cold;
  figures[`${runtime.name}: cold start on one core ms`] = spread(one_core);
  judge(`${runtime.name}: cold start ms`, cold.median, "<=", 300);
}

try {
  for (const runtime of [NODE, bun()]) {
    if (runtime === undefined) {
      figures["bun"] = "not run: it is not installed";
      continue;
    }
    note(`on ${runtime.name}: cold starts …`);
    await coldStarts(runtime);
    note("one core …");
    const house = await ours(runtime, upstream.url, "pinned");
    const floor = (await started(startRelay(upstream.url, runtime)))!;
    const peers = await peersOn(runtime);
    await pinnedRounds(runtime, [direct(upstream.url), floor, house, ...peers]);
    await stopAll();
    note("the whole machine …");
    await wideRun(runtime);
    await stopAll();
    note(`memory after ${soak} requests, readers that leave, a steady minute …`);
    await soakRun(runtime);
    await stopAll();
  }
} finally {
  await stopAll();
  await upstream.stop();
  await slow.stop();
  await rm(dir, { recursive: true, force: true });
}
const report: BenchReport = {
  question: "gateway",
  machine: machine(),
  load: { before, after: load() },
  figures,
  ratios,
};
printReport(report, json);
