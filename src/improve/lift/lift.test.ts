// Tests of the harness on small sets of its own, with real memory and retrieval behind it.
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { lift, type EvalReport, type LiftReport } from "#contracts/lift.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import type { LakehouseError } from "#kernel/problem.ts";
import { silentLog } from "#kernel/log.ts";
import type { LiftSet } from "#ports/domain-pack.ts";
import { build, openMatrix } from "#recall/matrix/open-matrix.suite.ts";
import { tempDir, type HasAfter } from "../../../test/support/temp-dir.ts";
import { createLift } from "./lift-service.ts";
import { liftSettings } from "./lift-settings.ts";
import { renderLiftMarkdown } from "./render-lift-markdown.ts";
import { renderLiftSvg } from "./render-lift-svg.ts";

/** Floors for the word embedder of the tests, whose cosines are not those of a language model. */
async function openLift(t: HasAfter, files: Record<string, string>, domain: LiftSet[] = []) {
  const root = await tempDir(t);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
  const opened = await openMatrix(t, {
    settings: { relevance_floor: 0.01, words_meaning_min: 0 },
  });
  const { client: matrix, playbook, embed, clock } = opened;
  const sets = { root, domain: () => domain };
  const needs = { matrix, playbook, embed, sets, log: silentLog, clock };
  const service = await createLift(needs, liftSettings.parse({}));
  return { ...opened, lift: connectLocal(lift, service.handlers, { strict: true }) };
}

async function last<R>(steps: AsyncIterable<{ report: R | null }>): Promise<R> {
  let report: R | null = null;
  for await (const step of steps) report = step.report ?? report;
  assert.ok(report !== null, "the stream ended in a report");
  return report;
}

const THINGS = ["chair", "table", "lamp", "shelf"];
const WAYS = ["where can i buy a", "i would like to order a", "please find me a nice", "sell me a"];
const SHUFFLED = ["a {} where can i buy", "order a {} i would like to", "a nice {} please find me"];

/** Intents "buy a chair" …; each line asks for one thing in one way. */
function intentFiles(with_paraphrases: boolean): Record<string, string> {
  const lines = THINGS.flatMap((thing) => WAYS.map((way) => ({ thing, text: `${way} ${thing}` })));
  const few = lines.filter((line) => line.text.startsWith("sell me"));
  const rephrased = lines.map(
    ({ thing }, at) => SHUFFLED[at % WAYS.length]?.replace("{}", thing) ?? `sell me the ${thing}`,
  );
  const file = (list: readonly string[]) => `${list.join("\n")}\n`;
  return {
    "shop/train/seq.in": file(lines.map((line) => line.text)),
    "shop/train/label": file(lines.map((line) => line.thing)),
    ...(with_paraphrases ? { "shop/train/para.in": file(rephrased) } : {}),
    "shop/train_5/seq.in": file(few.map((line) => line.text)),
    "shop/train_5/label": file(few.map((line) => line.thing)),
    "shop/oos/train/seq.in": "quantum chromodynamics\nvolcanic eruptions of iceland\n",
    "shop/oos/train/label": "oos\noos\n",
  };
}

test("an intent set is run cold and warm, and leaves nothing behind", async (t) => {
  const opened = await openLift(t, intentFiles(true));
  const report: LiftReport = await last(opened.lift.run({ set: "shop", queries_max: 8 }));
  assert.equal(report.queries, 8);
  assert.equal(report.corpus_items, 4);
  assert.equal(report.verbatim_top1.rate, 1);
  assert.equal(report.paraphrase_hit.of, 8);
  assert.ok(report.paraphrase_hit.hits >= 5, JSON.stringify(report.paraphrase_hit));
  assert.ok(report.false_boosts.of > 0);
  assert.ok(report.off_topic_refused.of === 2 && report.off_topic_boosts.hits === 0);
  assert.deepEqual((await opened.client.corpora({})).corpora, []);
  assert.deepEqual((await opened.vector.list({})).indexes, []);
  const { total } = await opened.playbook.list({ status: "active" });
  assert.equal(total, 0);
  const again: LiftReport = await last(opened.lift.run({ set: "shop", queries_max: 8 }));
  const { search_ms_p50, search_ms_p95, ...figures } = report;
  assert.ok(search_ms_p50 <= search_ms_p95);
  assert.deepEqual(
    { ...again, search_ms_p50, search_ms_p95 },
    { ...figures, search_ms_p50, search_ms_p95 },
  );
});

test("a set without paraphrases gets stand-ins, and the report says so", async (t) => {
  const opened = await openLift(t, intentFiles(false));
  const report = await last(opened.lift.run({ set: "shop", queries_max: 6, seed: 3 }));
  assert.equal(report.queries, 6);
  assert.ok(report.notes.some((note) => note.includes("stands in")));
});

test("a domain's set runs on the corpora that stand, and keeps them", async (t) => {
  const set: LiftSet = {
    name: "toys",
    judge: "by hand",
    corpora: ["toys"],
    queries: [
      {
        query_id: "1",
        category: "colour",
        text: "three red wooden trains",
        satisfies: (hit) => hit.metadata["good"] === true,
        paraphrases: ["wooden trains, red ones, three"],
        lookalikes: ["four red wooden trains", "three red wooden trains without wheels"],
      },
    ],
    off_topic: ["quantum chromodynamics"],
  };
  const opened = await openLift(t, {}, [set]);
  const items = [
    { id: "a", text: "three red wooden trains and more", metadata: { good: false } },
    { id: "b", text: "trains", metadata: { good: true } },
  ];
  await build(opened, { corpus: "toys", source: { kind: "texts", items } });
  const report = await last(opened.lift.run({ set: "toys" }));
  assert.deepEqual([report.discoveries, report.cold_top1.hits], [1, 0]);
  assert.deepEqual([report.verbatim_lift.hits, report.paraphrase_hit.hits], [1, 1]);
  assert.deepEqual([report.false_boosts.hits, report.false_boosts.of], [0, 2]);
  assert.ok(report.mean_change_top1_distance! < 0);
  assert.equal((await opened.client.corpora({})).corpora.length, 1);
});

test("a retrieval set is evaluated in every mode", async (t) => {
  const documents = ["the red fox", "a blue bird", "green grass and hay"].map((text, at) =>
    JSON.stringify({ _id: `d${at}`, title: "", text }),
  );
  const queries = ["red fox", "green grass"].map((text, at) =>
    JSON.stringify({ _id: `q${at}`, text }),
  );
  const opened = await openLift(t, {
    "mini/corpus.jsonl": `${documents.join("\n")}\n`,
    "mini/queries.jsonl": `${queries.join("\n")}\n`,
    "mini/qrels/train.tsv": "query-id\tcorpus-id\tscore\nq0\td0\t1\nq1\td2\t1\n",
  });
  const report: EvalReport = await last(opened.lift.evaluate({ set: "mini" }));
  assert.deepEqual(Object.keys(report.by_mode), ["vector", "lexical", "mixed", "matrix"]);
  assert.equal(report.by_mode["mixed"]!["ndcg@10"], 1);
  assert.equal(report.figures["recall@1"], 1);
  await assert.rejects(last(opened.lift.evaluate({ set: "mini", split: "test" })), {
    reason: "no_such_split",
  });
});

test("an intent set is evaluated by routing accuracy and AUROC", async (t) => {
  const opened = await openLift(t, intentFiles(false));
  const report: EvalReport = await last(opened.lift.evaluate({ set: "shop" }));
  assert.equal(report.form, "intents");
  assert.equal(report.figures["accuracy_1nn"], 1);
  // What lies below the background of the word embedder is all the same: 0.
  assert.ok(report.by_mode["vector"]!["auroc oos/train"]! > 0.9);
});

test("an intent set is evaluated by what memory makes of it, with controls", async (t) => {
  const opened = await openLift(t, {
    ...intentFiles(true),
    "shop/valid/seq.in": "please sell me a nice lamp\ni would like a table\n",
    "shop/valid/label": "lamp\ntable\n",
  });
  const report = await last(opened.lift.evaluate({ set: "shop", split: "valid" }));
  const { memory, origin, control } = report.by_mode;
  assert.deepEqual([memory!["accuracy, n"], memory!["accuracy"]], [2, 1]);
  assert.ok(memory!["auroc oos/train"]! > 0.9);
  assert.equal(origin!["recall@5, n"], 16);
  assert.ok(origin!["recall@1"]! > 0.5, "most paraphrases find their origin first");
  assert.ok(origin!["recall@1"]! <= origin!["recall@5"]!);
  assert.equal(control!["accuracy, labels permuted, n"], 2);
  assert.ok(control!["recall@5, ids shifted"]! < origin!["recall@5"]!);
  assert.equal((await opened.playbook.list({ status: "active" })).total, 0, "all is forgotten");
});

test("a small set without a selection of its own is asked, and no figure is NaN", async (t) => {
  const { "shop/train_5/seq.in": _, "shop/train_5/label": __, ...files } = intentFiles(false);
  const opened = await openLift(t, { ...files, "shop/oos/valid/seq.in": "\n" });
  const run = await last(opened.lift.run({ set: "shop" }));
  assert.deepEqual([run.queries, run.corpus_items], [8, 8]);
  const report = await last(opened.lift.evaluate({ set: "shop" }));
  assert.equal(report.queries, 8);
  assert.equal(report.by_mode["vector"]!["auroc oos/valid"], undefined);
  const figures = Object.values(report.by_mode).flatMap((it) => Object.values(it));
  assert.ok(figures.length > 10 && figures.every((it) => Number.isFinite(it)));
});

test("a set without queries has an error instead of figures", async (t) => {
  const opened = await openLift(t, {
    "one/train/seq.in": "sell me a lamp\n",
    "one/train/label": "lamp\n",
    "odd/corpus.jsonl": '{"_id":"d0","title":"","text":"the red fox"}\n',
    "odd/queries.jsonl": '{"_id":"q0","text":"red fox"}\n',
    "odd/qrels/train.tsv": "query-id\tcorpus-id\tscore\n",
  });
  const refused = { code: "rejected", reason: "nothing_to_ask" };
  await assert.rejects(last(opened.lift.run({ set: "one" })), refused);
  await assert.rejects(last(opened.lift.evaluate({ set: "one" })), refused);
  await assert.rejects(last(opened.lift.evaluate({ set: "odd" })), refused);
  assert.deepEqual((await opened.client.corpora({})).corpora, []);
});

test("unknown sets, paths and forms are refused with their reasons", async (t) => {
  const opened = await openLift(t, { "odd/readme.txt": "nothing", ...intentFiles(false) });
  const reasons: [string, string][] = [
    ["shp", "no_such_set"],
    ["../shop", "no_such_set"],
    ["odd", "set_not_understood"],
  ];
  for (const [set, reason] of reasons) {
    await assert.rejects(last(opened.lift.run({ set })), (error: LakehouseError) => {
      assert.equal(error.reason, reason, set);
      return true;
    });
  }
});

test("a report is rendered as Markdown and as a picture, always the same", async (t) => {
  const opened = await openLift(t, intentFiles(true));
  const report = await last(opened.lift.run({ set: "shop", queries_max: 4 }));
  const markdown = renderLiftMarkdown(report);
  assert.match(markdown, /^# Lift: shop\n/u);
  assert.match(markdown, /Look-alike boosted wrongly/u);
  assert.equal(renderLiftMarkdown(report), markdown);
  const svg = renderLiftSvg({ ...report, set: "<shop & co>" });
  assert.match(svg, /^<svg [^>]+>.*<\/svg>\n$/su);
  assert.ok(svg.includes("&lt;shop &amp; co>"));
});
