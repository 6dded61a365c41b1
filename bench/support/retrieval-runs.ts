// Runs the evaluations behind the page of retrieval figures, each kept as JSON: a run goes on.
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { composeHouse, type House } from "#app/compose.ts";
import { writeTables } from "#app/generate-files.ts";
import { loadSettings, type LoadOptions } from "#app/settings.ts";
import { silentLog } from "#kernel/log.ts";
import { staffingPack } from "../../domains/staffing/pack.ts";
import type { HouseName, RetrievalRun, RunReport, RunResult } from "./retrieval-sets.ts";

type Overrides = NonNullable<LoadOptions["overrides"]>;

/** Judged answers to similar queries raise a hit (decision 0029). */
const FEEDBACK = { feedback_weight: 0.5 };

const OVERRIDES: Readonly<Record<HouseName, Overrides>> = {
  default: {},
  feedback: { matrix: FEEDBACK },
  "gte-small": { embed: { model: "gte-small" }, matrix: { ...FEEDBACK, semantic_weight: 0.6 } },
};

export interface RunOptions {
  /** Queries of a run at most. */
  readonly queries_max: number;
  readonly seed: number;
  /** Rows of the staffing tables. */
  readonly rows: number;
  readonly sets_dir: string;
  /** Folder with pulled weights. */
  readonly weights_dir: string;
  /** Where results are kept. */
  readonly cache_dir: string;
  readonly say: (text: string) => void;
}

/** Runs what the cache does not hold; a run whose data or weights are missing says so. */
export async function runAll(
  runs: readonly RetrievalRun[],
  options: RunOptions,
): Promise<RunResult[]> {
  const results: RunResult[] = [];
  for (const house of ["default", "feedback", "gte-small"] as const) {
    const of_house = runs.filter((run) => run.house === house);
    const open: RetrievalRun[] = [];
    for (const run of of_house) {
      const missing = missingOf(run, options);
      const cached = missing === undefined ? await readCached(run, options) : undefined;
      if (missing !== undefined) results.push(notRun(run, options, missing));
      else if (cached !== undefined) results.push(cached);
      else open.push(run);
      if (cached !== undefined) options.say(`${run.name}: from ${cachePath(run, options)}`);
    }
    if (open.length > 0) results.push(...(await runInHouse(house, open, options)));
  }
  const order = new Map(runs.map((run, at) => [run.name, at]));
  return results.toSorted((a, b) => order.get(a.run)! - order.get(b.run)!);
}

function notRun(run: RetrievalRun, { queries_max, seed }: RunOptions, why: string): RunResult {
  return { run: run.name, queries_max, seed, report: null, measured_at: null, not_run: why };
}

function missingOf(run: RetrievalRun, options: RunOptions): string | undefined {
  const is_own = run.set === "staffing";
  const folder = run.set === "minimal-edits" ? "clinc150" : run.set;
  if (!is_own && !existsSync(join(options.sets_dir, folder))) return `no data set ${folder}`;
  if (run.house !== "gte-small") return undefined;
  const pulled = existsSync(join(options.weights_dir, "gte-small"));
  return pulled ? undefined : "gte-small is not pulled (lakehouse models pull gte-small)";
}

function cachePath(run: RetrievalRun, { cache_dir, queries_max, seed, rows }: RunOptions): string {
  const name = run.name.replaceAll(/[^\w-]+/gu, "-");
  const size = run.set === "staffing" ? `${queries_max}-${rows}` : `${queries_max}`;
  return join(cache_dir, `${name}-${size}-${seed}.json`);
}

async function readCached(run: RetrievalRun, options: RunOptions): Promise<RunResult | undefined> {
  const path = cachePath(run, options);
  if (!existsSync(path)) return undefined;
  const { mtime } = await stat(path);
  const result = JSON.parse(await readFile(path, "utf8")) as RunResult;
  return { ...result, measured_at: mtime.toISOString() };
}

async function keep(run: RetrievalRun, options: RunOptions, result: RunResult): Promise<void> {
  const path = cachePath(run, options);
  await mkdir(options.cache_dir, { recursive: true });
  await writeFile(`${path}.part`, `${JSON.stringify(result, undefined, 2)}\n`);
  await rename(`${path}.part`, path);
}

async function runInHouse(
  name: HouseName,
  runs: readonly RetrievalRun[],
  options: RunOptions,
): Promise<RunResult[]> {
  const dir = await mkdtemp(join(tmpdir(), "lakehouse-bench-"));
  const overrides = {
    data_dir: join(dir, "data"),
    domains: ["staffing"],
    sets_dir: options.sets_dir,
    providers: { local: { weights_dir: options.weights_dir } },
    ...OVERRIDES[name],
  };
  const settings = await loadSettings({ variables: process.env, overrides });
  const house = await composeHouse({ settings, log: silentLog, variables: process.env });
  const results: RunResult[] = [];
  try {
    for (const run of runs) {
      if (run.set === "staffing") await fillStaffing(house, dir, options);
      const report = await follow(house, run, options);
      const { queries_max, seed } = options;
      const measured_at = new Date().toISOString();
      const result = { run: run.name, queries_max, seed, report, measured_at, not_run: null };
      await keep(run, options, result);
      results.push(result);
    }
  } finally {
    await house.flushWitness();
    await house.stop();
    await rm(dir, { recursive: true, force: true });
  }
  return results;
}

/** The staffing tables and the corpora that its queries search, made by seed. */
async function fillStaffing(house: House, dir: string, options: RunOptions): Promise<void> {
  const { rows, seed, say } = options;
  say(`staffing: ${rows} rows are made and indexed`);
  for (const path of await writeTables(staffingPack, { rows, seed, out: join(dir, "tables") })) {
    const dataset = path.slice(path.lastIndexOf("/") + 1, -".csv".length);
    await house.clients.ingest.path({ path, dataset });
  }
  for (const recipe of staffingPack.corpora) {
    const { corpus, summary, id_prefix, metadata_columns, ...source } = recipe;
    const from = { kind: "dataset" as const, ...source, metadata_columns: [...metadata_columns] };
    const steps = house.clients.matrix.build({ corpus, summary, id_prefix, source: from });
    for await (const step of steps) void step;
  }
}

async function follow(
  { clients }: House,
  { name, set, split, remember_split, off_topic }: RetrievalRun,
  { queries_max, seed, say }: RunOptions,
): Promise<RunReport> {
  const more = {
    ...(remember_split === undefined ? {} : { remember_split }),
    ...(off_topic === undefined ? {} : { off_topic }),
  };
  const steps =
    split === undefined
      ? clients.lift.run({ set, queries_max, seed })
      : clients.lift.evaluate({ set, split, queries_max, seed, ...more });
  const started_ms = performance.now();
  let phase = "";
  let report: RunReport | null = null;
  for await (const step of steps) {
    const after_s = Math.round((performance.now() - started_ms) / 1000);
    if (step.phase !== phase) say(`${name}: ${step.phase} (${step.total}), after ${after_s} s`);
    ({ phase } = step);
    report = step.report ?? report;
  }
  if (report === null) throw new Error(`${name} ended without a report`);
  return report;
}
