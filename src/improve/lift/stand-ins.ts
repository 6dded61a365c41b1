// Stand-ins for paraphrases: the line of the same label that is nearest in meaning.
import type { Call } from "#kernel/call.ts";
import type { Client } from "#kernel/contract.ts";
import type { embed } from "#contracts/embed.ts";
import { embedTexts, nearestVector } from "./embed-vectors.ts";
import type { FindStandIns } from "./prepare-intent-set.ts";

export function createStandIns(client: Client<typeof embed>, call: Call): FindStandIns {
  return async (queries, pool) => {
    const labels = new Set(queries.map((line) => line.label));
    const positions = [...pool.keys()].filter((at) => labels.has(pool[at]!.label));
    const texts = positions.map((at) => pool[at]!.text);
    const among = await embedTexts(client, texts, call);
    const asked = await embedTexts(
      client,
      queries.map((line) => line.text),
      call,
    );
    return queries.map((query, index) => {
      const same = (at: number) => pool[positions[at]!]!.label === query.label;
      const at = nearestVector(asked[index]!, among, same);
      return at === undefined ? undefined : positions[at];
    });
  };
}
