// Conditional logistic regression by Newton's method: which of several rows was the right one?

export interface Choice {
  /** Features of each alternative; all of one length. */
  readonly rows: readonly (readonly number[])[];
  readonly chosen: number;
  readonly weight: number;
}

const STEPS = 25;

/** Weights of the greatest penalised likelihood; `ridge` pulls them towards 0. */
export function fitLogit(choices: readonly Choice[], ridge: number): number[] {
  const size = choices[0]!.rows[0]!.length;
  let w = Array.from({ length: size }, () => 0);
  for (let step = 0; step < STEPS; step++) {
    const slope = w.map((value) => -ridge * value);
    const bend = w.map((_, at) => w.map((__, to) => (at === to ? ridge : 0)));
    for (const { rows, chosen, weight } of choices) {
      const parts = softmax(rows.map((row) => dot(row, w)));
      const mean = w.map((_, f) => rows.reduce((sum, row, at) => sum + parts[at]! * row[f]!, 0));
      for (let f = 0; f < size; f++) slope[f]! += weight * (rows[chosen]![f]! - mean[f]!);
      for (const [at, row] of rows.entries()) {
        const share = weight * parts[at]!;
        if (share < 1e-9) continue;
        for (let f = 0; f < size; f++) {
          const off = share * (row[f]! - mean[f]!);
          for (let g = 0; g < size; g++) bend[f]![g]! += off * (row[g]! - mean[g]!);
        }
      }
    }
    const move = solve(bend, slope);
    const before = gain(choices, w, ridge);
    let length = 1;
    const moved = () => w.map((value, f) => value + length * move[f]!);
    // Far from the top a whole step may leave the region where the curve looks like a parabola.
    while (length > 1e-6 && gain(choices, moved(), ridge) < before) length /= 2;
    w = moved();
    if (Math.max(...move.map((it) => Math.abs(it * length))) < 1e-6) break;
  }
  return w;
}

/** Penalised log likelihood. */
function gain(choices: readonly Choice[], w: readonly number[], ridge: number): number {
  const sum = choices.reduce((all, { rows, chosen, weight }) => {
    const scores = rows.map((row) => dot(row, w));
    const top = Math.max(...scores);
    const log_sum = Math.log(scores.reduce((part, score) => part + Math.exp(score - top), 0));
    return all + weight * (scores[chosen]! - top - log_sum);
  }, 0);
  return sum - (ridge / 2) * dot(w, w);
}

export function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, at) => sum + value * b[at]!, 0);
}

function softmax(scores: readonly number[]): number[] {
  const top = Math.max(...scores);
  const parts = scores.map((score) => Math.exp(score - top));
  const sum = parts.reduce((all, part) => all + part, 0);
  return parts.map((part) => part / sum);
}

/** Gaussian elimination with pivoting. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, at) => [...row, right[at]!]);
  for (let at = 0; at < rows.length; at++) {
    const pivot = rows
      .slice(at)
      .reduce((best, row) => (Math.abs(row[at]!) > Math.abs(best[at]!) ? row : best));
    rows.splice(rows.indexOf(pivot), 1, rows[at]!);
    rows[at] = pivot;
    for (const row of rows.slice(at + 1)) {
      const factor = row[at]! / pivot[at]!;
      for (let k = at; k < row.length; k++) row[k]! -= factor * pivot[k]!;
    }
  }
  const out = right.map(() => 0);
  for (let at = rows.length - 1; at >= 0; at--) {
    const row = rows[at]!;
    const known = dot(row.slice(at + 1, -1), out.slice(at + 1));
    out[at] = (row.at(-1)! - known) / row[at]!;
  }
  return out;
}
