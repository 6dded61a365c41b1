// The corpora as places where answers stand, for whoever records them.
import type { Call } from "#kernel/call.ts";
import type { Client } from "#kernel/contract.ts";
import type { AnswerPlaces } from "#ports/answer-places.ts";
import type { vector } from "#contracts/vector.ts";
import { indexOf, type CorpusRegistry } from "./corpus-registry.ts";

/** Ids of one look-up: their texts come along. */
const IDS_AT_ONCE = 500;

export function createAnswerPlaces(
  registry: Pick<CorpusRegistry, "get" | "list">,
  client: Client<typeof vector>,
): AnswerPlaces {
  return {
    names: () => registry.list().map((it) => it.corpus),
    find(corpus) {
      const record = registry.get(corpus);
      if (record === undefined) return undefined;
      return {
        id_prefix: record.id_prefix,
        standing: (ids, call) => standingIds(client, corpus, ids, call),
      };
    },
  };
}

/** Those of these ids that stand in the corpus. */
export async function standingIds(
  client: Client<typeof vector>,
  corpus: string,
  ids: readonly string[],
  call: Call,
): Promise<ReadonlySet<string>> {
  const standing = new Set<string>();
  for (let at = 0; at < ids.length; at += IDS_AT_ONCE) {
    const some = ids.slice(at, at + IDS_AT_ONCE);
    const { items } = await client.fetch({ index: indexOf(corpus), ids: some }, call);
    for (const { id } of items) standing.add(id);
  }
  return standing;
}
