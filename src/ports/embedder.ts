// Port: texts to vectors. Adapters: built-in MiniLM (onnxruntime), OpenAI-compatible, Ollama.

export interface EmbeddingBatch {
  /** Row-major, texts × dimension, each row of length 1. */
  readonly vectors: Float32Array;
  readonly dimension: number;
  /** Tokens the model read in all. */
  readonly tokens: number;
  /** Positions of texts that were longer than the model's window and were split and pooled. */
  readonly pooled: readonly number[];
  /** Tokens of each text, where the provider tells. */
  readonly text_tokens?: readonly number[];
}

export interface Embedder {
  /** `provider/model`, as users name it. */
  readonly model: string;
  readonly dimension: number;
  embed(texts: readonly string[], signal: AbortSignal): Promise<EmbeddingBatch>;
  close(): Promise<void>;
}
