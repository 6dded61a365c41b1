// Fits small even trees by gradient boosting on the logistic loss; same data and seed, same trees.
import { seededRandom } from "#kernel/random.ts";
import type { BoostedTrees, EvenTree } from "#recall/playbook/boosted-trees.ts";

export interface Example {
  readonly features: Readonly<Record<string, number>>;
  readonly is_same: boolean;
}

export interface TreeOptions {
  readonly trees: number;
  readonly depth: number;
  readonly rate: number;
  /** Added to the sum of second derivatives of each leaf: keeps small leaves small. */
  readonly ridge: number;
  /** Share of the features that each tree may ask about. */
  readonly features_share: number;
  readonly seed: number;
}

const BINS = 32;

/** A feature in bins: the bounds between them, and the bin of each example. */
interface Column {
  readonly name: string;
  readonly bounds: readonly number[];
  readonly bins: Uint8Array;
}

export function fitBoostedTrees(data: readonly Example[], options: TreeOptions): BoostedTrees {
  const random = seededRandom(options.seed);
  const columns = Object.keys(data[0]!.features).map((name) => binned(name, data));
  const same = data.filter((it) => it.is_same).length;
  const bias = rounded(Math.log(same / (data.length - same)));
  const sums = new Float64Array(data.length).fill(bias);
  const trees: EvenTree[] = [];
  const take = Math.max(1, Math.round(columns.length * options.features_share));
  for (let n = 0; n < options.trees; n++) {
    const some = random.shuffle(columns).slice(0, take);
    const { tree, leaf_of } = growTree(data, sums, some, options);
    for (const at of sums.keys()) sums[at]! += tree.leaves[leaf_of[at]!]!;
    trees.push(tree);
  }
  return { bias, trees };
}

function binned(name: string, data: readonly Example[]): Column {
  const values = data.map((it) => it.features[name]!);
  const sorted = values.toSorted((a, b) => a - b);
  const cuts = Array.from({ length: BINS - 1 }, (_, at) => {
    const place = Math.floor(((at + 1) * sorted.length) / BINS);
    return rounded((sorted[place]! + sorted[place - 1]!) / 2);
  });
  const bounds = [...new Set(cuts)].filter((bound) => bound < sorted.at(-1)!);
  const bins = Uint8Array.from(values, (value) => bounds.filter((bound) => value > bound).length);
  return { name, bounds, bins };
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

function growTree(
  data: readonly Example[],
  sums: Float64Array,
  columns: readonly Column[],
  { depth, rate, ridge }: TreeOptions,
): { tree: EvenTree; leaf_of: Uint8Array } {
  const slope = new Float64Array(data.length);
  const bend = new Float64Array(data.length);
  for (const [at, { is_same }] of data.entries()) {
    const p = 1 / (1 + Math.exp(-sums[at]!));
    slope[at] = (is_same ? 1 : 0) - p;
    bend[at] = p * (1 - p);
  }
  const leaf_of = new Uint8Array(data.length);
  const ask: [string, number][] = [];
  for (let level = 0; level < depth; level++) {
    const best = bestQuestion(columns, leaf_of, 2 ** level, slope, bend, ridge);
    ask.push([best.column.name, best.column.bounds[best.bound]!]);
    for (const [at, bin] of best.column.bins.entries()) {
      if (bin > best.bound) leaf_of[at]! += 2 ** level;
    }
  }
  const totals = Array.from({ length: 2 ** depth }, () => ({ slope: 0, bend: 0 }));
  for (const [at, leaf] of leaf_of.entries()) {
    totals[leaf]!.slope += slope[at]!;
    totals[leaf]!.bend += bend[at]!;
  }
  const leaves = totals.map((it) => rounded((rate * it.slope) / (it.bend + ridge)));
  return { tree: { ask, leaves }, leaf_of };
}

/** The question that, asked of every leaf, lowers the loss most. */
function bestQuestion(
  columns: readonly Column[],
  leaf_of: Uint8Array,
  leaves: number,
  slope: Float64Array,
  bend: Float64Array,
  ridge: number,
): { column: Column; bound: number } {
  let best = { column: columns[0]!, bound: 0, worth: Number.NEGATIVE_INFINITY };
  for (const column of columns) {
    const width = column.bounds.length + 1;
    const slopes = new Float64Array(leaves * width);
    const bends = new Float64Array(leaves * width);
    for (let at = 0; at < leaf_of.length; at++) {
      const place = leaf_of[at]! * width + column.bins[at]!;
      slopes[place]! += slope[at]!;
      bends[place]! += bend[at]!;
    }
    const worths = worthOfBounds(slopes, bends, width, ridge);
    for (const [bound, worth] of worths.entries()) {
      if (worth > best.worth) best = { column, bound, worth };
    }
  }
  return best;
}

/** For each bound the sum over leaves of what splitting there gains. */
function worthOfBounds(
  slopes: Float64Array,
  bends: Float64Array,
  width: number,
  ridge: number,
): Float64Array {
  const worths = new Float64Array(width - 1);
  for (let from = 0; from < slopes.length; from += width) {
    const leaf_slopes = slopes.subarray(from, from + width);
    const leaf_bends = bends.subarray(from, from + width);
    const slope = leaf_slopes.reduce((sum, it) => sum + it, 0);
    const bend = leaf_bends.reduce((sum, it) => sum + it, 0);
    let below_slope = 0;
    let below_bend = 0;
    for (let bound = 0; bound < width - 1; bound++) {
      below_slope += leaf_slopes[bound]!;
      below_bend += leaf_bends[bound]!;
      worths[bound]! +=
        below_slope ** 2 / (below_bend + ridge) +
        (slope - below_slope) ** 2 / (bend - below_bend + ridge);
    }
  }
  return worths;
}
