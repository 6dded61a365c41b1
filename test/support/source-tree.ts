// The project's own files, as the tidy tests see them.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseSync } from "oxc-parser";

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

/** Static and dynamic imports, re-exports and worker files of a file; types count. */
export function importsOf(file: SourceFile): Import[] {
  const { module } = parseSync(file.path, file.text);
  const written = [
    ...module.staticImports.map((one) => one.moduleRequest.value),
    ...module.staticExports.flatMap((one) =>
      one.entries.flatMap((entry) => entry.moduleRequest?.value ?? []),
    ),
    ...module.dynamicImports.flatMap(({ moduleRequest: { start, end } }) => {
      const text = file.text.slice(start, end);
      return /^"[^"]+"$/.test(text) ? [text.slice(1, -1)] : [];
    }),
    ...[...file.text.matchAll(/new URL\(\s*"(\.[^"]+\.ts)"/g)].map((match) => match[1]!),
  ];
  return [...new Set(written)].map((one) => toImport(file.path, one));
}

function toImport(from: string, written: string): Import {
  if (written.startsWith("#")) {
    return { from, to: `src/${written.slice(1)}`, is_package: false, written };
  }
  if (!written.startsWith(".")) return { from, to: written, is_package: true, written };
  const folder = from.slice(0, from.lastIndexOf("/"));
  const to = relative(ROOT, join(ROOT, folder, written));
  return { from, to, is_package: false, written };
}

export function isTest(path: string): boolean {
  return path.endsWith(".test.ts") || path.endsWith(".suite.ts");
}
