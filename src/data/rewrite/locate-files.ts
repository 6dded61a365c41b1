// Where the engine reads the files that are to be written anew: only those are fetched.
import type { ScanFile } from "#contracts/catalog.ts";
import type { Call } from "#kernel/call.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { tablePlace } from "#ports/staged-files.ts";
import type { RewriteParts } from "./rewrite-parts.ts";
import type { Bin } from "./compaction-plan.ts";

/** The same files with their `uri`s. `unavailable` (`broken_dataset`) when one is not there. */
export async function locateFiles(
  { storage }: Pick<RewriteParts, "storage">,
  bins: readonly Bin[],
  call: Call,
): Promise<Bin[]> {
  const locations = bins
    .flat()
    .flatMap((file) => [file.location, ...file.deletes.map((one) => one.location)]);
  const places = [...new Set(locations)].map((location) => {
    const { bucket, prefix: key } = tablePlace(location);
    return { location, bucket, key };
  });
  const uris = new Map<string, string>();
  for (const [bucket, some] of Map.groupBy(places, (place) => place.bucket)) {
    const keys = some.map(({ key }) => key);
    const found = await storage.locate_many({ bucket, keys }, call);
    if (found.missing_keys.length > 0) throw broken(found.missing_keys);
    for (const [at, { location }] of some.entries()) uris.set(location, found.uris[at]!);
  }
  const located = (file: ScanFile): ScanFile => ({
    ...file,
    uri: uris.get(file.location)!,
    deletes: file.deletes.map((one) => ({ ...one, uri: uris.get(one.location)! })),
  });
  return bins.map((bin) => bin.map(located));
}

function broken(missing_keys: readonly string[]): LakehouseError {
  const message = `${missing_keys.length} files are not in storage: ${missing_keys[0]}`;
  return new LakehouseError("unavailable", message, {
    reason: "broken_dataset",
    hint: "catalog.verify tells what is missing",
    extra: { missing_keys: missing_keys.slice(0, 100) },
  });
}
