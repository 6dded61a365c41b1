// Which files compaction writes anew, and which of them become one: a pure choice.
import type { Dataset, ScanFile } from "#contracts/catalog.ts";
import { canonicalJson } from "#kernel/ids.ts";

export interface CompactionWish {
  readonly target_bytes: number;
  /** Small files that a partition must have. */
  readonly min_files: number;
  /** Every file, not only those that need it. */
  readonly all: boolean;
}

/** Files that are written anew together. */
export type Bin = readonly ScanFile[];

/**
 * Small are files under half the target. They are joined within their partition, oldest first, up
 * to the target size. Files with position deletes, and those of an earlier partitioning, are
 * written anew whatever their size.
 */
export function planCompaction(
  dataset: Pick<Dataset, "partition_by">,
  files: readonly ScanFile[],
  wish: CompactionWish,
): Bin[] {
  const isStale = (file: ScanFile) => !hasPartitioning(file, dataset);
  const must = (file: ScanFile) => wish.all || file.deletes.length > 0 || isStale(file);
  const oldest_first = files.toSorted(
    (a, b) => a.sequence_number - b.sequence_number || (a.key < b.key ? -1 : 1),
  );
  const groups = Map.groupBy(oldest_first, (file) =>
    isStale(file) ? "stale" : canonicalJson(file.partition),
  );
  return [...groups.values()].flatMap((group) => {
    const small = (file: ScanFile) => file.size_bytes < wish.target_bytes / 2;
    const wanted = group.filter((file) => must(file) || small(file));
    const joins = wanted.filter(small).length >= wish.min_files;
    const taken = joins ? wanted : wanted.filter(must);
    return pack(taken, wish.target_bytes).filter((bin) => bin.length > 1 || bin.some(must));
  });
}

/** A value that is null is written as such by us; fields that are missing are of another spec. */
function hasPartitioning(file: ScanFile, { partition_by }: Pick<Dataset, "partition_by">): boolean {
  const names = Object.keys(file.partition);
  const wanted = new Set(partition_by.map(({ name }) => name));
  return names.length === wanted.size && names.every((name) => wanted.has(name));
}

/** Neighbours in order, as many as the target holds. */
function pack(files: readonly ScanFile[], target_bytes: number): ScanFile[][] {
  const bins: ScanFile[][] = [];
  let room = 0;
  for (const file of files) {
    if (bins.length === 0 || file.size_bytes > room) {
      bins.push([]);
      room = target_bytes;
    }
    bins.at(-1)!.push(file);
    room -= file.size_bytes;
  }
  return bins;
}
