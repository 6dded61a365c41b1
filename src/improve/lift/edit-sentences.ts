// The sentences that minimal edits are made of: of every set in a folder, each set alike.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { readIntentFolder } from "./intent-folder.ts";
import { readPairFolder } from "./pair-folder.ts";
import { readTaskFolder } from "./task-folder.ts";

/** A sentence and, where the set has one, the same in other words. */
export interface Sentence {
  readonly text: string;
  readonly paraphrase: string | undefined;
}

/** Of each set so many, spread over it, so that none drowns the others. */
const OF_EACH_SET = 2_000;

/** Sentences of all intent, pair and task sets in a folder; none when there is no such folder. */
export async function readEditSentences(root: string): Promise<Sentence[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  const names = entries.filter((it) => it.isDirectory()).map((it) => it.name);
  const found: Sentence[] = [];
  for (const name of names.toSorted()) {
    const all = await sentencesOf(join(root, name));
    const step = Math.max(1, Math.floor(all.length / OF_EACH_SET));
    found.push(...all.filter((_, at) => at % step === 0).slice(0, OF_EACH_SET));
  }
  return found;
}

async function sentencesOf(folder: string): Promise<Sentence[]> {
  const intents = await readIntentFolder(folder);
  if (intents !== undefined) {
    return intents.train.map(({ text, paraphrase }) => ({ text, paraphrase }));
  }
  const pairs = await readPairFolder(folder);
  if (pairs !== undefined) {
    return [...pairs.files.values()].flat().map((pair) => ({
      text: pair.first,
      paraphrase: pair.is_same ? pair.second : undefined,
    }));
  }
  const tasks = (await readTaskFolder(folder)) ?? [];
  return tasks.map(({ text }) => ({ text, paraphrase: undefined }));
}
