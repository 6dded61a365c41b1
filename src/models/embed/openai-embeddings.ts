// OpenAI's shape of an answer with embeddings.
import type { CachedVector } from "./vector-cache.ts";

/** The body of POST /v1/embeddings; base64 is of little-endian float32. */
export function openAiEmbeddings(
  model: string,
  entries: readonly CachedVector[],
  encoding_format: "float" | "base64" | null,
) {
  const tokens = entries.reduce((sum, entry) => sum + entry.tokens, 0);
  return {
    object: "list" as const,
    model,
    data: entries.map(({ vector }, index) => ({
      object: "embedding" as const,
      index,
      embedding: encoding_format === "base64" ? base64Of(vector) : [...vector],
    })),
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}

function base64Of(vector: Float32Array): string {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString("base64");
}
