// Which position deletes apply to which data files (table spec, "Scan Planning").
import type { Cell } from "#contracts/table-nouns.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { statsOf } from "./iceberg/manifest-file.ts";
import type { IcebergDataFile, PartitionSpec } from "./iceberg/table-types.ts";
import { sameSpelling } from "./table-places.ts";

/** A live file of a snapshot with everything filled in that it inherits. */
export interface LiveFile {
  readonly file: IcebergDataFile;
  readonly spec: PartitionSpec;
  readonly sequence_number: number;
  readonly added_snapshot_id: string;
}

/** Field id of `file_path` in position-delete files (table spec, "Reserved Field IDs"). */
const FILE_PATH_ID = 2147483546;

export interface DeleteIndex {
  /** The delete files that apply to a data file, in no order. */
  of(data: LiveFile): readonly LiveFile[];
  readonly files: number;
}

/** Throws `rejected` (`unreadable_deletes`) for kinds of deletes that are not read here. */
export function indexDeletes(deletes: readonly LiveFile[]): DeleteIndex {
  const by_path = new Map<string, LiveFile[]>();
  const by_partition = new Map<string, LiveFile[]>();
  for (const one of deletes) {
    requireReadable(one.file);
    const path = referencedPath(one.file);
    if (path === undefined) push(by_partition, partitionKey(one), one);
    else push(by_path, path, one);
  }
  return {
    files: deletes.length,
    of(data) {
      if (deletes.length === 0) return deletes;
      const named = by_path.get(sameSpelling(data.file.file_path)) ?? [];
      const beside = by_partition.get(partitionKey(data)) ?? [];
      return [...named, ...beside].filter((one) => data.sequence_number <= one.sequence_number);
    },
  };
}

function push(map: Map<string, LiveFile[]>, key: string, one: LiveFile): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [one]);
  else list.push(one);
}

function partitionKey({ spec, file }: LiveFile): string {
  return `${spec["spec-id"]} ${keyOfPartition(spec, file.partition)}`;
}

/** Equal for equal partitions of one spec. */
export function keyOfPartition(
  spec: PartitionSpec,
  partition: Readonly<Record<string, Cell>>,
): string {
  return JSON.stringify(spec.fields.map(({ name }) => partition[name] ?? null));
}

/** The one data file that a position-delete file is about, when it says so. */
export function referencedPath(file: IcebergDataFile): string | undefined {
  const named = file.referenced_data_file ?? undefined;
  if (named !== undefined) return sameSpelling(named);
  const stats = statsOf(file, FILE_PATH_ID);
  const { lower, upper } = stats ?? {};
  return typeof lower === "string" && lower === upper ? sameSpelling(lower) : undefined;
}

function requireReadable(file: IcebergDataFile): void {
  const why =
    file.content === 2
      ? "equality deletes"
      : file.file_format !== "PARQUET"
        ? `deletes in ${file.file_format} files`
        : undefined;
  if (why === undefined) return;
  throw new LakehouseError("rejected", `the table has ${why}, which are not read here`, {
    reason: "unreadable_deletes",
    hint: "compact the table with the engine that wrote them (rewrite_data_files), then read it",
    extra: { location: file.file_path },
  });
}
