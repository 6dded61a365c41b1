// Which kind of task a query is, learnt from what a scope remembers; or that it is of none.
import { createClassStatistics } from "./class-statistics.ts";
import { createClassWords } from "./class-words.ts";
import { CLASS_ODDS_MAX, inScopeProbability, type ScopeSigns } from "./scope-novelty.ts";

/** A remembered query of known class. */
export interface RoutedEntry {
  readonly task_class: string;
  /** In the order of the text. */
  readonly stems: readonly string[];
  /** Of length 1. */
  readonly vector: Float32Array;
}

/** One of the remembered queries nearest to the query asked. */
export interface RoutedNeighbour {
  readonly task_class: string;
  readonly cosine: number;
}

export interface ClassProbability {
  readonly task_class: string;
  readonly probability: number;
}

export interface TaskRoute {
  /** null when the query is of none of the classes. */
  readonly task_class: string | null;
  /** Of the best class, given that the query is of one. */
  readonly probability: number;
  /** That the query is of any of the classes. */
  readonly in_scope: number;
  /** Best first, the best class included. */
  readonly alternatives: readonly ClassProbability[];
  readonly signs: ScopeSigns | null;
  readonly reason: string;
}

/** What each view says of a class, as log probabilities up to a constant. */
export interface ClassViews {
  readonly task_class: string;
  readonly density: number;
  readonly words: number;
  readonly neighbours: number;
}

type Asked = Pick<RoutedEntry, "stems" | "vector">;

export interface TaskRouter {
  add(entry: RoutedEntry): void;
  /** The same entry as was added. */
  remove(entry: RoutedEntry): void;
  /** Entries that have a class. */
  size(): number;
  classes(): readonly string[];
  /** Takes in what was added; to be awaited before `route`. `pause` lets others go on. */
  settle(pause: () => Promise<void>): Promise<void>;
  /** The views of every class; none before `settle` found entries. */
  views(asked: Asked, neighbours: readonly RoutedNeighbour[]): ClassViews[];
  /** `neighbours`: the hundred nearest entries, or all. */
  route(
    asked: Asked,
    neighbours: readonly RoutedNeighbour[],
    options: { readonly in_scope_min: number; readonly alternatives_max: number },
  ): TaskRoute;
}

/**
 * Three views of a class, summed as log probabilities: the Gaussian about its mean, its words, and
 * its members nearby. The weights make the sum a calibrated log probability; fitted by
 * scripts/fit-task-router.ts on the valid splits of HWU64 and BANKING77 with memory of their train
 * splits. Elsewhere (valid): CLINC150 .951, BANKING77-OOS .904. They hold for other embedders,
 * since every distance is measured in the spread of the classes.
 */
export const ROUTER_WEIGHTS = { density: 0.0368, words: 0.111, neighbours: 0.498 } as const;

/** Width of the kernel about each neighbour, in spreads of a class. */
const KERNEL_WIDTH = 0.1;
/** What a class without near members is credited with; the nearest member counts 1. */
const KERNEL_FLOOR = 1e-3;
const NEAREST = 5;
export const NEIGHBOURS_MAX = 100;

export function createTaskRouter(): TaskRouter {
  const statistics = createClassStatistics();
  const words = createClassWords();

  function views(asked: Asked, neighbours: readonly RoutedNeighbour[]): ClassViews[] {
    const densities = statistics.densities(asked.vector);
    const likelihoods = words.likelihoods(asked.stems);
    const near = kernelSums(neighbours, KERNEL_WIDTH * statistics.spread());
    return [...densities].map(([task_class, density]) => ({
      task_class,
      density,
      words: likelihoods.get(task_class) ?? 0,
      neighbours: Math.log((near.get(task_class) ?? 0) + KERNEL_FLOOR),
    }));
  }

  function signsOf(
    { task_class, probability }: ClassProbability,
    density: number,
    asked: Asked,
    neighbours: readonly RoutedNeighbour[],
  ): ScopeSigns {
    const spread = statistics.spread();
    const nearest = neighbours
      .map((it) => it.cosine)
      .toSorted((a, b) => b - a)
      .slice(0, NEAREST);
    const mean = nearest.reduce((sum, it) => sum + it, 0) / Math.max(1, nearest.length);
    const relative = density - statistics.background(asked.vector);
    return {
      relative_density: relative / Math.sqrt(asked.vector.length),
      neighbour_distance: (1 - mean) / spread,
      centre_distance: (1 - statistics.centreCosine(task_class, asked.vector)) / spread,
      class_odds: logOdds(probability),
      word_novelty: words.novelty(task_class, asked.stems),
    };
  }

  return {
    add({ task_class, stems, vector }) {
      statistics.add(task_class, vector);
      words.add(task_class, stems);
    },
    remove({ task_class, stems, vector }) {
      statistics.remove(task_class, vector);
      words.remove(task_class, stems);
    },
    size: statistics.size,
    classes: statistics.classes,
    settle: statistics.settle,
    views,
    route(asked, neighbours, { in_scope_min, alternatives_max }) {
      const seen = views(asked, neighbours);
      const ranked = toProbabilities(seen);
      const best = ranked[0];
      if (best === undefined) return NO_CLASS;
      const { density } = seen.find((it) => it.task_class === best.task_class)!;
      const signs = signsOf(best, density, asked, neighbours);
      const in_scope = inScopeProbability(signs);
      const known = in_scope >= in_scope_min;
      return {
        task_class: known ? best.task_class : null,
        probability: best.probability,
        in_scope,
        alternatives: ranked.slice(0, alternatives_max),
        signs,
        reason: reasonFor(best, in_scope, known, statistics.size()),
      };
    },
  };
}

const NO_CLASS: TaskRoute = {
  task_class: null,
  probability: 0,
  in_scope: 0,
  alternatives: [],
  signs: null,
  reason: "nothing with a task class is remembered in this scope",
};

/** Sum of kernels of each class's members, the nearest of all counting 1. */
function kernelSums(
  neighbours: readonly RoutedNeighbour[],
  width: number,
): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  const nearest = neighbours.reduce((top, it) => Math.max(top, it.cosine), -1);
  for (const { task_class, cosine } of neighbours) {
    const kernel = Math.exp((cosine - nearest) / width);
    sums.set(task_class, (sums.get(task_class) ?? 0) + kernel);
  }
  return sums;
}

/** Best first; equals by name. */
function toProbabilities(views: readonly ClassViews[]): ClassProbability[] {
  const scores = views.map(
    ({ density, words, neighbours }) =>
      ROUTER_WEIGHTS.density * density +
      ROUTER_WEIGHTS.words * words +
      ROUTER_WEIGHTS.neighbours * neighbours,
  );
  const top = Math.max(...scores);
  const parts = scores.map((score) => Math.exp(score - top));
  const sum = parts.reduce((all, part) => all + part, 0);
  return views
    .map(({ task_class }, at) => ({ task_class, probability: parts[at]! / sum }))
    .toSorted((a, b) => b.probability - a.probability || (a.task_class < b.task_class ? -1 : 1));
}

function logOdds(probability: number): number {
  const odds = Math.log(probability / Math.max(1 - probability, Number.EPSILON));
  return Math.min(CLASS_ODDS_MAX, odds);
}

function reasonFor(best: ClassProbability, in_scope: number, known: boolean, n: number): string {
  const chance = `${best.probability.toFixed(2)} among the classes`;
  const inside = `${in_scope.toFixed(2)} that it is of any, by ${n} remembered queries`;
  const verdict = known ? `most like "${best.task_class}"` : "of no class that is known";
  return `${verdict}: ${known ? "" : `"${best.task_class}" comes closest, `}${chance}, ${inside}`;
}
