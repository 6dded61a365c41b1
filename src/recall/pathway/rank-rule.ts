// The rank rules: what a trace stands for beside its relevance, and newer above older.
import { utilityOf } from "./pathway-row.ts";
import type { PathwaySettings } from "./pathway-settings.ts";

export interface Standing {
  readonly decay: number;
  readonly utility: number;
  readonly trust: number;
  readonly stale: number;
}

const DAY_MS = 86_400_000;

/**
 * Factors of a score. Utility and trust run from half to one and a half and are 1 where nothing is
 * known; age takes at most what `decay_floor` leaves.
 */
export function standingOf(
  facts: {
    readonly confirmed_ms: number;
    readonly successes: number;
    readonly failures: number;
    readonly trust: number;
    readonly stale: boolean;
  },
  settings: Pick<PathwaySettings, "half_life_days" | "decay_floor" | "stale_factor">,
  now_ms: number,
): Standing {
  const age_days = Math.max(0, now_ms - facts.confirmed_ms) / DAY_MS;
  const { decay_floor } = settings;
  return {
    decay: decay_floor + (1 - decay_floor) * 0.5 ** (age_days / settings.half_life_days),
    utility: 0.5 + utilityOf(facts.successes, facts.failures),
    trust: 0.5 + facts.trust,
    stale: facts.stale ? settings.stale_factor : 1,
  };
}

/** What the order of hits is decided on. */
export interface Ranked {
  /** Hashes of its words. */
  readonly words: ReadonlySet<number>;
  readonly recorded_ms: number;
  /** Utility, trust and staleness together. */
  readonly standing: number;
}

/**
 * Puts the newer of two traces that say much the same above the older one, unless the query names
 * something that only the older one has, or the newer one stands lower: what fails, or what nobody
 * vouches for, does not take the place of better for being new. Two traces are alike when the
 * words they share are at least `alike_min` of those of the longer one. All others stay.
 */
export function newerFirst<T extends Ranked>(
  hits: readonly T[],
  query: ReadonlySet<number>,
  alike_min: number,
): T[] {
  const ordered: T[] = [];
  for (const hit of hits) {
    const above = ordered.findIndex(
      (one) =>
        one.recorded_ms < hit.recorded_ms &&
        one.standing <= hit.standing &&
        shared(one.words, hit.words) >= alike_min &&
        !hasMoreOf(query, one.words, hit.words),
    );
    if (above < 0) ordered.push(hit);
    else ordered.splice(above, 0, hit);
  }
  return ordered;
}

function shared(a: ReadonlySet<number>, b: ReadonlySet<number>): number {
  const longer = Math.max(a.size, b.size);
  if (longer === 0) return 0;
  let both = 0;
  for (const word of a) if (b.has(word)) both++;
  return both / longer;
}

/** Whether `a` has a word of the query that `b` lacks. */
function hasMoreOf(
  query: ReadonlySet<number>,
  a: ReadonlySet<number>,
  b: ReadonlySet<number>,
): boolean {
  for (const word of query) if (a.has(word) && !b.has(word)) return true;
  return false;
}
