// What a cosine between unrelated texts is to a model: the zero of every comparison with it.
import type { Call } from "#kernel/call.ts";
import type { Client } from "#kernel/contract.ts";
import type { embed } from "#contracts/embed.ts";
import { UNRELATED_TEXTS, medianCosine } from "#ports/unrelated-texts.ts";
import type { IndexEntry } from "./index-entry.ts";
import { embedTexts } from "./text-vectors.ts";

/**
 * The median cosine between 48 sentences that have nothing to do with each other, by model; worked
 * out once, when it is first asked for. Models differ: .04 with all-MiniLM-L6-v2, .74 with
 * gte-small, so that a cosine says little by itself. null where cosines are not what is compared,
 * or the vectors are the caller's own. A background measured for each query, or against a sample
 * of the index, ranks no better on SciFact and misjudges small indexes and those of one topic.
 */
export function createBackgrounds(client: Client<typeof embed>) {
  const known = new Map<string, number>();

  return async function backgroundOf(entry: IndexEntry, call: Call): Promise<number | null> {
    const { embedder, metric, dimension } = entry;
    if (embedder === null || metric !== "cos") return null;
    const found = known.get(embedder);
    if (found !== undefined) return found;
    const rows = await embedTexts(client, entry, UNRELATED_TEXTS, UNRELATED_TEXTS.length, call);
    const background = medianCosine(rows, dimension);
    known.set(embedder, background);
    return background;
  };
}
