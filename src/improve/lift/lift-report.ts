// Counts a lift run: from the answers of all passes to the figures of the report.
import type { LiftReport } from "#contracts/lift.ts";
import type { Answer, LiftCase, Lookalike, OffTopic } from "./lift-case.ts";
import type { Memory, SearchAnswer } from "./lift-passes.ts";
import { meanOf, quantileOf, rateWhere } from "./rates.ts";

export interface Paraphrased {
  readonly origin: LiftCase;
  readonly text: string;
}

export interface Alike {
  readonly origin: LiftCase;
  readonly lookalike: Lookalike;
}

/** All answers of a run; lists of one kind are aligned. */
export interface LiftEvidence {
  readonly cases: readonly LiftCase[];
  readonly memories: ReadonlyMap<string, Memory>;
  readonly cold: readonly SearchAnswer[];
  readonly warm: readonly SearchAnswer[];
  readonly paraphrases: readonly Paraphrased[];
  readonly paraphrases_cold: readonly SearchAnswer[];
  readonly paraphrases_warm: readonly SearchAnswer[];
  readonly lookalikes: readonly Alike[];
  readonly lookalikes_warm: readonly SearchAnswer[];
  readonly off_topic: readonly OffTopic[];
  readonly off_topic_warm: readonly SearchAnswer[];
}

type Figures = Omit<
  LiftReport,
  | "schema"
  | "set"
  | "seed"
  | "started_at"
  | "duration_ms"
  | "embedder"
  | "corpus_items"
  | "judge"
  | "notes"
>;

/** The figures and, of each kind, up to `examples_max` cases. */
export function liftFigures(evidence: LiftEvidence, examples_max: number): Figures {
  const { cases, memories, cold, warm } = evidence;
  const asked = cases.map((it, at) => ({
    it,
    memory: memories.get(it.query_id),
    cold: cold[at]!,
    warm: warm[at]!,
  }));
  const discoveries = asked.filter(({ memory }) => (memory?.cold_rank ?? 1) > 1);
  const changes = asked.flatMap((it) => {
    const [before, after] = [it.cold.results[0], it.warm.results[0]];
    return before === undefined || after === undefined ? [] : [after.distance - before.distance];
  });
  const times = [...cold, ...warm, ...evidence.paraphrases_warm, ...evidence.lookalikes_warm].map(
    (answer) => answer.took_ms,
  );
  return {
    queries: cases.length,
    cold_top1: rateWhere(asked, (it) => isTop(it.cold, it.it)),
    discoveries: discoveries.length,
    verbatim_lift: rateWhere(discoveries, (it) => isTop(it.warm, it.it)),
    verbatim_top1: rateWhere(asked, (it) => isTop(it.warm, it.it)),
    ...paraphraseFigures(evidence),
    ...boostFigures(evidence),
    mean_change_top1_distance: meanOf(changes),
    search_ms_p50: quantileOf(times, 0.5),
    search_ms_p95: quantileOf(times, 0.95),
    examples: examplesOf(evidence, examples_max),
  };
}

function isTop(answer: SearchAnswer, it: LiftCase): boolean {
  const top = answer.results[0];
  return top !== undefined && it.satisfies(top);
}

function paraphraseFigures(evidence: LiftEvidence) {
  const rows = evidence.paraphrases.map((it, at) => ({
    origin: it.origin,
    memory: evidence.memories.get(it.origin.query_id),
    cold: evidence.paraphrases_cold[at]!,
    warm: evidence.paraphrases_warm[at]!,
  }));
  const remembered = rows.filter((row) => row.memory !== undefined);
  const discovered = remembered.filter((row) => row.memory!.cold_rank > 1);
  return {
    paraphrase_top1_cold: rateWhere(rows, (row) => isTop(row.cold, row.origin)),
    paraphrase_top1: rateWhere(rows, (row) => isTop(row.warm, row.origin)),
    paraphrase_lift: rateWhere(discovered, (row) => isTop(row.warm, row.origin)),
    paraphrase_hit: rateWhere(remembered, (row) =>
      appliedIds(row.warm).includes(row.memory!.playbook_id),
    ),
  };
}

function boostFigures(evidence: LiftEvidence) {
  const answers = answersById(evidence);
  const alike = evidence.lookalikes.map((it, at) => ({
    ...it,
    warm: evidence.lookalikes_warm[at]!,
  }));
  const known = alike.filter(({ origin }) => evidence.memories.has(origin.query_id));
  return {
    false_boosts: rateWhere(known, (it) => wrongIds(it.warm, it.lookalike, answers).length > 0),
    off_topic_refused: rateWhere(
      evidence.off_topic_warm,
      (answer) => answer.relevance.verdict === "nothing_relevant",
    ),
    off_topic_boosts: rateWhere(evidence.off_topic_warm, (it) => appliedIds(it).length > 0),
  };
}

/** How off-topic queries fared by where they come from, when they come from several places. */
export function refusalNotes({ off_topic, off_topic_warm }: LiftEvidence): string[] {
  const groups = new Map<string, { of: number; refused: number }>();
  for (const [at, { group }] of off_topic.entries()) {
    const count = groups.get(group) ?? { of: 0, refused: 0 };
    const refused = off_topic_warm[at]!.relevance.verdict === "nothing_relevant" ? 1 : 0;
    groups.set(group, { of: count.of + 1, refused: count.refused + refused });
  }
  if (groups.size < 2) return [];
  return [...groups].map(([group, { of, refused }]) => `${group}: ${refused} of ${of} refused`);
}

/** Entries that the memory applied to a search. */
function appliedIds(answer: SearchAnswer): string[] {
  return answer.playbooks.filter((it) => it.applied).map((it) => it.playbook.playbook_id);
}

interface Remembered {
  readonly answer: Answer;
  readonly query_ids: readonly string[];
}

/** Queries that mean one entry (the same text twice) share it. */
function answersById({ memories }: LiftEvidence): Map<string, Remembered> {
  const found = new Map<string, Remembered>();
  for (const { playbook_id, answer, query_id } of memories.values()) {
    const query_ids = [...(found.get(playbook_id)?.query_ids ?? []), query_id];
    found.set(playbook_id, { answer, query_ids });
  }
  return found;
}

function wrongIds(
  warm: SearchAnswer,
  lookalike: Lookalike,
  answers: ReadonlyMap<string, Remembered>,
): string[] {
  return appliedIds(warm).filter((playbook_id) => {
    const memory = answers.get(playbook_id);
    return memory?.query_ids.some((query_id) => lookalike.isWrong(memory.answer, query_id));
  });
}

/** Up to n cases of each kind that a reader should see: what was missed and what went wrong. */
function examplesOf(evidence: LiftEvidence, n: number): Record<string, unknown>[] {
  const answers = answersById(evidence);
  type Example = Record<string, unknown>;
  const missed: Example[] = evidence.paraphrases.flatMap(({ origin, text }, at) => {
    const memory = evidence.memories.get(origin.query_id);
    const warm = evidence.paraphrases_warm[at]!;
    if (memory === undefined || appliedIds(warm).includes(memory.playbook_id)) return [];
    const match = warm.playbooks.find((it) => it.playbook.playbook_id === memory.playbook_id);
    const reason = match?.reason ?? "not among the entries considered";
    return [{ kind: "missed paraphrase", query: origin.text, asked: text, reason }];
  });
  const wrong: Example[] = evidence.lookalikes.flatMap(({ origin, lookalike }, at) => {
    const warm = evidence.lookalikes_warm[at]!;
    const [playbook_id] = wrongIds(warm, lookalike, answers);
    const match = warm.playbooks.find((it) => it.playbook.playbook_id === playbook_id);
    if (match === undefined) return [];
    const { playbook, confidence } = match;
    const asked = { query: playbook.query_text, asked: lookalike.text, origin: origin.text };
    return [{ kind: "false boost", ...asked, confidence, answer: playbook.answer_id }];
  });
  const let_in: Example[] = evidence.off_topic.flatMap(({ text }, at) => {
    const { relevance, results } = evidence.off_topic_warm[at]!;
    if (relevance.verdict === "nothing_relevant") return [];
    const nearest = results[0]?.text ?? "";
    return [{ kind: "off-topic answered", asked: text, nearest, reason: relevance.reason }];
  });
  return [missed, wrong, let_in].flatMap((kind) => kind.slice(0, n));
}
