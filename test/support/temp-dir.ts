// A folder of a test's own, gone soon after the test ends.
import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A test, as far as helpers need one. */
export interface HasAfter {
  after(fn: () => unknown): void;
}

const REMOVE = { recursive: true, force: true, maxRetries: 3 };

/**
 * Of tests that have ended. A test's hooks run in the order in which they were asked for: at the
 * time of this one, what was opened in the folder is still open and may write.
 */
let left: string[] = [];

process.on("exit", () => {
  for (const path of left) rmSync(path, REMOVE);
});

export async function tempDir(t: HasAfter): Promise<string> {
  const before = left;
  left = [];
  for (const path of before) await rm(path, REMOVE);
  const path = await mkdtemp(join(tmpdir(), "lakehouse-test-"));
  t.after(() => void left.push(path));
  return path;
}
