// Reranking by a server that speaks Jina's and Cohere's /rerank, as vLLM, LiteLLM and others do.
import { LakehouseError } from "#kernel/problem.ts";
import {
  askProvider,
  badAnswer,
  readProviderJson,
  throwReported,
  type ProviderEndpoint,
} from "#ports/provider-http.ts";
import type { Reranker } from "#ports/reranker.ts";

export interface HttpRerankerOptions extends ProviderEndpoint {
  /** The model's name there; ours is `name/model`. */
  readonly model: string;
  /** Time one request may take. */
  readonly timeout_ms?: number;
}

/** One document's place in the answer: Jina, Cohere and vLLM say relevance_score, TEI score. */
interface RankedRow {
  readonly index: number;
  readonly score: number;
}

/**
 * `base_url` ends before `/rerank`, e.g. https://api.jina.ai/v1. All documents are sent in one
 * request {model, query, documents, top_n} and every one must come back: a score that is missing,
 * twice there or no number is a bad answer, not a guess.
 */
export function createHttpReranker(options: HttpRerankerOptions): Reranker {
  const { name } = options;
  const timeout_ms = options.timeout_ms ?? 30_000;

  async function rerank(
    query: string,
    documents: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly number[]> {
    if (signal.aborted) throw new LakehouseError("cancelled", "reranking was cancelled");
    if (documents.length === 0) return [];
    const top_n = documents.length;
    const request = { model: options.model, query, documents, top_n, return_documents: false };
    const limit = AbortSignal.timeout(timeout_ms);
    try {
      const either = AbortSignal.any([signal, limit]);
      const response = await askProvider(options, "/rerank", request, either);
      const answer = await readProviderJson(name, response);
      throwReported(name, answer);
      return scoresOf(name, answer, documents.length);
    } catch (error) {
      if (signal.aborted || !limit.aborted) throw error;
      const message = `${name} did not answer within ${timeout_ms} ms`;
      throw new LakehouseError("deadline_exceeded", message, { cause: error });
    }
  }

  return { model: `${name}/${options.model}`, rerank, close: async () => undefined };
}

function scoresOf(name: string, answer: unknown, documents: number): number[] {
  const scores: (number | undefined)[] = Array.from({ length: documents });
  for (const { index, score } of rowsOf(name, answer)) {
    if (!(Number.isInteger(index) && index >= 0 && index < documents)) {
      throw badAnswer(`${name} ranked document ${index} where ${documents} were sent`);
    }
    if (scores[index] !== undefined) throw badAnswer(`${name} ranked document ${index} twice`);
    scores[index] = score;
  }
  return scores.map((score, index) => {
    if (score !== undefined) return score;
    throw badAnswer(`${name} gave no score for document ${index} of ${documents}`);
  });
}

/** `results` (Jina, Cohere, vLLM), `data` (Voyage), or the rows themselves (TEI). */
function rowsOf(name: string, answer: unknown): RankedRow[] {
  const object = answer as { results?: unknown; data?: unknown } | null;
  const rows = Array.isArray(answer) ? answer : (object?.results ?? object?.data);
  if (!Array.isArray(rows)) throw badAnswer(`${name} did not answer with results of a rerank`);
  return rows.map((row: { index?: unknown; relevance_score?: unknown; score?: unknown } | null) => {
    const index = row?.index;
    const score = row?.relevance_score ?? row?.score;
    if (typeof index !== "number" || typeof score !== "number" || !Number.isFinite(score)) {
      throw badAnswer(`${name} gave a result without an index and a score that are numbers`);
    }
    return { index, score };
  });
}
