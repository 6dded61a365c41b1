// A folder of a test's own, gone when the test ends.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface HasAfter {
  after(fn: () => unknown): void;
}

export async function tempDir(t: HasAfter): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "lakehouse-test-"));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}
