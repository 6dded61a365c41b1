// Figures of memory on public sets: counts that must not fall (or rise) beyond their interval.
import assert from "node:assert/strict";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { createMiniLmEmbedder } from "#adapters/embedder/minilm-embedder.ts";
import { embed } from "#contracts/embed.ts";
import { playbookContract } from "#contracts/playbook.ts";
import { readEditSentences } from "#improve/lift/edit-sentences.ts";
import { evaluateEdits } from "#improve/lift/evaluate-edits.ts";
import { evaluatePairs, pairsOfSplit } from "#improve/lift/evaluate-pairs.ts";
import { evaluateTasks } from "#improve/lift/evaluate-tasks.ts";
import { liftSettings } from "#improve/lift/lift-settings.ts";
import { readPairFolder } from "#improve/lift/pair-folder.ts";
import { readTaskFolder } from "#improve/lift/task-folder.ts";
import { startCall } from "#kernel/call.ts";
import { systemClock } from "#kernel/clock.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import { silentLog } from "#kernel/log.ts";
import { createEmbed } from "#models/embed/embed-service.ts";
import { embedSettings } from "#models/embed/embed-settings.ts";
import { createPlaybook } from "#recall/playbook/playbook-service.ts";
import { playbookSettings } from "#recall/playbook/playbook-settings.ts";
import { tempDir, type HasAfter } from "../support/temp-dir.ts";

const SETS = "../shared/data";

/** Whether a set is there; a test without its set is told and counted as not run. */
async function isMissing(name: string): Promise<false | string> {
  const found = await stat(join(SETS, name)).catch(() => undefined);
  return found === undefined ? `not run: no data set ${name}` : false;
}

async function openMemory(t: HasAfter) {
  const embedders = [createMiniLmEmbedder({ threads: 1, workers: 2 })];
  const embedding = await createEmbed({ embedders, log: silentLog }, embedSettings.parse({}));
  const service = await createPlaybook(
    {
      embed: connectLocal(embed, embedding.handlers),
      dir: await tempDir(t),
      log: silentLog,
      clock: systemClock,
      slots: [],
      readRequest: () => undefined,
    },
    playbookSettings.parse({}),
  );
  t.after(async () => {
    await service.stop();
    await embedding.stop();
  });
  const playbook = connectLocal(playbookContract, service.handlers);
  return { playbook, settings: liftSettings.parse({}) };
}

async function result<T>(steps: AsyncGenerator<unknown, T>): Promise<T> {
  for (;;) {
    const { done, value } = await steps.next();
    if (done) return value;
  }
}

const REQUEST = { split: "held_out", queries_max: 600, seed: 7 };

test(
  "sentence pairs held out: recall at 5 % and 1 % false, none reused falsely",
  {
    skip: await isMissing("paws_wiki"),
  },
  async (t) => {
    const pairs = pairsOfSplit((await readPairFolder(join(SETS, "paws_wiki")))!, REQUEST);
    const { figures, by_mode } = await result(
      evaluatePairs(await openMemory(t), pairs, "pairs", startCall()),
    );
    assert.equal(pairs.length, 600);
    assert.ok(figures["recall at 5 % false, high"]! >= 0.7, JSON.stringify(figures));
    assert.ok(figures["recall at 1 % false, high"]! >= 0.37, JSON.stringify(figures));
    assert.equal(figures["reuse, other"], 0);
    assert.ok(by_mode["same, labels permuted"]!["recall at 5 % false"]! < 0.12, "control");
  },
);

test(
  "templated tasks: the template first, no wrong answer reused",
  {
    skip: await isMissing("webarena"),
  },
  async (t) => {
    const tasks = (await readTaskFolder(join(SETS, "webarena")))!;
    const { figures, by_mode } = await result(
      evaluateTasks(await openMemory(t), tasks, REQUEST, "tasks", startCall()),
    );
    assert.ok(figures["right template first"]! >= 0.95, JSON.stringify(figures));
    assert.equal(figures["wrong answer reused"], 0);
    assert.equal(by_mode["words only"]!["wrong answer reused"], 0);
    assert.ok(by_mode["templates permuted"]!["right template first"]! < 0.1, "control");
  },
);

test(
  "minimal edits: none reused, their paraphrases boosted",
  {
    skip: await isMissing("clinc150"),
  },
  async (t) => {
    const sentences = await readEditSentences(SETS);
    const { queries, figures } = await result(
      evaluateEdits(await openMemory(t), sentences, REQUEST, "edits", startCall()),
    );
    assert.ok(queries >= 500, `${queries} edits`);
    assert.equal(figures["edits: falsely reused"], 0);
    assert.ok(figures["edits: falsely boosted, low"]! <= 0.08, JSON.stringify(figures));
    assert.ok(figures["paraphrases: boosted"]! >= 0.8, JSON.stringify(figures));
    assert.ok(figures["paraphrases, origins permuted: boosted"]! < 0.01, "control");
  },
);
