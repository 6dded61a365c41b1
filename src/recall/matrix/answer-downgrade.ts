// The answer to downgrade: what memory and retrieval say of the task, and what was measured.
import type { Call } from "#kernel/call.ts";
import { isoTime, type Clock } from "#kernel/clock.ts";
import type { Client, OutputOf, ParsedInputOf } from "#kernel/contract.ts";
import type { matrix } from "#contracts/matrix.ts";
import type { query } from "#contracts/query.ts";
import type { CorpusRecord } from "./corpus-registry.ts";
import { decideDowngrade } from "./downgrade-gate.ts";
import { searchMatrix, type SearchParts } from "./matrix-search.ts";
import { measureAcceptance } from "./measured-acceptance.ts";

type Operation = (typeof matrix)["operations"]["downgrade"];

export interface DowngradeParts extends SearchParts {
  readonly query: Client<typeof query>;
  readonly clock: Clock;
}

const DAY_MS = 24 * 3_600_000;

export async function answerDowngrade(
  parts: DowngradeParts,
  corpora: readonly CorpusRecord[],
  input: ParsedInputOf<Operation>,
  call: Call,
): Promise<OutputOf<Operation>> {
  const { settings, clock } = parts;
  const since = isoTime({
    ...clock,
    now: () => clock.now() - settings.downgrade_window_days * DAY_MS,
  });
  const [situation, measured] = await Promise.all([
    situationOf(parts, corpora, input, call),
    measureAcceptance(parts.query, input.task_class, since, call),
  ]);
  const { task_class, model, weak_models = settings.weak_models } = input;
  const decision = decideDowngrade({ task_class, model, weak_models, ...situation }, measured, {
    acceptance_min: input.acceptance_min ?? settings.downgrade_acceptance_min,
    trials_min: settings.downgrade_trials_min,
  });
  return { ...decision, evidence: [...decision.evidence], trace_id: call.trace_id };
}

async function situationOf(
  parts: DowngradeParts,
  corpora: readonly CorpusRecord[],
  { query_text, playbook_scope }: ParsedInputOf<Operation>,
  call: Call,
): Promise<{ remembered: boolean | undefined; relevant: boolean | undefined }> {
  if (query_text === undefined || corpora.length === 0) {
    return { remembered: undefined, relevant: undefined };
  }
  const request = {
    query_text,
    playbook_scope,
    k: 10,
    mode: "mixed",
    use_playbook: true,
    facts: {},
    rerank: false,
  } as const;
  const { results, relevance } = await searchMatrix(parts, corpora, request, call);
  return {
    remembered: results.some((hit) => hit.playbook !== null),
    relevant: relevance.verdict === "relevant",
  };
}
