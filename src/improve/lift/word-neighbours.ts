// Which lines of a list are closest to a text in words: what look-alikes are found with.
import { stemmer } from "stemmer";

export interface WordNeighbours {
  /** Position of the closest line that `allowed` admits; undefined when none shares a word. */
  closest(text: string, allowed: (at: number) => boolean): number | undefined;
}

/** Closeness is Jaccard overlap of stems weighted by inverse document frequency. */
export function createWordNeighbours(lines: readonly string[]): WordNeighbours {
  const stems_of = lines.map(stemsOf);
  const lines_with = new Map<string, number[]>();
  for (const [at, stems] of stems_of.entries()) {
    for (const stem of stems) {
      const list = lines_with.get(stem);
      if (list === undefined) lines_with.set(stem, [at]);
      else list.push(at);
    }
  }
  const weight = (stem: string) =>
    Math.log((lines.length + 1) / ((lines_with.get(stem)?.length ?? 0) + 0.5));
  const total = (stems: ReadonlySet<string>) => [...stems].reduce((sum, it) => sum + weight(it), 0);
  const totals = stems_of.map(total);

  return {
    closest(text, allowed) {
      const stems = stemsOf(text);
      const own = total(stems);
      const common = new Map<number, number>();
      for (const stem of stems) {
        for (const at of lines_with.get(stem) ?? []) {
          common.set(at, (common.get(at) ?? 0) + weight(stem));
        }
      }
      let best: number | undefined;
      let best_overlap = 0;
      for (const [at, shared] of common) {
        const overlap = shared / (own + totals[at]! - shared);
        if (overlap <= best_overlap || !allowed(at)) continue;
        best = at;
        best_overlap = overlap;
      }
      return best;
    },
  };
}

function stemsOf(text: string): ReadonlySet<string> {
  return new Set((text.toLowerCase().match(/[\p{L}\d]+/gu) ?? []).map((word) => stemmer(word)));
}

/** Texts that differ in case, spacing and punctuation only are equal. */
export function plainText(text: string): string {
  return (text.toLowerCase().match(/[\p{L}\d]+/gu) ?? []).join(" ");
}
