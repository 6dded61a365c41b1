// Counts under labels that cost a few additions each: a series is looked up once and then held.
import { Counter, type Histogram, type Registry } from "prom-client";

export interface MetricWords {
  /** A histogram's without `_bucket`, `_sum` and `_count`. */
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
}

type Labels = Readonly<Record<string, string>>;

/** A sum that only grows. It is told from its first addition on, also of 0. */
export interface Sum {
  value: number | undefined;
}

export function add(to: Sum, amount: number): void {
  to.value = (to.value ?? 0) + amount;
}

/** What was observed: how often in each bucket (of its own, not cumulated), and their sum. */
export interface Distribution {
  /** Upper bounds, inclusive, ascending. */
  readonly bounds: readonly number[];
  /** One more than there are bounds: the last is of what lies above. */
  readonly counts: number[];
  sum: number;
}

/** `of(...values)`: the sum under these values of the labels; the same for the same values. */
export function createSums(registry: Registry, words: MetricWords): (...of: string[]) => Sum {
  const series = new Map<string, { readonly labels: Labels; readonly sum: Sum }>();
  new Counter({
    ...words,
    labelNames: [...words.labelNames],
    registers: [registry],
    collect() {
      this.reset();
      for (const { labels, sum } of series.values()) {
        if (sum.value !== undefined) this.inc(labels, sum.value);
      }
    },
  });
  return (...values) =>
    grown(series, values, () => ({ labels: labelled(words, values), sum: { value: undefined } }))
      .sum;
}

/** `of(...values)`: the distribution under these values of the labels. */
export function createDistributions(
  registry: Registry,
  words: MetricWords,
  bounds: readonly number[],
): (...of: string[]) => Distribution {
  interface Series {
    readonly labels: Labels;
    readonly seen: Distribution;
  }
  const series = new Map<string, Series>();
  const { name, help } = words;
  function get() {
    const values = [...series.values()].flatMap(({ labels, seen }) => samples(name, labels, seen));
    return Promise.resolve({ name, help, type: "histogram", values });
  }
  // The library's own histogram joins all labels to a text at each observation.
  registry.registerMetric({ name, get } as unknown as Histogram);
  const empty = () => ({
    bounds,
    counts: Array.from({ length: bounds.length + 1 }, () => 0),
    sum: 0,
  });
  return (...values) =>
    grown(series, values, () => ({ labels: labelled(words, values), seen: empty() })).seen;
}

export function observe(seen: Distribution, value: number): void {
  const { bounds, counts } = seen;
  let at = 0;
  while (at < bounds.length && value > bounds[at]!) at++;
  counts[at] = counts[at]! + 1;
  seen.sum += value;
}

function samples(name: string, labels: Labels, { bounds, counts, sum }: Distribution) {
  let below = 0;
  const buckets = counts.map((count, at) => {
    below += count;
    const le = at < bounds.length ? String(bounds[at]) : "+Inf";
    return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: below };
  });
  if (below === 0) return [];
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: below },
  ];
}

function grown<T>(series: Map<string, T>, values: readonly string[], make: () => T): T {
  const key = values.join("\0");
  const known = series.get(key);
  if (known !== undefined) return known;
  const made = make();
  series.set(key, made);
  return made;
}

function labelled({ labelNames }: MetricWords, values: readonly string[]): Labels {
  return Object.fromEntries(labelNames.map((label, at) => [label, values[at]!]));
}
