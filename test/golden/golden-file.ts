// Compares a text with the file that pins it; writes the file when asked to (npm run golden).
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ROOT } from "../support/source-tree.ts";

/** `path` from the project's root. */
export function matchGolden(path: string, text: string): void {
  const full = join(ROOT, path);
  if (process.env["LAKEHOUSE_GOLDEN_WRITE"] === "1") {
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, text);
    return;
  }
  let pinned: string;
  try {
    pinned = readFileSync(full, "utf8");
  } catch {
    assert.fail(`${path} is missing: run npm run golden and look at what it writes`);
  }
  assert.ok(pinned.length > 100, `${path} pins next to nothing`);
  assert.equal(text, pinned, `${path} changed: run npm run golden if that is meant`);
}
