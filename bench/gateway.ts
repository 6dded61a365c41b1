// What does the gateway cost? Latency, CPU, requests/s, streams, memory, beside direct and peers.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PORTKEY_SET_UP, startPortkey } from "./peers/portkey.ts";
import { load, machine, median, numberArg, printReport, round } from "./support/bench-report.ts";
import type { BenchReport, Ratio, Spread } from "./support/bench-report.ts";
import { spread } from "./support/bench-report.ts";
import type { LoadJob, LoadResult } from "./support/gateway-load.ts";
import { cpuMs, rssMib, runLoad, startUpstream } from "./support/gateway-processes.ts";
import { direct, startLakehouse, type Subject } from "./support/gateway-subjects.ts";

const args = process.argv.slice(2);
const json = args.includes("--json");
const rounds = numberArg(args, "rounds", 5);
const singles = numberArg(args, "singles", 1_000);
const many = numberArg(args, "many", 5_000);
const soak = numberArg(args, "soak", 200_000);

/** What a call passes through: auth, keys and their ledger, chat, the witness with its log. */
const EVERYTHING = "gateway,usage,chat,observe";

const note = (text: string) => (json ? undefined : console.error(text));

/** What one round saw of one subject. */
interface Seen {
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly per_s: number;
  readonly cpu_us: number;
  readonly first_p50_ms: number;
  readonly garbled: number;
  readonly failed: number;
}

function jobOf({ url, headers, model }: Subject, over: Partial<LoadJob>): LoadJob {
  const plain = { connections: 1, requests: singles, stream: false, gap_ms: 0, leave: false };
  return { url, headers, model, ...plain, ...over };
}

async function oneRound(subject: Subject): Promise<Seen> {
  const alone = await runLoad(jobOf(subject, {}));
  const before = subject.pid === 0 ? 0 : cpuMs(subject.pid);
  const crowd = await runLoad(jobOf(subject, { connections: 64, requests: many }));
  const cpu_ms = subject.pid === 0 ? 0 : cpuMs(subject.pid) - before;
  const streams = await runLoad(jobOf(subject, { requests: singles / 5, stream: true, gap_ms: 1 }));
  const at_once = { connections: 128, requests: 128, stream: true, gap_ms: 2 };
  const parallel = await runLoad(jobOf(subject, at_once));
  const all: LoadResult[] = [alone, crowd, streams, parallel];
  for (const { first_failure } of all) if (first_failure !== "") note(first_failure);
  return {
    p50_ms: alone.p50_ms,
    p99_ms: alone.p99_ms,
    per_s: crowd.ok / crowd.seconds,
    cpu_us: (cpu_ms * 1000) / many,
    first_p50_ms: streams.first_p50_ms,
    garbled: all.reduce((sum, one) => sum + one.garbled, 0),
    failed: all.reduce((sum, one) => sum + one.failed, 0),
  };
}

/** Milliseconds from a reader's leaving until the provider knows; the slowest of ten. */
async function slowestLeaving(subject: Subject): Promise<number> {
  let slowest = 0;
  for (let n = 0; n < 10; n++) {
    const before = (await upstream.left()).count;
    const job = { requests: 1, stream: true, gap_ms: 100, leave: true };
    const { left_at_ms } = await runLoad(jobOf(subject, job));
    let known = await upstream.left();
    for (let tries = 0; known.count === before && tries < 100; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      known = await upstream.left();
    }
    slowest = Math.max(slowest, known.count === before ? Infinity : known.at_ms - left_at_ms);
  }
  return slowest;
}

async function coldStarts(): Promise<number[]> {
  const all: number[] = [];
  for (let n = 0; n < 3; n++) {
    const cold = await startLakehouse(upstream.url, join(dir, `cold-${n}`), "gateway,chat");
    all.push(cold.cold_ms);
    await cold.stop();
  }
  return all;
}

const before = load();
const dir = await mkdtemp(join(tmpdir(), "lakehouse-gateway-"));
const upstream = await startUpstream();
const subjects: Subject[] = [direct(upstream.url)];
const figures: Record<string, Spread | number | string> = {};
const ratios: Record<string, Ratio> = {};

/** Ours beside its target. */
function judge(name: string, value: number, target: string, met: boolean): void {
  ratios[name] = { value: round(value), target, met };
}

try {
  const ours = await startLakehouse(upstream.url, join(dir, "ours"), EVERYTHING);
  subjects.push(ours);
  const portkey = await startPortkey(upstream.url);
  if (portkey === undefined) figures["portkey"] = `not run: ${PORTKEY_SET_UP}`;
  else subjects.push(portkey);
  const idle_mib = rssMib(ours.pid);
  note("warming up …");
  for (const subject of subjects) {
    await runLoad(jobOf(subject, { connections: 16, requests: 2_000 }));
    await runLoad(jobOf(subject, { connections: 16, requests: 200, stream: true }));
  }
  const seen = new Map<string, Seen[]>(subjects.map(({ name }) => [name, []]));
  for (let n = 1; n <= rounds; n++) {
    note(`round ${n} of ${rounds} …`);
    for (const subject of subjects) seen.get(subject.name)!.push(await oneRound(subject));
  }
  for (const [name, all] of seen) {
    for (const key of ["p50_ms", "p99_ms", "per_s", "cpu_us", "first_p50_ms"] as const) {
      if (key === "cpu_us" && name === "direct") continue;
      figures[`${name} ${key}`] = spread(all.map((one) => one[key]));
    }
  }
  const middle = (name: string, key: keyof Seen) => median(seen.get(name)!.map((one) => one[key]));
  const added = (key: keyof Seen) => middle("lakehouse", key) - middle("direct", key);
  const wrong = seen.get("lakehouse")!.reduce((sum, one) => sum + one.garbled + one.failed, 0);
  const cpu_us = middle("lakehouse", "cpu_us");
  judge("added p50 ms", added("p50_ms"), "<= 0.30", added("p50_ms") <= 0.3);
  judge("added p99 ms", added("p99_ms"), "<= 1.5", added("p99_ms") <= 1.5);
  judge("CPU us per request", cpu_us, "<= 120", cpu_us <= 120);
  // The load and the provider share the machine: what one core of ours does follows from its CPU.
  judge("requests/s of one core (from CPU)", 1e6 / cpu_us, ">= 7000", 1e6 / cpu_us >= 7000);
  judge("added first-token p50 ms", added("first_p50_ms"), "<= 1", added("first_p50_ms") <= 1);
  judge("answers wrong, out of order, failed", wrong, "0", wrong === 0);
  if (portkey !== undefined) {
    const times = middle("portkey", "cpu_us") / cpu_us;
    judge("times Portkey, by CPU per request", times, ">= 6", times >= 6);
  }
  note("readers that leave …");
  const leaving_ms = await slowestLeaving(ours);
  judge("ms until the provider knows", leaving_ms, "<= 50", leaving_ms <= 50);
  note(`memory after ${soak} requests …`);
  const soaked = await runLoad(jobOf(ours, { connections: 64, requests: soak }));
  const after_mib = rssMib(ours.pid);
  figures["soak failed"] = soaked.failed + soaked.garbled;
  figures["soak requests/s"] = round(soaked.ok / soaked.seconds);
  judge("RSS idle MiB", idle_mib, "<= 120", idle_mib <= 120);
  judge(`RSS MiB after ${soak}`, after_mib, "<= 200", after_mib <= 200);
  note("cold starts …");
  const cold = spread(await coldStarts());
  figures["cold start ms"] = cold;
  judge("cold start ms", cold.median, "<= 300", cold.median <= 300);
} finally {
  for (const subject of subjects) await subject.stop();
  await upstream.stop();
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
