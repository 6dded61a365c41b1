// Does retrying with the validator's error lift a model? One shot, iterate, respond with memory.
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import { composeHouse, type House } from "#app/compose.ts";
import { writeTables } from "#app/generate-files.ts";
import { loadSettings } from "#app/settings.ts";
import { systemClock } from "#kernel/clock.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import type { Client } from "#kernel/contract.ts";
import { silentLog } from "#kernel/log.ts";
import { iterate } from "#contracts/iterate.ts";
import { respond } from "#contracts/respond.ts";
import { validate } from "#contracts/validate.ts";
import { createIterate } from "#work/iterate/iterate-service.ts";
import { createRespond } from "#work/respond/respond-service.ts";
import { createValidate } from "#work/validate/validate-service.ts";
import type { LiftQuery } from "#ports/domain-pack.ts";
import { staffingPack } from "../domains/staffing/pack.ts";
import { load, machine, printReport, round } from "./support/bench-report.ts";
import {
  chancesOfValues,
  FORMULA_CORPUS,
  FORMULA_DATASET,
  formulaPack,
} from "./support/formula-pack.ts";
import { calculationOf } from "./support/solved-formula.ts";
import {
  ARMS,
  openKept,
  runArm,
  type Arm,
  type ArmResult,
  type ArmTools,
  type KeptResults,
} from "./support/work-arms.ts";

const SEED = 11;

const OPTIONS = {
  model: { type: "string", multiple: true },
  arm: { type: "string", multiple: true },
  data: { type: "string", default: "../shared/data" },
  config: { type: "string" },
  weights: { type: "string", default: ".cache/models" },
  dir: { type: "string" },
  fills: { type: "string", default: "200" },
  questions: { type: "string", default: "300" },
  rows: { type: "string", default: "10000" },
  iterations: { type: "string", default: "3" },
  json: { type: "boolean", default: false },
} satisfies ParseArgsOptionsConfig;

interface Question {
  readonly question: string;
  readonly target: number;
}

/**
 * `npm run bench -- iterate [--model local/<name>]… [--arm iterate]… [--config lakehouse.toml]
 * [--data DIR] [--weights DIR] [--dir DIR] [--fills N] [--questions N] [--iterations N] [--json]`
 *
 * With `--dir` the house and each result stay there: a run that was broken off goes on. Fewer
 * tasks than all are spread over all kinds of requests; a request keeps its paraphrases.
 */
export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  const say = (text: string) => (values.json ? undefined : console.log(text));
  const before = load();
  const dir = values.dir ?? (await mkdtemp(join(tmpdir(), "lakehouse-bench-")));
  await mkdir(dir, { recursive: true });
  const settings = await loadSettings({
    file: values.config,
    variables: process.env,
    overrides: { data_dir: join(dir, "house"), domains: ["staffing"] },
  });
  const local = { ...settings.providers.local, weights_dir: values.weights };
  const providers = { ...settings.providers, local };
  const own = { ...settings, providers };
  const house = await composeHouse({ settings: own, log: silentLog, variables: process.env });
  try {
    const figures: Record<string, number | string> = {};
    const kept = await openKept(values.dir === undefined ? "" : join(dir, "results.jsonl"));
    const run: Run = {
      models: values.model ?? ["builtin/solver"],
      arms: ARMS.filter((arm) => values.arm === undefined || values.arm.includes(arm)),
      iterations: Number(values.iterations),
      say,
      figures,
      kept,
    };
    await runFills(house, dir, values.rows, Number(values.fills), run);
    await runFormula(house, dir, values.data, Number(values.questions), run);
    const report = { question: "iterate", machine: machine(), ratios: {} };
    printReport({ ...report, load: { before, after: load() }, figures }, values.json);
  } finally {
    await house.flushWitness();
    await house.stop();
    if (values.dir === undefined) await rm(dir, { recursive: true, force: true });
  }
}

interface Run {
  readonly models: readonly string[];
  readonly arms: readonly Arm[];
  readonly iterations: number;
  readonly say: (text: string) => void;
  readonly figures: Record<string, number | string>;
  readonly kept: KeptResults;
}

async function runFills(house: House, dir: string, size: string, most: number, run: Run) {
  if (most <= 0) return run.say("fill: skipped, none were asked for");
  await prepareFills(house, dir, size);
  const queries = staffingPack.liftSet()!.queries;
  const tasks = spread(queries, most).slice(0, most);
  const query_of = new Map(queries.flatMap((one) => wordings(one).map((text) => [text, one])));
  const chance = async (task: string, retrieved: readonly { readonly id: string }[]) => {
    const wanted = query_of.get(task)!;
    const ids = retrieved.map(({ id }) => id.replace(/^w-/, ""));
    const marks = ids.map((_, at) => `$${at + 1}`).join(", ");
    const sql = `SELECT * FROM workers WHERE worker_id IN (${marks})`;
    if (ids.length === 0) return undefined;
    const { rows, columns } = await house.clients.query.rows({ sql, params: ids });
    const fitting = rows.filter((row) => {
      const entries = columns.map(({ name }, at) => [name, row[at]] as const);
      return wanted.satisfies({ id: "", metadata: Object.fromEntries(entries) });
    }).length;
    const { count } = staffingPack.tasks["fill"]!.plan(task, {})?.context ?? {};
    return [drawn(fitting, ids.length, Number(count ?? 1))];
  };
  await runAll({ set: "fill", client: house.clients.respond, tasks, chance }, run);
}

/** The chance that so many different candidates, drawn blindly, all fit. */
function drawn(fitting: number, of: number, count: number): number {
  let chance = 1;
  for (let taken = 0; taken < count; taken++) {
    chance *= Math.max(0, fitting - taken) / Math.max(1, of - taken);
  }
  return chance;
}

const wordings = ({ text, paraphrases }: LiftQuery): string[] => [text, ...paraphrases];

/** Whole requests with their paraphrases, evenly out of the list: `most` texts or a few more. */
function spread(queries: readonly LiftQuery[], most: number): string[] {
  const texts = queries.map(wordings);
  const wanted = Math.min(texts.length, Math.ceil((most * texts.length) / texts.flat().length));
  return Array.from(
    { length: wanted },
    (_, at) => texts[Math.floor((at * texts.length) / wanted)]!,
  ).flat();
}

async function prepareFills(house: House, dir: string, rows: string): Promise<void> {
  const ready = join(dir, "fills-ready");
  if (existsSync(ready)) return;
  const options = { rows: Number(rows), seed: SEED, out: join(dir, "generated") };
  for (const path of await writeTables(staffingPack, options)) {
    const dataset = path.slice(path.lastIndexOf("/") + 1, -".csv".length);
    await house.clients.ingest.path({ path, dataset });
  }
  const { corpus, summary, id_prefix, metadata_columns, ...source } = staffingPack.corpora.find(
    (one) => one.corpus === "workers",
  )!;
  const from = { kind: "dataset" as const, ...source, metadata_columns: [...metadata_columns] };
  await drain(house.clients.matrix.build({ corpus, summary, id_prefix, source: from }));
  await writeFile(ready, rows);
}

async function drain(steps: AsyncIterable<unknown>): Promise<void> {
  for await (const step of steps) void step;
}

async function runFormula(house: House, dir: string, data: string, most: number, run: Run) {
  const folder = join(data, "formula");
  const asked_path = join(folder, "formula_val_subset_300.jsonl");
  if (!existsSync(asked_path)) {
    run.say(`formula: skipped, ${asked_path} is not there (--data DIR names the folder)`);
    run.figures["formula"] = "skipped: no data";
    return;
  }
  if (most <= 0) return run.say("formula: skipped, none were asked for");
  const all = await readQuestions(asked_path);
  const step = Math.max(1, all.length / most);
  const asked = all.filter((_, at) => Math.floor(at / step) !== Math.floor((at - 1) / step));
  const solved = await readQuestions(join(folder, "formula_train_subset_500.jsonl"));
  const path = join(dir, "formula_train.csv");
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const lines = solved.map(({ question, target }, at) => {
    const calculation = calculationOf(question, target) ?? "none";
    return `F-${at},${quoted(question)},${String(target)},${calculation}`;
  });
  await writeFile(path, ["question_id,question,target,calculation", ...lines, ""].join("\n"));
  const ready = join(dir, "formula-ready");
  if (!existsSync(ready)) {
    await house.clients.ingest.path({ path, dataset: FORMULA_DATASET });
    await buildFormula(house);
    await writeFile(ready, "");
  }
  const targets = new Map(asked.map(({ question, target }) => [question, target]));
  const work = await formulaWork(house, join(dir, "formula"), targets);
  try {
    const chance = async (task: string) => {
      return chancesOfValues(task, targets.get(task)!, run.iterations);
    };
    const tasks = [...targets.keys()];
    await runAll({ set: "formula", client: work.client, tasks, chance }, run);
  } finally {
    await work.stop();
  }
}

async function buildFormula(house: House): Promise<void> {
  await drain(
    house.clients.matrix.build({
      corpus: FORMULA_CORPUS,
      summary: "solved formula questions",
      id_prefix: "f-",
      source: {
        kind: "dataset",
        dataset: FORMULA_DATASET,
        id_column: "question_id",
        template: "{question}",
        metadata_columns: ["question", "target", "calculation"],
      },
    }),
  );
}

async function readQuestions(path: string): Promise<Question[]> {
  const lines = (await readFile(path, "utf8")).split("\n").filter((line) => line.trim() !== "");
  return lines.map((line) => {
    const { context, target } = JSON.parse(line) as { context: string; target: string };
    return { question: context, target: Number(target) };
  });
}

/** The work plane once more, with the formula domain, on the house's models and retrieval. */
async function formulaWork(
  { clients, settings }: House,
  dir: string,
  targets: ReadonlyMap<string, number>,
): Promise<{ client: Client<typeof respond>; stop(): Promise<void> }> {
  const base = { log: silentLog, clock: systemClock, tell: () => undefined };
  const packs = [formulaPack(targets)];
  const judge = await createValidate({ ...base, query: clients.query, packs }, settings.validate);
  const validating = connectLocal(validate, judge.handlers);
  const drafting = await createIterate(
    { ...base, chat: clients.chat, validate: validating, dir },
    settings.iterate,
  );
  const { matrix, playbook, chat } = clients;
  const own = { ...base, packs, kb_dir: join(dir, "kb"), matrix, playbook, chat };
  const responding = await createRespond(
    { ...own, iterate: connectLocal(iterate, drafting.handlers) },
    settings.respond,
  );
  return {
    client: connectLocal(respond, responding.handlers),
    async stop() {
      await responding.stop();
      await drafting.stop();
      await judge.stop();
    },
  };
}

interface Tasks extends Pick<ArmTools, "client" | "chance"> {
  readonly set: "fill" | "formula";
  readonly tasks: readonly string[];
}

async function runAll({ set, tasks, ...tools }: Tasks, run: Run): Promise<void> {
  const { models, arms, iterations, say, figures, kept } = run;
  for (const model of models) {
    for (const arm of arms) {
      // The built-in engine reads the whole prompt and no other.
      if (model.startsWith("builtin/") && !arm.startsWith("plain")) continue;
      const scope = `bench:${set}:${model}`;
      const context = set === "formula" && arm === "respond" ? { recall: true } : {};
      const progress = (done: number) => {
        if (process.stderr.isTTY) process.stderr.write(`\r${set} ${model} ${arm} ${done} `);
      };
      const request = { set, model, arm, iterations, scope, context };
      const result = await runArm({ ...tools, kept, progress }, tasks, request);
      tell(`${set} ${model} ${arm}`, result, say, figures);
    }
  }
}

function tell(name: string, result: ArmResult, say: Run["say"], figures: Run["figures"]): void {
  const { accepted, tasks, tokens, seconds, kind, others, chance } = result;
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
  const steps = accepted.map(
    ({ n, rate, low, high }, at) =>
      `@${at + 1} ${n}/${tasks} = ${percent(rate)} [${percent(low)}, ${percent(high)}]`,
  );
  const rest = Object.entries(others).map(([reason, count]) => `${reason} ${count}`);
  const draws = chance.map((one, at) => `@${at + 1} ${percent(one)}`);
  const blind = draws.length === 0 ? "" : `; blind draws ${draws.join(", ")}`;
  const spent = `${tokens} tokens, ${seconds.toFixed(1)} s${blind}`;
  say(`${name} (${kind}): ${[...steps, spent, ...rest].join("; ")}`);
  for (const [at, { rate, low, high }] of accepted.entries()) {
    figures[`${name} @${at + 1}`] = `${round(rate)} [${round(low)}, ${round(high)}]`;
  }
  figures[`${name} tokens`] = tokens;
  figures[`${name} seconds`] = round(seconds);
  figures[`${name} answered by`] = kind;
  for (const [at, one] of chance.entries()) {
    figures[`${name} blind draw @${at + 1}`] = round(one);
  }
}

await main(process.argv.slice(2));
