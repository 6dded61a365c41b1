// The files of a snapshot as a reader needs them: prepared once, left out by conditions, located.
import type { ScanFile } from "#contracts/catalog.ts";
import type { Predicate } from "#contracts/table-nouns.ts";
import type { Call } from "#kernel/call.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { CatalogParts } from "./catalog-parts.ts";
import { createPruner } from "./iceberg/pruning.ts";
import type {
  IcebergSchema,
  ManifestListEntry,
  TableMetadata,
  TableSnapshot,
} from "./iceberg/table-types.ts";
import { liveFiles, liveFilesIn, liveManifests, specOf } from "./live-files.ts";
import { indexDeletes, type LiveFile } from "./position-deletes.ts";
import { BrokenMetadata } from "./table-objects.ts";
import { sameSpelling, splitLocation, type Buckets } from "./table-places.ts";
import { createWeighedCache } from "./weighed-cache.ts";

interface PlannedFile {
  readonly data: LiveFile;
  readonly deletes: readonly LiveFile[];
  readonly unlocated: ScanFile;
  /** With its uri, where that stays true. */
  located?: ScanFile;
}

interface PlannedManifest {
  readonly listed: ManifestListEntry;
  readonly files: readonly PlannedFile[];
}

interface SnapshotPlan {
  readonly manifests: readonly PlannedManifest[];
  readonly files_total: number;
}

export interface ScanRequest {
  /** Whose names the conditions use. */
  readonly schema: IcebergSchema;
  readonly where?: readonly Predicate[] | undefined;
  readonly locate: boolean;
}

export interface ScanPlanner {
  plan(
    metadata: TableMetadata,
    snapshot: TableSnapshot,
    request: ScanRequest,
    call: Call,
  ): Promise<{ files: ScanFile[]; files_total: number }>;
  /** Forgets the files of a snapshot, after some were found missing. */
  forget(snapshot_id: string): void;
}

/** Plans are kept for each snapshot: its files never change. */
export function createScanPlanner(parts: CatalogParts): ScanPlanner {
  const plans = createWeighedCache<SnapshotPlan>(parts.settings.cached_entries_max);

  async function planOf(metadata: TableMetadata, snapshot: TableSnapshot, call: Call) {
    const key = `${metadata["table-uuid"]} ${snapshot["snapshot-id"]} ${metadata.location}`;
    const held = plans.get(key);
    if (held !== undefined) return held;
    const plan = await planSnapshot(parts, metadata, snapshot, call);
    plans.set(key, plan, plan.files_total + 1);
    return plan;
  }

  return {
    async plan(metadata, snapshot, { schema, where, locate }, call) {
      const plan = await planOf(metadata, snapshot, call);
      const wanted = where === undefined || where.length === 0 ? allOf(plan) : [];
      if (where !== undefined && where.length > 0) {
        const pruner = createPruner(schema, where);
        for (const { listed, files } of plan.manifests) {
          const spec = specOf(metadata, listed);
          if (!pruner.manifestMayMatch(listed, spec)) continue;
          for (const one of files) {
            if (pruner.fileMayMatch(one.data.file, spec)) wanted.push(one);
          }
        }
      }
      const { files_total } = plan;
      if (!locate) return { files: wanted.map((one) => one.unlocated), files_total };
      return { files: await locateFiles(parts, wanted, call), files_total };
    },
    forget(snapshot_id) {
      plans.deleteWhere((key) => key.split(" ")[1] === snapshot_id);
    },
  };
}

function allOf(plan: SnapshotPlan): PlannedFile[] {
  return plan.manifests.flatMap(({ files }) => files as PlannedFile[]);
}

async function planSnapshot(
  { objects, buckets }: CatalogParts,
  metadata: TableMetadata,
  snapshot: TableSnapshot,
  call: Call,
): Promise<SnapshotPlan> {
  const known = await buckets(call);
  const home = splitLocation(metadata.location)?.bucket;
  const listed = await liveManifests(objects, snapshot, call);
  const deletes = indexDeletes(await liveFiles(objects, metadata, listed, 1, call));
  const manifests: PlannedManifest[] = [];
  let files_total = 0;
  for (const one of listed) {
    if (one.content !== 0) continue;
    const files = (await liveFilesIn(objects, metadata, one, call)).map((data): PlannedFile => {
      requireReadable(known, data);
      const applied = deletes.of(data);
      return { data, deletes: applied, unlocated: toScanFile(data, applied, "", home) };
    });
    files_total += files.length;
    manifests.push({ listed: one, files });
  }
  return { manifests, files_total };
}

function requireReadable(known: Buckets, { file }: LiveFile): void {
  if (file.file_format !== "PARQUET") {
    throw new LakehouseError("rejected", `${file.file_path} is an ${file.file_format} file`, {
      reason: "unreadable_files",
      hint: "only Parquet is read here; rewrite the table with the engine that wrote it",
    });
  }
  if (known.addressOf(file.file_path) === undefined) {
    throw new BrokenMetadata(file.file_path, "is in no bucket of this lake");
  }
}

/** Statistics are decoded only when somebody looks at them: most readers do not. */
function toScanFile(
  { file, sequence_number, added_snapshot_id }: LiveFile,
  deletes: readonly LiveFile[],
  uri: string,
  home: string | undefined,
  uris: readonly string[] = [],
): ScanFile {
  const location = sameSpelling(file.file_path);
  const place = splitLocation(location)!;
  return {
    key: place.key,
    ...(place.bucket === home ? {} : { bucket: place.bucket }),
    rows: file.record_count,
    size_bytes: file.file_size_in_bytes,
    partition: file.partition,
    get stats() {
      return file.stats as ScanFile["stats"];
    },
    split_offsets: (file.split_offsets ?? []) as number[],
    uri,
    location,
    added_snapshot_id,
    sequence_number,
    deletes: deletes.map((one, at) => ({
      uri: uris[at] ?? "",
      location: sameSpelling(one.file.file_path),
      rows: one.file.record_count,
    })),
  };
}

/** One question to storage for each bucket; where paths stay true, they are remembered. */
async function locateFiles(
  { storage, buckets }: CatalogParts,
  wanted: readonly PlannedFile[],
  call: Call,
): Promise<ScanFile[]> {
  const left = wanted.filter((one) => one.located === undefined);
  if (left.length === 0) return wanted.map((one) => one.located!);
  const known = await buckets(call);
  const keys = new Map<string, Set<string>>();
  const ask = (location: string) => {
    const { bucket, key } = splitLocation(location)!;
    const asked = keys.get(bucket);
    if (asked === undefined) keys.set(bucket, new Set([key]));
    else asked.add(key);
  };
  for (const { data, deletes } of left) {
    ask(data.file.file_path);
    for (const one of deletes) ask(one.file.file_path);
  }
  const uris = new Map<string, string>();
  for (const [bucket, asked] of keys) {
    const list = [...asked];
    const where = bucket === known.main ? {} : { bucket };
    const found = await storage.locate_many({ keys: list, ...where }, call);
    const missing = found.missing_keys[0];
    if (missing !== undefined) throw new BrokenMetadata(`s3://${bucket}/${missing}`, "is missing");
    for (const [at, key] of list.entries()) uris.set(`${bucket} ${key}`, found.uris[at]!);
  }
  const uriOf = ({ file }: LiveFile): string => {
    const { bucket, key } = splitLocation(file.file_path)!;
    return uris.get(`${bucket} ${key}`)!;
  };
  return wanted.map((one) => {
    if (one.located !== undefined) return one.located;
    const { data, deletes, unlocated } = one;
    const home = unlocated.bucket === undefined ? bucketOf(data) : undefined;
    const file = toScanFile(data, deletes, uriOf(data), home, deletes.map(uriOf));
    if ([data, ...deletes].every((part) => known.isOnDisk(bucketOf(part)))) one.located = file;
    return file;
  });
}

function bucketOf({ file }: LiveFile): string {
  return splitLocation(file.file_path)!.bucket;
}
