// Data sets in few-shot-intent form: seq.in (a text a line) and label (aligned), folder by folder.
import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { LakehouseError } from "#kernel/problem.ts";

export interface LabelledText {
  readonly text: string;
  readonly label: string;
  /** The aligned line of para.in: the same request in other words. */
  readonly paraphrase: string | undefined;
}

export interface OutsideTexts {
  /** Folder as in the set, e.g. "oos/train". */
  readonly folder: string;
  readonly texts: readonly string[];
}

export interface IntentFolder {
  readonly train: readonly LabelledText[];
  /** Parts to ask, "valid" and "test", as far as there are any. */
  readonly asked: ReadonlyMap<string, readonly LabelledText[]>;
  /** The set's own few-shot selection of train. */
  readonly few_shot: readonly LabelledText[] | undefined;
  readonly has_paraphrases: boolean;
  readonly outside: readonly OutsideTexts[];
}

/** undefined when the folder is not of this form (no train/seq.in with train/label). */
export async function readIntentFolder(folder: string): Promise<IntentFolder | undefined> {
  const train = await readLabelled(join(folder, "train"));
  if (train === undefined) return undefined;
  const few_shot =
    (await readLabelled(join(folder, "train_10"))) ?? (await readLabelled(join(folder, "train_5")));
  const asked = new Map<string, readonly LabelledText[]>();
  for (const part of ["valid", "test"]) {
    const lines = await readLabelled(join(folder, part));
    if (lines !== undefined && lines.length > 0) asked.set(part, lines);
  }
  return {
    train,
    asked,
    few_shot,
    has_paraphrases: train.some((line) => line.paraphrase !== undefined),
    outside: await readOutside(folder),
  };
}

async function readLabelled(folder: string): Promise<LabelledText[] | undefined> {
  const [texts, labels, paraphrases] = await Promise.all([
    readLines(join(folder, "seq.in")),
    readLines(join(folder, "label")),
    readLines(join(folder, "para.in")),
  ]);
  if (texts === undefined || labels === undefined) return undefined;
  needAligned(folder, texts, "label", labels);
  if (paraphrases !== undefined) needAligned(folder, texts, "para.in", paraphrases);
  const unlabelled = texts.findIndex((text, at) => text !== "" && (labels[at] ?? "") === "");
  if (unlabelled >= 0) {
    throw notUnderstood(`line ${unlabelled + 1} of ${shortPath(folder)}/seq.in has no label`);
  }
  return texts
    .map((text, at) => ({ text, label: labels[at]!, paraphrase: paraphrases?.[at] }))
    .filter((line) => line.text !== "");
}

/** Line by line; empty lines at the end of one of them count for nothing. */
function needAligned(
  folder: string,
  texts: readonly string[],
  name: string,
  others: readonly string[],
): void {
  const [of_texts, of_others] = [filledLength(texts), filledLength(others)];
  if (texts.length === others.length || of_texts === of_others) return;
  const path = shortPath(folder);
  throw notUnderstood(
    `${path}/seq.in has ${of_texts} lines and ${path}/${name} has ${of_others}: they must be as many`,
  );
}

function filledLength(lines: readonly string[]): number {
  return lines.findLastIndex((line) => line !== "") + 1;
}

/** The part and the set that it is of. */
function shortPath(folder: string): string {
  return `${basename(dirname(folder))}/${basename(folder)}`;
}

function notUnderstood(message: string): LakehouseError {
  return new LakehouseError("rejected", message, {
    reason: "set_not_understood",
    hint: "each line of seq.in goes with the same line of label, and of para.in where there is one",
  });
}

/** Folders whose name ends in "oos", each split of them: requests outside every label. */
async function readOutside(folder: string): Promise<OutsideTexts[]> {
  const found: OutsideTexts[] = [];
  for (const name of (await readdir(folder)).toSorted()) {
    if (!/(?:^|[-_])oos$/u.test(name)) continue;
    for (const split of (await readdir(join(folder, name))).toSorted()) {
      const texts = await readLines(join(folder, name, split, "seq.in"));
      if (texts === undefined) continue;
      found.push({ folder: `${name}/${split}`, texts: texts.filter((text) => text !== "") });
    }
  }
  return found;
}

/** Lines without the closing newline; undefined when there is no such file. */
async function readLines(path: string): Promise<string[] | undefined> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
    throw error;
  });
  return text
    ?.replace(/\r?\n$/u, "")
    .split(/\r?\n/u)
    .map((line) => line.trim());
}
