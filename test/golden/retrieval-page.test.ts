// The page of retrieval figures: generated, the same for the same figures, misses shown as such.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { EvalReport } from "#contracts/lift.ts";
import {
  renderRetrievalPage,
  type RetrievalFigures,
} from "../../bench/support/render-retrieval-page.ts";
import { renderRetrievalSvg } from "../../bench/support/render-retrieval-svg.ts";
import { retrievalRows } from "../../bench/support/retrieval-rows.ts";
import { RETRIEVAL_RUNS, type RunResult } from "../../bench/support/retrieval-sets.ts";
import {
  RETRIEVAL_TARGETS,
  TARGET_GROUPS,
  type RetrievalTarget,
} from "../../bench/support/retrieval-targets.ts";
import { retrievalPageFiles } from "../../bench/support/write-retrieval-page.ts";
import { ROOT } from "../support/source-tree.ts";

const REFERENCE = join(ROOT, "docs/reference");

const target = (part: Partial<RetrievalTarget>): RetrievalTarget => ({
  group: "SciFact",
  name: "a figure",
  run: "scifact",
  mode: "mixed",
  figure: "ndcg@10",
  unit: "score",
  target: 0.75,
  ...part,
});

function evaluated(by_mode: EvalReport["by_mode"]): RunResult {
  const report: EvalReport = {
    schema: "eval.v1",
    set: "scifact",
    split: "train",
    form: "retrieval",
    embedder: "any",
    corpus_items: 10,
    queries: 400,
    figures: {},
    by_mode,
    duration_ms: 1,
  };
  return { run: "scifact", queries_max: 400, seed: 7, report, measured_at: null, not_run: null };
}

function figuresOf(rows: RetrievalFigures["rows"]): RetrievalFigures {
  const machine = { cpu: "any", cores: 2, memory_gib: 8, platform: "any", runtime: "node 24" };
  const numbers = { queries_max: 400, staffing_rows: 10, seed: 7 };
  const facts = { measured_at: "2020-01-01T00:00:00Z", ...numbers };
  return { schema: "retrieval-figures.v1", machine, ...facts, rows };
}

test("a figure below its target is shown as missed, in the table and the plot", () => {
  const results = [evaluated({ mixed: { "ndcg@10": 0.7, share: 0.5, "share, n": 90 } })];
  const rows = retrievalRows(
    [
      target({ name: "too low" }),
      target({ name: "high enough", target: 0.7 }),
      target({ name: "too many", figure: "share", unit: "share", target: 0.4, is_at_most: true }),
      target({ name: "near", target: 0.72 }),
      target({ name: "absent", figure: "nothing" }),
      target({ name: "other run", run: "clinc150" }),
    ],
    results,
  );
  const [low, enough, many, near, absent, other] = rows;
  assert.equal(low!.verdict, "missed");
  assert.ok(Math.abs(low!.missed_by - 0.05) < 1e-9 && !low!.is_within, JSON.stringify(low));
  assert.equal(enough!.verdict, "met");
  assert.equal(many!.verdict, "missed");
  assert.equal(many!.n, 90);
  assert.ok(near!.is_within, "the interval of 400 queries reaches a target .02 away");
  assert.deepEqual([absent!.verdict, other!.verdict], ["not run", "not run"]);
  const page = renderRetrievalPage(figuresOf(rows));
  assert.match(page, /1 targets met, 3 missed, 2 figures not run/u);
  assert.match(page, /\| too low \| 0\.700 \| .* \| \*\*missed by 0\.050\*\* \|/u);
  assert.match(page, /\| too many \| 50\.0 % \| .* \| \*\*missed by 10\.0 %\*\*/u);
  assert.match(page, /\| high enough \| .* \| met \|/u);
  assert.match(page, /not run: nothing to count/u);
  const plot = renderRetrievalSvg("SciFact", rows);
  assert.equal(plot.match(/class="missed"/gu)?.length, 3);
  assert.equal(plot.match(/class="met"/gu)?.length, 1);
});

test("the same figures make the same files, whatever order the results came in", () => {
  const results = [evaluated({ mixed: { "ndcg@10": 0.761 } })];
  const other: RunResult = { ...results[0]!, run: "clinc150", report: null, not_run: "no data" };
  const files = (list: readonly RunResult[]) => [
    ...retrievalPageFiles(figuresOf(retrievalRows(RETRIEVAL_TARGETS, list))),
  ];
  const [first] = [files([...results, other])];
  assert.deepEqual(files([other, ...results]), first);
  assert.equal(first.length, 2 + Object.keys(TARGET_GROUPS).length);
});

test("every target belongs to a group and to a run", () => {
  const runs = new Set(RETRIEVAL_RUNS.map((run) => run.name));
  for (const { group, run, name } of RETRIEVAL_TARGETS) {
    assert.ok(group in TARGET_GROUPS, `${name}: group ${group}`);
    assert.ok(runs.has(run), `${name}: run ${run}`);
  }
  const keys = RETRIEVAL_TARGETS.map(({ group, name }) => `${group}: ${name}`);
  assert.equal(new Set(keys).size, keys.length);
});

test("the page and its plots are what their figures make, nothing by hand", async () => {
  const text = await readFile(join(REFERENCE, "retrieval/figures.json"), "utf8");
  const files = retrievalPageFiles(JSON.parse(text) as RetrievalFigures);
  for (const [name, wanted] of files) {
    const found = await readFile(join(REFERENCE, name), "utf8");
    assert.ok(found === wanted, `${name} differs: npm run bench -- retrieval --write`);
  }
});
