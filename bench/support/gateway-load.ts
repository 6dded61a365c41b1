// The load of a gateway bench, in a process of its own: one job as JSON argument, figures as JSON.
import { askedBytes, createLoadConnection, type LoadAnswer } from "./gateway-connection.ts";
import { words } from "./gateway-words.ts";

export interface LoadJob {
  /** Of the completions endpoint. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly model: string;
  readonly connections: number;
  readonly requests: number;
  readonly stream: boolean;
  /** Milliseconds between the pieces of a stream; -1: the provider answers whole. */
  readonly gap_ms: number;
  /** Leave each stream after its first piece. */
  readonly leave: boolean;
  /** Requests begun each second; 0: as many as are answered. */
  readonly per_s: number;
}

export interface LoadResult {
  readonly ok: number;
  readonly failed: number;
  readonly seconds: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly max_ms: number;
  /** To the first piece of a stream. */
  readonly first_p50_ms: number;
  /** Streams whose text is not what the provider said, in order. */
  readonly garbled: number;
  /** When the last reader left (epoch ms); 0: none did. */
  readonly left_at_ms: number;
  readonly first_failure: string;
  /** CPU of this process: what it takes must be far below what is measured. */
  readonly own_cpu_us: number;
}

const job = JSON.parse(process.argv[2]!) as LoadJob;
const taken: number[] = [];
const firsts: number[] = [];
const counts = { ok: 0, failed: 0, garbled: 0, left_at_ms: 0, first_failure: "" };
/** Answers differ from one request to the next; what is compared is made once. */
const SEEDS = 1_000;
const expected = Array.from({ length: SEEDS }, (_, seed) => words(seed).join(""));
const asked = Array.from({ length: SEEDS }, (_, seed) => askedBytes(job, seed));
let next = 0;

function take(seed: number, { status, body, first_ms, whole_ms, left }: LoadAnswer): void {
  if (first_ms !== undefined) firsts.push(first_ms);
  if (left) {
    counts.left_at_ms = Date.now();
    return;
  }
  taken.push(whole_ms);
  if (status !== 200) throw new Error(`${status}: ${body.slice(0, 300)}`);
  if (said(body) === expected[seed]) counts.ok++;
  else counts.garbled++;
}

function said(text: string): string {
  if (!job.stream) {
    const document = JSON.parse(text) as { choices: { message: { content: string } }[] };
    return document.choices[0]?.message.content ?? "";
  }
  let content = "";
  for (const line of text.split("\n")) {
    if (!line.startsWith("data: ") || line === "data: [DONE]") continue;
    const event = JSON.parse(line.slice(6)) as { choices: { delta?: { content?: string } }[] };
    content += event.choices[0]?.delta?.content ?? "";
  }
  return content;
}

async function worker(index: number): Promise<void> {
  const connection = createLoadConnection(job);
  const between_ms = job.per_s === 0 ? 0 : (job.connections * 1000) / job.per_s;
  let due = performance.now() + (between_ms * index) / job.connections;
  while (next < job.requests) {
    const seed = next++ % SEEDS;
    if (between_ms > 0) {
      const wait_ms = due - performance.now();
      if (wait_ms > 0) await new Promise((resolve) => setTimeout(resolve, wait_ms));
      due += between_ms;
    }
    try {
      take(seed, await connection.ask(asked[seed]!));
    } catch (error) {
      counts.failed++;
      counts.first_failure ||= String(error);
    }
  }
  connection.end();
}

function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}

const start = performance.now();
const cpu = process.cpuUsage();
await Promise.all(Array.from({ length: job.connections }, (_, index) => worker(index)));
const { user, system } = process.cpuUsage(cpu);
const result: LoadResult = {
  ...counts,
  seconds: (performance.now() - start) / 1000,
  p50_ms: quantile(taken, 0.5),
  p99_ms: quantile(taken, 0.99),
  max_ms: quantile(taken, 1),
  first_p50_ms: quantile(firsts, 0.5),
  own_cpu_us: (user + system) / job.requests,
};
console.log(JSON.stringify(result));
