// Reranking: the model asked for orders the documents; the answer names them by their place.
import { remainingMs, type Call } from "#kernel/call.ts";
import type { OutputOf, ParsedInputOf } from "#kernel/contract.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { embed } from "#contracts/embed.ts";
import type { Reranker } from "#ports/reranker.ts";

type Rerank = (typeof embed)["operations"]["rerank"];

/** Who is asked to order which texts. */
export interface AskedRerank {
  readonly reranker: Reranker;
  readonly texts: readonly string[];
}

/** Errors: `invalid` (no_documents), `too_large`, `not_found` (no_such_model). */
export function askedRerank(
  rerankers: readonly Reranker[],
  { query, documents, texts, model }: ParsedInputOf<Rerank>,
  characters_max: number,
): AskedRerank {
  const given = oneOf(documents, texts).map((one) => (typeof one === "string" ? one : one.text));
  const characters = given.reduce((sum, text) => sum + text.length, query.length);
  if (characters > characters_max) {
    const message = `${characters} characters are more than the ${characters_max} of one request`;
    throw new LakehouseError("too_large", message, { hint: "send fewer documents" });
  }
  return { reranker: findReranker(rerankers, model), texts: given };
}

/** Best first, equals as they were given. Errors: those of the reranker, `deadline_exceeded`. */
export async function rerankDocuments(
  { reranker, texts }: AskedRerank,
  { query, top_n, return_documents }: ParsedInputOf<Rerank>,
  call: Call,
): Promise<OutputOf<Rerank>> {
  const limit = AbortSignal.timeout(Math.min(remainingMs(call), 0x7fffffff));
  let scores: readonly number[];
  try {
    scores = await reranker.rerank(query, texts, AbortSignal.any([call.signal, limit]));
  } catch (error) {
    if (!limit.aborted || call.signal.aborted) throw error;
    throw new LakehouseError("deadline_exceeded", "the deadline of the call has passed");
  }
  const results = scores
    .map((relevance_score, index) => ({ index, relevance_score }))
    .toSorted((a, b) => b.relevance_score - a.relevance_score || a.index - b.index)
    .slice(0, top_n)
    .map((row) => (return_documents ? { ...row, document: { text: texts[row.index]! } } : row));
  return { model: reranker.model, results };
}

function oneOf<T>(documents: T[] | undefined, texts: T[] | undefined): T[] {
  const given = documents ?? texts;
  if (given !== undefined && (documents === undefined || texts === undefined)) return given;
  const both = given !== undefined;
  throw new LakehouseError("invalid", `${both ? "both" : "neither"} of documents and texts given`, {
    reason: "no_documents",
    hint: 'send the texts to be ordered as "documents" (or as "texts")',
  });
}

/** By its full name, or by its name without the provider; absent: the first. */
function findReranker(rerankers: readonly Reranker[], model: string | undefined): Reranker {
  const bare = (name: string) => name.slice(name.indexOf("/") + 1);
  const found =
    model === undefined
      ? rerankers[0]
      : (rerankers.find((one) => one.model === model) ??
        rerankers.find((one) => bare(one.model) === model));
  if (found !== undefined) return found;
  const known = rerankers.map((one) => one.model).join(", ");
  const named = model === undefined ? "" : ` "${model}"`;
  throw new LakehouseError("not_found", `there is no reranking model${named}`, {
    reason: "no_such_model",
    hint: known === "" ? "none is configured" : `known: ${known}`,
  });
}
