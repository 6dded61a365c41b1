// The gate on roles: "Anna paid Bob" and "Bob paid Anna" have the same words in other places.
import { alignTexts, pairText, type PairText } from "./paired-texts.ts";
import { PAIRED_WORDS_MAX, pairProbability } from "./pair-probability.ts";
import type { QueryDifference } from "./query-difference.ts";
import type { QueryWord } from "./query-words.ts";
import { bestExchange } from "./role-exchange.ts";
import { bagOverlap } from "./sequence-overlap.ts";

/** Texts must share this much of their words before an exchange can explain the rest. */
const WORDS_MIN = 0.75;
/** Share of the broken word pairs that the exchange must repair, and how many at least. */
const REPAIRED_MIN = 0.75;
const GAIN_MIN = 2;
const CONTENT_GAIN_MIN = 3;

/** Short requests put their parts in any order ("today", "on friday"): only longer texts tell. */
const CONTENT_MIN = 8;

/** Two things that changed places; none when an exchange would not make the two nearly equal. */
export function roleDifferences(
  query: readonly QueryWord[],
  recorded: readonly QueryWord[],
): QueryDifference[] {
  if (Math.max(query.length, recorded.length) > PAIRED_WORDS_MAX) return [];
  const [a, b] = [pairText(query), pairText(recorded)];
  if (bagOverlap(a.stems, b.stems) < WORDS_MIN) return [];
  const aligned = alignTexts(a, b);
  const exchange = bestExchange(a, b, aligned);
  const gains = exchange.gain >= GAIN_MIN && exchange.content_gain >= CONTENT_GAIN_MIN;
  const repaired = gains && exchange.gain_share >= REPAIRED_MIN;
  if (!repaired || areListed(b, exchange.first, exchange.second)) {
    const long = Math.min(a.content.length, b.content.length) >= CONTENT_MIN;
    return long && haveMoved(a, aligned) ? improbable(query, recorded) : [];
  }
  return [
    {
      kind: "role",
      query: `${exchange.second} … ${exchange.first}`,
      recorded: `${exchange.first} … ${exchange.second}`,
    },
  ];
}

/** Content words that both have stand in another order. */
function haveMoved(a: PairText, aligned: ReadonlyMap<number, number>): boolean {
  const places = [...aligned].filter(([at]) => a.is_content[at]).map(([, place]) => place);
  return places.some((place, at) => at > 0 && place < places[at - 1]!);
}

/** Words that moved while the two more probably say different things than the same. */
function improbable(
  query: readonly QueryWord[],
  recorded: readonly QueryWord[],
): QueryDifference[] {
  const probability = pairProbability(query, recorded) ?? 1;
  if (probability >= 0.5) return [];
  const text = (words: readonly QueryWord[]) =>
    words
      .map((it) => it.text)
      .join(" ")
      .slice(0, 200);
  return [{ kind: "word order", query: text(query), recorded: text(recorded) }];
}

const LISTING = new Set(["and", "or", "with", "vs", "versus", "plus"]);

/** Only "and", "or" or nothing stands between them: a list, whose order says nothing. */
function areListed(text: PairText, first: string, second: string): boolean {
  const from = placeOf(text, first, 0);
  const end = from + first.split(" ").length;
  const to = placeOf(text, second, end);
  return text.words.slice(end, to).every((word) => LISTING.has(word));
}

function placeOf(text: PairText, run: string, from: number): number {
  const words = run.split(" ");
  for (let at = from; at < text.words.length; at++) {
    if (words.every((word, index) => text.words[at + index] === word)) return at;
  }
  return text.words.length;
}
