// Versions and what replaced them, as links between numbers; cycles are found as they are made.
import type { Column } from "./growing-column.ts";

/** No such trace, row or doc. */
export const NONE = -1;
const CYCLIC = 2;

interface ChainColumns {
  readonly flags: Column<Uint8Array>;
  readonly replaces: Column<Int32Array>;
  readonly replaced_by: Column<Int32Array>;
}

/** `count` is told before (-1) and after (1) a trace may have changed its status. */
export function createVersionChains(
  { flags, replaces, replaced_by }: ChainColumns,
  count: (trace: number, by: 1 | -1) => void,
) {
  /** A chain that bites its tail has no newest version: all of it is marked. */
  function markCycle(start: number): void {
    // Floyd's tortoise and hare: they meet only where there is a cycle, and then in it.
    let slow = start;
    let fast = start;
    do {
      fast = replaces.values[fast]!;
      if (fast !== NONE) fast = replaces.values[fast]!;
      if (fast === NONE) return;
      slow = replaces.values[slow]!;
    } while (slow !== fast);
    do {
      flags.values[slow]! |= CYCLIC;
      slow = replaces.values[slow]!;
    } while (slow !== fast);
  }

  return {
    link(newer: number, older: number): void {
      count(older, -1);
      replaces.values[newer] = older;
      if (replaced_by.values[older] === NONE) replaced_by.values[older] = newer;
      count(older, 1);
      markCycle(newer);
    },
    isCyclic: (trace: number) => (flags.values[trace]! & CYCLIC) !== 0,
    /** The newest version of a trace's chain; NONE when the chain is a cycle. */
    newestOf(trace: number): number {
      let at = trace;
      while (replaced_by.values[at] !== NONE) {
        if ((flags.values[at]! & CYCLIC) !== 0) return NONE;
        at = replaced_by.values[at]!;
      }
      return at;
    },
  };
}
