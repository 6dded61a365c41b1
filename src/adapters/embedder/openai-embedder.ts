// Embeddings from any server that speaks OpenAI's /v1/embeddings.
import { z } from "zod";
import type { Embedder } from "#ports/embedder.ts";
import {
  askProvider,
  badAnswer,
  readProviderJson,
  type ProviderEndpoint,
} from "#ports/provider-http.ts";
import { createRemoteEmbedder, type RemoteEmbedderOptions } from "./remote-embedder.ts";

export interface OpenAiEmbedderOptions extends ProviderEndpoint, RemoteEmbedderOptions {
  /** The model's name there; ours is `name/model`. */
  readonly model: string;
}

const answerShape = z.object({
  data: z.array(z.object({ index: z.int().min(0), embedding: z.array(z.number()) })),
  usage: z.object({ prompt_tokens: z.int().min(0) }).optional(),
});

/** `base_url` ends before `/embeddings`, e.g. https://api.openai.com/v1 */
export function createOpenAiEmbedder(options: OpenAiEmbedderOptions): Embedder {
  return createRemoteEmbedder(
    `${options.name}/${options.model}`,
    options,
    async (texts, signal) => {
      const request = { model: options.model, input: texts, encoding_format: "float" };
      const response = await askProvider(options, "/embeddings", request, signal);
      const parsed = answerShape.safeParse(await readProviderJson(options.name, response));
      if (!parsed.success) {
        throw badAnswer(`${options.name} did not answer with embeddings`, parsed.error);
      }
      const rows = parsed.data.data.toSorted((a, b) => a.index - b.index);
      return {
        rows: rows.map((row) => row.embedding),
        tokens: parsed.data.usage?.prompt_tokens,
      };
    },
  );
}
