// The main job from end to end: data in, work done, remembered, and done better the second day.
import { mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { DemoOptions, GlobalOptions } from "#edges/cli/cli-host.ts";
import {
  createOutput,
  humanBytes,
  humanCount,
  type Output,
  type Terminal,
} from "#edges/cli/output.ts";
import type { LiftReport } from "#contracts/lift.ts";
import { newId } from "#kernel/ids.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { DomainPack } from "#ports/domain-pack.ts";
import { composeHouse, type House } from "#app/compose.ts";
import { writeTables } from "#app/generate-files.ts";
import { settingsFor, type Variables } from "#app/open-house.ts";
import { createPinoLog } from "#app/pino-log.ts";
import {
  acceptanceRows,
  countFalseBoosts,
  countRefusals,
  type DemoFigures,
} from "./demo-figures.ts";
import { renderDemoSvg } from "./demo-plot.ts";
import { renderMarkdown, renderTerminal } from "./demo-report.ts";
import { findPhantoms, runScenario } from "./scenario-run.ts";

interface Surroundings {
  readonly terminal: Terminal;
  readonly variables: Variables;
}

interface Stage {
  readonly house: House;
  readonly pack: DomainPack;
  readonly output: Output;
  readonly scope: string;
  readonly steps: { name: string; ms: number; detail: string }[];
}

/** Runs the demo; answers the exit code: 0, or 3 when a gate did not hold. */
export async function runDemo(
  options: GlobalOptions & DemoOptions,
  around: Surroundings,
): Promise<number> {
  const data = options.data ?? join("data", "demo");
  const settings = await settingsFor({ ...options, data }, around.variables);
  const { json = false, quiet = false } = options;
  const output = createOutput(around.terminal, { json, quiet });
  const log = createPinoLog("error");
  const house = await composeHouse({ settings, variables: around.variables, log });
  try {
    const pack = house.packs.find((one) => one.scenario() !== undefined);
    if (pack === undefined) {
      throw new LakehouseError("invalid", "no configured domain has a scenario to show");
    }
    const stage: Stage = { house, pack, output, scope: `demo:${newId()}`, steps: [] };
    const figures = await play(stage, options, data);
    const files = await writeReport(options.out, figures);
    output.result(figures, () => `\n${renderTerminal(figures)}\n\n${farewell(files, data)}`);
    return figures.phantoms.length === 0 ? 0 : 3;
  } finally {
    await house.flushWitness();
    await house.stop();
  }
}

async function play(stage: Stage, options: DemoOptions, data: string): Promise<DemoFigures> {
  await bringIn(stage, options, join(data, "generated"));
  await buildCorpora(stage);
  const results = await workTwoDays(stage);
  const lift = await runLift(stage);
  const phantoms = await findPhantoms(stage.house.clients, stage.pack, results);
  return {
    acceptance: acceptanceRows(results),
    phantoms,
    accepted_ids: new Set(results.flatMap((result) => result.answer_ids)).size,
    false_boosts: countFalseBoosts(results),
    honest_refusals: countRefusals(results),
    lift,
    steps: stage.steps,
    who: results.find((result) => result.who !== "")?.who ?? "nobody",
  };
}

async function timed<T>(
  stage: Stage,
  name: string,
  run: () => Promise<readonly [T, string]>,
): Promise<T> {
  const started = performance.now();
  const [value, detail] = await run();
  const ms = performance.now() - started;
  stage.steps.push({ name, ms, detail });
  stage.output.note(`✓ ${name}: ${detail} (${(ms / 1000).toFixed(1)} s)`);
  return value;
}

async function bringIn(stage: Stage, options: DemoOptions, folder: string): Promise<void> {
  const { clients } = stage.house;
  const paths = await timed(stage, "generate data", async () => {
    const written = await writeTables(stage.pack, { ...options, out: folder });
    let bytes = 0;
    for (const path of written) bytes += (await stat(path)).size;
    return [written, `${written.length} CSV files, ${humanBytes(bytes)}`];
  });
  await timed(stage, "ingest", async () => {
    let rows = 0;
    for (const path of paths) {
      const dataset = path.slice(path.lastIndexOf("/") + 1, -".csv".length);
      // Another size or seed than last time takes the place of the demo's own earlier data.
      const report = await clients.ingest.path({
        path,
        dataset,
        mode: await modeFor(stage, path, dataset),
      });
      rows += report.rows;
    }
    return [undefined, `${humanCount(rows)} rows in ${paths.length} datasets`];
  });
}

/** `append` the first time and for the same bytes; `replace` when the demo's data has changed. */
async function modeFor(stage: Stage, path: string, dataset: string): Promise<"append" | "replace"> {
  const { datasets } = await stage.house.clients.catalog.list({});
  if (!datasets.some((one) => one.name === dataset)) return "append";
  const { createHash } = await import("node:crypto");
  const { createReadStream } = await import("node:fs");
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  const content_sha256 = hash.digest("hex");
  const { sources } = await stage.house.clients.catalog.sources({ name: dataset, content_sha256 });
  return sources.some((one) => one.current) ? "append" : "replace";
}

async function buildCorpora(stage: Stage): Promise<void> {
  await timed(stage, "build corpora", async () => {
    let items = 0;
    for (const recipe of stage.pack.corpora) items += await buildCorpus(stage, recipe);
    return [undefined, `${humanCount(items)} texts embedded and indexed`];
  });
}

async function buildCorpus(stage: Stage, recipe: DomainPack["corpora"][number]): Promise<number> {
  const line = stage.output.progress();
  const { corpus, summary, id_prefix, metadata_columns, ...source } = recipe;
  let items = 0;
  for await (const step of stage.house.clients.matrix.build({
    corpus,
    summary,
    id_prefix,
    source: { kind: "dataset", ...source, metadata_columns: [...metadata_columns] },
  })) {
    const rate = `${humanCount(step.items_per_s)}/s`;
    line.update(
      `${corpus}: ${humanCount(step.items_done)} of ${humanCount(step.items_total)}, ${rate}`,
    );
    items = step.corpus?.items ?? items;
  }
  line.end();
  return items;
}

async function workTwoDays(stage: Stage) {
  const scenario = stage.pack.scenario()!;
  const line = stage.output.progress();
  return timed(stage, "two days of work", async () => {
    const results = await runScenario({
      clients: stage.house.clients,
      pack: stage.pack,
      scenario,
      scope: stage.scope,
      model: undefined,
      onTask: (done, total, { task, status }) =>
        line.update(`day ${task.day}, ${done} of ${total}: ${status}: ${task.task.slice(0, 60)}`),
    });
    line.end();
    return [results, `${results.length} requests through respond`];
  });
}

async function runLift(stage: Stage): Promise<LiftReport> {
  const line = stage.output.progress();
  return timed(stage, "lift", async () => {
    let report: LiftReport | null = null;
    for await (const step of stage.house.clients.lift.run({ set: stage.pack.name })) {
      line.update(`lift: ${step.phase} ${step.done} of ${step.total}`);
      report = step.report ?? report;
    }
    line.end();
    if (report === null) throw new Error("the lift run ended without a report");
    return [report, `${report.queries} queries cold, warm, in other words, look-alikes, off topic`];
  });
}

async function writeReport(folder: string, figures: DemoFigures): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const files = {
    "demo.md": renderMarkdown(figures),
    "demo.json": `${JSON.stringify(figures, undefined, 2)}\n`,
    "demo.svg": renderDemoSvg(figures),
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return Object.keys(files).map((name) => join(folder, name));
}

function farewell(files: readonly string[], data: string): string {
  return [
    `Report: ${files.join(", ")}`,
    "",
    "What to try next:",
    `  bin/lakehouse.js --data ${data} search "night shift forklift, reliable" --explain`,
    `  bin/lakehouse.js --data ${data} respond "Need 2 welders in Toledo, OH"`,
    `  bin/lakehouse.js --data ${data} sql "SELECT status, count(*) FROM kb.outcomes GROUP BY 1"`,
    `  bin/lakehouse.js --data ${data} up        # the same over HTTP, OpenAI-compatible`,
    "  bin/lakehouse.js ingest your-own.csv     # your own data, in the folder data/",
  ].join("\n");
}
