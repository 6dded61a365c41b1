// Fits the weights of src/recall/playbook/wording-likeness.ts and prints how well they hold.
// Usage: node scripts/fit-wording-likeness.ts <folder of data sets> [seed] [folder with vectors]
import { join } from "node:path";
import { readIntentFolder } from "#improve/lift/intent-folder.ts";
import { plainText } from "#improve/lift/word-neighbours.ts";
import { rateWhere } from "#improve/lift/rates.ts";
import { sha256Hex } from "#kernel/ids.ts";
import { seededRandom } from "#kernel/random.ts";
import { framedStems } from "#recall/playbook/request-frames.ts";
import { createScopeIndex } from "#recall/playbook/scope-index.ts";
import { nearQueries } from "#recall/playbook/nearest-queries.ts";
import { WORDING_FEATURES, wordingFeatures } from "#recall/playbook/wording-likeness.ts";
import { embedCached } from "./cached-embedding.ts";
import { dot, fitLogit, type Choice } from "./fit-logit.ts";

const SET = "clinc150";
const CANDIDATES = 50;

const [root, seed = "7", cache, count = "3000"] = process.argv.slice(2);
if (root === undefined) {
  process.stderr.write(`name the folder that holds ${SET}\n`);
  process.exit(2);
}
const folder = await readIntentFolder(join(root, SET));
if (folder === undefined) throw new Error(`${SET} is not there, or not of the intent form`);
const lines = folder.train;
const order = seededRandom(Number(seed))
  .shuffle([...lines.keys()])
  .slice(0, Number(count));
const vectors = await embedCached(
  lines.map((line) => line.text),
  cache,
);
const paraphrases = order.map((at) => lines[at]!.paraphrase ?? lines[at]!.text);
const asked = await embedCached(paraphrases, cache);
const index = createScopeIndex(() => undefined);
for (const [at, line] of lines.entries()) index.add(line.text, String(at), vectors[at]!);

const cases = order.map((at, n) => {
  const stems = framedStems(paraphrases[n]!);
  const query = { text: paraphrases[n]!, vector: asked[n]! };
  const nearest = index.nearest(query.vector, CANDIDATES);
  const found = nearQueries(index, query, nearest, CANDIDATES);
  const rows = wordingFeatures(stems, found).map((it) => WORDING_FEATURES.map((key) => it[key]));
  const origin = found.findIndex((it) => it.recorded.playbook_ids.has(String(at)));
  const held_out = Number.parseInt(sha256Hex(lines[at]!.label).slice(0, 2), 16) % 2 === 0;
  const other_words = plainText(paraphrases[n]!) !== plainText(lines[at]!.text);
  return { rows, origin, held_out, other_words };
});
const choices: Choice[] = cases
  .filter((it) => !it.held_out && it.origin >= 0)
  .map((it) => ({ rows: it.rows, chosen: it.origin, weight: 1 }));
const weights = fitLogit(choices, 0.01);
process.stdout.write(
  `${WORDING_FEATURES.map((name, at) => `${name}: ${weights[at]!.toFixed(2)}`).join(", ")}\n`,
);
const cosine = weights.map((_, at) => (at === 0 ? 1 : 0));
for (const [name, w] of [
  ["cosine", cosine],
  ["wording", weights],
] as const) {
  for (const held_out of [false, true]) {
    for (const other_words of [false, true]) {
      const some = cases.filter(
        (it) => it.held_out === held_out && (!other_words || it.other_words),
      );
      const ranks = some.map(({ rows, origin }) => rankOf(rows, origin, w));
      const part = `${held_out ? "held out" : "fitted"}${other_words ? ", other words" : ""}`;
      const shares = [1, 5].map((k) => {
        const { rate, low, high } = rateWhere(ranks, (rank) => rank < k);
        return `R@${k} ${rate!.toFixed(3)} (${low!.toFixed(3)}-${high!.toFixed(3)})`;
      });
      process.stdout.write(`${name}, ${part}, ${some.length}: ${shares.join(", ")}\n`);
    }
  }
}

function rankOf(rows: readonly (readonly number[])[], origin: number, w: readonly number[]) {
  if (origin < 0) return Number.POSITIVE_INFINITY;
  const own = dot(rows[origin]!, w);
  return rows.filter((row) => dot(row, w) > own).length;
}
