// Commands on getting better: lift, eval, events.
import { mkdir, writeFile } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import type { Command } from "commander";
import type { LiftReport, Rate } from "#contracts/lift.ts";
import type { Event } from "#contracts/observe.ts";
import { wholeNumber, type CommandKit, type Session } from "./command-kit.ts";
import { describeEval } from "./describe-eval.ts";
import { dim, green, humanCount, humanTime, red, table } from "./output.ts";

export function addImproveCommands(program: Command, kit: CommandKit): void {
  addLift(program, kit);
  addEval(program, kit);
  addEvents(program, kit);
}

interface LiftOptions {
  set: string;
  queries: number;
  seed: number;
  out?: string;
}

const SET_FOLDER = "a folder of sets_dir (scifact), or the path of one anywhere (./my-set)";

/** A path (with a slash) names a set in another folder than the configured one. */
function setAt(named: string): { readonly set: string; readonly sets_dir?: string } {
  if (!/[/\\]/u.test(named)) return { set: named };
  const path = resolve(named);
  return { set: basename(path), sets_dir: dirname(path) };
}

function addLift(program: Command, kit: CommandKit): void {
  program
    .command("lift")
    .description("does memory help? cold, warm, paraphrases, look-alikes, off-topic")
    .option("-s, --set <name>", `a domain's set, or ${SET_FOLDER}`, "staffing")
    .option(
      "--queries <count>",
      "queries at most (sampled with the seed)",
      wholeNumber(1, 1e6),
      1000,
    )
    .option("--seed <number>", "seed", wholeNumber(0, 2 ** 31), 7)
    .option("-o, --out <file>", "also write the report as JSON")
    .action((options: LiftOptions) => {
      const { set, ...own } = setAt(options.set);
      return kit.withHouse(async (session) => {
        const { seed, queries: queries_max } = options;
        const steps = session.clients.lift.run({ set, seed, queries_max });
        const report = await followToReport(session, `lift ${set}`, steps);
        if (options.out !== undefined) await writeReport(options.out, report);
        session.output.result(report, () => describeLift(report));
      }, own);
    });
}

interface Step<R> {
  readonly phase: string;
  readonly done: number;
  readonly total: number;
  readonly report: R | null;
}

async function followToReport<R>(
  session: Session,
  name: string,
  steps: AsyncIterable<Step<R>>,
): Promise<R> {
  const line = session.output.progress();
  let report: R | null = null;
  for await (const step of steps) {
    line.update(`${name}: ${step.phase} ${humanCount(step.done)} of ${humanCount(step.total)}`);
    report = step.report ?? report;
  }
  line.end();
  if (report === null) throw new Error("the run ended without a report");
  return report;
}

async function writeReport(path: string, report: unknown): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${JSON.stringify(report, undefined, 2)}\n`);
}

/** "87.5 % (70 of 80, 78.5–93.1)" */
export function showRate(rate: Rate): string {
  if (rate.rate === null) return "– (nothing to count)";
  const percent = (value: number | null) => ((value ?? 0) * 100).toFixed(1);
  return `${percent(rate.rate)} % (${rate.hits} of ${rate.of}, ${percent(rate.low)}–${percent(rate.high)})`;
}

export function describeLift(report: LiftReport): string {
  const rows: [string, string][] = [
    ["queries", humanCount(report.queries)],
    ["corpus items", humanCount(report.corpus_items)],
    ["best answer first, cold", showRate(report.cold_top1)],
    ["discoveries (best answer deeper)", humanCount(report.discoveries)],
    ["verbatim lift", showRate(report.verbatim_lift)],
    ["best answer first, verbatim", showRate(report.verbatim_top1)],
    ["best answer first, paraphrase, cold", showRate(report.paraphrase_top1_cold)],
    ["best answer first, paraphrase, warm", showRate(report.paraphrase_top1)],
    ["paraphrase lift", showRate(report.paraphrase_lift)],
    ["paraphrase hit rate", showRate(report.paraphrase_hit)],
    ["false boosts on look-alikes", showRate(report.false_boosts)],
    ["off-topic refused", showRate(report.off_topic_refused)],
    ["off-topic boosted", showRate(report.off_topic_boosts)],
    ["mean change of top-1 distance", report.mean_change_top1_distance?.toFixed(3) ?? "–"],
    [
      "search p50 / p95",
      `${report.search_ms_p50.toFixed(1)} / ${report.search_ms_p95.toFixed(1)} ms`,
    ],
  ];
  const foot = `judge: ${report.judge}; embedder ${report.embedder}; seed ${report.seed}; ${humanTime(report.duration_ms)}`;
  return `${table([`lift ${report.set}`, "rate (hits of cases, 95 % interval)"], rows)}\n${dim(foot)}`;
}

interface EvalOptions {
  split: string;
  queries: number;
  seed: number;
  remember?: string;
  offTopic?: string;
  out?: string;
}

function addEval(program: Command, kit: CommandKit): void {
  program
    .command("eval")
    .description("retrieval figures of a set with known answers, for each search mode")
    .argument("<set>", `${SET_FOLDER}, or minimal-edits`)
    .option("--split <name>", "which part: its judgements or questions", "train")
    .option("--queries <count>", "queries at most", wholeNumber(1, 1e6), 10_000)
    .option("--seed <number>", "seed", wholeNumber(0, 2 ** 31), 7)
    .option("--remember <split>", "judgements that memory holds; the same split: half of it")
    .option("--off-topic <set>", "another set of the same folder, whose texts should find nothing")
    .option("-o, --out <file>", "also write the report as JSON")
    .action((named: string, options: EvalOptions) => {
      const { set, ...own } = setAt(named);
      return kit.withHouse(async (session) => {
        const { split, seed, queries: queries_max } = options;
        const memory = options.remember === undefined ? {} : { remember_split: options.remember };
        const off = options.offTopic === undefined ? {} : { off_topic: options.offTopic };
        const request = { set, split, seed, queries_max, ...memory, ...off };
        const steps = session.clients.lift.evaluate(request);
        const report = await followToReport(session, `eval ${set}`, steps);
        if (options.out !== undefined) await writeReport(options.out, report);
        session.output.result(report, () => describeEval(report));
      }, own);
    });
}

interface EventOptions {
  limit: number;
  source?: string;
  trace?: string;
  failures?: boolean;
  follow?: boolean;
}

function addEvents(program: Command, kit: CommandKit): void {
  const events = program.command("events").description("what the witness saw");
  events
    .command("list", { isDefault: true })
    .description("the newest events, or all that come with --follow")
    .option("-n, --limit <count>", "events at most", wholeNumber(1, 2000), 20)
    .option("--source <name>", "only from this source")
    .option("--trace <id>", "only of this trace")
    .option("--failures", "only failures")
    .option("-f, --follow", "go on as they come")
    .action((options: EventOptions) => kit.withHouse((session) => listEvents(session, options)));
  events
    .command("stats")
    .description("totals, by source and endpoint, with latencies")
    .action(() =>
      kit.withHouse(async ({ clients, output }) => {
        const stats = await clients.observe.stats({});
        output.result(stats, () => {
          const rows = stats.by_endpoint.map((one) => [
            one.endpoint,
            one.total,
            one.failures,
            one.p50_ms.toFixed(1),
            one.p95_ms.toFixed(1),
          ]);
          const kept = `${humanCount(stats.durable_events)} kept on disk, ${stats.persist_failures} not`;
          const total = `${humanCount(stats.total)} events, ${humanCount(stats.failures)} failures`;
          return `${table(["endpoint", "total", "failures", "p50 ms", "p95 ms"], rows)}\n${dim(`${total}; ${kept}`)}`;
        });
      }),
    );
}

async function listEvents(session: Session, options: EventOptions): Promise<void> {
  const { observe } = session.clients;
  const source = options.source === undefined ? {} : { source: options.source };
  const trace = options.trace === undefined ? {} : { trace_id: options.trace };
  const failed = options.failures ? { success: false } : {};
  const answer = await observe.events({ limit: options.limit, ...source, ...trace, ...failed });
  if (!options.follow) {
    session.output.result(answer, () => answer.events.toReversed().map(describeEvent).join("\n"));
    return;
  }
  for (const event of answer.events.toReversed())
    session.output.item(event, () => describeEvent(event));
  for await (const event of observe.follow(source)) {
    session.output.item(event, () => describeEvent(event));
  }
}

function describeEvent(event: Event): string {
  const mark = event.success ? green("✓") : red("✗");
  const time = dim(event.timestamp);
  const text = event.error ?? event.output_summary ?? event.input_summary ?? "";
  const tail = text === "" ? "" : ` ${text.slice(0, 120)}`;
  return `${time} ${mark} ${event.source} ${event.endpoint} ${event.duration_ms.toFixed(1)} ms${tail}`;
}
