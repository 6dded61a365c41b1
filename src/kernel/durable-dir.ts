// Folders whose entries survive a power cut: made, then synced from the new ones up to the old one.
import { mkdir, open } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/** Makes a folder with all its parents; durable when it resolves. */
export async function makeDurableDir(path: string): Promise<void> {
  const first_made = await mkdir(path, { recursive: true });
  if (first_made === undefined) return;
  const top = dirname(resolve(first_made));
  for (let parent = dirname(resolve(path)); ; parent = dirname(parent)) {
    await syncDir(parent);
    if (parent === top || parent === dirname(parent)) return;
  }
}

/** Makes additions, renames and removals in a folder durable. */
export async function syncDir(path: string): Promise<void> {
  // Windows cannot open folders for this; NTFS journals its entries by itself.
  if (process.platform === "win32") return;
  const dir = await open(path, "r");
  try {
    await dir.sync();
  } finally {
    await dir.close();
  }
}
