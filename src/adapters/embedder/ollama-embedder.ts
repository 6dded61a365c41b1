// Embeddings from an Ollama server (/api/embed).
import type { Embedder } from "#ports/embedder.ts";
import { askProvider, badAnswer, readProviderJson, throwReported } from "#ports/provider-http.ts";
import { createRemoteEmbedder, type RemoteEmbedderOptions } from "./remote-embedder.ts";

export interface OllamaEmbedderOptions extends RemoteEmbedderOptions {
  /** e.g. http://127.0.0.1:11434 */
  readonly base_url: string;
  readonly api_key?: string | undefined;
  /** The model's name there; ours is `ollama/model`. */
  readonly model: string;
}

interface EmbedAnswer {
  readonly embeddings: readonly (readonly number[])[];
  readonly prompt_eval_count?: number;
}

export function createOllamaEmbedder(options: OllamaEmbedderOptions): Embedder {
  const endpoint = { ...options, name: "ollama" };
  return createRemoteEmbedder(`ollama/${options.model}`, options, async (texts, signal) => {
    // truncate: false, so that a text too long for the model is an error and never cut in silence.
    const request = { model: options.model, input: texts, truncate: false };
    const response = await askProvider(endpoint, "/api/embed", request, signal);
    const answer = await readProviderJson("ollama", response);
    throwReported("ollama", answer);
    if (!isEmbedAnswer(answer)) throw badAnswer("ollama did not answer with embeddings");
    return { rows: answer.embeddings, tokens: answer.prompt_eval_count };
  });
}

function isEmbedAnswer(value: unknown): value is EmbedAnswer {
  const rows = (value as Partial<EmbedAnswer> | null)?.embeddings;
  return Array.isArray(rows) && rows.every((row) => Array.isArray(row));
}
