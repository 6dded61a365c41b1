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

/** An answer that the drafts were told of, and the playbook that put it forward. */
export interface PutForward {
  readonly playbook_id: string;
  readonly corpus: string;
  readonly id: string;
}

type Answer = ReturnType<TaskKind["answers"]>[number];

/**
 * Accepted: answers that were recalled count as success of their playbook and are not recorded
 * again (recalled text must not become new evidence of itself), whether they were raised among the
 * hits or shown as what was chosen for an earlier task. A playbook failed when its answer was
 * raised for this task, stood in a draft, and the validator refused that very item for what it is.
 * Of all others nothing is said: a draft that is too short, another item's fault, or a slip of the
 * model (a name copied wrong, an item named twice) is no evidence against them, and an answer shown
 * as that of an earlier task was not put forward as right for this one.
 */
export function lessonsOf(
  kind: TaskKind,
  accepted: unknown,
  history: readonly Attempt[],
  { hits, shown }: { readonly hits: readonly MatrixHit[]; readonly shown: readonly PutForward[] },
  settings: RespondSettings,
): Lessons {
  const applied = hits.filter((hit) => hit.playbook !== null);
  const chosen = accepted === undefined ? [] : kind.answers(accepted);
  const chosen_keys = new Set(chosen.map(keyOf));
  const refused = history.flatMap((attempt) => refusedIn(kind, attempt));
  const raised = new Set(applied.map(keyOf));
  const recalled = new Set([...raised, ...shown.map(keyOf)]);

  const outcomes = applied.flatMap((hit) => {
    const playbook_id = hit.playbook!.playbook_id;
    if (chosen_keys.has(keyOf(hit))) return [{ playbook_id, success: true }];
    return refused.some((one) => isOf(one, hit)) ? [{ playbook_id, success: false }] : [];
  });
  // Of several that put the same answer forward the first has the credit.
  const only_shown = shown.filter(
    (one, at) =>
      !raised.has(keyOf(one)) && shown.findIndex((other) => keyOf(other) === keyOf(one)) === at,
  );
  for (const one of only_shown) {
    if (!chosen_keys.has(keyOf(one))) continue;
    outcomes.push({ playbook_id: one.playbook_id, success: true });
  }
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

/** An answer whose item of a draft the validator pointed at. */
interface Refused {
  readonly key: string;
  readonly item: string;
  /** What the draft says where the fault is; undefined: the fault is in what it does not say. */
  readonly said: unknown;
}

/** A draft of the wrong form says nothing of what was chosen in it. */
function refusedIn(kind: TaskKind, { artifact, error, verdict }: Attempt): Refused[] {
  if (verdict !== "validation_failed" || error === null || !("field" in error)) return [];
  if (error.kind === "schema") return [];
  const refused = [error, ...(error.also ?? [])].flatMap(({ field }) => {
    const path = field.split(".");
    const only = onlyItem(artifact, path);
    if (only === undefined) return [];
    const item = FIRST_ITEM.exec(field)?.[0] ?? field;
    const said = valueAt(artifact, path);
    return kind.answers(only).map((answer) => ({ key: keyOf(answer), item, said }));
  });
  if (refused.length === 0) return [];
  const named = kind.answers(artifact).map(keyOf);
  // Refused as a further item only, it still stands where it was named first.
  return refused.filter(({ key }) => {
    const items = new Set(refused.filter((one) => one.key === key).map((one) => one.item));
    return named.filter((one) => one === key).length <= items.size;
  });
}

/** `fills.1` of `fills.1.name`. */
const FIRST_ITEM = /^.*?\.\d+(?=\.|$)/;

/**
 * Whether the fault is that of the answer put forward: what a draft says in the faulty field but
 * neither the candidate nor its id does, is a slip of the model.
 */
function isOf({ key, said }: Refused, hit: MatrixHit): boolean {
  if (key !== keyOf(hit)) return false;
  if (said === undefined || (typeof said === "object" && said !== null)) return true;
  const text = typeof said === "string" ? said : JSON.stringify(said);
  const is_told = Object.values(hit.metadata).some((value) => String(value) === text);
  return is_told || (text !== "" && hit.id.endsWith(text));
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
  return valueAt((value as Record<string, unknown>)[step], rest);
}

/** The artifact with only that item of a list that the path leads into; undefined: into none. */
function onlyItem(value: unknown, path: readonly string[]): unknown {
  const [step, ...rest] = path;
  if (step === undefined || typeof value !== "object" || value === null) return undefined;
  if (Array.isArray(value)) {
    const item: unknown = /^\d+$/.test(step) ? value[Number(step)] : undefined;
    return item === undefined ? undefined : [item];
  }
  if (!Object.hasOwn(value, step)) return undefined;
  const inner = onlyItem((value as Record<string, unknown>)[step], rest);
  return inner === undefined ? undefined : { ...value, [step]: inner };
}

function scoreAt(rank: number, settings: RespondSettings): number {
  const lowered = settings.first_answer_score - rank * settings.answer_score_step;
  return Math.max(settings.answer_score_min, lowered);
}

function keyOf(answer: Answer): string {
  return `${answer.corpus}\n${answer.id}`;
}
