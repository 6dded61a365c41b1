// Points around centres, as embeddings of texts lie: a flow of them, the same in every run.
import { seededRandom } from "#kernel/random.ts";

const CENTRES = 500;

export interface VectorFlow {
  /** The next `count` unit vectors, row-major. */
  next(count: number): Float32Array;
}

/** Around 500 centres; each coordinate of centre and deviation is a sum of three uniform ones. */
export function clusteredVectors(dimension: number): VectorFlow {
  const random = seededRandom(dimension);
  const noise = () => random.next() + random.next() + random.next() - 1.5;
  const centres = Float32Array.from({ length: CENTRES * dimension }, noise);
  return {
    next(count) {
      const vectors = new Float32Array(count * dimension);
      for (let row = 0; row < count; row++) {
        const centre = random.int(CENTRES) * dimension;
        let sum = 0;
        for (let at = 0; at < dimension; at++) {
          const value = centres[centre + at]! + noise();
          vectors[row * dimension + at] = value;
          sum += value * value;
        }
        const factor = 1 / Math.sqrt(sum);
        for (let at = 0; at < dimension; at++) vectors[row * dimension + at]! *= factor;
      }
      return vectors;
    },
  };
}
