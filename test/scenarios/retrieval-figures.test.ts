// Routing, origins and retrieval on fixed samples of public sets: counts must not fall below the
// 95 % interval of the committed ones. LAKEHOUSE_BASELINE_WRITE=1 writes them anew.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { composeHouse } from "#app/compose.ts";
import { loadSettings } from "#app/settings.ts";
import { silentLog } from "#kernel/log.ts";
import type { EvalReport } from "#contracts/lift.ts";
import { rateOf } from "#improve/lift/rates.ts";
import { sampleIntents, sampleRetrieval } from "../support/sampled-sets.ts";
import { ROOT } from "../support/source-tree.ts";
import { tempDir } from "../support/temp-dir.ts";

const SETS = join(ROOT, "../shared/data");
const BASELINE = join(ROOT, "test/scenarios/retrieval-baseline.json");
const IS_WRITING = process.env["LAKEHOUSE_BASELINE_WRITE"] === "1";

/** Queries of a sample at most, so that all samples take about a minute of a busy machine. */
const ASKED = 120;

/**
 * Hits of a figure; of a mean, the sum, which need not be whole. An AUROC is a mean over the texts
 * outside: of the share of those inside that are surer.
 */
interface Count {
  readonly hits: number;
  readonly of: number;
}
type Baseline = Record<string, Record<string, Count>>;

const skip = (set: string) =>
  existsSync(join(SETS, set)) ? false : `not run: no data set ${set} in ../shared/data`;

/** Evaluates the sample through a whole house, which is gone afterwards. */
async function evaluate(
  t: TestContext,
  sets_dir: string,
  set: string,
  asked: { readonly split: string; readonly off_topic?: string },
) {
  const overrides = { data_dir: await tempDir(t), sets_dir, domains: [] };
  const settings = await loadSettings({ variables: {}, overrides });
  const house = await composeHouse({ settings, log: silentLog, variables: {} });
  t.after(async () => {
    await house.flushWitness();
    await house.stop();
  });
  let report: EvalReport | null = null;
  for await (const step of house.clients.lift.evaluate({ set, ...asked, queries_max: ASKED })) {
    report = step.report ?? report;
  }
  assert.ok(report !== null, "the stream ended in a report");
  return report;
}

/** "mode: figure" → its count, read from the report. */
function countsOf(report: EvalReport, names: readonly string[]): Record<string, Count> {
  return Object.fromEntries(
    names.map((name) => {
      const [mode, figure] = name.split(": ") as [string, string];
      const figures = report.by_mode[mode] ?? {};
      const value = figures[figure];
      assert.ok(value !== undefined, `no figure "${name}"`);
      const of = figures[`${figure}, n`] ?? report.queries;
      const hits = Math.round((figures[`${figure}, hits`] ?? value * of) * 10) / 10;
      return [name, { hits, of }];
    }),
  );
}

async function holdToBaseline(set: string, counts: Record<string, Count>): Promise<void> {
  const text = existsSync(BASELINE) ? await readFile(BASELINE, "utf8") : "{}";
  const baseline = JSON.parse(text) as Baseline;
  if (IS_WRITING) {
    const next = { ...baseline, [set]: counts };
    await writeFile(BASELINE, `${JSON.stringify(next, undefined, 2)}\n`);
    return;
  }
  const known = baseline[set] ?? {};
  assert.deepEqual(Object.keys(counts), Object.keys(known), "figures are those of the baseline");
  for (const [name, { hits, of }] of Object.entries(counts)) {
    const was = known[name]!;
    assert.equal(of, was.of, `${set}, ${name}: the sample is another one`);
    const least = rateOf(was.hits, was.of).low! * of;
    const told = `${set}, ${name}: ${hits} of ${of}, was ${was.hits}, at least ${least.toFixed(1)}`;
    assert.ok(hits >= least, told);
  }
}

test(
  "the kind of a request, what is of no kind and where a text came from",
  {
    skip: skip("clinc150"),
  },
  async (t) => {
    const dir = await tempDir(t);
    const strides = { train: 25, valid: 1, "oos/valid": 2 };
    await sampleIntents(join(SETS, "clinc150"), join(dir, "clinc150"), strides);
    const report = await evaluate(t, dir, "clinc150", { split: "valid" });
    const counts = countsOf(report, [
      "memory: accuracy",
      "memory: auroc oos/valid",
      "origin: recall@1",
      "origin: recall@5",
      "origin: recall@1, identical texts left out",
    ]);
    await holdToBaseline("clinc150", counts);
    const control = report.by_mode["control"]!;
    assert.ok(control["accuracy, labels permuted"]! < 0.05, "control: labels permuted");
    assert.ok(control["recall@5, ids shifted"]! < 0.02, "control: ids shifted");
  },
);

test(
  "look-alike kinds of the same trade and other topics are told from what is known",
  {
    skip: skip("banking77_oos"),
  },
  async (t) => {
    const dir = await tempDir(t);
    const strides = { train: 10, valid: 1, "id-oos/valid": 6, "ood-oos/valid": 4 };
    await sampleIntents(join(SETS, "banking77_oos"), join(dir, "banking77_oos"), strides);
    const report = await evaluate(t, dir, "banking77_oos", { split: "valid" });
    const counts = countsOf(report, [
      "memory: accuracy",
      "memory: auroc id-oos/valid",
      "memory: auroc ood-oos/valid",
    ]);
    await holdToBaseline("banking77_oos", counts);
  },
);

test(
  "abstracts that answer a claim are found by words, by meaning and by both; a bank's callers none",
  {
    skip: skip("scifact") || skip("banking77"),
  },
  async (t) => {
    const dir = await tempDir(t);
    const sample = { split: "train", query_stride: 9, document_stride: 60 };
    await sampleRetrieval(join(SETS, "scifact"), join(dir, "scifact"), sample);
    await sampleIntents(join(SETS, "banking77"), join(dir, "banking77"), { train: 50, valid: 10 });
    const asked = { split: "train", off_topic: "banking77" };
    const report = await evaluate(t, dir, "scifact", asked);
    const modes = ["lexical", "vector", "mixed", "matrix"];
    const names = modes.flatMap((mode) => [`${mode}: recall@10`, `${mode}: ndcg@10`]);
    names.push("off topic: refused, banking77");
    await holdToBaseline("scifact", countsOf(report, names));
  },
);
