// Retrieval and memory on public sets, against floor and target; --write makes the reference page.
import { rm } from "node:fs/promises";
import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import { load, machine, round } from "./support/bench-report.ts";
import { figure, verdictText, type RetrievalFigures } from "./support/render-retrieval-page.ts";
import { retrievalRows, type RetrievalRow } from "./support/retrieval-rows.ts";
import { runAll } from "./support/retrieval-runs.ts";
import { RETRIEVAL_RUNS } from "./support/retrieval-sets.ts";
import { RETRIEVAL_TARGETS } from "./support/retrieval-targets.ts";
import { writeRetrievalPage } from "./support/write-retrieval-page.ts";

/** Where the page stands. */
const REFERENCE_DIR = "docs/reference";

const OPTIONS = {
  queries: { type: "string", default: "10000" },
  only: { type: "string" },
  rows: { type: "string", default: "10000" },
  seed: { type: "string", default: "7" },
  data: { type: "string", default: "../shared/data" },
  weights: { type: "string", default: "data/models" },
  cache: { type: "string", default: ".cache/retrieval" },
  fresh: { type: "boolean", default: false },
  write: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
} satisfies ParseArgsOptionsConfig;

await main(process.argv.slice(2));

/**
 * `npm run bench -- retrieval [--queries N] [--only set,set] [--rows N] [--seed N] [--data DIR]
 * [--weights DIR] [--cache DIR] [--fresh] [--write] [--json]`. What the cache holds for the same
 * numbers is taken from there; `--fresh` measures all again.
 */
async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  const before = load();
  const runs = chosenRuns(values.only);
  if (values.fresh) await rm(values.cache, { recursive: true, force: true });
  const [queries_max, rows, seed] = [values.queries, values.rows, values.seed].map(wholeNumber);
  const results = await runAll(runs, {
    queries_max: queries_max!,
    rows: rows!,
    seed: seed!,
    sets_dir: values.data,
    weights_dir: values.weights,
    cache_dir: values.cache,
    say: (text) => console.error(text),
  });
  const figures: RetrievalFigures = {
    schema: "retrieval-figures.v1",
    measured_at: results.flatMap((it) => it.measured_at ?? []).toSorted()[0] ?? "never",
    machine: machine(),
    queries_max: queries_max!,
    staffing_rows: rows!,
    seed: seed!,
    rows: retrievalRows(RETRIEVAL_TARGETS, results),
  };
  if (!values.json) printTable(figures.rows);
  if (values.write) {
    const files = await writeRetrievalPage(REFERENCE_DIR, figures);
    console.error(`written below ${REFERENCE_DIR}: ${files.join(", ")}`);
  }
  console.log(JSON.stringify(benchReport(figures, before)));
}

/** All runs, or those of the sets named. */
function chosenRuns(only: string | undefined) {
  if (only === undefined) return RETRIEVAL_RUNS;
  const names = only.split(",").map((name) => name.trim());
  const sets = new Set(RETRIEVAL_RUNS.map((run) => run.set));
  const unknown = names.find((name) => !sets.has(name));
  if (unknown !== undefined) {
    throw new Error(`--only: no set "${unknown}"; known: ${[...sets].join(", ")}`);
  }
  return RETRIEVAL_RUNS.filter((run) => names.includes(run.set));
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`"${text}" is no whole number`);
  return value;
}

function printTable(rows: readonly RetrievalRow[]): void {
  let group = "";
  for (const row of rows) {
    if (row.group !== group) console.log(`\n${row.group}`);
    ({ group } = row);
    const goal =
      row.target === null ? "" : `${row.is_at_most ? "≤" : "≥"} ${figure(row, row.target)}`;
    const interval = row.low === null ? "" : `${figure(row, row.low)}–${figure(row, row.high)}`;
    const cells = [
      row.name.padEnd(48),
      figure(row, row.value).padStart(8),
      interval.padEnd(17),
      `n ${row.n}`.padEnd(7),
      goal.padEnd(10),
      verdictText(row),
    ];
    console.log(`  ${cells.join("  ")}`);
  }
  console.log("");
}

/** The last line: the shape that every benchmark has. */
function benchReport({ machine: of, rows }: RetrievalFigures, before: number) {
  const shown = rows.filter((row) => row.value !== null);
  const nameOf = (row: RetrievalRow) => `${row.group}: ${row.name}`;
  const ratios = shown.flatMap((row) => {
    if (row.target === null) return [];
    const target = `${row.is_at_most ? "<=" : ">="} ${row.target}`;
    return [[nameOf(row), { value: round(row.value!), target, met: row.verdict === "met" }]];
  });
  return {
    question: "retrieval",
    machine: of,
    load: { before, after: load() },
    figures: Object.fromEntries(shown.map((row) => [nameOf(row), round(row.value!)])),
    ratios: Object.fromEntries(ratios) as object,
    not_run: rows.filter((row) => row.verdict === "not run").map(nameOf),
  };
}
