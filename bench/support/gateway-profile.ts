// Where the gateway's CPU goes: a house under load with the sampling profiler of its runtime on.
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { ROOT } from "../../test/support/source-tree.ts";
import type { Runtime } from "../../test/support/runtimes.ts";
import { round } from "./bench-report.ts";
import { cpuMs, runLoad } from "./gateway-processes.ts";
import { jobOf } from "./gateway-rounds.ts";
import { startLakehouse, WARM_UP, type HouseOptions } from "./gateway-subjects.ts";

/** A part of the CPU time of the load, in percent of it. */
export interface Share {
  readonly name: string;
  readonly percent: number;
}

/** CPU of a request with the profiler at work, which makes it dearer, in microseconds. */
export interface Shares extends Sums {
  readonly cpu_us: number;
}

interface Sums {
  /** By folder of ours, package, or module of the runtime. */
  readonly areas: readonly Share[];
  /** By function, time in what it calls left out. */
  readonly functions: readonly Share[];
}

interface Frame {
  readonly functionName: string;
  readonly url: string;
}

/** As Chrome's tools read it: the `.cpuprofile` of both runtimes. Times in microseconds. */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: Frame;
    readonly children?: readonly number[];
  }[];
  readonly startTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Of `requests` over 64 connections, after those that warm it up. */
export async function profiledLoad(options: HouseOptions, requests: number): Promise<Shares> {
  const dir = join(options.dir, "profile");
  await mkdir(dir, { recursive: true });
  const started = performance.now();
  const house = await startLakehouse({ ...options, runtime: profiling(options.runtime, dir) });
  await runLoad(jobOf(house, { connections: 64, requests: WARM_UP }));
  const from_us = (performance.now() - started) * 1000;
  const before_ms = cpuMs(house.pid);
  await runLoad(jobOf(house, { connections: 64, requests }));
  const until_us = (performance.now() - started) * 1000;
  const cpu_us = ((cpuMs(house.pid) - before_ms) * 1000) / requests;
  await house.stop();
  const [file] = (await readdir(dir)).filter((name) => name.endsWith(".cpuprofile"));
  if (file === undefined) throw new Error(`${options.runtime.name} wrote no profile into ${dir}`);
  const profile = JSON.parse(await readFile(join(dir, file), "utf8")) as CpuProfile;
  return { cpu_us: round(cpu_us), ...sharesOf(profile, from_us, until_us) };
}

function profiling(runtime: Runtime, dir: string): Runtime {
  const profiler = ["--cpu-prof", "--cpu-prof-dir", dir, "--cpu-prof-interval", "500"];
  return { ...runtime, args: [...profiler, ...runtime.args] };
}

/** Of the samples between two instants, in microseconds since the profile's start. */
function sharesOf(profile: CpuProfile, from_us: number, until_us: number): Sums {
  const frames = framesOf(profile);
  const areas = new Map<string, number>();
  const functions = new Map<string, number>();
  let all_us = 0;
  let at_us = 0;
  for (const [n, id] of profile.samples.entries()) {
    const took_us = Math.max(0, profile.timeDeltas[n]!);
    at_us += took_us;
    const { frame, area } = frames.get(id)!;
    if (at_us < from_us || at_us > until_us || frame.functionName === "(idle)") continue;
    all_us += took_us;
    areas.set(area, (areas.get(area) ?? 0) + took_us);
    const name = `${frame.functionName || "(anonymous)"} · ${area}`;
    functions.set(name, (functions.get(name) ?? 0) + took_us);
  }
  const ranked = (sums: ReadonlyMap<string, number>) =>
    [...sums]
      .map(([name, us]) => ({ name, percent: round((us * 100) / all_us) }))
      .toSorted((a, b) => b.percent - a.percent);
  return { areas: ranked(areas), functions: ranked(functions) };
}

/** Frames with the area that each counts for: built-in functions count for who calls them. */
function framesOf({ nodes }: CpuProfile): Map<number, { frame: Frame; area: string }> {
  const parents = new Map<number, number>();
  for (const { id, children = [] } of nodes) for (const child of children) parents.set(child, id);
  const known = new Map<number, { frame: Frame; area: string }>();
  // A parent stands before its children.
  for (const { id, callFrame: frame } of nodes) {
    const caller = known.get(parents.get(id) ?? -1)?.area ?? "native code";
    known.set(id, { frame, area: areaOf(frame, caller) });
  }
  return known;
}

function areaOf({ functionName, url }: Frame, caller: string): string {
  if (functionName === "(garbage collector)") return "garbage collection";
  if (functionName.startsWith("(")) return "native code";
  const path = url.replace(/^file:\/\//, "");
  const own = path.startsWith(ROOT) ? path.slice(ROOT.length).replace(/^\//, "") : path;
  const packaged = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(own);
  if (packaged !== null) return packaged[1]!;
  if (own.startsWith("src/")) return own.split("/").slice(1, 3).join("/").replace(/\.ts$/, "");
  if (own === "") return caller;
  return RUNTIME.find(([pattern]) => pattern.test(own))?.[1] ?? own;
}

/** Modules of the runtimes, by what they do. */
const RUNTIME: readonly (readonly [RegExp, string])[] = [
  [/^node:_?http/, "runtime: HTTP"],
  [/^(?:node|internal):(?:net$|(?:internal\/)?streams?)/, "runtime: sockets and streams"],
  [/^node:(?:internal\/)?fs/, "runtime: files"],
  [/^(?:node|internal|bun):/, "runtime: the rest"],
];
