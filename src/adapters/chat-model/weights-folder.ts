// GGUF files of a folder as models: their names, and where they are.
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { LakehouseError } from "#kernel/problem.ts";

const SUFFIX = ".gguf";
/** One file name: nothing of it can lead out of the folder. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** Names without `.gguf`, in order; none where there is no such folder. */
export async function listWeights(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return names
    .filter((name) => name.endsWith(SUFFIX) && NAME.test(name))
    .map((name) => name.slice(0, -SUFFIX.length))
    .toSorted();
}

/** The file of a model, written with or without `.gguf`. Errors: `not_found` (no_such_model). */
export async function findWeights(folder: string, model: string): Promise<string> {
  const name = plainName(model);
  const path = join(folder, `${name}${SUFFIX}`);
  const info = NAME.test(name) ? await stat(path).catch(() => undefined) : undefined;
  if (info?.isFile()) return path;
  const there = (await listWeights(folder)).join(", ") || "none yet";
  throw new LakehouseError("not_found", `there are no weights for local/${model}`, {
    reason: "no_such_model",
    hint: `lakehouse models pull <name> fetches weights, or put a GGUF file there; now: ${there}`,
  });
}

/** What a model is called, written with or without `.gguf`. */
export function plainName(model: string): string {
  return model.endsWith(SUFFIX) ? model.slice(0, -SUFFIX.length) : model;
}
