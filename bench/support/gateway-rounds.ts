// What one round of the gateway bench sees of one subject: alone, in a crowd, in streams, spread.
import { spread } from "./gateway-machine.ts";
import type { LoadJob, LoadResult } from "./gateway-load.ts";
import { cpuMs, runLoad, type Upstream } from "./gateway-processes.ts";
import type { Subject } from "./gateway-subjects.ts";

export interface RoundSizes {
  /** Requests one after the other. */
  readonly singles: number;
  /** Requests over 64 connections. */
  readonly many: number;
}

/** What one round saw of one subject. */
export interface Seen {
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly per_s: number;
  readonly cpu_us: number;
  readonly first_p50_ms: number;
  readonly garbled: number;
  readonly failed: number;
  readonly failure: string;
}

export function jobOf({ url, headers, model }: Subject, over: Partial<LoadJob>): LoadJob {
  const plain = { connections: 1, requests: 1_000, stream: false, gap_ms: 0 };
  return { url, headers, model, ...plain, leave: false, per_s: 0, ...over };
}

/** One after the other, of some 25 ms each. */
const STREAMS = 200;

/** On the one core that the subject is kept on. */
export async function oneRound(subject: Subject, { singles, many }: RoundSizes): Promise<Seen> {
  const alone = await runLoad(jobOf(subject, { requests: singles }));
  const before = subject.pid === 0 ? 0 : cpuMs(subject.pid);
  const crowd = await runLoad(jobOf(subject, { connections: 64, requests: many }));
  const cpu_ms = subject.pid === 0 ? 0 : cpuMs(subject.pid) - before;
  const in_turn = { requests: Math.min(singles, STREAMS), stream: true, gap_ms: 1 };
  const streams = await runLoad(jobOf(subject, in_turn));
  const at_once = { connections: 128, requests: 128, stream: true, gap_ms: 2 };
  const all: LoadResult[] = [alone, crowd, streams, await runLoad(jobOf(subject, at_once))];
  return {
    p50_ms: alone.p50_ms,
    p99_ms: alone.p99_ms,
    per_s: crowd.ok / crowd.seconds,
    cpu_us: (cpu_ms * 1000) / many,
    first_p50_ms: streams.first_p50_ms,
    garbled: all.reduce((sum, one) => sum + one.garbled, 0),
    failed: all.reduce((sum, one) => sum + one.failed, 0),
    failure: all.find(({ first_failure }) => first_failure !== "")?.first_failure ?? "",
  };
}

/** 256 connections, on the whole machine. */
export async function wide(subject: Subject, requests: number): Promise<LoadResult> {
  spread(subject.pid, true);
  try {
    return await runLoad(jobOf(subject, { connections: 256, requests }));
  } finally {
    spread(subject.pid, false);
  }
}

/** Milliseconds from a reader's leaving until the provider knows; the slowest of ten. */
export async function slowestLeaving(subject: Subject, upstream: Upstream): Promise<number> {
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

/** Milliseconds that `/health` took while the subject answered `per_s` requests a second. */
export async function healthUnderLoad(
  subject: Subject,
  per_s: number,
  seconds: number,
): Promise<{ p99_ms: number; max_ms: number; load: LoadResult }> {
  const { origin } = new URL(subject.url);
  const requests = per_s * seconds;
  const state = { over: false };
  const loading = runLoad(jobOf(subject, { connections: 64, requests, per_s })).finally(() => {
    state.over = true;
  });
  const taken: number[] = [];
  while (!state.over) {
    const start = performance.now();
    const answer = await fetch(`${origin}/health`);
    await answer.arrayBuffer();
    taken.push(performance.now() - start);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const sorted = taken.toSorted((a, b) => a - b);
  const p99_ms = sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN;
  return { p99_ms, max_ms: sorted.at(-1) ?? Number.NaN, load: await loading };
}
