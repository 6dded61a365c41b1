// What work teaches: which answers are new, which playbooks proved right or wrong.
import type { Attempt } from "#contracts/iterate.ts";
import type { MatrixHit } from "#contracts/matrix.ts";
import type { TaskKind } from "#ports/domain-pack.ts";
import type { RespondSettings } from "./respond-settings.ts";

export interface NewAnswer {
  readonly answer_id: string;
  readonly answer_corpus: string;
  readonly score: number;
}

export interface Lessons {
  /** Chosen answers that no applied playbook had put forward. */
  readonly record: readonly NewAnswer[];
  /** Applied playbooks and whether they proved right. */
  readonly outcomes: readonly { readonly playbook_id: string; readonly success: boolean }[];
  /** Ids of the chosen answers, best first. */
  readonly answer_ids: readonly string[];
}

type Answer = ReturnType<TaskKind["answers"]>[number];

/**
 * Accepted: answers that were recalled count as success of their playbook and are not recorded
 * again (recalled text must not become new evidence of itself); an applied playbook whose answer a
 * draft tried and the validator's retries dropped, failed. Not accepted: every applied one failed.
 */
export function lessonsOf(
  kind: TaskKind,
  accepted: unknown,
  history: readonly Attempt[],
  hits: readonly MatrixHit[],
  settings: RespondSettings,
): Lessons {
  const applied = hits.filter((hit) => hit.playbook !== null);
  const chosen = accepted === undefined ? [] : kind.answers(accepted);
  const chosen_keys = new Set(chosen.map(keyOf));
  const tried = triedKeys(kind, history);
  const recalled = new Set(applied.map(keyOf));

  const outcomes = applied.flatMap((hit) => {
    const playbook_id = hit.playbook!.playbook_id;
    if (chosen_keys.has(keyOf(hit))) return [{ playbook_id, success: true }];
    const failed = accepted === undefined || tried.has(keyOf(hit));
    return failed ? [{ playbook_id, success: false }] : [];
  });
  const record = chosen
    .slice(0, settings.record_answers_max)
    .map((answer, rank) => ({
      answer_id: answer.id,
      answer_corpus: answer.corpus,
      score: scoreAt(rank, settings),
    }))
    .filter(
      (answer) => !recalled.has(keyOf({ corpus: answer.answer_corpus, id: answer.answer_id })),
    );
  return { record, outcomes, answer_ids: chosen.map((answer) => answer.id) };
}

function triedKeys(kind: TaskKind, history: readonly Attempt[]): Set<string> {
  const tried = new Set<string>();
  for (const { artifact } of history) {
    if (artifact === null) continue;
    for (const answer of kind.answers(artifact)) tried.add(keyOf(answer));
  }
  return tried;
}

function scoreAt(rank: number, settings: RespondSettings): number {
  const lowered = settings.first_answer_score - rank * settings.answer_score_step;
  return Math.max(settings.answer_score_min, lowered);
}

function keyOf(answer: Answer): string {
  return `${answer.corpus}\n${answer.id}`;
}
