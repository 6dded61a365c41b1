// Symmetric matrices by their lower half, and the root by which a covariance whitens vectors.

/** Row r holds columns 0..r; row after row. */
export type LowerHalf = Float64Array;

export function lowerHalf(size: number): LowerHalf {
  return new Float64Array((size * (size + 1)) / 2);
}

/** Adds `times` the outer product of a vector with itself. */
export function addOuter(half: LowerHalf, vector: ArrayLike<number>, times: number): void {
  let at = 0;
  for (let row = 0; row < vector.length; row++) {
    const factor = vector[row]! * times;
    for (let column = 0; column <= row; column++) half[at++]! += factor * vector[column]!;
  }
}

export function traceOf(half: LowerHalf, size: number): number {
  let trace = 0;
  for (let row = 0; row < size; row++) trace += half[(row * (row + 1)) / 2 + row]!;
  return trace;
}

/**
 * Replaces a positive definite matrix by its Cholesky factor L (matrix = L Lᵀ), a few rows at a
 * time: each step of the generator is about `work` multiplications, so that others get their turn.
 */
export function* cholesky(half: LowerHalf, size: number, work: number): Generator<void> {
  let done = 0;
  for (let row = 0; row < size; row++) {
    const start = (row * (row + 1)) / 2;
    for (let column = 0; column <= row; column++) {
      const other = (column * (column + 1)) / 2;
      let sum = half[start + column]!;
      for (let k = 0; k < column; k++) sum -= half[start + k]! * half[other + k]!;
      // A pivot can only fail by rounding; what has no spread then counts for next to nothing.
      half[start + column] =
        column === row ? Math.sqrt(Math.max(sum, 1e-12)) : sum / half[other + column]!;
    }
    done += (row * row) / 2;
    if (done < work) continue;
    done = 0;
    yield;
  }
}

/** L⁻¹ x: a vector whose spread is 1 in each direction. */
export function whiten(factor: LowerHalf, x: ArrayLike<number>): Float64Array {
  const out = new Float64Array(x.length);
  let start = 0;
  for (let row = 0; row < x.length; row++) {
    let sum = x[row]!;
    for (let k = 0; k < row; k++) sum -= factor[start + k]! * out[k]!;
    out[row] = sum / factor[start + row]!;
    start += row + 1;
  }
  return out;
}

export function squaredDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += (a[at]! - b[at]!) ** 2;
  return sum;
}
