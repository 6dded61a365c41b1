// Embeddings from an Ollama server (/api/embed).
import { z } from "zod";
import type { Embedder } from "#ports/embedder.ts";
import { askProvider, badAnswer, readProviderJson } from "#ports/provider-http.ts";
import { createRemoteEmbedder, type RemoteEmbedderOptions } from "./remote-embedder.ts";

export interface OllamaEmbedderOptions extends RemoteEmbedderOptions {
  /** e.g. http://127.0.0.1:11434 */
  readonly base_url: string;
  readonly api_key?: string | undefined;
  /** The model's name there; ours is `ollama/model`. */
  readonly model: string;
}

const answerShape = z.object({
  embeddings: z.array(z.array(z.number())),
  prompt_eval_count: z.int().min(0).optional(),
});

export function createOllamaEmbedder(options: OllamaEmbedderOptions): Embedder {
  const endpoint = { ...options, name: "ollama" };
  return createRemoteEmbedder(`ollama/${options.model}`, options, async (texts, signal) => {
    // truncate: false, so that a text too long for the model is an error and never cut in silence.
    const request = { model: options.model, input: texts, truncate: false };
    const response = await askProvider(endpoint, "/api/embed", request, signal);
    const parsed = answerShape.safeParse(await readProviderJson("ollama", response));
    if (!parsed.success) throw badAnswer("ollama did not answer with embeddings", parsed.error);
    return { rows: parsed.data.embeddings, tokens: parsed.data.prompt_eval_count };
  });
}
