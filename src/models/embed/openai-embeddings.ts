// OpenAI's shapes for embeddings: the answer, and errors that its clients can read.
import { LakehouseError, STATUS_OF_CODE, toLakehouseError } from "#kernel/problem.ts";
import type { CachedVector } from "./vector-cache.ts";

/** The body of POST /v1/embeddings; base64 is of little-endian float32. */
export function openAiEmbeddings(
  model: string,
  entries: readonly CachedVector[],
  encoding_format: "float" | "base64",
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

/** Runs `body`; an error of it also carries OpenAI's `error` member. */
export async function withOpenAiError<T>(body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (thrown) {
    const error = toLakehouseError(thrown);
    const type = STATUS_OF_CODE[error.code] < 500 ? "invalid_request_error" : "server_error";
    throw new LakehouseError(error.code, error.message, {
      reason: error.reason,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      issues: error.issues,
      extra: { ...error.extra, error: { message: error.message, type, code: error.reason } },
      cause: error,
    });
  }
}
