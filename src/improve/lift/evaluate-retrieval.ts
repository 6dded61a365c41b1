// Retrieval figures of a set in BEIR form, for each search mode and the matrix as users meet it.
import type { Call } from "#kernel/call.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { seededRandom } from "#kernel/random.ts";
import type { EvaluateParts, Evaluated, EvaluateRequest } from "./evaluate-set.ts";
import { searchEach } from "./search-each.ts";
import type { RetrievalFolder } from "./retrieval-folder.ts";
import { ndcgAt, recallAt, reciprocalRankAt } from "./retrieval-figures.ts";
import { meanOf } from "./rates.ts";
import { withProgress, type Step } from "./with-progress.ts";

/** `matrix` keeps the relevance floor, so a refused query counts as nothing found. */
const MODES = [
  { name: "vector", mode: "vector", relevance_floor: 0 },
  { name: "lexical", mode: "lexical", relevance_floor: 0 },
  { name: "mixed", mode: "mixed", relevance_floor: 0 },
  { name: "matrix", mode: "mixed", relevance_floor: undefined },
] as const;

export async function* evaluateRetrieval(
  parts: EvaluateParts,
  folder: RetrievalFolder,
  corpus: string,
  request: EvaluateRequest,
  call: Call,
): AsyncGenerator<Step, Evaluated> {
  const grades = await gradesOf(folder, request.split);
  const judged = [...grades.keys()].filter((id) => folder.queries.has(id));
  const ids =
    judged.length <= request.queries_max
      ? judged
      : seededRandom(request.seed).shuffle(judged).slice(0, request.queries_max);
  const texts = ids.map((id) => folder.queries.get(id)!);
  const by_mode: Record<string, Record<string, number>> = {};
  for (const { name, mode, relevance_floor } of MODES) {
    const options = { corpus, mode, relevance_floor, k: parts.settings.retrieval_depth };
    const answers = yield* withProgress(name, texts.length, (onDone) =>
      searchEach(parts, texts, options, onDone, call),
    );
    const rankings = answers.map((answer) => answer.results.map((hit) => hit.id));
    by_mode[name] = figuresOf(
      rankings,
      ids.map((id) => grades.get(id)!),
    );
  }
  return { form: "retrieval", queries: ids.length, figures: by_mode["matrix"]!, by_mode };
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
