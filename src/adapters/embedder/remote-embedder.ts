// What embedders behind HTTP have in common: bounded batches, long texts in pieces, checked rows.
import { LakehouseError } from "#kernel/problem.ts";
import type { Embedder, EmbeddingBatch } from "#ports/embedder.ts";
import { badAnswer } from "#ports/provider-http.ts";

export interface RemoteEmbedderOptions {
  /** Length that the model's vectors must have. */
  readonly dimension: number;
  /** Texts of one request. */
  readonly batch_texts_max?: number;
  /** Longer texts are split at white space and pooled: what the model's window holds. */
  readonly text_characters_max?: number;
  /** Time one request may take. */
  readonly timeout_ms?: number;
}

export interface RemoteRows {
  readonly rows: readonly (readonly number[])[];
  /** undefined: the provider does not tell. */
  readonly tokens: number | undefined;
}

type AskRows = (texts: readonly string[], signal: AbortSignal) => Promise<RemoteRows>;

/** An embedder over `ask`, which sends one batch and gives back one row for each of its texts. */
export function createRemoteEmbedder(
  model: string,
  options: RemoteEmbedderOptions,
  ask: AskRows,
): Embedder {
  const { dimension } = options;
  const batch_texts_max = options.batch_texts_max ?? 64;
  const text_characters_max = options.text_characters_max ?? 8_000;
  const timeout_ms = options.timeout_ms ?? 60_000;

  async function askChecked(texts: readonly string[], signal: AbortSignal): Promise<RemoteRows> {
    const limit = AbortSignal.timeout(timeout_ms);
    let answer: RemoteRows;
    try {
      answer = await ask(texts, AbortSignal.any([signal, limit]));
    } catch (error) {
      if (signal.aborted || !limit.aborted) throw error;
      const message = `${model} did not answer within ${timeout_ms} ms`;
      throw new LakehouseError("deadline_exceeded", message, { cause: error });
    }
    if (answer.rows.length !== texts.length) {
      const message = `${model} gave ${answer.rows.length} vectors for ${texts.length} texts`;
      throw badAnswer(message);
    }
    for (const row of answer.rows) checkRow(model, dimension, row);
    return answer;
  }

  async function embed(texts: readonly string[], signal: AbortSignal): Promise<EmbeddingBatch> {
    const pieces = texts.flatMap((text, position) =>
      splitText(text, text_characters_max).map((piece) => ({ piece, position })),
    );
    const vectors = new Float32Array(texts.length * dimension);
    let tokens = 0;
    for (let from = 0; from < pieces.length; from += batch_texts_max) {
      const batch = pieces.slice(from, from + batch_texts_max);
      const batch_texts = batch.map(({ piece }) => piece);
      const answer = await askChecked(batch_texts, signal);
      tokens += isTold(answer.tokens) ? Math.round(answer.tokens) : estimateTokens(batch_texts);
      for (const [at, { piece, position }] of batch.entries()) {
        addWeighted(vectors, position * dimension, answer.rows[at]!, Math.max(1, piece.length));
      }
    }
    for (let row = 0; row < texts.length; row++) {
      toLengthOne(vectors.subarray(row * dimension, (row + 1) * dimension), model);
    }
    const pooled = texts.flatMap((text, at) => (text.length > text_characters_max ? [at] : []));
    return { vectors, dimension, tokens, pooled };
  }

  return { model, dimension, embed, close: async () => undefined };
}

function checkRow(model: string, dimension: number, row: readonly number[]): void {
  if (row.length !== dimension) {
    throw new LakehouseError(
      "conflict",
      `${model} gave a vector of ${row.length} numbers where ${dimension} are configured`,
      { reason: "dimension_differs", hint: `set its dimension to ${row.length}` },
    );
  }
  if (!row.every((value: unknown) => Number.isFinite(value))) {
    throw badAnswer(`${model} gave a vector that is not all numbers`);
  }
}

/** Pieces of at most `size` characters that end at white space where there is some. */
export function splitText(text: string, size: number): string[] {
  if (text.length <= size) return [text];
  const pieces: string[] = [];
  let from = 0;
  while (from < text.length) {
    let to = Math.min(text.length, from + size);
    if (to < text.length) {
      const gap = text.slice(from, to).search(/\s\S*$/);
      if (gap > size / 2) to = from + gap + 1;
      // Not between the halves of a surrogate pair.
      else if (size > 1 && /[\ud800-\udbff]/.test(text[to - 1]!)) to -= 1;
    }
    pieces.push(text.slice(from, to));
    from = to;
  }
  return pieces;
}

function addWeighted(
  target: Float32Array,
  offset: number,
  row: readonly number[],
  weight: number,
): void {
  let squares = 0;
  for (const value of row) squares += value * value;
  const scale = squares > 0 ? weight / Math.sqrt(squares) : 0;
  for (let at = 0; at < row.length; at++) target[offset + at]! += row[at]! * scale;
}

function toLengthOne(vector: Float32Array, model: string): void {
  let squares = 0;
  for (const value of vector) squares += value * value;
  if (squares === 0) throw badAnswer(`${model} gave a vector of length 0`);
  const length = Math.sqrt(squares);
  for (let at = 0; at < vector.length; at++) vector[at]! /= length;
}

/** Texts have tokens: nought, less, or a number that none can be, was not counted. */
function isTold(tokens: unknown): tokens is number {
  return typeof tokens === "number" && tokens >= 1 && tokens <= Number.MAX_SAFE_INTEGER;
}

/** About four characters make a token. */
function estimateTokens(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + Math.ceil(text.length / 4), 0);
}
