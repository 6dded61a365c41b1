// Texts to vectors in batches, and the nearest of one list for each of another.
import type { Call } from "#kernel/call.ts";
import type { Client } from "#kernel/contract.ts";
import type { embed } from "#contracts/embed.ts";

const BATCH_TEXTS = 512;

/** One vector of length 1 for each text. */
export async function embedTexts(
  client: Client<typeof embed>,
  texts: readonly string[],
  call: Call,
): Promise<Float32Array[]> {
  const vectors: Float32Array[] = [];
  for (let at = 0; at < texts.length; at += BATCH_TEXTS) {
    const answer = await client.pack({ texts: texts.slice(at, at + BATCH_TEXTS) }, call);
    const bytes = new Uint8Array(answer.rows * answer.dimension * 4);
    let offset = 0;
    for await (const chunk of answer.body) {
      bytes.set(chunk, offset);
      offset += chunk.length;
    }
    const floats = new Float32Array(bytes.buffer);
    for (let row = 0; row < answer.rows; row++) {
      vectors.push(floats.subarray(row * answer.dimension, (row + 1) * answer.dimension));
    }
  }
  return vectors;
}

/** Position of the vector of greatest cosine among those allowed. */
export function nearestVector(
  vector: Float32Array,
  among: readonly Float32Array[],
  allowed: (at: number) => boolean,
): number | undefined {
  let best: number | undefined;
  let best_cosine = -Infinity;
  for (const [at, other] of among.entries()) {
    if (!allowed(at)) continue;
    let cosine = 0;
    for (let d = 0; d < vector.length; d++) cosine += vector[d]! * other[d]!;
    if (cosine <= best_cosine) continue;
    best = at;
    best_cosine = cosine;
  }
  return best;
}
