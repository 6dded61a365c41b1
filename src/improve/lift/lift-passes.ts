// The passes of a lift run: each asks the matrix and keeps what the report needs.
import type { Call } from "#kernel/call.ts";
import type { Client, OutputOf } from "#kernel/contract.ts";
import type { matrix } from "#contracts/matrix.ts";
import type { playbookContract } from "#contracts/playbook.ts";
import type { Answer, LiftCase } from "./lift-case.ts";
import { mapAtOnce } from "./map-at-once.ts";

export type SearchAnswer = OutputOf<(typeof matrix)["operations"]["search"]>;

export interface Asking {
  readonly matrix: Client<typeof matrix>;
  readonly corpora: readonly string[];
  readonly scope: string;
  readonly depth: number;
  readonly searches_at_once: number;
}

/** Answers of many texts in their order; `onDone` hears how many are there. */
export async function askAll(
  asking: Asking,
  texts: readonly string[],
  use_playbook: boolean,
  onDone: (done: number) => void,
  call: Call,
): Promise<SearchAnswer[]> {
  const asked = {
    corpora: [...asking.corpora],
    k: asking.depth,
    use_playbook,
    playbook_scope: asking.scope,
  };
  const ask = (query_text: string) => asking.matrix.search({ query_text, ...asked }, call);
  return mapAtOnce(texts, asking.searches_at_once, ask, onDone, call);
}

/** What was remembered for a query: the best answer the judge saw in the cold pass. */
export interface Memory {
  readonly query_id: string;
  readonly playbook_id: string;
  readonly answer: Answer;
  /** Where the cold pass had it; 1 is first. */
  readonly cold_rank: number;
}

const BULK_MAX = 10_000;

/** Records the judged-best answer of each query that has one within the depth looked at. */
export async function recordBest(
  client: Client<typeof playbookContract>,
  cases: readonly LiftCase[],
  cold: readonly SearchAnswer[],
  scope: string,
  call: Call,
): Promise<Map<string, Memory>> {
  const best = cases.flatMap((it, at) => {
    const hit = cold[at]!.results.find((result) => it.satisfies(result));
    return hit === undefined ? [] : [{ it, hit }];
  });
  const memories = new Map<string, Memory>();
  for (let from = 0; from < best.length; from += BULK_MAX) {
    const part = best.slice(from, from + BULK_MAX);
    const entries = part.map(({ it, hit }) => ({
      query_text: it.text,
      answer_id: hit.id,
      answer_corpus: hit.corpus,
      score: 1,
      tags: ["lift"],
    }));
    const { playbook_ids } = await client.bulk({ entries, scope }, call);
    for (const [at, { it, hit }] of part.entries()) {
      memories.set(it.query_id, {
        query_id: it.query_id,
        playbook_id: playbook_ids[at]!,
        answer: { id: hit.id, metadata: hit.metadata },
        cold_rank: hit.rank,
      });
    }
  }
  return memories;
}
