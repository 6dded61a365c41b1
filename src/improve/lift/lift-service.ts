// lift: does memory help, and how good is retrieval? Sets are found, run and counted.
import type { Call } from "#kernel/call.ts";
import type { Clock } from "#kernel/clock.ts";
import type { Client, ParsedInputOf } from "#kernel/contract.ts";
import { newId } from "#kernel/ids.ts";
import type { Service } from "#kernel/lifecycle.ts";
import type { Log } from "#kernel/log.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { embed } from "#contracts/embed.ts";
import type { EvalReport, lift, LiftReport } from "#contracts/lift.ts";
import type { matrix } from "#contracts/matrix.ts";
import type { playbookContract } from "#contracts/playbook.ts";
import { evaluateEdits } from "./evaluate-edits.ts";
import { evaluateIntents, planIntents } from "./evaluate-intents.ts";
import { evaluatePairs, pairsOfSplit } from "./evaluate-pairs.ts";
import { evaluateRetrieval, gradesOf } from "./evaluate-retrieval.ts";
import type { Evaluated } from "./evaluate-set.ts";
import { evaluateTasks } from "./evaluate-tasks.ts";
import { findSet, type FoundSet, type SetSources } from "./find-set.ts";
import type { CorpusText, PreparedSet } from "./lift-case.ts";
import type { LiftSettings } from "./lift-settings.ts";
import { nothingToAsk } from "./nothing-to-ask.ts";
import { offTopicTexts } from "./off-topic-texts.ts";
import { prepareDomainSet } from "./prepare-domain-set.ts";
import { exemplarItems, prepareIntentSet } from "./prepare-intent-set.ts";
import { runLift } from "./run-lift.ts";
import { buildScratch, scratchName } from "./scratch-corpus.ts";
import { createStandIns } from "./stand-ins.ts";
import type { Step } from "./with-progress.ts";

export interface LiftNeeds {
  readonly matrix: Client<typeof matrix>;
  readonly playbook: Client<typeof playbookContract>;
  readonly embed: Client<typeof embed>;
  readonly sets: SetSources;
  readonly log: Log;
  readonly clock: Clock;
}

type Operations = (typeof lift)["operations"];
type RunInput = ParsedInputOf<Operations["run"]>;
type EvaluateInput = ParsedInputOf<Operations["evaluate"]>;
type Progress<R> = Step & { readonly report: R | null };

export async function createLift(
  needs: LiftNeeds,
  settings: LiftSettings,
): Promise<Service<typeof lift>> {
  const parts = { ...needs, settings };
  let running = 0;

  async function* counted<T>(work: AsyncIterable<T>): AsyncGenerator<T> {
    running++;
    try {
      yield* work;
    } finally {
      running--;
    }
  }

  return {
    handlers: {
      run: (input, call) => counted(run(parts, input, call)),
      evaluate: (input, call) => counted(evaluate(parts, input, call)),
    },
    health: async () => ({ status: "ok", figures: { running } }),
    stop: async () => undefined,
  };
}

type Parts = LiftNeeds & { readonly settings: LiftSettings };

async function* run(
  parts: Parts,
  input: RunInput,
  call: Call,
): AsyncGenerator<Progress<LiftReport>> {
  const found = await findSet(parts.sets, input.set);
  const run_id = newId(parts.clock.now());
  const scope = `lift:${run_id}`;
  const prepared = await prepare(parts, found, input, call);
  if (prepared.cases.length === 0) throw noQueries(input.set);
  const scratch = prepared.items.length === 0 ? undefined : scratchName(input.set, run_id);
  const corpora = scratch === undefined ? prepared.corpora : [scratch];
  try {
    if (scratch !== undefined) yield* building(parts, scratch, prepared.items, call);
    const facts = { scope, corpora, seed: input.seed, ...(await knownFacts(parts, corpora, call)) };
    const report = yield* reporting<LiftReport>(runLift(parts, prepared, facts, call));
    yield { phase: "done", done: report.queries, total: report.queries, report };
  } finally {
    await parts.playbook.forget_scope({ scope });
    if (scratch !== undefined) await parts.matrix.drop({ corpus: scratch });
  }
}

async function* evaluate(
  parts: Parts,
  input: EvaluateInput,
  call: Call,
): AsyncGenerator<Progress<EvalReport>> {
  const started_ms = parts.clock.now();
  const found = await findSet(parts.sets, input.set);
  const corpus = scratchName(input.set, newId(parts.clock.now()));
  const { items, figures } = await planEvaluation(parts, found, input, corpus, call);
  try {
    if (items.length > 0) yield* building(parts, corpus, items, call);
    const { embedder, corpus_items } = await knownFacts(parts, [corpus], call);
    const evaluated = yield* reporting<EvalReport, Evaluated>(figures());
    const duration_ms = parts.clock.now() - started_ms;
    const { set, split } = input;
    const facts = { schema: "eval.v1" as const, set, split, embedder, corpus_items, duration_ms };
    const { queries } = evaluated;
    if (queries === 0) throw noQueries(`${set}/${split}`);
    yield { phase: "done", done: queries, total: queries, report: { ...facts, ...evaluated } };
  } finally {
    if (items.length > 0) await parts.matrix.drop({ corpus });
    else await parts.playbook.forget_scope({ scope: corpus });
  }
}

function noQueries(what: string): LakehouseError {
  return nothingToAsk(`"${what}" holds no queries`, "look at its files, or name another split");
}

async function prepare(
  parts: Parts,
  found: FoundSet,
  input: RunInput,
  call: Call,
): Promise<PreparedSet> {
  if (found.form === "domain") return prepareDomainSet(found.set, input.queries_max, input.seed);
  if (found.form !== "intents") {
    throw new LakehouseError("rejected", `"${input.set}" has no repeated queries to remember`, {
      reason: "set_not_understood",
      hint: "evaluate it instead",
    });
  }
  const options = { ...parts.settings, queries_max: input.queries_max, seed: input.seed };
  const stand_ins = createStandIns(parts.embed, call);
  return prepareIntentSet(input.set, found.folder, options, stand_ins);
}

interface Evaluation {
  readonly items: readonly CorpusText[];
  figures(): AsyncGenerator<Step, Evaluated>;
}

async function planEvaluation(
  parts: Parts,
  found: FoundSet,
  input: EvaluateInput,
  corpus: string,
  call: Call,
): Promise<Evaluation> {
  if (found.form === "domain") {
    throw new LakehouseError("rejected", `"${input.set}" is a query set of a domain`, {
      reason: "set_not_understood",
      hint: "run it instead",
    });
  }
  if (input.off_topic !== undefined && found.form !== "retrieval") {
    throw new LakehouseError("rejected", `"${input.set}" has no corpus to be off topic of`, {
      reason: "set_not_understood",
      hint: "off_topic goes with sets in BEIR form",
    });
  }
  if (found.form === "retrieval") {
    const { folder } = found;
    await gradesOf(folder, input.split);
    const items = folder.documents.map((document) => ({ ...document, metadata: {} }));
    const off_topic =
      input.off_topic === undefined
        ? undefined
        : await offTopicTexts(parts.sets, input.off_topic, input);
    const plan = { folder, corpus, off_topic };
    return { items, figures: () => evaluateRetrieval(parts, plan, input, call) };
  }
  const memory = { playbook: parts.playbook, settings: parts.settings };
  if (found.form === "pairs") {
    const pairs = pairsOfSplit(found.folder, input);
    return { items: [], figures: () => evaluatePairs(memory, pairs, corpus, call) };
  }
  if (found.form === "tasks") {
    return { items: [], figures: () => evaluateTasks(memory, found.tasks, input, corpus, call) };
  }
  if (found.form === "edits") {
    const { sentences } = found;
    return { items: [], figures: () => evaluateEdits(memory, sentences, input, corpus, call) };
  }
  const { folder } = found;
  const plan = planIntents(folder, input, parts.settings.exemplars_per_label);
  return {
    items: exemplarItems(plan.exemplars),
    figures: () => evaluateIntents(parts, folder, plan, input, corpus, call),
  };
}

async function* building(
  parts: Parts,
  corpus: string,
  items: readonly CorpusText[],
  call: Call,
): AsyncGenerator<Progress<never>> {
  for await (const { done, total } of buildScratch(parts.matrix, corpus, items, call)) {
    yield { phase: "corpus", done, total, report: null };
  }
}

/** Progress of a part as progress of the whole; returns what the part returns. */
async function* reporting<R, T = R>(
  steps: AsyncGenerator<Step, T>,
): AsyncGenerator<Progress<R>, T> {
  for (;;) {
    const { done, value } = await steps.next();
    if (done) return value;
    yield { ...value, report: null };
  }
}

async function knownFacts(
  { matrix: client, embed: embedder }: Parts,
  corpora: readonly string[],
  call: Call,
): Promise<{ embedder: string; corpus_items: number }> {
  const known = await client.corpora({}, call);
  const items = known.corpora.filter((it) => corpora.includes(it.corpus));
  const { models } = await embedder.models({}, call);
  return {
    embedder: models[0]?.model ?? "none",
    corpus_items: items.reduce((sum, it) => sum + it.items, 0),
  };
}
