// Does retrying with the validator's error lift a model? One shot, iterate, respond with memory.
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
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
import { staffingPack } from "../domains/staffing/pack.ts";
import { load, machine, printReport, round } from "./support/bench-report.ts";
import { FORMULA_CORPUS, FORMULA_DATASET, formulaPack } from "./support/formula-pack.ts";
import { ARMS, runArm, type ArmResult } from "./support/work-arms.ts";

const SEED = 11;

const OPTIONS = {
  model: { type: "string", multiple: true },
  data: { type: "string", default: "../shared/data" },
  config: { type: "string" },
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
 * `npm run bench -- iterate [--model local/<name>]… [--config lakehouse.toml] [--data DIR]
 * [--fills N] [--questions N] [--iterations N] [--json]`
 */
export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  const say = (text: string) => (values.json ? undefined : console.log(text));
  const before = load();
  const dir = await mkdtemp(join(tmpdir(), "lakehouse-bench-"));
  const settings = await loadSettings({
    file: values.config,
    variables: process.env,
    overrides: { data_dir: dir, domains: ["staffing"] },
  });
  const house = await composeHouse({ settings, log: silentLog, variables: process.env });
  try {
    const figures: Record<string, number | string> = {};
    const iterations = Number(values.iterations);
    const run = { models: values.model ?? ["builtin/solver"], iterations, say, figures };
    const fills = await prepareFills(house, dir, values.rows);
    const tasks = fills.slice(0, Number(values.fills));
    await runAll("fill", house.clients.respond, tasks, run);
    await runFormula(house, dir, values.data, Number(values.questions), run);
    const report = { question: "iterate", machine: machine(), ratios: {} };
    printReport({ ...report, load: { before, after: load() }, figures }, values.json);
  } finally {
    await house.flushWitness();
    await house.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

interface Run {
  readonly models: readonly string[];
  readonly iterations: number;
  readonly say: (text: string) => void;
  readonly figures: Record<string, number | string>;
}

/** Requests as people write them, each with its paraphrases after it. */
async function prepareFills(house: House, dir: string, rows: string): Promise<string[]> {
  const options = { rows: Number(rows), seed: SEED, out: join(dir, "generated") };
  for (const path of await writeTables(staffingPack, options)) {
    const dataset = path.slice(path.lastIndexOf("/") + 1, -".csv".length);
    await house.clients.ingest.path({ path, dataset });
  }
  for (const recipe of staffingPack.corpora) {
    const { corpus, summary, id_prefix, metadata_columns, ...source } = recipe;
    const from = { kind: "dataset" as const, ...source, metadata_columns: [...metadata_columns] };
    await drain(house.clients.matrix.build({ corpus, summary, id_prefix, source: from }));
  }
  return staffingPack.liftSet()!.queries.flatMap(({ text, paraphrases }) => [text, ...paraphrases]);
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
  const asked = (await readQuestions(asked_path)).slice(0, most);
  const solved = await readQuestions(join(folder, "formula_train_subset_500.jsonl"));
  const path = join(dir, "formula_train.csv");
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const lines = solved.map(
    ({ question, target }, at) => `F-${at},${quoted(question)},${String(target)}`,
  );
  await writeFile(path, ["question_id,question,target", ...lines, ""].join("\n"));
  await house.clients.ingest.path({ path, dataset: FORMULA_DATASET });
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
        metadata_columns: ["question", "target"],
      },
    }),
  );
  const targets = new Map(asked.map(({ question, target }) => [question, target]));
  const work = await formulaWork(house, join(dir, "formula"), targets);
  try {
    await runAll("formula", work.client, [...targets.keys()], run);
  } finally {
    await work.stop();
  }
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

async function runAll(
  set: "fill" | "formula",
  client: Client<typeof respond>,
  tasks: readonly string[],
  { models, iterations, say, figures }: Run,
): Promise<void> {
  if (tasks.length === 0) return say(`${set}: skipped, no tasks were asked for`);
  for (const model of models) {
    for (const arm of ARMS) {
      const scope = `bench:${set}:${model}`;
      const context = set === "formula" && arm === "respond" ? { recall: true } : {};
      const request = { model, arm, iterations, scope, context };
      const result = await runArm(client, tasks, request, (done) => {
        if (process.stderr.isTTY) process.stderr.write(`\r${set} ${model} ${arm} ${done} `);
      });
      tell(`${set} ${model} ${arm}`, result, say, figures);
    }
  }
}

function tell(name: string, result: ArmResult, say: Run["say"], figures: Run["figures"]): void {
  const { accepted, tasks, tokens, seconds, kind, others } = result;
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
  const steps = accepted.map(
    ({ n, rate, low, high }, at) =>
      `@${at + 1} ${n}/${tasks} = ${percent(rate)} [${percent(low)}, ${percent(high)}]`,
  );
  const rest = Object.entries(others).map(([reason, count]) => `${reason} ${count}`);
  const spent = `${tokens} tokens, ${seconds.toFixed(1)} s`;
  say(`${name} (${kind}): ${[...steps, spent, ...rest].join("; ")}`);
  for (const [at, { rate, low, high }] of accepted.entries()) {
    figures[`${name} @${at + 1}`] = `${round(rate)} [${round(low)}, ${round(high)}]`;
  }
  figures[`${name} tokens`] = tokens;
  figures[`${name} seconds`] = round(seconds);
  figures[`${name} answered by`] = kind;
}

await main(process.argv.slice(2));
