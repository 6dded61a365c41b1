// all-MiniLM-L6-v2: tokens, one run of the network, mean over the tokens, length 1.
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { minilmFolder, readMinilmFiles } from "./minilm-files.ts";
import { tokenWindows } from "./token-windows.ts";

export const MINILM_DIMENSION = 384;
/** Tokens of one run with [CLS] and [SEP]: sentence-transformers' max_seq_length for this model. */
export const MINILM_WINDOW = 256;

export interface TextVector {
  readonly vector: Float32Array;
  readonly tokens: number;
  /** The text was longer than the window: the mean of its windows. */
  readonly pooled: boolean;
}

export interface MiniLmModel {
  /** undefined when `cancelled` said so between two windows. */
  embed(text: string, cancelled: () => boolean): Promise<TextVector | undefined>;
  release(): Promise<void>;
}

/** Loads the network with `threads` threads. Throws `unavailable` when the files are not right. */
export async function loadMinilm(threads: number): Promise<MiniLmModel> {
  const [ort, tokenizers, files] = await Promise.all([
    import("onnxruntime-node"),
    import("@huggingface/tokenizers"),
    readMinilmFiles(minilmFolder()),
  ]);
  const tokenizer = new tokenizers.Tokenizer(files.tokenizer, files.tokenizer_config);
  const [start_token, end_token] = tokenizer.encode("").ids as [number, number];
  const session = await ort.InferenceSession.create(files.model, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
  });

  // One text for each run: the int8 network scales its activations over the whole batch, so that a
  // text's vector would depend on its neighbours (cosine down to 0.98), and batches are no faster.
  async function run(ids: readonly number[]): Promise<Float32Array> {
    const shape = [1, ids.length];
    const tensor = (data: BigInt64Array): Tensor => new ort.Tensor("int64", data, shape);
    const feeds: InferenceSession.FeedsType = {
      input_ids: tensor(BigInt64Array.from(ids, BigInt)),
      attention_mask: tensor(new BigInt64Array(ids.length).fill(1n)),
      token_type_ids: tensor(new BigInt64Array(ids.length)),
    };
    const output = await session.run(feeds);
    const hidden = output["last_hidden_state"]!.data as Float32Array;
    return toLengthOne(sumOfRows(hidden, ids.length));
  }

  async function embed(text: string, cancelled: () => boolean): Promise<TextVector | undefined> {
    const { ids, tokens: words } = tokenizer.encode(text, { add_special_tokens: false });
    const startsWord = (position: number) => !words[position]!.startsWith("##");
    const windows = tokenWindows(ids.length, MINILM_WINDOW - 2, startsWord);
    const sum = new Float32Array(MINILM_DIMENSION);
    for (const [from, to] of windows) {
      if (cancelled()) return undefined;
      const row = await run([start_token, ...ids.slice(from, to), end_token]);
      for (let column = 0; column < sum.length; column++) {
        sum[column]! += row[column]! * Math.max(1, to - from);
      }
    }
    return {
      vector: toLengthOne(sum),
      tokens: ids.length + 2 * windows.length,
      pooled: windows.length > 1,
    };
  }

  return { embed, release: () => session.release() };
}

function sumOfRows(hidden: Float32Array, rows: number): Float32Array {
  const sum = new Float32Array(MINILM_DIMENSION);
  for (let row = 0; row < rows; row++) {
    const offset = row * MINILM_DIMENSION;
    for (let column = 0; column < MINILM_DIMENSION; column++) {
      sum[column]! += hidden[offset + column]!;
    }
  }
  return sum;
}

function toLengthOne(vector: Float32Array): Float32Array {
  let squares = 0;
  for (const value of vector) squares += value * value;
  const length = Math.sqrt(squares);
  if (length > 0) for (let at = 0; at < vector.length; at++) vector[at]! /= length;
  return vector;
}
