// Parts of a text, found among many without going through all of them each time.

export interface Span {
  readonly start: number;
  readonly end: number;
}

/** 1 for each letter of a text that stands in one of the spans. */
export function lettersOf(spans: readonly Span[], length: number): Uint8Array {
  const letters = new Uint8Array(length);
  for (const { start, end } of spans) letters.fill(1, start, end);
  return letters;
}

/** Those that stand between two places; `sorted`: in the order of the text, none over another. */
export function within<S extends Span>(sorted: readonly S[], start: number, end: number): S[] {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]!.start < start) low = middle + 1;
    else high = middle;
  }
  const found: S[] = [];
  for (let at = low; at < sorted.length && sorted[at]!.end <= end; at++) found.push(sorted[at]!);
  return found;
}
