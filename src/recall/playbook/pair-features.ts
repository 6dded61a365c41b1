// What is measured of two texts with much the same words: order, neighbours, who does what to whom.
import { negatorCount } from "./negation-gate.ts";
import { alignTexts, contentNeighbour, type PairText } from "./paired-texts.ts";
import { bestExchange } from "./role-exchange.ts";
import {
  bagOverlap,
  commonInOrder,
  editsBetween,
  gramsOf,
  inversionShare,
  skipGramsOf,
} from "./sequence-overlap.ts";

export type PairFeatures = Readonly<Record<string, number>>;

/** The features of a pair, the same whichever text comes first. */
export function pairFeatures(a: PairText, b: PairText): PairFeatures {
  const there = oneWay(a, b);
  const back = oneWay(b, a);
  return Object.fromEntries(
    Object.entries(there).map(([name, value]) => [name, (value + back[name]!) / 2]),
  );
}

function oneWay(a: PairText, b: PairText): Record<string, number> {
  const aligned = alignTexts(a, b);
  return {
    ...overlapFeatures(a, b),
    ...orderFeatures(a, aligned),
    ...leftOverFeatures(a, b),
    ...neighbourFeatures(a, b, aligned),
    ...phraseFeatures(a, b),
    ...exchangeFeatures(a, b, aligned),
  };
}

function overlapFeatures(a: PairText, b: PairText): Record<string, number> {
  const [na, nb] = [Math.max(1, a.stems.length), Math.max(1, b.stems.length)];
  const content = Math.max(1, a.content.length, b.content.length);
  const skip = bagOverlap(skipGramsOf(a.content, true), skipGramsOf(b.content, true));
  const any = bagOverlap(skipGramsOf(a.content, false), skipGramsOf(b.content, false));
  const grams = (n: number, of: "stems" | "content") =>
    bagOverlap(gramsOf(a[of], n), gramsOf(b[of], n));
  return {
    words: bagOverlap(a.stems, b.stems),
    content_words: bagOverlap(a.content, b.content),
    grammar_words: bagOverlap(grammarOf(a), grammarOf(b)),
    length: Math.log(na + nb),
    length_gap: Math.abs(Math.log(na / nb)),
    in_order: commonInOrder(a.stems, b.stems) / Math.max(na, nb),
    content_in_order: commonInOrder(a.content, b.content) / content,
    edits: editsBetween(a.stems, b.stems) / Math.max(na, nb),
    content_edits: editsBetween(a.content, b.content) / content,
    bigrams: grams(2, "stems"),
    trigrams: grams(3, "stems"),
    content_bigrams: grams(2, "content"),
    content_trigrams: grams(3, "content"),
    skip,
    skip_any: any,
    skip_turned: any - skip,
  };
}

function grammarOf(text: PairText): string[] {
  return [...new Set(text.stems.filter((_, at) => !text.is_content[at]))];
}

function orderFeatures(a: PairText, aligned: ReadonlyMap<number, number>): Record<string, number> {
  const all = [...aligned];
  const content = all.filter(([at]) => a.is_content[at]);
  const places = content.map(([, place]) => place);
  const sorted = places.toSorted((x, y) => x - y);
  const ranks = places.map((place) => sorted.indexOf(place));
  const n = Math.max(1, ranks.length);
  const breaks = ranks.filter((rank, at) => at > 0 && rank !== ranks[at - 1]! + 1).length;
  const chunks = all.filter(([at, place], k) => {
    const before = all[k - 1];
    return before === undefined || before[0] !== at - 1 || before[1] !== place - 1;
  }).length;
  const of = (names: boolean) => content.filter(([at]) => a.is_name[at] === names);
  return {
    inversions: inversionShare(places),
    name_inversions: inversionShare(of(true).map(([, place]) => place)),
    other_inversions: inversionShare(of(false).map(([, place]) => place)),
    shared_names: of(true).length,
    chunks,
    chunk_share: chunks / Math.max(1, all.length),
    content_breaks: breaks,
    content_break_share: breaks / n,
    displacement: Math.max(0, ...ranks.map((rank, at) => Math.abs(rank - at))) / n,
    moved: ranks.filter((rank, at) => rank !== at).length / n,
  };
}

function leftOverFeatures(a: PairText, b: PairText): Record<string, number> {
  const left = { a: leftOver(a, b), b: leftOver(b, a) };
  const repeats = new Map<string, number>();
  for (const stem of a.content) repeats.set(stem, (repeats.get(stem) ?? 0) + 1);
  for (const stem of b.content) repeats.set(stem, (repeats.get(stem) ?? 0) - 1);
  const shared = [...repeats].filter(([it]) => a.content.includes(it) && b.content.includes(it));
  return {
    left_over_names: left.a.names + left.b.names,
    left_over_min: Math.min(left.a.others, left.b.others),
    left_over_max: Math.max(left.a.others, left.b.others),
    repeated: shared.reduce((sum, [, n]) => sum + Math.abs(n), 0),
    negators: Math.abs(negatorCount(a.words) - negatorCount(b.words)),
    passive: Number(a.words.includes("by") !== b.words.includes("by")),
    same_first: Number(a.content[0] === b.content[0]),
    same_last: Number(a.content.at(-1) === b.content.at(-1)),
  };
}

function leftOver(own: PairText, other: PairText): { names: number; others: number } {
  const known = new Set(other.stems);
  const alone = [...own.stems.keys()].filter(
    (at) => own.is_content[at] && !known.has(own.stems[at]!),
  );
  const names = alone.filter((at) => own.is_name[at]).length;
  return { names, others: alone.length - names };
}

function neighbourFeatures(
  a: PairText,
  b: PairText,
  aligned: ReadonlyMap<number, number>,
): Record<string, number> {
  const content = [...aligned].filter(([at]) => a.is_content[at]);
  const same = content.map(([at, place]) => ({
    before: contentNeighbour(a, at, -1) === contentNeighbour(b, place, -1),
    behind: contentNeighbour(a, at, 1) === contentNeighbour(b, place, 1),
  }));
  const n = Math.max(1, same.length);
  const lost = same.filter((it) => !it.before && !it.behind).length;
  return {
    same_before: same.filter((it) => it.before).length / n,
    same_behind: same.filter((it) => it.behind).length / n,
    lost_neighbours: lost,
    lost_neighbour_share: lost / n,
  };
}

const PREPOSITIONS = new Set(
  `of in on at by for from to into with between through over under after before during until since
  as against near about within without`.split(/\s+/u),
);

/** Content word → what stands before it: prepositions, or the modifier right before it. */
type Before = Map<string, Set<string>>;

function phraseFeatures(a: PairText, b: PairText): Record<string, number> {
  const preposed = { a: prepositionsOf(a), b: prepositionsOf(b) };
  const pairs = { a: modifiersOf(a), b: modifiersOf(b) };
  const broken = { a: brokenPairs(pairs.a, pairs.b, b), b: brokenPairs(pairs.b, pairs.a, a) };
  const by_head = { a: grouped(pairs.a, 1), b: grouped(pairs.b, 1) };
  const by_modifier = { a: grouped(pairs.a, 0), b: grouped(pairs.b, 0) };
  const shared = [...by_head.a].filter(([head]) => by_head.b.has(head));
  const apart = shared.filter(([head, own]) => areDisjoint(own, by_head.b.get(head)!));
  return {
    prepositions: bagOverlap(
      preposed.a.map((it) => it.join(" ")),
      preposed.b.map((it) => it.join(" ")),
    ),
    other_prepositions: exchangedIn(grouped(preposed.a, 1), grouped(preposed.b, 1)),
    pairs_broken: broken.a / Math.max(1, pairs.a.length),
    pairs_broken_both: Math.min(broken.a, broken.b),
    pairs_broken_count: broken.a,
    modifiers_replaced: apart.length,
    modifiers_exchanged: exchangedIn(by_head.a, by_head.b, a, b),
    heads_exchanged: exchangedIn(by_modifier.a, by_modifier.b, a, b),
  };
}

function prepositionsOf(text: PairText): [string, string][] {
  return [...text.words.entries()]
    .filter(([, word]) => PREPOSITIONS.has(word))
    .map(([at, word]) => [word, contentNeighbour(text, at, 1)]);
}

/** Content words side by side in one clause. */
function modifiersOf(text: PairText): [string, string][] {
  return [...text.stems.keys()].slice(1).flatMap((at): [string, string][] => {
    const together = text.is_content[at - 1] && text.is_content[at] && !text.opens_clause[at];
    return together ? [[text.stems[at - 1]!, text.stems[at]!]] : [];
  });
}

/** Pairs that the other text has the words of, but not side by side. */
function brokenPairs(
  own: readonly (readonly [string, string])[],
  others: readonly (readonly [string, string])[],
  other: PairText,
): number {
  const there = new Set(others.map((it) => it.join(" ")));
  const stems = new Set(other.stems);
  return own.filter((it) => !there.has(it.join(" ")) && stems.has(it[0]) && stems.has(it[1]))
    .length;
}

function grouped(pairs: readonly (readonly [string, string])[], by: 0 | 1): Before {
  const groups: Before = new Map();
  for (const pair of pairs) {
    const group = groups.get(pair[by]) ?? new Set<string>();
    groups.set(pair[by], group.add(pair[by === 0 ? 1 : 0]));
  }
  return groups;
}

/** Keys whose partners differ; with the texts given: while each has the other's partner too. */
function exchangedIn(left: Before, right: Before, a?: PairText, b?: PairText): number {
  const [in_a, in_b] = [new Set(a?.stems), new Set(b?.stems)];
  return [...left].filter(([key, own]) => {
    const other = right.get(key);
    if (other === undefined || !areDisjoint(own, other)) return false;
    if (a === undefined) return true;
    return !areDisjoint(own, in_b) && !areDisjoint(other, in_a);
  }).length;
}

function exchangeFeatures(
  a: PairText,
  b: PairText,
  aligned: ReadonlyMap<number, number>,
): Record<string, number> {
  const { gain, content_gain, gain_share, content_gain_share, repairs } = bestExchange(
    a,
    b,
    aligned,
  );
  return {
    exchange: gain,
    exchange_content: content_gain,
    exchange_share: gain_share,
    exchange_content_share: content_gain_share,
    exchange_repairs: repairs,
  };
}

function areDisjoint(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return [...a].every((it) => !b.has(it));
}
