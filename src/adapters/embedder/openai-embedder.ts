// Embeddings from any server that speaks OpenAI's /v1/embeddings.
import type { Embedder } from "#ports/embedder.ts";
import {
  askProvider,
  badAnswer,
  readProviderJson,
  throwReported,
  type ProviderEndpoint,
} from "#ports/provider-http.ts";
import { createRemoteEmbedder, type RemoteEmbedderOptions } from "./remote-embedder.ts";

export interface OpenAiEmbedderOptions extends ProviderEndpoint, RemoteEmbedderOptions {
  /** The model's name there; ours is `name/model`. */
  readonly model: string;
}

interface EmbeddingsAnswer {
  readonly data: readonly { readonly index: number; readonly embedding: readonly number[] }[];
  readonly usage?: { readonly prompt_tokens?: number };
}

/** `base_url` ends before `/embeddings`, e.g. https://api.openai.com/v1 */
export function createOpenAiEmbedder(options: OpenAiEmbedderOptions): Embedder {
  return createRemoteEmbedder(
    `${options.name}/${options.model}`,
    options,
    async (texts, signal) => {
      const request = { model: options.model, input: texts, encoding_format: "float" };
      const response = await askProvider(options, "/embeddings", request, signal);
      const answer = await readProviderJson(options.name, response);
      throwReported(options.name, answer);
      if (!isEmbeddingsAnswer(answer)) {
        throw badAnswer(`${options.name} did not answer with embeddings`);
      }
      return { rows: inOrder(options.name, answer), tokens: answer.usage?.prompt_tokens };
    },
  );
}

/** By their index; where each says 0, as they came. */
function inOrder(name: string, { data }: EmbeddingsAnswer): readonly (readonly number[])[] {
  if (data.every(({ index }) => index === 0)) return data.map(({ embedding }) => embedding);
  const rows: (readonly number[] | undefined)[] = data.map(() => undefined);
  for (const { index, embedding } of data) {
    if (!(Number.isInteger(index) && index >= 0 && index < rows.length)) {
      throw badAnswer(`${name} gave vector ${index} where ${rows.length} came`);
    }
    if (rows[index] !== undefined) throw badAnswer(`${name} gave vector ${index} twice`);
    rows[index] = embedding;
  }
  return rows as (readonly number[])[];
}

function isEmbeddingsAnswer(value: unknown): value is EmbeddingsAnswer {
  const data = (value as Partial<EmbeddingsAnswer> | null)?.data;
  return (
    Array.isArray(data) &&
    data.every((row: Partial<EmbeddingsAnswer["data"][number]> | null) => {
      return typeof row?.index === "number" && Array.isArray(row.embedding);
    })
  );
}
