// Data sets of sentence pairs: <split>.tsv with id, first, second, label (1: they say the same).
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { sha256Hex } from "#kernel/ids.ts";

export interface SentencePair {
  readonly id: string;
  readonly first: string;
  readonly second: string;
  readonly is_same: boolean;
}

export interface PairFolder {
  /** File name without its ending → pairs. */
  readonly files: ReadonlyMap<string, readonly SentencePair[]>;
}

const PAIR_LINE = /^[^\t]+\t[^\t]+\t[^\t]+\t[01]\r?$/u;

/** undefined when no .tsv file of the folder holds such lines. A header line is passed over. */
export async function readPairFolder(folder: string): Promise<PairFolder | undefined> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".tsv")).toSorted();
  const files = new Map<string, readonly SentencePair[]>();
  for (const name of names) {
    const lines = (await readFile(join(folder, name), "utf8")).split("\n");
    const pairs = lines.filter((line) => PAIR_LINE.test(line)).map(pairOfLine);
    if (pairs.length > 0) files.set(name.slice(0, -".tsv".length), pairs);
  }
  return files.size === 0 ? undefined : { files };
}

function pairOfLine(line: string): SentencePair {
  const [id, first, second, label] = line.trimEnd().split("\t") as [string, string, string, string];
  return { id, first, second, is_same: label === "1" };
}

export type PairPart = "fit" | "dev" | "held_out";

/** 45 % fit, 15 % dev, 40 % held out, by a hash of the id: no row ever changes its part. */
export function partOfPair(id: string): PairPart {
  const place = Number.parseInt(sha256Hex(`pair:${id}`).slice(0, 8), 16) / 2 ** 32;
  if (place < 0.45) return "fit";
  return place < 0.6 ? "dev" : "held_out";
}
