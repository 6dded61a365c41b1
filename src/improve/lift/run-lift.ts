// One lift run: cold, record, warm, paraphrases, look-alikes, off-topic, report.
import type { Call } from "#kernel/call.ts";
import { isoTime, type Clock } from "#kernel/clock.ts";
import type { Client } from "#kernel/contract.ts";
import type { LiftReport } from "#contracts/lift.ts";
import type { matrix } from "#contracts/matrix.ts";
import type { playbookContract } from "#contracts/playbook.ts";
import type { PreparedSet } from "./lift-case.ts";
import { askAll, recordBest, type Asking, type SearchAnswer } from "./lift-passes.ts";
import { liftFigures, refusalNotes } from "./lift-report.ts";
import type { LiftSettings } from "./lift-settings.ts";
import { withProgress, type Step } from "./with-progress.ts";

export interface RunParts {
  readonly matrix: Client<typeof matrix>;
  readonly playbook: Client<typeof playbookContract>;
  readonly clock: Clock;
  readonly settings: LiftSettings;
}

export interface RunFacts {
  readonly scope: string;
  readonly corpora: readonly string[];
  readonly seed: number;
  readonly embedder: string;
  readonly corpus_items: number;
}

/** Yields progress and returns the report. Entries are recorded in `facts.scope` only. */
export async function* runLift(
  parts: RunParts,
  prepared: PreparedSet,
  facts: RunFacts,
  call: Call,
): AsyncGenerator<Step, LiftReport> {
  const { settings, clock } = parts;
  const started_at = isoTime(clock);
  const started_ms = clock.now();
  const { depth, searches_at_once } = settings;
  const { corpora, scope } = facts;
  const asking: Asking = { matrix: parts.matrix, corpora, scope, depth, searches_at_once };
  const { cases } = prepared;
  const paraphrases = cases.flatMap((it) => it.paraphrases.map((text) => ({ origin: it, text })));
  const lookalikes = cases.flatMap((it) =>
    it.lookalikes.map((lookalike) => ({ origin: it, lookalike })),
  );
  const ask = (phase: string, texts: readonly string[], memory: boolean) =>
    withProgress(phase, texts.length, (onDone) => askAll(asking, texts, memory, onDone, call));
  const texts_of = {
    queries: cases.map((it) => it.text),
    paraphrases: paraphrases.map((it) => it.text),
    lookalikes: lookalikes.map((it) => it.lookalike.text),
    off_topic: prepared.off_topic.map((it) => it.text),
  };

  const cold: SearchAnswer[] = yield* ask("cold", texts_of.queries, false);
  const memories = yield* withProgress("record", cases.length, () =>
    recordBest(parts.playbook, cases, cold, scope, call),
  );
  const evidence = {
    cases,
    memories,
    cold,
    warm: yield* ask("warm", texts_of.queries, true),
    paraphrases,
    paraphrases_cold: yield* ask("paraphrases, cold", texts_of.paraphrases, false),
    paraphrases_warm: yield* ask("paraphrases, warm", texts_of.paraphrases, true),
    lookalikes,
    lookalikes_warm: yield* ask("look-alikes", texts_of.lookalikes, true),
    off_topic: prepared.off_topic,
    off_topic_warm: yield* ask("off-topic", texts_of.off_topic, true),
  };
  return {
    schema: "lift.v1",
    set: prepared.set,
    seed: facts.seed,
    started_at,
    duration_ms: clock.now() - started_ms,
    embedder: facts.embedder,
    corpus_items: facts.corpus_items,
    judge: prepared.judge,
    ...liftFigures(evidence, settings.examples_max),
    notes: [
      ...prepared.notes,
      `best answers were looked for among the first ${depth}`,
      ...refusalNotes(evidence),
    ],
  };
}
