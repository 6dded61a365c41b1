// Compaction: small files joined, position deletes applied, today's partitioning; the same rows.
import type { Call } from "#kernel/call.ts";
import { planCompaction, type Bin, type CompactionWish } from "./compaction-plan.ts";
import type { Rewritten } from "./delete-rows.ts";
import { locateFiles } from "./locate-files.ts";
import { relationOf, untilItStands, withNewFiles, type RewriteParts } from "./rewrite-parts.ts";

/** What is done so far; grows with each commit. */
interface Tally {
  snapshot_id: string | null;
  removed_files: number;
  added_files: number;
  rows: number;
  /** Locations written by this compaction, which it does not take up again. */
  readonly made: Set<string>;
}

/**
 * Commits after every `commit_mb_max` bytes: what others change meanwhile costs one commit's work
 * at most. Rows that they append are no conflict.
 */
export async function compactFiles(
  parts: RewriteParts,
  name: string,
  wish: CompactionWish,
  call: Call,
): Promise<Rewritten> {
  const tally: Tally = {
    snapshot_id: null,
    removed_files: 0,
    added_files: 0,
    rows: 0,
    made: new Set(),
  };
  const { tries_max } = parts.settings;
  while (await untilItStands(tries_max, call, () => compactSome(parts, name, wish, tally, call)));
  const { made: _made, ...done } = tally;
  return done;
}

/** One commit's worth; false when nothing is left to do. */
async function compactSome(
  parts: RewriteParts,
  name: string,
  wish: CompactionWish,
  tally: Tally,
  call: Call,
): Promise<boolean> {
  const { dataset, snapshot, files } = await parts.catalog.files({ name, locate: false }, call);
  tally.rows = dataset.rows;
  const open = files.filter(({ key }) => !tally.made.has(key));
  const bins = planCompaction(dataset, open, wish);
  const some = firstBins(bins, parts.settings.commit_mb_max * 1024 * 1024);
  if (some.length === 0) return false;
  const located = await locateFiles(parts, some, call);
  await withNewFiles(parts, dataset, call, async (place) => {
    const written = [];
    for (const bin of located) {
      const bytes = bin.reduce((sum, file) => sum + file.size_bytes, 0);
      const { files: made } = await parts.engine.rewrite({
        relation: relationOf(dataset, bin),
        source: { kind: "all" },
        target: {
          nextPath: place.nextPath,
          partition_by: dataset.partition_by,
          ...(bytes > 2 * wish.target_bytes ? { file_bytes: wish.target_bytes } : {}),
        },
        signal: call.signal,
      });
      written.push(...made);
    }
    const added = await place.adopt(written);
    const removed_keys = some.flat().map(({ location }) => location);
    const done = await parts.catalog.commit(
      {
        name,
        operation: "replace",
        added,
        removed_keys,
        based_on_snapshot_id: snapshot?.snapshot_id ?? null,
        schema_id: dataset.schema_id,
        partition_spec_id: dataset.partition_spec_id,
        dataset_id: dataset.dataset_id,
      },
      call,
    );
    for (const { key } of added) tally.made.add(key);
    tally.snapshot_id = done.snapshot.snapshot_id;
    tally.removed_files += removed_keys.length;
    tally.added_files += added.length;
    tally.rows = done.dataset.rows;
  });
  return some.length < bins.length;
}

function firstBins(bins: readonly Bin[], bytes_max: number): Bin[] {
  let bytes = 0;
  const end = bins.findIndex((bin) => {
    bytes += bin.reduce((sum, file) => sum + file.size_bytes, 0);
    return bytes > bytes_max;
  });
  // At least one, however large it is.
  return end === -1 ? [...bins] : bins.slice(0, Math.max(1, end));
}
