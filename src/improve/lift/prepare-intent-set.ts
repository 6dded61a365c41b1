// Makes a lift set of a few-shot-intent folder: exemplars to retrieve, labels to judge by.
import { seededRandom, type Random } from "#kernel/random.ts";
import type { IntentFolder, LabelledText } from "./intent-folder.ts";
import type { CorpusText, LiftCase, Lookalike, PreparedSet } from "./lift-case.ts";
import { needQueries } from "./nothing-to-ask.ts";
import { createWordNeighbours, plainText } from "./word-neighbours.ts";

export interface IntentOptions {
  readonly queries_max: number;
  readonly seed: number;
  readonly exemplars_per_label: number;
}

/**
 * Position in `pool` of a stand-in paraphrase for each query: the line of the same label that
 * means most nearly the same. Asked for only when the set has no paraphrases of its own.
 */
export type FindStandIns = (
  queries: readonly LabelledText[],
  pool: readonly LabelledText[],
) => Promise<readonly (number | undefined)[]>;

export async function prepareIntentSet(
  set: string,
  folder: IntentFolder,
  options: IntentOptions,
  findStandIns: FindStandIns,
): Promise<PreparedSet> {
  const random = seededRandom(options.seed);
  const exemplars = chooseExemplars(folder, options.exemplars_per_label, random);
  const taken = new Set(exemplars.map((line) => plainText(line.text)));
  const open = folder.train.filter((line) => !taken.has(plainText(line.text)));
  const queries = random.shuffle(open).slice(0, options.queries_max);
  needQueries(queries, folder.train, exemplars, []);
  const notes: string[] = [];
  const paraphrases = await paraphrasesOf(folder, open, queries, findStandIns, notes);
  const lookalikes = findLookalikes(folder, queries, taken);
  const cases = queries.map((line, at): LiftCase => ({
    query_id: `q${at}`,
    category: line.label,
    text: line.text,
    satisfies: (answer) => answer.metadata["label"] === line.label,
    paraphrases: paraphrases[at] ?? [],
    lookalikes: lookalikes[at] ?? [],
  }));
  const found = lookalikes.filter((it) => it.length > 0).length;
  notes.push(
    `look-alikes: for ${found} queries the line of another label that is closest in words`,
  );
  return {
    set,
    judge: "labels",
    corpora: [],
    items: exemplarItems(exemplars),
    cases,
    off_topic: folder.outside.flatMap((it) => it.texts.map((text) => ({ text, group: it.folder }))),
    notes,
  };
}

/**
 * The set's own selection, or so many of each label by seed, but no more than half of its lines
 * (one at least), so that others are left to ask.
 */
export function chooseExemplars(
  folder: IntentFolder,
  per_label: number,
  random: Random,
): readonly LabelledText[] {
  if (folder.few_shot !== undefined) return folder.few_shot;
  const lines = new Map<string, number>();
  for (const { label } of folder.train) lines.set(label, (lines.get(label) ?? 0) + 1);
  const count = new Map<string, number>();
  return random.shuffle(folder.train).filter((line) => {
    const seen = count.get(line.label) ?? 0;
    count.set(line.label, seen + 1);
    return seen < Math.min(per_label, Math.max(1, Math.floor(lines.get(line.label)! / 2)));
  });
}

/** Labelled lines as the items of a corpus. */
export function exemplarItems(lines: readonly LabelledText[]): CorpusText[] {
  return lines.map(({ text, label }, at) => ({ id: `e${at}`, text, metadata: { label } }));
}

async function paraphrasesOf(
  folder: IntentFolder,
  open: readonly LabelledText[],
  queries: readonly LabelledText[],
  findStandIns: FindStandIns,
  notes: string[],
): Promise<string[][]> {
  if (folder.has_paraphrases) {
    const own = queries.map(({ text, paraphrase }) =>
      paraphrase === undefined || plainText(paraphrase) === plainText(text) ? [] : [paraphrase],
    );
    const same = own.filter((it) => it.length === 0).length;
    notes.push(`paraphrases: the set's own; ${same} that are the same text were left out`);
    return own;
  }
  const asked = new Set(queries.map((line) => plainText(line.text)));
  const pool = open.filter((line) => !asked.has(plainText(line.text)));
  const found = await findStandIns(queries, pool);
  notes.push(
    "paraphrases: the set has none; the training line of the same label that is nearest in " +
      "meaning stands in, so some of them ask for something slightly different",
  );
  return found.map((at) => (at === undefined ? [] : [pool[at]!.text]));
}

/** Lines that are queries, exemplars or the same words as the query are no look-alikes. */
function findLookalikes(
  folder: IntentFolder,
  queries: readonly LabelledText[],
  taken: ReadonlySet<string>,
): Lookalike[][] {
  const asked = new Set(queries.map((line) => plainText(line.text)));
  const pool = [...folder.train, ...[...folder.asked.values()].flat()].filter((line) => {
    const plain = plainText(line.text);
    return !asked.has(plain) && !taken.has(plain);
  });
  const neighbours = createWordNeighbours(pool.map((line) => line.text));
  return queries.map((query) => {
    const at = neighbours.closest(query.text, (index) => pool[index]!.label !== query.label);
    if (at === undefined) return [];
    const { text, label } = pool[at]!;
    return [{ text, isWrong: (answer) => answer.metadata["label"] !== label }];
  });
}
