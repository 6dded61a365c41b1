// Sentence pairs through the playbook service: the first is recorded, the second asked.
import type { Call } from "#kernel/call.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { seededRandom } from "#kernel/random.ts";
import type { PlaybookMatch } from "#contracts/playbook.ts";
import type { Evaluated, EvaluateRequest, MemoryParts } from "./evaluate-set.ts";
import { mapAtOnce } from "./map-at-once.ts";
import { partOfPair, type PairFolder, type SentencePair } from "./pair-folder.ts";
import { rateWhere } from "./rates.ts";
import { recallAtFalse, type Scored } from "./recall-at-false.ts";
import { aurocOf } from "./retrieval-figures.ts";
import { withProgress, type Step } from "./with-progress.ts";

/**
 * Pairs of a split: the name of a file, or a part of all files by a hash of the id ("fit", "dev",
 * "held_out"). "train" without such a file is "held_out": the coefficients were fitted on the rest.
 */
export function pairsOfSplit(folder: PairFolder, request: EvaluateRequest): SentencePair[] {
  const all = [...folder.files.values()].flat();
  const name = request.split === "train" && !folder.files.has("train") ? "held_out" : request.split;
  const in_part = all.filter((pair) => partOfPair(pair.id) === name);
  // A file may have the name of a part ("dev"): then the whole file is meant only as "<name>.tsv".
  const pairs = in_part.length > 0 ? in_part : folder.files.get(name.replace(/\.tsv$/u, ""));
  if (pairs === undefined) {
    throw new LakehouseError("not_found", `the set has no split "${request.split}"`, {
      reason: "no_such_split",
      hint: `splits: held_out, fit, dev, ${[...folder.files.keys()].map((it) => `${it}.tsv`).join(", ")}`,
    });
  }
  return seededRandom(request.seed)
    .shuffle([...pairs])
    .slice(0, request.queries_max);
}

export async function* evaluatePairs(
  parts: MemoryParts,
  pairs: readonly SentencePair[],
  scope: string,
  call: Call,
): AsyncGenerator<Step, Evaluated> {
  const matches = yield* withProgress("pairs", pairs.length, (onDone) =>
    mapAtOnce(
      pairs,
      parts.settings.searches_at_once,
      (pair, at) => matchPair(parts, pair, `${scope}:${at}`, call),
      onDone,
      call,
    ),
  );
  const scored = (score: (match: PlaybookMatch | undefined) => number): Scored[] =>
    pairs.map(({ is_same }, at) => ({ is_same, score: score(matches[at]) }));
  const same = scored((match) => match?.same ?? 0);
  const permuted = same.map((it, at) => ({
    ...it,
    is_same: same[(at + 1) % same.length]!.is_same,
  }));
  const by_mode = {
    same: { ...figuresOf(same), ...decidedFigures(pairs, matches) },
    cosine: figuresOf(scored((match) => match?.semantic ?? 0)),
    "word overlap": figuresOf(scored((match) => match?.lexical ?? 0)),
    "same, labels permuted": figuresOf(permuted),
  };
  return { form: "pairs", queries: pairs.length, figures: by_mode.same, by_mode };
}

async function matchPair(
  { playbook }: MemoryParts,
  { first, second }: SentencePair,
  scope: string,
  call: Call,
): Promise<PlaybookMatch | undefined> {
  const entry = { query_text: first, answer_id: "a", answer_corpus: "pairs", score: 1 };
  // As one of many: a corpus of nearly this name makes no difference.
  const { playbook_ids } = await playbook.bulk({ entries: [entry], scope }, call);
  try {
    return (await playbook.match({ query_text: second, scope, k: 1 }, call)).matches[0];
  } finally {
    await playbook.retire({ playbook_id: playbook_ids[0]! });
  }
}

function figuresOf(scored: readonly Scored[]): Record<string, number> {
  const figures: Record<string, number> = {};
  for (const percent of [5, 1]) {
    const { rate, low, high } = recallAtFalse(scored, percent / 100);
    if (rate === null) continue;
    figures[`recall at ${percent} % false`] = rate;
    figures[`recall at ${percent} % false, low`] = low!;
    figures[`recall at ${percent} % false, high`] = high!;
  }
  const scores = (is_same: boolean) =>
    scored.filter((it) => it.is_same === is_same).map((it) => it.score);
  const [same, other] = [scores(true), scores(false)];
  if (same.length === 0 || other.length === 0) return figures;
  return { ...figures, auroc: aurocOf(same, other) };
}

/** How often the decisions fell, on the pairs that say the same and on the others. */
function decidedFigures(
  pairs: readonly SentencePair[],
  matches: readonly (PlaybookMatch | undefined)[],
): Record<string, number> {
  const figures: Record<string, number> = {};
  const rows = pairs.map(({ is_same }, at) => ({ is_same, decisions: matches[at]?.decisions }));
  for (const decision of ["boost", "reuse"] as const) {
    for (const is_same of [true, false]) {
      const of = rows.filter((it) => it.is_same === is_same);
      const rate = rateWhere(of, (it) => it.decisions?.[decision].decided ?? false);
      if (rate.rate !== null) figures[`${decision}, ${is_same ? "same" : "other"}`] = rate.rate;
    }
  }
  return figures;
}
