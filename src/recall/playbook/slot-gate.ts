// The gate on declared slots: words that a domain says tell two queries apart.
import type { SlotVocabulary } from "#ports/domain-pack.ts";
import { FUNCTION_WORDS } from "./function-words.ts";
import { onlyIn, type QueryDifference } from "./query-difference.ts";
import { readWords, type QueryWord } from "./query-words.ts";

interface Phrase {
  readonly stems: readonly string[];
  readonly slot: string;
  readonly value: string;
  /** Also a plain English word ("in", "or", "me"): only counts when written in capitals. */
  readonly needs_capitals: boolean;
}

export interface SlotReader {
  /** Values of each slot that a query names, and the stems they were read from. */
  read(words: readonly QueryWord[]): SlotReading;
}

export interface SlotReading {
  readonly values: ReadonlyMap<string, ReadonlySet<string>>;
  readonly stems: ReadonlySet<string>;
}

/** Prepares vocabularies for reading. Words of one group are one value, named by its first word. */
export function createSlotReader(vocabularies: readonly SlotVocabulary[]): SlotReader {
  const by_first = new Map<string, Phrase[]>();
  for (const { slot, groups } of vocabularies) {
    for (const group of groups) {
      for (const written of group) addPhrase(by_first, written, slot, group[0]!);
    }
  }
  for (const phrases of by_first.values()) {
    phrases.sort((a, b) => b.stems.length - a.stems.length);
  }
  return { read: (words) => readSlots(by_first, words) };
}

function addPhrase(
  by_first: Map<string, Phrase[]>,
  written: string,
  slot: string,
  value: string,
): void {
  const words = readWords(written);
  const first = words[0];
  if (first === undefined) return;
  const needs_capitals = words.length === 1 && FUNCTION_WORDS.has(first.word);
  const phrase = { stems: words.map((word) => word.stem), slot, value, needs_capitals };
  by_first.set(first.stem, [...(by_first.get(first.stem) ?? []), phrase]);
}

/** Longest phrases first; a word belongs to one phrase of each slot. */
function readSlots(
  by_first: ReadonlyMap<string, readonly Phrase[]>,
  words: readonly QueryWord[],
): SlotReading {
  const values = new Map<string, Set<string>>();
  const stems = new Set<string>();
  const taken = new Map<string, number>();
  for (const [at, word] of words.entries()) {
    for (const phrase of by_first.get(word.stem) ?? []) {
      if ((taken.get(phrase.slot) ?? 0) > at || !standsAt(phrase, words, at)) continue;
      taken.set(phrase.slot, at + phrase.stems.length);
      values.set(phrase.slot, (values.get(phrase.slot) ?? new Set()).add(phrase.value));
      for (const stem of phrase.stems) stems.add(stem);
    }
  }
  return { values, stems };
}

function standsAt(phrase: Phrase, words: readonly QueryWord[], at: number): boolean {
  if (phrase.needs_capitals && !words[at]!.acronym) return false;
  return phrase.stems.every((stem, index) => words[at + index]?.stem === stem);
}

/** Slots of which the two queries name different values; `one_sided`: or only one of them any. */
export function slotDifferences(
  query: SlotReading,
  recorded: SlotReading,
  one_sided: boolean,
): QueryDifference[] {
  const found: QueryDifference[] = [];
  for (const slot of new Set([...query.values.keys(), ...recorded.values.keys()])) {
    const left = query.values.get(slot) ?? new Set<string>();
    const right = recorded.values.get(slot) ?? new Set<string>();
    const only_left = onlyIn(left, right);
    const only_right = onlyIn(right, left);
    if (only_left.length === 0 && only_right.length === 0) continue;
    if (!one_sided && (left.size === 0 || right.size === 0)) continue;
    found.push({ kind: slot, query: only_left.join(", "), recorded: only_right.join(", ") });
  }
  return found;
}
