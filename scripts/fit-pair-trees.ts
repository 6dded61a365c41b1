// Fits src/recall/playbook/pair-trees.ts on sentence pairs and prints how well it holds.
// Usage: node scripts/fit-pair-trees.ts <folder of a pair set> [seed]
import { writeFile } from "node:fs/promises";
import { partOfPair, readPairFolder, type PairPart } from "#improve/lift/pair-folder.ts";
import { recallAtFalse } from "#improve/lift/recall-at-false.ts";
import { aurocOf } from "#improve/lift/retrieval-figures.ts";
import { treesProbability, type BoostedTrees } from "#recall/playbook/boosted-trees.ts";
import { pairFeatures } from "#recall/playbook/pair-features.ts";
import { pairText } from "#recall/playbook/paired-texts.ts";
import { readWords } from "#recall/playbook/query-words.ts";
import { fitBoostedTrees, type Example } from "./fit-boosted-trees.ts";

const [folder, seed = "7"] = process.argv.slice(2);
if (folder === undefined) {
  process.stderr.write("name the folder of a pair set (<split>.tsv)\n");
  process.exit(2);
}
/** Chosen on the dev part: deeper or more trees gain nothing there. */
const OPTIONS = { trees: 100, depth: 3, rate: 0.2, ridge: 5, features_share: 0.5 } as const;

const set = await readPairFolder(folder);
if (set === undefined) throw new Error(`${folder} holds no sentence pairs`);
const rows = [...set.files.values()].flat();
const examples = rows.map((row): Example & { readonly part: PairPart } => ({
  part: partOfPair(row.id),
  is_same: row.is_same,
  features: pairFeatures(pairText(readWords(row.first)), pairText(readWords(row.second))),
}));
const of = (...parts: PairPart[]) => examples.filter((it) => parts.includes(it.part));
const chosen = fitBoostedTrees(of("fit"), { ...OPTIONS, seed: Number(seed) });
evaluate("fit on fit, dev part", chosen, of("dev"));
const trees = fitBoostedTrees(of("fit", "dev"), { ...OPTIONS, seed: Number(seed) });
evaluate("fit on fit and dev, held-out part", trees, of("held_out"));
evaluate("the same, labels permuted", trees, permuted(of("held_out")));
await writeFile("src/recall/playbook/pair-trees.ts", render(trees));

function evaluate(name: string, model: BoostedTrees, data: readonly Example[]): void {
  const scored = data.map((it) => ({
    score: treesProbability(model, it.features),
    is_same: it.is_same,
  }));
  const scores = (is_same: boolean) =>
    scored.filter((it) => it.is_same === is_same).map((it) => it.score);
  const at = (share: number) => {
    const { rate, low, high } = recallAtFalse(scored, share);
    return `${rate!.toFixed(3)} (${low!.toFixed(3)}-${high!.toFixed(3)})`;
  };
  const auroc = aurocOf(scores(true), scores(false)).toFixed(3);
  const error = scored.reduce((sum, it) => sum + (it.score - Number(it.is_same)) ** 2, 0);
  process.stdout.write(
    `${name}: n ${data.length}, recall at 5 % ${at(0.05)}, at 1 % ${at(0.01)}, ` +
      `AUROC ${auroc}, Brier ${(error / data.length).toFixed(3)}\n`,
  );
}

/** Each example with the label of the next one: nothing may be left to find. */
function permuted(data: readonly Example[]): Example[] {
  return data.map((it, at) => ({ ...it, is_same: data[(at + 1) % data.length]!.is_same }));
}

function render({ bias, trees: grown }: BoostedTrees): string {
  const lines = grown.map(({ ask, leaves }) => {
    const questions = ask.map(([name, above]) => `${name}>${above}`).join(" ");
    return `  ${questions}\n    | ${leaves.join(" ")}`;
  });
  return `// Fitted by scripts/fit-pair-trees.ts, seed ${seed}: do not edit, fit again.
import { readTrees } from "./boosted-trees.ts";

export const PAIR_TREES = readTrees(
  ${bias},
  \`
${lines.join("\n")}
\`,
);
`;
}
