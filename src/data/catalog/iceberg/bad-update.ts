// Errors of requirements and updates, and the known name nearest to an unknown one.
import { LakehouseError } from "#kernel/problem.ts";

/** `invalid` with reason `bad_update`. */
export function badUpdate(message: string, hint?: string, cause?: unknown): LakehouseError {
  return new LakehouseError("invalid", message, {
    reason: "bad_update",
    ...(hint === undefined ? {} : { hint }),
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The name with the fewest letters to change (Levenshtein distance). */
export function nearest(word: string, names: readonly string[]): string {
  const [first] = names.toSorted((a, b) => distance(word, a) - distance(word, b));
  return first ?? word;
}

function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let at = 1; at <= Math.min(from.length, 100); at++) {
    const next = [at];
    for (let other = 1; other <= to.length; other++) {
      const change = row[other - 1]! + (from[at - 1] === to[other - 1] ? 0 : 1);
      next.push(Math.min(change, row[other]! + 1, next[other - 1]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
}
