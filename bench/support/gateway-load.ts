// The load of a gateway bench, in a process of its own: one job as JSON argument, figures as JSON.
import { Agent, request as send, type IncomingMessage } from "node:http";

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
}

export interface LoadResult {
  readonly ok: number;
  readonly failed: number;
  readonly seconds: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  /** To the first piece of a stream. */
  readonly first_p50_ms: number;
  /** Streams whose text is not what the provider said, in order. */
  readonly garbled: number;
  /** When the last reader left (epoch ms); 0: none did. */
  readonly left_at_ms: number;
  readonly first_failure: string;
}

const job = JSON.parse(process.argv[2]!) as LoadJob;
const agent = new Agent({ keepAlive: true, maxSockets: job.connections });
const taken: number[] = [];
const firsts: number[] = [];
const counts = { ok: 0, failed: 0, garbled: 0, left_at_ms: 0, first_failure: "" };
let next = 0;

function ask(seed: number): Promise<IncomingMessage> {
  const message = { role: "user", content: `Say the words of ${seed}, please.` };
  const options = { stream: job.stream, seed, top_k: job.gap_ms };
  const body = JSON.stringify({ model: job.model, messages: [message], ...options });
  const headers = {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    ...job.headers,
  };
  return new Promise((resolve, reject) => {
    const asked = send(job.url, { method: "POST", headers, agent }, resolve);
    asked.on("error", reject);
    asked.end(body);
  });
}

async function one(seed: number): Promise<void> {
  const start = performance.now();
  const response = await ask(seed);
  const parts: Buffer[] = [];
  for await (const part of response) {
    if (parts.length === 0) firsts.push(performance.now() - start);
    parts.push(part as Buffer);
    if (!job.leave) continue;
    counts.left_at_ms = Date.now();
    response.destroy();
    return;
  }
  taken.push(performance.now() - start);
  const text = Buffer.concat(parts).toString("utf8");
  if (response.statusCode !== 200) throw new Error(`${response.statusCode}: ${text.slice(0, 300)}`);
  if (said(text) === expected(seed)) counts.ok++;
  else counts.garbled++;
}

const expected = (seed: number) =>
  Array.from({ length: 24 }, (_, at) => `w${seed}.${at} `).join("");

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

async function worker(): Promise<void> {
  while (next < job.requests) {
    try {
      await one(next++);
    } catch (error) {
      counts.failed++;
      counts.first_failure ||= String(error);
    }
  }
}

function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}

const start = performance.now();
await Promise.all(Array.from({ length: job.connections }, worker));
const result: LoadResult = {
  ...counts,
  seconds: (performance.now() - start) / 1000,
  p50_ms: quantile(taken, 0.5),
  p99_ms: quantile(taken, 0.99),
  first_p50_ms: quantile(firsts, 0.5),
};
agent.destroy();
console.log(JSON.stringify(result));
