// The figures by which retrieval is judged.

/** Ids in rank order, best first. */
type Ranking = readonly string[];
/** Id → graded relevance; 0 or absent: not relevant. */
type Grades = ReadonlyMap<string, number>;

/** Share of the relevant ids among the first k. */
export function recallAt(ranking: Ranking, grades: Grades, k: number): number {
  const relevant = [...grades].filter(([, grade]) => grade > 0);
  if (relevant.length === 0) return 0;
  const seen = new Set(ranking.slice(0, k));
  return relevant.filter(([id]) => seen.has(id)).length / relevant.length;
}

/**
 * Normalised discounted cumulative gain as trec_eval's `ndcg_cut` and BEIR compute it: linear gain
 * (the grade itself), discount log2(rank + 1), ideal over all graded ids (Järvelin and Kekäläinen,
 * TOIS 20, 2002).
 */
export function ndcgAt(ranking: Ranking, grades: Grades, k: number): number {
  const gains = ranking.slice(0, k).map((id) => grades.get(id) ?? 0);
  const ideal = [...grades.values()].toSorted((a, b) => b - a).slice(0, k);
  const best = discounted(ideal);
  return best === 0 ? 0 : discounted(gains) / best;
}

function discounted(gains: readonly number[]): number {
  return gains.reduce((sum, gain, at) => sum + gain / Math.log2(at + 2), 0);
}

/** 1 / rank of the first relevant id within k; 0 when there is none. */
export function reciprocalRankAt(ranking: Ranking, grades: Grades, k: number): number {
  const at = ranking.slice(0, k).findIndex((id) => (grades.get(id) ?? 0) > 0);
  return at < 0 ? 0 : 1 / (at + 1);
}

/**
 * Area under the ROC curve: the chance that a random member of `inside` scores above a random one
 * of `outside`, ties counting half (Mann-Whitney U). NaN when either is empty.
 */
export function aurocOf(inside: readonly number[], outside: readonly number[]): number {
  const all = [
    ...inside.map((score) => ({ score, inside: true })),
    ...outside.map((score) => ({ score, inside: false })),
  ].toSorted((a, b) => a.score - b.score);
  let rank_sum = 0;
  for (let from = 0; from < all.length;) {
    let to = from;
    while (to < all.length && all[to]!.score === all[from]!.score) to++;
    const members = all.slice(from, to).filter((it) => it.inside).length;
    rank_sum += members * ((from + 1 + to) / 2);
    from = to;
  }
  const n = inside.length;
  return (rank_sum - (n * (n + 1)) / 2) / (n * outside.length);
}
