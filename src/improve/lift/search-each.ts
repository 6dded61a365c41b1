// Searches one corpus with many texts, some at a time, without memory.
import { throwIfOver, type Call } from "#kernel/call.ts";
import type { EvaluateParts } from "./evaluate-set.ts";
import type { SearchAnswer } from "./lift-passes.ts";

export interface SearchEach {
  readonly corpus: string;
  readonly mode: "mixed" | "vector" | "lexical";
  /** undefined: as configured. */
  readonly relevance_floor: number | undefined;
  readonly k: number;
}

/** Answers in the order of the texts. */
export async function searchEach(
  { matrix, settings }: EvaluateParts,
  texts: readonly string[],
  { corpus, mode, relevance_floor, k }: SearchEach,
  onDone: (done: number) => void,
  call: Call,
): Promise<SearchAnswer[]> {
  const answers: SearchAnswer[] = Array.from({ length: texts.length });
  const floor = relevance_floor === undefined ? {} : { relevance_floor };
  let next = 0;
  let done = 0;
  async function work(): Promise<void> {
    while (next < texts.length) {
      const at = next++;
      throwIfOver(call);
      answers[at] = await matrix.search(
        { query_text: texts[at]!, corpora: [corpus], k, mode, use_playbook: false, ...floor },
        call,
      );
      onDone(++done);
    }
  }
  await Promise.all(Array.from({ length: settings.searches_at_once }, work));
  return answers;
}
