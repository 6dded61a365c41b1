// How much two sequences of words have in common: as bags, as n-grams, in order, by edits.

/** Joined so that no word can look like two. */
const JOIN = "\n";

/** Runs of n words. */
export function gramsOf(words: readonly string[], n: number): string[] {
  return words.slice(n - 1).map((_, at) => words.slice(at, at + n).join(JOIN));
}

/** Pairs of words with up to three between them; `ordered` false: whichever comes first. */
export function skipGramsOf(words: readonly string[], ordered: boolean): string[] {
  return words.flatMap((word, at) =>
    words.slice(at + 1, at + 5).map((other) => {
      const turned = !ordered && other < word;
      return turned ? other + JOIN + word : word + JOIN + other;
    }),
  );
}

function countsOf(items: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  return counts;
}

/** How many items two bags have in common. */
export function commonCount(a: readonly string[], b: readonly string[]): number {
  const counts = countsOf(a);
  let common = 0;
  for (const [item, n] of countsOf(b)) common += Math.min(n, counts.get(item) ?? 0);
  return common;
}

/** Jaccard overlap of two bags, 0 to 1; 1 when both are empty. */
export function bagOverlap(a: readonly string[], b: readonly string[]): number {
  const common = commonCount(a, b);
  const all = a.length + b.length - common;
  return all === 0 ? 1 : common / all;
}

/** Length of the longest common subsequence. */
export function commonInOrder(a: readonly string[], b: readonly string[]): number {
  const row = Array.from({ length: b.length + 1 }, () => 0);
  for (const x of a) {
    let diagonal = 0;
    for (const [at, y] of b.entries()) {
      const above = row[at + 1]!;
      row[at + 1] = x === y ? diagonal + 1 : Math.max(above, row[at]!);
      diagonal = above;
    }
  }
  return row.at(-1)!;
}

/** Words to insert, delete or replace to make one of the other. */
export function editsBetween(a: readonly string[], b: readonly string[]): number {
  const row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (const [before, x] of a.entries()) {
    let diagonal = row[0]!;
    row[0] = before + 1;
    for (const [at, y] of b.entries()) {
      const above = row[at + 1]!;
      row[at + 1] = Math.min(above + 1, row[at]! + 1, diagonal + (x === y ? 0 : 1));
      diagonal = above;
    }
  }
  return row.at(-1)!;
}

/** Share of pairs that stand the other way round, 0 to 1. */
export function inversionShare(places: readonly number[]): number {
  const n = places.length;
  if (n < 2) return 0;
  let turned = 0;
  for (const [at, place] of places.entries()) {
    for (const later of places.slice(at + 1)) if (place > later) turned++;
  }
  return turned / ((n * (n - 1)) / 2);
}
