// Writes a domain's example data as CSV files, in batches, in bounded memory.
import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { GenerateOptions } from "#edges/cli/cli-host.ts";
import { seededRandom } from "#kernel/random.ts";
import type { DomainPack, GeneratedTable } from "#ports/domain-pack.ts";
import { loadPacks } from "./packs.ts";

/** Paths of the files written: `<out>/<dataset>.csv`. */
export async function generateFiles(options: GenerateOptions): Promise<string[]> {
  const [pack] = await loadPacks([options.domain]);
  return writeTables(pack!, options);
}

export async function writeTables(
  pack: DomainPack,
  options: { rows: number; seed: number; out: string },
): Promise<string[]> {
  await mkdir(options.out, { recursive: true });
  const tables = pack.generate({ rows: options.rows, random: seededRandom(options.seed) });
  const paths: string[] = [];
  for (const table of tables) {
    const path = join(options.out, `${table.dataset}.csv`);
    await pipeline(Readable.from(csvText(table)), createWriteStream(path));
    paths.push(path);
  }
  return paths;
}

function* csvText(table: GeneratedTable): Generator<string> {
  yield `${table.columns.map((column) => column.name).join(",")}\n`;
  yield* table.csv();
}
