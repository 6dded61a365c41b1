// The project's own files, as the tidy tests see them.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

export interface SourceFile {
  /** Path from the project's root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

const SKIPPED = new Set(["node_modules", ".git", ".cache", "data", "reports", "dist"]);

/** Files below the given folders with one of these endings. */
export function sourceFiles(folders: readonly string[], endings: readonly string[]): SourceFile[] {
  const files: SourceFile[] = [];
  const visit = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        // "data" is also the name of a plane: only the state folder at the root is left out.
        const inside = relative(ROOT, path).split("/").length > 1;
        if (!SKIPPED.has(entry.name) || (entry.name === "data" && inside)) visit(path);
      } else if (endings.some((ending) => entry.name.endsWith(ending))) {
        files.push({ path: relative(ROOT, path), text: readFileSync(path, "utf8") });
      }
    }
  };
  for (const folder of folders) visit(join(ROOT, folder));
  return files;
}

export interface Import {
  readonly from: string;
  /** The other file's path from the root, or the package's name. */
  readonly to: string;
  readonly is_package: boolean;
  readonly written: string;
}

/** Static and dynamic imports and re-exports of a file; types count. */
export function importsOf(file: SourceFile): Import[] {
  const found: Import[] = [];
  const pattern = /(?:from|import)\s*\(?\s*"([^"]+)"|new URL\(\s*"(\.[^"]+\.ts)"/g;
  for (const match of file.text.matchAll(pattern)) {
    const written = match[1] ?? match[2]!;
    const line_start = file.text.lastIndexOf("\n", match.index) + 1;
    if (/^\s*(\/\/|\*)/.test(file.text.slice(line_start, match.index))) continue;
    if (written.startsWith("#")) {
      found.push({ from: file.path, to: `src/${written.slice(1)}`, is_package: false, written });
    } else if (written.startsWith(".")) {
      const folder = file.path.slice(0, file.path.lastIndexOf("/"));
      const to = relative(ROOT, join(ROOT, folder, written));
      found.push({ from: file.path, to, is_package: false, written });
    } else {
      found.push({ from: file.path, to: written, is_package: true, written });
    }
  }
  return found;
}

export function isTest(path: string): boolean {
  return path.endsWith(".test.ts") || path.endsWith(".suite.ts");
}
