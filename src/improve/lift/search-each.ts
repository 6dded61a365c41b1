// Searches one corpus with many texts, some at a time; with memory when a scope is named.
import type { Call } from "#kernel/call.ts";
import type { EvaluateParts } from "./evaluate-set.ts";
import type { SearchAnswer } from "./lift-passes.ts";
import { mapAtOnce } from "./map-at-once.ts";

export interface SearchEach {
  readonly corpus: string;
  readonly mode: "mixed" | "vector" | "lexical";
  /** undefined: as configured. */
  readonly relevance_floor: number | undefined;
  readonly k: number;
  /** Whose playbooks speak; undefined: none. */
  readonly playbook_scope?: string | undefined;
}

/** Answers in the order of the texts. */
export async function searchEach(
  { matrix, settings }: EvaluateParts,
  texts: readonly string[],
  { corpus, mode, relevance_floor, k, playbook_scope }: SearchEach,
  onDone: (done: number) => void,
  call: Call,
): Promise<SearchAnswer[]> {
  const floor = relevance_floor === undefined ? {} : { relevance_floor };
  const memory = { use_playbook: playbook_scope !== undefined };
  const scope = playbook_scope === undefined ? {} : { playbook_scope };
  const asked = { corpora: [corpus], k, mode, ...memory, ...scope, ...floor };
  const ask = (query_text: string) => matrix.search({ query_text, ...asked }, call);
  return mapAtOnce(texts, settings.searches_at_once, ask, onDone, call);
}
