// Whether two things changed places: what an exchange of two runs of words would repair.
import type { PairText } from "./paired-texts.ts";

/** What the best exchange of two runs of `b` repairs of its likeness to `a`. */
export interface Exchange {
  /** Neighbouring pairs of words gained, of all words and of content words. */
  readonly gain: number;
  readonly content_gain: number;
  /** The same as a share of what was missing. */
  readonly gain_share: number;
  readonly content_gain_share: number;
  /** Exchanges that gain two pairs or more. */
  readonly repairs: number;
  /** The two runs of the best exchange by gain, as they stand in b. */
  readonly first: string;
  readonly second: string;
}

interface Run {
  readonly from: number;
  readonly to: number;
}

/** Exchanges looked at for one pair of texts; longer texts have their first runs looked at. */
const RUNS_MAX = 48;

/** Looks at every pair of runs of shared content words of `b`, and of single words of them. */
export function bestExchange(
  a: PairText,
  b: PairText,
  aligned: ReadonlyMap<number, number>,
): Exchange {
  const runs = sharedRuns(b, aligned).slice(0, RUNS_MAX);
  const wanted = pairCounts(a.stems);
  const wanted_content = pairCounts(a.content);
  const had = kept(wanted, b.stems);
  const had_content = kept(wanted_content, b.content);
  let best = { gain: 0, content_gain: 0, repairs: 0, first: "", second: "" };
  for (const x of runs) {
    for (const y of runs) {
      if (x.to > y.from) continue;
      const order = exchanged(b.stems.length, x, y);
      const gain =
        kept(
          wanted,
          order.map((at) => b.stems[at]!),
        ) - had;
      const content = order.filter((at) => b.is_content[at]).map((at) => b.stems[at]!);
      const content_gain = Math.max(best.content_gain, kept(wanted_content, content) - had_content);
      const repairs = best.repairs + (gain >= 2 ? 1 : 0);
      best = { ...best, content_gain, repairs };
      if (gain > best.gain) best = { ...best, gain, first: textOf(b, x), second: textOf(b, y) };
    }
  }
  return {
    ...best,
    gain_share: best.gain / Math.max(1, a.stems.length + 1 - had),
    content_gain_share: best.content_gain / Math.max(1, a.content.length + 1 - had_content),
  };
}

/** Content words of b that a has, in runs that stand together in both; then their single words. */
function sharedRuns(b: PairText, aligned: ReadonlyMap<number, number>): Run[] {
  const left = new Map([...aligned].map(([at, place]) => [place, at]));
  const runs: { from: number; to: number }[] = [];
  for (const at of b.stems.keys()) {
    const place = left.get(at);
    if (!b.is_content[at] || place === undefined) continue;
    const last = runs.at(-1);
    if (last?.to === at && left.get(at - 1) === place - 1) last.to = at + 1;
    else runs.push({ from: at, to: at + 1 });
  }
  const singles = runs
    .filter(({ from, to }) => to - from > 1)
    .flatMap(({ from, to }) =>
      Array.from({ length: to - from }, (_, at) => ({ from: from + at, to: from + at + 1 })),
    );
  return [...runs, ...singles];
}

/** Places of a text of this length with the two runs exchanged. */
function exchanged(length: number, x: Run, y: Run): number[] {
  const all = Array.from({ length }, (_, at) => at);
  return [
    ...all.slice(0, x.from),
    ...all.slice(y.from, y.to),
    ...all.slice(x.to, y.from),
    ...all.slice(x.from, x.to),
    ...all.slice(y.to),
  ];
}

const EDGE = "";

function* pairsOf(stems: readonly string[]): Generator<string> {
  let before = EDGE;
  for (const stem of stems) {
    yield `${before}\n${stem}`;
    before = stem;
  }
  yield `${before}\n${EDGE}`;
}

function pairCounts(stems: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const pair of pairsOf(stems)) counts.set(pair, (counts.get(pair) ?? 0) + 1);
  return counts;
}

/** How many of the wanted pairs a sequence has. */
function kept(wanted: ReadonlyMap<string, number>, stems: readonly string[]): number {
  const seen = new Map<string, number>();
  let common = 0;
  for (const pair of pairsOf(stems)) {
    const n = (seen.get(pair) ?? 0) + 1;
    seen.set(pair, n);
    if (n <= (wanted.get(pair) ?? 0)) common++;
  }
  return common;
}

function textOf(text: PairText, { from, to }: Run): string {
  return text.words.slice(from, to).join(" ");
}
