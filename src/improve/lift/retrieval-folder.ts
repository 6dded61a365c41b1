// Data sets in BEIR form: corpus.jsonl, queries.jsonl and qrels/<split>.tsv.
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { readJsonlFile } from "#kernel/jsonl-read.ts";

export interface RetrievalFolder {
  readonly documents: readonly { readonly id: string; readonly text: string }[];
  readonly queries: ReadonlyMap<string, string>;
  readonly splits: readonly string[];
  /** Query id → document id → grade. undefined: no such split. */
  grades(split: string): Promise<Map<string, Map<string, number>> | undefined>;
}

interface BeirLine {
  readonly _id: string;
  readonly title?: string;
  readonly text: string;
}

/** undefined when the folder is not of this form. */
export async function readRetrievalFolder(folder: string): Promise<RetrievalFolder | undefined> {
  const names = await readdir(folder);
  if (!["corpus.jsonl", "queries.jsonl", "qrels"].every((name) => names.includes(name))) {
    return undefined;
  }
  const documents: { id: string; text: string }[] = [];
  for await (const { row } of readJsonlFile<BeirLine>(join(folder, "corpus.jsonl"))) {
    const text = [row.title ?? "", row.text].map((part) => part.trim()).filter((it) => it !== "");
    documents.push({ id: row._id, text: text.join("\n") });
  }
  const queries = new Map<string, string>();
  for await (const { row } of readJsonlFile<BeirLine>(join(folder, "queries.jsonl"))) {
    queries.set(row._id, row.text);
  }
  const files = await readdir(join(folder, "qrels"));
  const splits = files.filter((it) => it.endsWith(".tsv")).map((it) => it.slice(0, -4));
  return {
    documents: documents.filter((document) => document.text !== ""),
    queries,
    splits: splits.toSorted(),
    grades: async (split) =>
      splits.includes(split)
        ? parseGrades(await readFile(join(folder, "qrels", `${split}.tsv`), "utf8"))
        : undefined,
  };
}

/** "query-id corpus-id score" a line, tab-separated, with a heading. */
export function parseGrades(text: string): Map<string, Map<string, number>> {
  const grades = new Map<string, Map<string, number>>();
  for (const line of text.split(/\r?\n/u)) {
    const [query, document, grade] = line.split("\t");
    if (query === undefined || document === undefined || !/^-?\d+$/u.test(grade ?? "")) continue;
    const of_query = grades.get(query) ?? new Map<string, number>();
    grades.set(query, of_query.set(document, Number(grade)));
  }
  return grades;
}
