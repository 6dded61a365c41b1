// A sum of small decision trees as a probability (gradient boosting; J. H. Friedman, 2001).
import { assert } from "#kernel/assert.ts";

/** A tree whose every level asks one question of all: two answers, twice as many leaves. */
export interface EvenTree {
  /** Questions from the top: is this feature above this bound? */
  readonly ask: readonly (readonly [feature: string, above: number])[];
  /** One value for each combination of answers; the first question is the lowest bit. */
  readonly leaves: readonly number[];
}

export interface BoostedTrees {
  readonly bias: number;
  readonly trees: readonly EvenTree[];
}

/** Probability, 0 to 1, of features that the trees were fitted on. */
export function treesProbability(
  { bias, trees }: BoostedTrees,
  features: Readonly<Record<string, number>>,
): number {
  let sum = bias;
  for (const tree of trees) sum += tree.leaves[leafOf(tree, features)]!;
  return 1 / (1 + Math.exp(-sum));
}

function leafOf({ ask }: EvenTree, features: Readonly<Record<string, number>>): number {
  let leaf = 0;
  for (const [level, [feature, above]] of ask.entries()) {
    if (features[feature]! > above) leaf += 2 ** level;
  }
  return leaf;
}

/** Reads trees as a fit writes them: questions "feature>bound", "|", leaves. */
export function readTrees(bias: number, text: string): BoostedTrees {
  const lines = text
    .replace(/\n\s*\|/gu, " |")
    .split("\n")
    .filter((line) => line.trim() !== "");
  return { bias, trees: lines.map(readTree) };
}

function readTree(line: string): EvenTree {
  const [asked = "", values = ""] = line.split("|");
  const ask = asked
    .trim()
    .split(" ")
    .map((question): [string, number] => {
      const [feature = "", above] = question.split(">");
      return [feature, Number(above)];
    });
  const leaves = values.trim().split(" ").map(Number);
  assert(leaves.length === 2 ** ask.length, "a tree has a leaf for each answer");
  return { ask, leaves };
}
