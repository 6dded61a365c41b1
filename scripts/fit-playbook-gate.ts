// Fits the coefficients of src/recall/playbook/gate-confidence.ts and prints how well they hold.
// Usage: node scripts/fit-playbook-gate.ts <folder of data sets> [seed] [queries of each set]
import { join } from "node:path";
import { createMiniLmEmbedder } from "#adapters/embedder/minilm-embedder.ts";
import { readIntentFolder, type LabelledText } from "#improve/lift/intent-folder.ts";
import { createWordNeighbours, plainText } from "#improve/lift/word-neighbours.ts";
import { nearestVector } from "#improve/lift/embed-vectors.ts";
import { sha256Hex } from "#kernel/ids.ts";
import { seededRandom } from "#kernel/random.ts";
import { lengthGap, type Likeness } from "#recall/playbook/gate-confidence.ts";
import { readWords } from "#recall/playbook/query-words.ts";
import { dotProduct } from "#recall/playbook/vector-rows.ts";
import { createWordWeights, stemSet, weightedOverlap } from "#recall/playbook/word-weights.ts";

interface Pair extends Likeness {
  readonly set: string;
  readonly kind: "same" | "other by words" | "other by meaning";
  /** Intents of one half are fitted on, those of the other are held out. */
  readonly held_out: boolean;
}

const SETS = ["clinc150", "banking77"];
const FEATURES = ["semantic", "lexical", "length_gap"] as const;
const STEPS = 600;
const RATE = 1.5;
const EMBED_BATCH = 256;

const [root, seed = "7", queries = "2000"] = process.argv.slice(2);
if (root === undefined) {
  process.stderr.write("name the folder that holds clinc150 and banking77\n");
  process.exit(2);
}
const embedder = createMiniLmEmbedder({ threads: 1, workers: 2 });
const pairs: Pair[] = [];
for (const set of SETS) pairs.push(...(await pairsOf(set, Number(seed), Number(queries))));
await embedder.close();
const weights = fit(pairs.filter((pair) => !pair.held_out));
process.stdout.write(`${JSON.stringify(weights)}\n`);
for (const set of SETS) evaluate(set, weights);

async function pairsOf(set: string, random_seed: number, count: number): Promise<Pair[]> {
  const folder = await readIntentFolder(join(root!, set));
  if (folder === undefined) throw new Error(`${set} is not there, or not of the intent form`);
  const { train } = folder;
  const texts = train.map((line) => line.text);
  const vectors = await embed(texts);
  const words = createWordNeighbours(texts);
  const order = seededRandom(random_seed)
    .shuffle([...train.keys()])
    .slice(0, count);
  const idf = createWordWeights();
  for (const at of order.slice(0, 1000)) idf.add(stemSet(readWords(texts[at]!)));
  const paraphrases = await embed(order.map((at) => train[at]!.paraphrase ?? texts[at]!));
  const found: Pair[] = [];
  for (const [index, at] of order.entries()) {
    const line = train[at]!;
    const held_out = Number.parseInt(sha256Hex(line.label).slice(0, 2), 16) % 2 === 0;
    const add = (kind: Pair["kind"], text: string, vector: Float32Array) =>
      found.push({ set, kind, held_out, ...likeness(line.text, vectors[at]!, text, vector, idf) });
    const other = (it: LabelledText) =>
      it.label !== line.label && plainText(it.text) !== plainText(line.text);
    const by_words = words.closest(line.text, (it) => other(train[it]!));
    if (by_words !== undefined) add("other by words", texts[by_words]!, vectors[by_words]!);
    const by_meaning = nearestVector(vectors[at]!, vectors, (it) => other(train[it]!));
    if (by_meaning !== undefined) add("other by meaning", texts[by_meaning]!, vectors[by_meaning]!);
    if (folder.has_paraphrases) {
      const own = line.paraphrase ?? line.text;
      if (plainText(own) !== plainText(line.text)) add("same", own, paraphrases[index]!);
      continue;
    }
    const same = nearestVector(vectors[at]!, vectors, (it) => {
      return it !== at && train[it]!.label === line.label;
    });
    if (same !== undefined) add("same", texts[same]!, vectors[same]!);
  }
  return found;
}

async function embed(texts: readonly string[]): Promise<Float32Array[]> {
  const rows: Float32Array[] = [];
  for (let at = 0; at < texts.length; at += EMBED_BATCH) {
    const part = texts.slice(at, at + EMBED_BATCH);
    const { vectors, dimension } = await embedder.embed(part, new AbortController().signal);
    for (const row of part.keys()) {
      rows.push(vectors.slice(row * dimension, (row + 1) * dimension));
    }
  }
  return rows;
}

function likeness(
  a: string,
  vector_a: Float32Array,
  b: string,
  vector_b: Float32Array,
  idf: ReturnType<typeof createWordWeights>,
): Likeness {
  const [words_a, words_b] = [readWords(a), readWords(b)];
  return {
    semantic: dotProduct(vector_a, vector_b),
    lexical: weightedOverlap(stemSet(words_a), stemSet(words_b), idf.weight),
    length_gap: lengthGap(words_a.length, words_b.length),
  };
}

/** Logistic regression by gradient descent on standardised features. */
function fit(data: readonly Pair[]): Record<string, number> {
  const mean = FEATURES.map((name) => data.reduce((sum, it) => sum + it[name], 0) / data.length);
  const spread = FEATURES.map((name, f) =>
    Math.sqrt(data.reduce((sum, it) => sum + (it[name] - mean[f]!) ** 2, 0) / data.length),
  );
  const rows = data.map((it) => [
    1,
    ...FEATURES.map((name, f) => (it[name] - mean[f]!) / spread[f]!),
  ]);
  const w = rows[0]!.map(() => 0);
  for (let step = 0; step < STEPS; step++) {
    const slope = w.map(() => 0);
    for (const [at, row] of rows.entries()) {
      const z = row.reduce((sum, value, f) => sum + value * w[f]!, 0);
      const error = 1 / (1 + Math.exp(-z)) - (data[at]!.kind === "same" ? 1 : 0);
      for (const [f, value] of row.entries()) slope[f]! += error * value;
    }
    for (const f of w.keys()) w[f]! -= (RATE * slope[f]!) / rows.length;
  }
  const raw = FEATURES.map((_, f) => w[f + 1]! / spread[f]!);
  const bias = w[0]! - raw.reduce((sum, value, f) => sum + value * mean[f]!, 0);
  return { bias, ...Object.fromEntries(FEATURES.map((name, f) => [name, raw[f]!])) };
}

/** Prints the share of held-out pairs of each kind at or above each confidence. */
function evaluate(set: string, w: Record<string, number>): void {
  const probability = (pair: Pair) =>
    1 /
    (1 + Math.exp(-w["bias"]! - FEATURES.reduce((sum, name) => sum + w[name]! * pair[name], 0)));
  const kinds = ["same", "other by words", "other by meaning"] as const;
  for (const from of [0.5, 0.6, 0.7, 0.8]) {
    const shares = kinds.map((kind) => {
      const held = pairs.filter((it) => it.set === set && it.kind === kind && it.held_out);
      const above = held.filter((it) => probability(it) >= from).length;
      return `${kind} ${(above / held.length).toFixed(3)} of ${held.length}`;
    });
    process.stdout.write(`${set} from ${from}: ${shares.join(", ")}\n`);
  }
}
