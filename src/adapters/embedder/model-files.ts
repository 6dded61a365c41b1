// The files of a sentence model, read and checked: they are the ones this release knows, or none.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { LakehouseError } from "#kernel/problem.ts";

export interface ModelFile {
  /** Below the model's folder. */
  readonly path: string;
  readonly sha256: string;
}

export interface ModelFiles {
  readonly model: Uint8Array;
  readonly tokenizer: object;
  readonly tokenizer_config: object;
}

/** Errors: `unavailable` (weights_missing, weights_differ); `hint` says what brings the files. */
export async function readModelFiles(
  folder: string,
  files: Readonly<Record<keyof ModelFiles, ModelFile>>,
  hint: string,
): Promise<ModelFiles> {
  const [model, tokenizer, tokenizer_config] = await Promise.all([
    readChecked(folder, files.model, hint),
    readChecked(folder, files.tokenizer, hint),
    readChecked(folder, files.tokenizer_config, hint),
  ]);
  return {
    model,
    tokenizer: JSON.parse(tokenizer.toString("utf8")) as object,
    tokenizer_config: JSON.parse(tokenizer_config.toString("utf8")) as object,
  };
}

async function readChecked(folder: string, file: ModelFile, hint: string): Promise<Buffer> {
  const path = join(folder, file.path);
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new LakehouseError("unavailable", `the weights are not there: ${path}`, {
      reason: "weights_missing",
      hint,
      cause: error,
    });
  }
  const found = createHash("sha256").update(bytes).digest("hex");
  if (found !== file.sha256) {
    throw new LakehouseError(
      "unavailable",
      `${path} is not the file this release was made with: sha256 ${found}, not ${file.sha256}`,
      { reason: "weights_differ", hint },
    );
  }
  return bytes;
}
