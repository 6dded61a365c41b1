// Routing figures of a few-shot-intent set: is the nearest exemplar of the right label?
import type { Call } from "#kernel/call.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { seededRandom } from "#kernel/random.ts";
import { evaluateRouting } from "./evaluate-routing.ts";
import type { EvaluateParts, Evaluated, EvaluateRequest } from "./evaluate-set.ts";
import type { IntentFolder, LabelledText } from "./intent-folder.ts";
import type { SearchAnswer } from "./lift-passes.ts";
import { needQueries } from "./nothing-to-ask.ts";
import { chooseExemplars } from "./prepare-intent-set.ts";
import { rateWhere } from "./rates.ts";
import { aurocOf } from "./retrieval-figures.ts";
import { searchEach } from "./search-each.ts";
import { plainText } from "./word-neighbours.ts";
import { withProgress, type Step } from "./with-progress.ts";

const MODES = ["vector", "lexical", "mixed"] as const;

export interface IntentPlan {
  readonly exemplars: readonly LabelledText[];
  readonly queries: readonly LabelledText[];
}

/**
 * Split "train": few-shot exemplars against the rest of train. Split "valid" or "test": the
 * whole of train against that part.
 */
export function planIntents(
  folder: IntentFolder,
  request: EvaluateRequest,
  exemplars_per_label: number,
): IntentPlan {
  const random = seededRandom(request.seed);
  const asked = folder.asked.get(request.split);
  if (asked !== undefined) {
    const queries = random.shuffle(asked).slice(0, request.queries_max);
    return { exemplars: folder.train, queries };
  }
  if (request.split !== "train") {
    throw new LakehouseError("not_found", `the set has no split "${request.split}"`, {
      reason: "no_such_split",
      hint: `splits: ${["train", ...folder.asked.keys()].join(", ")}`,
    });
  }
  const exemplars = chooseExemplars(folder, exemplars_per_label, random);
  const taken = new Set(exemplars.map((line) => plainText(line.text)));
  const open = folder.train.filter((line) => !taken.has(plainText(line.text)));
  const queries = random.shuffle(open).slice(0, request.queries_max);
  needQueries(queries, folder.train, exemplars, [...folder.asked.keys()]);
  return { exemplars, queries };
}

export async function* evaluateIntents(
  parts: EvaluateParts,
  folder: IntentFolder,
  plan: IntentPlan,
  request: EvaluateRequest,
  corpus: string,
  call: Call,
): AsyncGenerator<Step, Evaluated> {
  const by_mode: Record<string, Record<string, number>> = {};
  const ask = (phase: string, texts: readonly string[], mode: (typeof MODES)[number]) => {
    const options = { corpus, mode, relevance_floor: 0, k: parts.settings.neighbours };
    return withProgress(phase, texts.length, (onDone) =>
      searchEach(parts, texts, options, onDone, call),
    );
  };
  const texts = plan.queries.map((line) => line.text);
  for (const mode of MODES) {
    const inside = yield* ask(mode, texts, mode);
    const labels = plan.queries.map((line) => line.label);
    const figures = routingFigures(inside, labels);
    for (const { folder: name, texts: outside_texts } of folder.outside) {
      const outside = yield* ask(`${mode}, ${name}`, outside_texts, mode);
      if (outside.length === 0) continue;
      figures[`auroc ${name}`] = aurocOf(inside.map(topScore), outside.map(topScore));
    }
    by_mode[mode] = figures;
  }
  const routing = yield* evaluateRouting(parts, folder, plan, request, `eval:${corpus}`, call);
  const figures = { ...by_mode["mixed"]!, ...routing["memory"]!, ...routing["origin"] };
  return { form: "intents", queries: texts.length, figures, by_mode: { ...by_mode, ...routing } };
}

function topScore(answer: SearchAnswer): number {
  return answer.relevance.top_score;
}

function routingFigures(
  answers: readonly SearchAnswer[],
  labels: readonly string[],
): Record<string, number> {
  const rows = answers.map((answer, at) => ({ answer, label: labels[at]! }));
  return {
    accuracy_1nn: rateWhere(rows, (row) => labelOf(row.answer, 0) === row.label).rate ?? 0,
    accuracy_knn: rateWhere(rows, (row) => votedLabel(row.answer) === row.label).rate ?? 0,
  };
}

function labelOf(answer: SearchAnswer, at: number): string | undefined {
  const label = answer.results[at]?.metadata["label"];
  return typeof label === "string" ? label : undefined;
}

/** The label whose hits have the greatest sum of scores. */
function votedLabel(answer: SearchAnswer): string | undefined {
  const votes = new Map<string, number>();
  for (const [at, hit] of answer.results.entries()) {
    const label = labelOf(answer, at);
    if (label !== undefined) votes.set(label, (votes.get(label) ?? 0) + hit.score);
  }
  return [...votes].toSorted((a, b) => b[1] - a[1])[0]?.[0];
}
