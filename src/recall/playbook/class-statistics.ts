// Means of task classes and the spread they share, kept as sums: nothing is trained, only counted.
import {
  addOuter,
  cholesky,
  lowerHalf,
  squaredDistance,
  traceOf,
  whiten,
  type LowerHalf,
} from "./symmetric-matrix.ts";

export interface ClassStatistics {
  add(task_class: string, vector: Float32Array): void;
  remove(task_class: string, vector: Float32Array): void;
  size(): number;
  classes(): readonly string[];
  /** Takes in what was added and measures the spread again when enough has changed. */
  settle(pause: () => Promise<void>): Promise<void>;
  /**
   * Class → log density up to a constant, every class with the same spread; none before the first
   * `settle` that found two vectors.
   */
  densities(vector: Float32Array): Map<string, number>;
  /** Log density of all vectors whatever their class, up to the same constant. */
  background(vector: Float32Array): number;
  /** Mean squared distance of a vector from the mean of its class: half of that of two members. */
  spread(): number;
  /** Cosine to the mean of a class; 0 for a class that is not there. */
  centreCosine(task_class: string, vector: Float32Array): number;
}

interface ClassSums {
  count: number;
  readonly sum: Float64Array;
  /** The mean, whitened by the fit of this number. */
  white: Float64Array;
  white_of: number;
}

interface Fit {
  readonly number: number;
  readonly within: LowerHalf;
  readonly overall: LowerHalf;
  readonly white_mean: Float64Array;
  readonly spread: number;
  readonly log_determinants: number;
  readonly changes: number;
}

/** The least share of the round (equal in every direction) covariance in each estimate. */
const SHRINKAGE_MIN = 0.1;
/** The spread is measured again when this share of the vectors has come or gone. */
const STALE_SHARE = 0.05;
/** Spreads below this are rounding. */
const SPREAD_MIN = 1e-6;
/** Multiplications between two pauses: about a millisecond. */
const STEP_WORK = 1_000_000;

/**
 * Linear discriminant analysis with a covariance shrunk towards the round one (J. H. Friedman,
 * "Regularized Discriminant Analysis", JASA 84, 1989), and the log density over all classes for
 * the relative Mahalanobis distance (Ren et al., "A Simple Fix to Mahalanobis Distance for
 * Improving Near-OOD Detection", 2021). Sums only, so entries may come and go; the covariance
 * follows when a twentieth of the entries has changed, the means at once.
 */
export function createClassStatistics(): ClassStatistics {
  const classes = new Map<string, ClassSums>();
  let waiting: { vector: Float32Array; times: number }[] = [];
  let moments: LowerHalf = new Float64Array(0);
  let total = new Float64Array(0);
  let count = 0;
  let changes = 0;
  let fit: Fit | undefined;
  let settling: Promise<void> | undefined;

  function change(task_class: string, vector: Float32Array, times: 1 | -1): void {
    if (total.length === 0) {
      total = new Float64Array(vector.length);
      moments = lowerHalf(vector.length);
    }
    const sums = classes.get(task_class) ?? emptySums(vector.length);
    classes.set(task_class, sums);
    for (let at = 0; at < vector.length; at++) {
      sums.sum[at]! += times * vector[at]!;
      total[at]! += times * vector[at]!;
    }
    sums.count += times;
    sums.white_of = 0;
    if (sums.count === 0) classes.delete(task_class);
    count += times;
    changes++;
    waiting.push({ vector: vector.slice(), times });
  }

  async function absorb(pause: () => Promise<void>): Promise<void> {
    const per_step = Math.max(1, Math.floor((2 * STEP_WORK) / total.length ** 2));
    while (waiting.length > 0) {
      const part = waiting.slice(0, per_step);
      waiting = waiting.slice(per_step);
      for (const { vector, times } of part) addOuter(moments, vector, times);
      await pause();
    }
  }

  /** Scatter about the mean of all and about the means of the classes, as of this moment. */
  async function scatters(pause: () => Promise<void>) {
    const [overall, within] = [moments.slice(), moments.slice()];
    const means = [...classes.values()].map((it) => ({ sum: it.sum.slice(), of: it.count }));
    const freedom = { overall: count - 1, within: count - classes.size };
    addOuter(overall, total, -1 / count);
    for (const { sum, of } of means) {
      addOuter(within, sum, -1 / of);
      await pause();
    }
    return { overall, within, freedom };
  }

  async function measure(pause: () => Promise<void>): Promise<void> {
    await absorb(pause);
    const size = total.length;
    const due = fit === undefined || changes - fit.changes > STALE_SHARE * count;
    if (count < 2 || !due) return;
    const [changes_then, mean] = [changes, total.map((sum) => sum / count)];
    const { overall, within, freedom } = await scatters(pause);
    const round = traceOf(overall, size) / Math.max(1, freedom.overall) || SPREAD_MIN;
    // Classes of one entry each say nothing of the spread within: half of the overall stands in.
    const own = traceOf(within, size) / Math.max(1, freedom.within);
    const spread = freedom.within < 1 || own < SPREAD_MIN ? round / 2 : own;
    for (const [half, free, trace] of [
      [overall, freedom.overall, round],
      [within, freedom.within, spread],
    ] as const) {
      shrink(half, size, free, trace);
      for (const _ of cholesky(half, size, STEP_WORK)) await pause();
    }
    fit = {
      number: (fit?.number ?? 0) + 1,
      within,
      overall,
      white_mean: whiten(overall, mean),
      spread,
      log_determinants: logDeterminant(within, size) - logDeterminant(overall, size),
      changes: changes_then,
    };
  }

  function whiteMean(sums: ClassSums, { number, within }: Fit): Float64Array {
    if (sums.white_of !== number) {
      sums.white = whiten(
        within,
        sums.sum.map((value) => value / sums.count),
      );
      sums.white_of = number;
    }
    return sums.white;
  }

  return {
    add: (task_class, vector) => change(task_class, vector, 1),
    remove: (task_class, vector) => change(task_class, vector, -1),
    size: () => count,
    classes: () => [...classes.keys()],
    spread: () => fit?.spread ?? 1,
    settle(pause) {
      settling ??= measure(pause).finally(() => (settling = undefined));
      return settling;
    },
    densities(vector) {
      const found = new Map<string, number>();
      if (fit === undefined) return found;
      const white = whiten(fit.within, vector);
      for (const [name, sums] of classes) {
        found.set(name, -0.5 * squaredDistance(white, whiteMean(sums, fit)));
      }
      return found;
    },
    background(vector) {
      if (fit === undefined) return 0;
      const off = squaredDistance(whiten(fit.overall, vector), fit.white_mean);
      return fit.log_determinants - 0.5 * off;
    },
    centreCosine(task_class, vector) {
      const sums = classes.get(task_class);
      if (sums === undefined) return 0;
      let [product, squares] = [0, 0];
      for (let at = 0; at < vector.length; at++) {
        product += vector[at]! * sums.sum[at]!;
        squares += sums.sum[at]! ** 2;
      }
      return squares === 0 ? 0 : product / Math.sqrt(squares);
    },
  };
}

function emptySums(size: number): ClassSums {
  return { count: 0, sum: new Float64Array(size), white: new Float64Array(0), white_of: 0 };
}

/** Scatter to covariance: the fewer vectors, the rounder. */
function shrink(half: LowerHalf, size: number, freedom: number, trace: number): void {
  const share = Math.max(SHRINKAGE_MIN, size / (size + Math.max(0, freedom)));
  const factor = (1 - share) / Math.max(1, freedom);
  for (let at = 0; at < half.length; at++) half[at]! *= factor;
  for (let row = 0; row < size; row++) {
    half[(row * (row + 1)) / 2 + row]! += (share * trace) / size;
  }
}

function logDeterminant(factor: LowerHalf, size: number): number {
  let sum = 0;
  for (let row = 0; row < size; row++) sum += Math.log(factor[(row * (row + 1)) / 2 + row]!);
  return sum;
}
