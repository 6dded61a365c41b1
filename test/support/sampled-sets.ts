// Small fixed samples of public data sets, written in the form of the whole sets.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Which lines of a file stay: every n-th. */
type Strides = Readonly<Record<string, number>>;

/** The text files of a set of intents, thinned out; files of one folder keep the same lines. */
export async function sampleIntents(from: string, to: string, strides: Strides): Promise<void> {
  for (const [folder, stride] of Object.entries(strides)) {
    for (const name of ["seq.in", "label", "para.in"]) {
      const text = await readFile(join(from, folder, name), "utf8").catch(() => undefined);
      if (text === undefined) continue;
      await write(join(to, folder, name), everyNth(linesOf(text), stride));
    }
  }
}

/**
 * A set in BEIR form: every n-th judged query, all documents that answer these, and every n-th of
 * the other documents.
 */
export async function sampleRetrieval(
  from: string,
  to: string,
  { split, query_stride, document_stride }: RetrievalSample,
): Promise<void> {
  const read = async (name: string) => linesOf(await readFile(join(from, name), "utf8"));
  const [heading, ...grades] = await read(`qrels/${split}.tsv`);
  const judged = [...new Set(grades.map((line) => line.split("\t")[0]!))].toSorted();
  const asked = new Set(everyNth(judged, query_stride));
  const kept = grades.filter((line) => asked.has(line.split("\t")[0]!));
  const answers = new Set(kept.map((line) => line.split("\t")[1]!));
  const idOf = (line: string) => String((JSON.parse(line) as { _id: string | number })._id);
  const documents = (await read("corpus.jsonl")).filter(
    (line, at) => at % document_stride === 0 || answers.has(idOf(line)),
  );
  await write(join(to, "corpus.jsonl"), documents);
  const queries = await read("queries.jsonl");
  await write(
    join(to, "queries.jsonl"),
    queries.filter((line) => asked.has(idOf(line))),
  );
  await write(join(to, `qrels/${split}.tsv`), [heading!, ...kept]);
}

export interface RetrievalSample {
  readonly split: string;
  readonly query_stride: number;
  readonly document_stride: number;
}

/** Blank lines in between stay: lines of several files belong together by their number. */
function linesOf(text: string): string[] {
  return text.replace(/\r?\n$/u, "").split(/\r?\n/u);
}

function everyNth(lines: readonly string[], stride: number): string[] {
  return lines.filter((_, at) => at % stride === 0);
}

async function write(path: string, lines: readonly string[]): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${lines.join("\n")}\n`);
}
