// Retrieval figures of a set in BEIR form, for each search mode and the matrix as users meet it.
import { throwIfOver, type Call } from "#kernel/call.ts";
import { sha256Hex } from "#kernel/ids.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { seededRandom } from "#kernel/random.ts";
import type { EvaluateParts, Evaluated, EvaluateRequest } from "./evaluate-set.ts";
import type { SearchAnswer } from "./lift-passes.ts";
import { searchEach } from "./search-each.ts";
import type { RetrievalFolder } from "./retrieval-folder.ts";
import { ndcgAt, recallAt, reciprocalRankAt } from "./retrieval-figures.ts";
import { meanOf, putRate } from "./rates.ts";
import { withProgress, type Step } from "./with-progress.ts";

/** `matrix` keeps the relevance floor, so a refused query counts as nothing found. */
const MODES = [
  { name: "vector", mode: "vector", relevance_floor: 0 },
  { name: "lexical", mode: "lexical", relevance_floor: 0 },
  { name: "mixed", mode: "mixed", relevance_floor: 0 },
  { name: "matrix", mode: "mixed", relevance_floor: undefined },
] as const;

/** Added when memory holds judgements: playbooks and feedback as configured. */
const REMEMBERED = { name: "remembered", mode: "mixed", relevance_floor: 0 } as const;

export interface RetrievalPlan {
  readonly folder: RetrievalFolder;
  readonly corpus: string;
  /** Texts of another set: how many of them are refused is counted too. */
  readonly off_topic: readonly string[] | undefined;
}

export async function* evaluateRetrieval(
  parts: EvaluateParts,
  { folder, corpus, off_topic }: RetrievalPlan,
  request: EvaluateRequest,
  call: Call,
): AsyncGenerator<Step, Evaluated> {
  const grades = await gradesOf(folder, request.split);
  const memory = await memoryOf(folder, request);
  const judged = [...grades.keys()].filter((id) => folder.queries.has(id) && !memory?.has(id));
  const ids =
    judged.length <= request.queries_max
      ? judged
      : seededRandom(request.seed).shuffle(judged).slice(0, request.queries_max);
  const texts = ids.map((id) => folder.queries.get(id)!);
  const by_mode: Record<string, Record<string, number>> = {};
  const playbook_scope = `eval:${corpus}`;
  const modes = memory === undefined ? MODES : [...MODES, { ...REMEMBERED, playbook_scope }];
  if (memory !== undefined) await remember(parts, folder, corpus, playbook_scope, memory, call);
  try {
    for (const { name, ...mode } of modes) {
      const options = { corpus, ...mode, k: parts.settings.retrieval_depth };
      const answers = yield* withProgress(name, texts.length, (onDone) =>
        searchEach(parts, texts, options, onDone, call),
      );
      const rankings = answers.map((answer) => answer.results.map((hit) => hit.id));
      by_mode[name] = figuresOf(
        rankings,
        ids.map((id) => grades.get(id)!),
      );
      if (name === "matrix") putRate(by_mode[name]!, "refused", answers, isRefused);
    }
    if (off_topic !== undefined) {
      const options = { corpus, mode: "mixed", relevance_floor: undefined, k: 1 } as const;
      const answers = yield* withProgress("off topic", off_topic.length, (onDone) =>
        searchEach(parts, off_topic, options, onDone, call),
      );
      putRate((by_mode["off topic"] = {}), `refused, ${request.off_topic}`, answers, isRefused);
    }
  } finally {
    if (memory !== undefined) await parts.playbook.forget_scope({ scope: playbook_scope });
  }
  return { form: "retrieval", queries: ids.length, figures: by_mode["matrix"]!, by_mode };
}

const isRefused = ({ relevance }: SearchAnswer) => relevance.verdict === "nothing_relevant";

type Grades = ReadonlyMap<string, ReadonlyMap<string, number>>;

/**
 * The judgements that memory holds: those of another split, or of the half of the same split that a
 * hash of the query id picks; these queries are not asked then.
 */
async function memoryOf(
  folder: RetrievalFolder,
  { split, remember_split }: EvaluateRequest,
): Promise<Grades | undefined> {
  if (remember_split === undefined) return undefined;
  const grades = await gradesOf(folder, remember_split);
  if (remember_split !== split) return grades;
  return new Map([...grades].filter(([id]) => Number.parseInt(sha256Hex(id).slice(0, 8), 16) % 2));
}

const BULK_ENTRIES = 1_000;

async function remember(
  { playbook }: EvaluateParts,
  folder: RetrievalFolder,
  answer_corpus: string,
  scope: string,
  memory: Grades,
  call: Call,
): Promise<void> {
  const entries = [...memory].flatMap(([id, of_query]) => {
    const query_text = folder.queries.get(id);
    if (query_text === undefined) return [];
    const best = Math.max(...of_query.values());
    return [...of_query].flatMap(([answer_id, grade]) =>
      grade > 0 ? [{ query_text, answer_id, answer_corpus, score: grade / best }] : [],
    );
  });
  for (let at = 0; at < entries.length; at += BULK_ENTRIES) {
    throwIfOver(call);
    await playbook.bulk({ entries: entries.slice(at, at + BULK_ENTRIES), scope }, call);
  }
}

/** Grades of a split, or `not_found` (no_such_split). */
export async function gradesOf(folder: RetrievalFolder, split: string) {
  const grades = await folder.grades(split);
  if (grades !== undefined) return grades;
  throw new LakehouseError("not_found", `the set has no split "${split}"`, {
    reason: "no_such_split",
    hint: `splits: ${folder.splits.join(", ")}`,
  });
}

function figuresOf(
  rankings: readonly (readonly string[])[],
  grades: readonly ReadonlyMap<string, number>[],
): Record<string, number> {
  const mean = (figure: (ranking: readonly string[], of: ReadonlyMap<string, number>) => number) =>
    meanOf(rankings.map((ranking, at) => figure(ranking, grades[at]!))) ?? 0;
  const figures: Record<string, number> = {};
  for (const k of [1, 5, 10, 100]) {
    figures[`recall@${k}`] = mean((ranking, of) => recallAt(ranking, of, k));
  }
  figures["ndcg@10"] = mean((ranking, of) => ndcgAt(ranking, of, 10));
  figures["mrr@10"] = mean((ranking, of) => reciprocalRankAt(ranking, of, 10));
  return figures;
}
