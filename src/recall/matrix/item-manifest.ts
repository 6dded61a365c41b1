// What a corpus held after its last build: item id and content hash, one line each.
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { readJsonlFile } from "#kernel/jsonl-read.ts";

/** Item id → hash of its text and metadata. */
export type ItemManifest = Map<string, string>;

const BATCH_LINES = 5_000;

/** An absent or unreadable manifest is an empty one: then everything is indexed again. */
export async function readManifest(path: string): Promise<ItemManifest> {
  const manifest: ItemManifest = new Map();
  for await (const { row } of readJsonlFile<[string, string]>(path)) {
    if (Array.isArray(row)) manifest.set(row[0], row[1]);
  }
  return manifest;
}

/** Replaces the file as a whole: the old one or the new one, never a mixture. */
export async function writeManifest(path: string, manifest: ItemManifest): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const next = `${path}.next`;
  const file = await open(next, "w");
  try {
    let lines: string[] = [];
    for (const entry of manifest) {
      lines.push(JSON.stringify(entry));
      if (lines.length < BATCH_LINES) continue;
      await file.appendFile(`${lines.join("\n")}\n`);
      lines = [];
    }
    if (lines.length > 0) await file.appendFile(`${lines.join("\n")}\n`);
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(next, path);
}

export async function removeManifest(path: string): Promise<void> {
  await rm(path, { force: true });
}
