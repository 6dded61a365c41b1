// Facts that changed, asked for in other words: does the newest stand above what it superseded?
// `npm run bench -- supersession [--per-type N] [--seed N] [--json]`
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMiniLmEmbedder } from "#adapters/embedder/minilm-embedder.ts";
import { embed } from "#contracts/embed.ts";
import { pathwayContract } from "#contracts/pathway.ts";
import { readEditSentences } from "#improve/lift/edit-sentences.ts";
import { evaluateSupersession } from "#improve/lift/evaluate-supersession.ts";
import { startCall } from "#kernel/call.ts";
import { systemClock } from "#kernel/clock.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import { silentLog } from "#kernel/log.ts";
import { createEmbed } from "#models/embed/embed-service.ts";
import { embedSettings } from "#models/embed/embed-settings.ts";
import { createPathway } from "#recall/pathway/pathway-service.ts";
import { pathwaySettings } from "#recall/pathway/pathway-settings.ts";
import { ROOT } from "../test/support/source-tree.ts";
import { load, machine, numberArg, printReport, round } from "./support/bench-report.ts";

/** Where the sets stand. */
const DATA = join(ROOT, "../shared/data");
const TARGET = 0.95;
const TIMEOUT_MS = 3_600_000;

const args = process.argv.slice(2);
const before = load();
const sentences = await readEditSentences(DATA);
if (sentences.length === 0) throw new Error(`there are no sets in ${DATA}`);
const dir = await mkdtemp(join(tmpdir(), "lakehouse-supersession-"));
const embedding = await createEmbed(
  { embedders: [createMiniLmEmbedder({ threads: 1, workers: 1 })], log: silentLog },
  embedSettings.parse({}),
);
const needs = {
  embed: connectLocal(embed, embedding.handlers),
  dir,
  log: silentLog,
  clock: systemClock,
};
const service = await createPathway(needs, pathwaySettings.parse({}));
try {
  const client = connectLocal(pathwayContract, service.handlers);
  const request = {
    per_type: numberArg(args, "per-type", 60),
    seed: numberArg(args, "seed", 7),
    searches_at_once: 4,
    modes: ["mixed", "lexical"] as const,
  };
  const call = startCall({ timeout_ms: TIMEOUT_MS });
  const steps = evaluateSupersession(client, sentences, request, "bench", call);
  let step = await steps.next();
  for (; step.done !== true; step = await steps.next()) {
    const { phase, done, total } = step.value;
    process.stderr.write(`\r${phase}: ${done} of ${total}    `);
  }
  process.stderr.write("\n");
  const { facts, figures, by_type } = step.value;
  const value = figures["newest above superseded"]!;
  const types = Object.entries(by_type).map(([name, one]) => [`by type: ${name}`, one]);
  const all = { facts, ...figures, ...(Object.fromEntries(types) as Record<string, number>) };
  printReport(
    {
      question: "supersession",
      machine: machine(),
      load: { before, after: load() },
      figures: Object.fromEntries(Object.entries(all).map(([name, one]) => [name, round(one)])),
      ratios: {
        "newest above superseded": { value: round(value), target: "≥ 0.95", met: value >= TARGET },
      },
    },
    args.includes("--json"),
  );
} finally {
  await service.stop();
  await embedding.stop();
  await rm(dir, { recursive: true, force: true });
}
