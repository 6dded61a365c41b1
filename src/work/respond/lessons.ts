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
  /** How often the draft had named it before. */
  readonly nth: number;
  /** The last step of the path to the fault. */
  readonly field: string;
  /** What the draft says there; undefined: the fault is in what it does not say. */
  readonly said: unknown;
  /** Not what it says was refused, but how it is written. */
  readonly of_form: boolean;
  /** There is no such item: no field of it is to blame. */
  readonly is_phantom: boolean;
}

function refusedIn(kind: TaskKind, { artifact, error, verdict }: Attempt): Refused[] {
  if (verdict !== "validation_failed" || error === null || !("field" in error)) return [];
  const of_form = error.kind === "schema";
  const is_phantom = error.kind === "phantom";
  const refused = [error, ...(error.also ?? [])].flatMap((fault): Refused[] => {
    const path = fault.field.split(".");
    const said = valueAt(artifact, path);
    const { expected } = fault;
    // The right value, spelt otherwise than the validator wants it.
    if (typeof said === "string" && expected !== undefined && folded(expected) === folded(said))
      return [];
    const field = path.at(-1)!;
    const only = withItems(artifact, path, (list, at) => list.slice(at, at + 1));
    const before = withItems(artifact, path, (list, at) => list.slice(0, at));
    const named = keysIn(kind, before);
    return keysIn(kind, only).map((key) => {
      return {
        key,
        nth: named.filter((one) => one === key).length,
        field,
        said,
        of_form,
        is_phantom,
      };
    });
  });
  // Refused as a further item only, it still stands where it was named first.
  return refused.filter(({ key, nth }) => {
    const same = refused.filter((one) => one.key === key && one.nth < nth);
    return new Set(same.map((one) => one.nth)).size === nth;
  });
}

/** A refused draft may lack what an accepted one has: then no answer can be read in it. */
function keysIn(kind: TaskKind, artifact: unknown): string[] {
  if (artifact === undefined) return [];
  try {
    return kind.answers(artifact).map(keyOf);
  } catch {
    return [];
  }
}

/**
 * Whether the fault is that of the answer put forward: what a draft says in the faulty field but
 * the candidate does not say there, is a slip of the model. So is a wrong form, unless it is that
 * of the candidate's own id.
 */
function isOf({ key, field, said, of_form, is_phantom }: Refused, hit: MatrixHit): boolean {
  if (key !== keyOf(hit)) return false;
  if (is_phantom) return true;
  const values = Object.values(hit.metadata);
  if (of_form) return typeof said === "string" && hit.id.endsWith(said) && values.includes(said);
  if (said === undefined || (typeof said === "object" && said !== null)) return true;
  const text = folded(said);
  if (Object.hasOwn(hit.metadata, field)) return folded(hit.metadata[field]) === text;
  // The draft calls it otherwise than the candidate does.
  const has = folded(hit.id).endsWith(text) || values.some((value) => folded(value) === text);
  return text !== "" && has;
}

/** Copied in other blanks or another case a value is the same. */
function folded(value: unknown): string {
  return String(value).trim().replaceAll(/\s+/g, " ").toLowerCase();
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
  return valueAt((value as Record<string, unknown>)[step], rest);
}

/** The artifact with some items only of the list that the path leads into; undefined: into none. */
function withItems(
  value: unknown,
  path: readonly string[],
  kept: (list: readonly unknown[], at: number) => readonly unknown[],
): unknown {
  const [step, ...rest] = path;
  if (step === undefined || typeof value !== "object" || value === null) return undefined;
  if (Array.isArray(value)) {
    const at = Number(step);
    return /^\d+$/.test(step) && at < value.length ? kept(value, at) : undefined;
  }
  if (!Object.hasOwn(value, step)) return undefined;
  const inner = withItems((value as Record<string, unknown>)[step], rest, kept);
  return inner === undefined ? undefined : { ...value, [step]: inner };
}

function scoreAt(rank: number, settings: RespondSettings): number {
  const lowered = settings.first_answer_score - rank * settings.answer_score_step;
  return Math.max(settings.answer_score_min, lowered);
}

function keyOf(answer: Answer): string {
  return `${answer.corpus}\n${answer.id}`;
}
