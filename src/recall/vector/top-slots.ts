// The best of many scored slots, without sorting them all.

export interface ScoredSlot {
  readonly slot: number;
  readonly score: number;
}

/** The k slots of highest score among those that `mask` lets in; of equal scores the lower slot. */
export function topSlots(
  slots: Uint32Array,
  scores: Float64Array,
  k: number,
  mask: Uint8Array | undefined,
): ScoredSlot[] {
  // Kept sorted from worst to best: k is small, and most candidates fail the first comparison.
  const best: ScoredSlot[] = [];
  for (const slot of slots) {
    if (mask !== undefined && mask[slot] !== 1) continue;
    const one = { slot, score: scores[slot]! };
    if (best.length >= k) {
      if (!isBetter(one, best[0]!)) continue;
      best.shift();
    }
    best.splice(positionOf(best, one), 0, one);
  }
  return best.toReversed();
}

export function isBetter(a: ScoredSlot, b: ScoredSlot): boolean {
  return a.score > b.score || (a.score === b.score && a.slot < b.slot);
}

function positionOf(sorted: readonly ScoredSlot[], one: ScoredSlot): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBetter(one, sorted[middle]!)) low = middle + 1;
    else high = middle;
  }
  return low;
}
