// One search: retrieve, judge relevance, let playbooks speak, rank.
import type { Call } from "#kernel/call.ts";
import type { Client, OutputOf, ParsedInputOf } from "#kernel/contract.ts";
import type { matrix } from "#contracts/matrix.ts";
import type { embed } from "#contracts/embed.ts";
import type { playbookContract, PlaybookMatch } from "#contracts/playbook.ts";
import type { vector } from "#contracts/vector.ts";
import type { CorpusRecord } from "./corpus-registry.ts";
import { checkFilterFields } from "./filter-fields.ts";
import { explainHit } from "./explain-hit.ts";
import type { ScoreScale } from "#ports/hit-score.ts";
import { judgedNeighbours, withFeedback } from "./judged-neighbours.ts";
import type { MatrixSettings } from "./matrix-settings.ts";
import { answerKey, applyBoost, bestApplied } from "./playbook-boost.ts";
import { withEffects } from "./playbook-effects.ts";
import { rerankFound } from "./rerank-found.ts";
import { hitRelevance, judgeRelevance } from "./relevance-gate.ts";
import {
  byDistance,
  searchAmong,
  searchCorpora,
  type Found,
  type Retrieval,
} from "./search-corpora.ts";

type SearchInput = ParsedInputOf<(typeof matrix)["operations"]["search"]>;
type SearchOutput = OutputOf<(typeof matrix)["operations"]["search"]>;

export interface SearchParts {
  readonly vector: Client<typeof vector>;
  readonly playbook: Client<typeof playbookContract>;
  readonly embed: Client<typeof embed>;
  readonly settings: MatrixSettings;
}

/**
 * Searches these corpora; an off-topic query gets no hits and the reason. Throws `invalid` when a
 * filter names a field that no item searched has.
 */
export async function searchMatrix(
  parts: SearchParts,
  corpora: readonly CorpusRecord[],
  input: SearchInput,
  call: Call,
): Promise<SearchOutput> {
  const started_ms = performance.now();
  const { settings } = parts;
  await checkFilterFields(parts.vector, corpora, input.filters, call);
  const retrieval: Retrieval = {
    query_text: input.query_text,
    filters: input.filters,
    mode: input.mode,
    k: Math.max(input.k, settings.candidates_min),
    scale: scaleOf(input.mode, settings),
    corpora_at_once: settings.corpora_at_once,
  };
  const [retrieved, matches] = await Promise.all([
    searchCorpora(parts.vector, corpora, retrieval, call),
    considerPlaybooks(parts, corpora, input, call),
  ]);
  const known = await withNeighbours(parts, corpora, retrieved, matches, retrieval, call);
  const found = await rerankFound(parts.embed, known, input, settings.rerank_candidates, call);
  const boosted = await withPlaybooks(parts, corpora, found, matches, retrieval, input.k, call);
  const { bm25_half, words_meaning_min } = settings;
  const floor = input.relevance_floor ?? settings.relevance_floor;
  const spoke = boosted.some((hit) => hit.playbook !== null);
  const relevance = judgeRelevance(
    input.query_text,
    found,
    { floor, bm25_half, words_meaning_min },
    spoke,
  );
  const hit_floor = Math.min(settings.hit_floor, floor);
  const results =
    relevance.verdict === "nothing_relevant"
      ? []
      : boosted
          .filter((hit) => hit.playbook !== null || hitRelevance(hit, bm25_half) >= hit_floor)
          .toSorted(byDistance)
          .slice(0, input.k)
          .map((hit, at) => ({ ...hit, rank: at + 1, explain: explainHit(hit, retrieval.scale) }));
  const outcome = { hits: boosted, results };
  return {
    results,
    relevance,
    playbooks: await withEffects(parts.vector, corpora, matches, outcome, retrieval, call),
    took_ms: performance.now() - started_ms,
    trace_id: call.trace_id,
  };
}

/** One kind of score alone has all the weight. */
function scaleOf(mode: SearchInput["mode"], settings: MatrixSettings): ScoreScale {
  const semantic_weight = { mixed: settings.semantic_weight, vector: 1, lexical: 0 }[mode];
  return { semantic_weight, bm25_half: settings.bm25_half };
}

async function considerPlaybooks(
  { playbook, settings }: SearchParts,
  corpora: readonly CorpusRecord[],
  input: SearchInput,
  call: Call,
): Promise<PlaybookMatch[]> {
  if (!input.use_playbook || corpora.length === 0) return [];
  const request = {
    query_text: input.query_text,
    corpora: corpora.map((it) => it.corpus),
    k: settings.playbooks_considered,
    scope: input.playbook_scope,
    facts: input.facts,
    ...(input.task_class === undefined ? {} : { task_class: input.task_class }),
  };
  return (await playbook.match(request, call)).matches;
}

/** Answers to similar queries raised, and fetched where they were not found; filters hold. */
async function withNeighbours(
  parts: SearchParts,
  corpora: readonly CorpusRecord[],
  retrieved: readonly Found[],
  matches: readonly PlaybookMatch[],
  retrieval: Retrieval,
  call: Call,
): Promise<readonly Found[]> {
  const { feedback_weight } = parts.settings;
  if (feedback_weight === 0) return retrieved;
  const missing = judgedNeighbours(matches);
  if (missing.size === 0) return retrieved;
  const hits = retrieved.map((hit) => {
    const key = answerKey(hit.corpus, hit.id);
    const neighbour = missing.get(key);
    if (neighbour === undefined) return hit;
    missing.delete(key);
    return withFeedback(hit, neighbour, feedback_weight);
  });
  for (const corpus of corpora) {
    const absent = [...missing.values()].filter((one) => one.answer_corpus === corpus.corpus);
    if (absent.length === 0) continue;
    const ids = absent.map((one) => one.answer_id);
    for (const hit of await searchAmong(parts.vector, corpus, ids, retrieval, call)) {
      const neighbour = missing.get(answerKey(hit.corpus, hit.id));
      if (neighbour !== undefined) hits.push(withFeedback(hit, neighbour, feedback_weight));
    }
  }
  return hits.toSorted(byDistance);
}

/** Boosts answers that were found and fetches those that were not; filters hold for both. */
async function withPlaybooks(
  parts: SearchParts,
  corpora: readonly CorpusRecord[],
  found: readonly Found[],
  matches: readonly PlaybookMatch[],
  retrieval: Retrieval,
  k: number,
  call: Call,
): Promise<Found[]> {
  const applied = bestApplied(matches);
  if (applied.size === 0) return [...found];
  const strength = parts.settings.playbook_strength;
  const missing = new Map(applied);
  const hits = found.map((hit, at) => {
    const key = answerKey(hit.corpus, hit.id);
    const match = applied.get(key);
    if (match === undefined) return hit;
    missing.delete(key);
    return applyBoost(hit, match, strength, at < k ? "boosted" : "injected");
  });
  for (const corpus of corpora) {
    const absent = [...missing.values()].filter(
      (match) => match.playbook.answer_corpus === corpus.corpus,
    );
    if (absent.length === 0) continue;
    const ids = absent.map((match) => match.playbook.answer_id);
    for (const hit of await searchAmong(parts.vector, corpus, ids, retrieval, call)) {
      const match = missing.get(answerKey(hit.corpus, hit.id));
      if (match !== undefined) hits.push(applyBoost(hit, match, strength, "injected"));
    }
  }
  return hits;
}
