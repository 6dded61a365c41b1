// The text files below a folder as items of a corpus, long ones split into passages.
import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { throwIfOver, type Call } from "#kernel/call.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { withHash, type CorpusItem, type ItemSource } from "./corpus-items.ts";
import { splitPassages } from "./text-passages.ts";

export interface FolderOptions {
  /** With their dots; case does not matter. */
  readonly extensions: readonly string[];
  readonly passage_characters: number;
  readonly id_prefix: string;
}

const FILES_MAX = 100_000;
/** Larger files are data rather than text: a dataset is the place for them. */
const FILE_BYTES_MAX = 16 * 1024 * 1024;
const BATCH_ITEMS = 500;

/**
 * Ids are `<path below the folder>#<passage>`, metadata `{path, passage, title}`; a passage begins
 * with the file's title, so that it can be found by what the file is about. Links that lead out of
 * the folder are passed over. Errors: `not_found` (no_such_folder), `too_large` (a file, or too
 * many of them).
 */
export async function folderItems(folder: string, options: FolderOptions): Promise<ItemSource> {
  const root = await rootOf(folder);
  const paths = await listFiles(root, options.extensions);

  async function* batches(call: Call): AsyncGenerator<CorpusItem[]> {
    let batch: CorpusItem[] = [];
    for (const path of paths) {
      throwIfOver(call);
      batch.push(...(await fileItems(root, path, options)));
      if (batch.length < BATCH_ITEMS) continue;
      yield batch;
      batch = [];
    }
    yield batch;
  }
  return { total: paths.length, batches };
}

async function rootOf(folder: string): Promise<string> {
  const root = await realpath(folder).catch(() => undefined);
  if (root !== undefined && (await stat(root)).isDirectory()) return root;
  throw new LakehouseError("not_found", `there is no folder ${folder}`, {
    reason: "no_such_folder",
    hint: "a path of the machine that the house runs on",
  });
}

/** In name order, with forward slashes. */
async function listFiles(root: string, extensions: readonly string[]): Promise<string[]> {
  const wanted = new Set(extensions.map((extension) => extension.toLowerCase()));
  const paths: string[] = [];
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    const extension = /\.[^.]+$/u.exec(entry.name)?.[0].toLowerCase() ?? "";
    if (!wanted.has(extension)) continue;
    const path = join(entry.parentPath, entry.name);
    const real = await realpath(path);
    if (!real.startsWith(root + sep) || !(await stat(real)).isFile()) continue;
    paths.push(path.slice(root.length + 1).replaceAll(sep, "/"));
    if (paths.length <= FILES_MAX) continue;
    throw new LakehouseError("too_large", `more than ${FILES_MAX} files stand below ${root}`, {
      hint: "name a folder further down, or fewer extensions",
    });
  }
  return paths.toSorted();
}

async function fileItems(
  root: string,
  path: string,
  { passage_characters, id_prefix }: FolderOptions,
): Promise<CorpusItem[]> {
  const { size } = await stat(join(root, path));
  if (size > FILE_BYTES_MAX) {
    throw new LakehouseError("too_large", `${path} has ${size} bytes, more than a text file has`, {
      hint: "ingest it as a dataset, or take it out of the folder",
    });
  }
  const text = await readFile(join(root, path), "utf8");
  const title = titleOf(text, path);
  return splitPassages(text, passage_characters).map((passage, at) => {
    const whole = passage.startsWith(title) || at === 0 ? passage : `${title}\n${passage}`;
    return withHash(`${id_prefix}${path}#${at + 1}`, whole, { path, passage: at + 1, title });
  });
}

const TITLE_LENGTH_MAX = 200;

/** The first heading, or the name of the file. */
function titleOf(text: string, path: string): string {
  const heading = /^#{1,3}\s+(.+)$/mu.exec(text)?.[1]?.trim();
  const name = path.slice(path.lastIndexOf("/") + 1).replace(/\.[^.]+$/u, "");
  return (heading ?? name.replaceAll(/[-_]+/gu, " ")).slice(0, TITLE_LENGTH_MAX);
}
