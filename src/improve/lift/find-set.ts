// Finds a query set by name: a domain's own, or a data folder recognised by the files in it.
import { stat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { nearestName } from "#kernel/check-input.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { LiftSet } from "#ports/domain-pack.ts";
import { readEditSentences, type Sentence } from "./edit-sentences.ts";
import { readIntentFolder, type IntentFolder } from "./intent-folder.ts";
import { readPairFolder, type PairFolder } from "./pair-folder.ts";
import { readRetrievalFolder, type RetrievalFolder } from "./retrieval-folder.ts";
import { readTaskFolder, type TemplateTask } from "./task-folder.ts";

export interface SetSources {
  /** Query sets that the domains bring. */
  domain(): readonly LiftSet[];
  /** Folder that holds data sets, one folder each. */
  readonly root: string;
}

export type FoundSet =
  | { readonly form: "domain"; readonly set: LiftSet }
  | { readonly form: "intents"; readonly folder: IntentFolder }
  | { readonly form: "retrieval"; readonly folder: RetrievalFolder }
  | { readonly form: "pairs"; readonly folder: PairFolder }
  | { readonly form: "tasks"; readonly tasks: readonly TemplateTask[] }
  | { readonly form: "edits"; readonly sentences: readonly Sentence[] };

/** Made of the sentences of all other sets. */
const MINIMAL_EDITS = "minimal-edits";

/** `not_found` (no_such_set) or `rejected` (set_not_understood) otherwise. */
export async function findSet(sources: SetSources, name: string): Promise<FoundSet> {
  const domain = sources.domain().find((set) => set.name === name);
  if (domain !== undefined) return { form: "domain", set: domain };
  if (name === MINIMAL_EDITS) {
    const sentences = await readEditSentences(sources.root);
    if (sentences.length === 0) throw await noSuchSet(sources, name);
    return { form: "edits", sentences };
  }
  const folder = join(sources.root, name);
  const is_name = /^[\w][\w.-]*$/u.test(name);
  if (!is_name || !(await isFolder(folder))) throw await noSuchSet(sources, name);
  const intents = await readIntentFolder(folder);
  if (intents !== undefined) return { form: "intents", folder: intents };
  const retrieval = await readRetrievalFolder(folder);
  if (retrieval !== undefined) return { form: "retrieval", folder: retrieval };
  const pairs = await readPairFolder(folder);
  if (pairs !== undefined) return { form: "pairs", folder: pairs };
  const tasks = await readTaskFolder(folder);
  if (tasks !== undefined) return { form: "tasks", tasks };
  throw new LakehouseError("rejected", `the files of "${name}" are of no form known here`, {
    reason: "set_not_understood",
    hint:
      "train/seq.in with train/label; corpus.jsonl, queries.jsonl and qrels/<split>.tsv; " +
      "<split>.tsv of sentence pairs; or tasks.json",
  });
}

async function isFolder(path: string): Promise<boolean> {
  const info = await stat(path).catch(() => undefined);
  return info?.isDirectory() ?? false;
}

async function noSuchSet(sources: SetSources, name: string): Promise<LakehouseError> {
  const entries = await readdir(sources.root, { withFileTypes: true }).catch(() => []);
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const known = [...sources.domain().map((set) => set.name), MINIMAL_EDITS, ...folders];
  const nearest = nearestName(name, known);
  return new LakehouseError("not_found", `there is no query set "${name}"`, {
    reason: "no_such_set",
    hint: nearest === undefined ? `sets: ${known.join(", ")}` : `did you mean "${nearest}"?`,
  });
}
