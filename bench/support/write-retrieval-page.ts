// Writes the reference page of retrieval figures with its plots and the figures it is made of.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { plotName, renderRetrievalPage, type RetrievalFigures } from "./render-retrieval-page.ts";
import { renderRetrievalSvg } from "./render-retrieval-svg.ts";
import { TARGET_GROUPS } from "./retrieval-targets.ts";

/** Every file of the page by its path below docs/reference; pure. */
export function retrievalPageFiles(figures: RetrievalFigures): Map<string, string> {
  const files = new Map([
    ["retrieval.md", renderRetrievalPage(figures)],
    ["retrieval/figures.json", `${JSON.stringify(figures, undefined, 2)}\n`],
  ]);
  for (const group of Object.keys(TARGET_GROUPS)) {
    const rows = figures.rows.filter((row) => row.group === group);
    if (rows.length > 0) {
      files.set(`retrieval/${plotName(group)}`, renderRetrievalSvg(group, rows));
    }
  }
  return files;
}

export async function writeRetrievalPage(
  reference_dir: string,
  figures: RetrievalFigures,
): Promise<string[]> {
  await mkdir(join(reference_dir, "retrieval"), { recursive: true });
  const files = retrievalPageFiles(figures);
  for (const [name, text] of files) await writeFile(join(reference_dir, name), text);
  return [...files.keys()];
}
