// A sentence model of the BERT family: tokens, one run of the network, mean over them, length 1.
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { readModelFiles, type ModelFile } from "./model-files.ts";
import { tokenWindows } from "./token-windows.ts";

/** A model and where its files are; plain data, as it goes to the worker threads. */
export interface SentenceSpec {
  /** `provider/model`, as users name it. */
  readonly model: string;
  readonly dimension: number;
  /** Tokens of one run with the two at its ends. */
  readonly window_tokens: number;
  /** A text of up to so many, more than the window, is read in one run; absent: the window. */
  readonly whole_tokens_max?: number;
  readonly folder: string;
  readonly files: Readonly<Record<"model" | "tokenizer" | "tokenizer_config", ModelFile>>;
  /** What brings the files, for the message when they are not there or not right. */
  readonly install_hint: string;
}

export interface TextVector {
  readonly vector: Float32Array;
  readonly tokens: number;
  /** The text was not read whole: the mean of its windows. */
  readonly pooled: boolean;
}

export interface SentenceModel {
  readonly dimension: number;
  /** undefined when `cancelled` said so between two windows. */
  embed(text: string, cancelled: () => boolean): Promise<TextVector | undefined>;
  release(): Promise<void>;
}

/** Loads the network with `threads` threads. Throws `unavailable` when the files are not right. */
export async function loadSentenceModel(
  spec: SentenceSpec,
  threads: number,
): Promise<SentenceModel> {
  const [ort, tokenizers, files] = await Promise.all([
    import("onnxruntime-node"),
    import("@huggingface/tokenizers"),
    readModelFiles(spec.folder, spec.files, spec.install_hint),
  ]);
  const { dimension, window_tokens } = spec;
  const whole = Math.max(window_tokens, spec.whole_tokens_max ?? 0) - 2;
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
    return toLengthOne(sumOfRows(hidden, ids.length, dimension));
  }

  async function embed(text: string, cancelled: () => boolean): Promise<TextVector | undefined> {
    const { ids, tokens: words } = tokenizer.encode(text, { add_special_tokens: false });
    const startsWord = (position: number) => !words[position]!.startsWith("##");
    const size = ids.length <= whole ? whole : window_tokens - 2;
    const windows = tokenWindows(ids.length, size, startsWord);
    const sum = new Float32Array(dimension);
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

  return { dimension, embed, release: () => session.release() };
}

function sumOfRows(hidden: Float32Array, rows: number, dimension: number): Float32Array {
  const sum = new Float32Array(dimension);
  for (let row = 0; row < rows; row++) {
    const offset = row * dimension;
    for (let column = 0; column < dimension; column++) {
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
