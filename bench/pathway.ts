// What pathway memory costs: durable adds, searches at 100 k and 1 M traces, cold start, memory.
// Each size is opened in a process of its own, so that its memory is that of a server alone.
// With --peers: beside packages from npm.
// `npm run bench -- pathway [--rows N] [--large N] [--peers] [--json]`
import { spawnSync } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { embed } from "#contracts/embed.ts";
import { pathwayContract } from "#contracts/pathway.ts";
import { systemClock } from "#kernel/clock.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import { newId } from "#kernel/ids.ts";
import { silentLog } from "#kernel/log.ts";
import { seededRandom, type Random } from "#kernel/random.ts";
import { createEmbed } from "#models/embed/embed-service.ts";
import { embedSettings } from "#models/embed/embed-settings.ts";
import type { Embedder } from "#ports/embedder.ts";
import { ROOT } from "../test/support/source-tree.ts";
import { compareMemory } from "./peers/memory-compare.ts";
import { createPathway } from "#recall/pathway/pathway-service.ts";
import { pathwaySettings } from "#recall/pathway/pathway-settings.ts";
import type { PathwayRow } from "#recall/pathway/pathway-row.ts";
import { contentHash } from "#recall/pathway/trace-content.ts";
import {
  load,
  machine,
  numberArg,
  printReport,
  round,
  type Ratio,
  percentile,
} from "./support/bench-report.ts";

const SCOPE = { tenant: "bench", agent: "bench", task_class: "bench" };
const DIMENSION = 384;
const ADDS = 1_000;
const PEER_ROWS = 1_500;
/** CLINC150, where the shared data stand. */
const DATA = join(ROOT, "../shared/data/clinc150");
const SEARCHES = 300;
const WORDS = 40_000;
const DAY_MS = 86_400_000;
const SYLLABLES = "ba ce di fo gu ha je ki lo mu na pe ri so tu va we xi yo zu".split(" ");

const args = process.argv.slice(2);

if (args[0] === "--child") await child(args[1]!, Number(args[2]));
else await parent();

async function parent(): Promise<void> {
  const load_before = load();
  const sizes = [numberArg(args, "rows", 100_000), numberArg(args, "large", 1_000_000)];
  const figures: Record<string, number | string> = {};
  const ratios: Record<string, Ratio> = {};
  const root = await mkdtemp(join(tmpdir(), "lakehouse-bench-"));
  try {
    figures["bare append + fdatasync, p50 ms"] = await bareSync(join(root, "bare"));
    Object.assign(figures, await adds(join(root, "adds")));
    for (const size of sizes.filter((rows) => rows > 0)) {
      const dir = join(root, `traces-${size}`);
      await writeLog(dir, size);
      // The first life replays the log and leaves a snapshot: what it took is told apart.
      const first = measured(dir, size);
      for (const name of ["cold start, s", "cold start, processor s"]) {
        figures[`${size}: without a snapshot, ${name}`] = first[`${size}: ${name}`]!;
      }
      Object.assign(figures, measured(dir, size));
    }
    if (args.includes("--peers")) Object.assign(figures, await compareMemory(DATA, PEER_ROWS));
    const target = (name: string, bound: number) => {
      const value = figures[name];
      if (typeof value === "number") {
        ratios[name] = { value, target: `at most ${bound}`, met: value <= bound };
      }
    };
    const [small, large] = sizes;
    target("add, p50 ms", 2);
    target("add, p95 ms", 10);
    target(`${small}: search, mixed, p95 ms`, 30);
    target(`${large}: search, mixed, p95 ms`, 100);
    target(`${small}: cold start, s`, 2);
    target(`${small}: memory, MiB`, 500);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
  const report = {
    question: "pathway",
    machine: machine(),
    load: { before: load_before, after: load() },
    figures,
    ratios,
  };
  printReport(report, args.includes("--json"));
}

/** The floor below every durable add: a line of its size, written and synced. */
async function bareSync(path: string): Promise<number> {
  const file = await open(path, "a");
  const times: number[] = [];
  const line = `${"x".repeat(400)}\n`;
  for (let at = 0; at < ADDS; at++) {
    const start = performance.now();
    await file.appendFile(line);
    await file.datasync();
    times.push(performance.now() - start);
  }
  await file.close();
  return percentile(times, 0.5);
}

async function adds(dir: string): Promise<Record<string, number>> {
  const { client, stop } = await openHere(dir, { dense: false });
  const random = seededRandom(7);
  const figures: Record<string, number> = {};
  for (const callers of [1, 8]) {
    const times: number[] = [];
    const start = performance.now();
    await Promise.all(
      Array.from({ length: callers }, async () => {
        for (let at = 0; at < ADDS / callers; at++) {
          const content = traceText(random);
          const before = performance.now();
          await client.add({ ...SCOPE, content });
          times.push(performance.now() - before);
        }
      }),
    );
    const who = callers === 1 ? "add" : `add, ${callers} callers`;
    figures[`${who}, p50 ms`] = percentile(times, 0.5);
    figures[`${who}, p95 ms`] = percentile(times, 0.95);
    figures[`${who}, a second`] = round((ADDS / (performance.now() - start)) * 1000);
  }
  await stop();
  return figures;
}

/** Opens a folder in a process of its own and takes over what it measured. */
function measured(dir: string, size: number): Record<string, number> {
  const self = fileURLToPath(import.meta.url);
  const child_args = ["--no-warnings", self, "--child", dir, String(size)];
  const done = spawnSync(process.execPath, child_args, { encoding: "utf8", maxBuffer: 1 << 26 });
  if (done.status !== 0) throw new Error(`the measuring process failed: ${done.stderr}`);
  const figures = JSON.parse(done.stdout) as Record<string, number>;
  const named = Object.entries(figures).map(([name, value]) => [`${size}: ${name}`, value]);
  return Object.fromEntries(named) as Record<string, number>;
}

async function child(dir: string, size: number): Promise<void> {
  const start = performance.now();
  const used_before = process.cpuUsage();
  const { client, service, stop } = await openHere(dir, { dense: true });
  const opening = process.cpuUsage(used_before);
  const figures: Record<string, number> = {
    "cold start, s": round((performance.now() - start) / 1000),
  };
  figures["cold start, processor s"] = round((opening.user + opening.system) / 1e6);
  figures["memory after opening, MiB"] = rssMib();
  const random = seededRandom(99);
  const embedding = performance.now();
  await service.embedded();
  figures["vectors taken in, s"] = round((performance.now() - embedding) / 1000);
  const { embedded, backlog } = (await client.stats(SCOPE)).embedding;
  if (embedded !== size || backlog !== 0) throw new Error(`${embedded} of ${size} are embedded`);
  for (const mode of ["lexical", "mixed"] as const) {
    const times: number[] = [];
    let found = 0;
    const used = process.cpuUsage();
    for (let at = 0; at < SEARCHES; at++) {
      const query_text = traceText(random).split(" ").slice(0, 8).join(" ");
      const before = performance.now();
      const { hits, method } = await client.search({ ...SCOPE, query_text, mode });
      times.push(performance.now() - before);
      found += hits.length;
      if (method !== mode) throw new Error(`asked ${mode}, answered ${method}`);
    }
    if (found < SEARCHES * 5) throw new Error("searches found next to nothing");
    const { user, system } = process.cpuUsage(used);
    figures[`search, ${mode}, processor ms`] = round((user + system) / 1000 / SEARCHES);
    figures[`search, ${mode}, p50 ms`] = percentile(times, 0.5);
    figures[`search, ${mode}, p95 ms`] = percentile(times, 0.95);
  }
  figures["memory, MiB"] = rssMib();
  await stop();
  process.stdout.write(JSON.stringify(figures));
}

function rssMib(): number {
  return round(process.memoryUsage.rss() / 2 ** 20);
}

/** Facts of 8 to 20 words whose frequencies fall off as those of a language do. */
function traceText(random: Random): string {
  const words: string[] = [];
  const length = 8 + random.int(13);
  for (let at = 0; at < length; at++) {
    const rank = Math.floor(WORDS ** random.next());
    words.push(wordOf(rank));
  }
  return words.join(" ");
}

function wordOf(rank: number): string {
  let word = "";
  for (let left = rank + 20; left > 0; left = Math.floor(left / 20)) word += SYLLABLES[left % 20]!;
  return word;
}

/** A log as years of adding would leave it; a tenth of the traces revise an earlier one. */
async function writeLog(dir: string, size: number): Promise<void> {
  await mkdir(dir, { recursive: true });
  const out = createWriteStream(join(dir, "pathways.jsonl"));
  const random = seededRandom(size);
  const start = Date.now() - 30 * DAY_MS;
  let before = "";
  for (let at = 0; at < size; at++) {
    const content = { note: traceText(random), run: at };
    const pathway_id = newId(start + at);
    const revises = at % 10 === 9;
    const row: PathwayRow = {
      op: revises ? "revise" : "add",
      at: new Date(start + at).toISOString(),
      ...SCOPE,
      pathway_id,
      trace_id: newId(),
      content,
      hash: contentHash(content),
      tags: [`t${at % 50}`],
      sources: [{ source: "bench.log", line: at, trust: 0.5 }],
      derived_from: [],
      ...(revises ? { replaces: before } : {}),
    };
    before = pathway_id;
    if (!out.write(`${JSON.stringify(row)}\n`)) await once(out, "drain");
  }
  out.end();
  await once(out, "finish");
}

/** Vectors that cost nothing to make: what is measured here is memory, not the model. */
function cheapEmbedder(): Embedder {
  return {
    model: "bench/cheap",
    dimension: DIMENSION,
    async embed(texts) {
      const vectors = new Float32Array(texts.length * DIMENSION);
      for (const [at, text] of texts.entries()) {
        let state = 2166136261;
        for (let sign = 0; sign < text.length; sign++) {
          state = Math.imul(state ^ text.charCodeAt(sign), 16777619);
        }
        for (let place = 0; place < DIMENSION; place++) {
          state = (Math.imul(state, 1664525) + 1013904223) | 0;
          vectors[at * DIMENSION + place] = state / 2 ** 31 / Math.sqrt(DIMENSION / 3);
        }
      }
      return { vectors, dimension: DIMENSION, tokens: texts.length, pooled: [] };
    },
    close: async () => undefined,
  };
}

async function openHere(dir: string, settings: { dense: boolean }) {
  const embedders = [cheapEmbedder()];
  const embedding = await createEmbed(
    { embedders, log: silentLog },
    embedSettings.parse({ cache_bytes_max: 0 }),
  );
  const client = connectLocal(embed, embedding.handlers);
  const needs = { embed: client, dir, log: silentLog, clock: systemClock };
  const more = { embed_batch_items: 512 };
  const service = await createPathway(needs, pathwaySettings.parse({ ...settings, ...more }));
  return {
    service,
    client: connectLocal(pathwayContract, service.handlers),
    async stop() {
      await service.stop();
      await embedding.stop();
    },
  };
}
