// The buckets of the settings as object stores: on local disk, or on any S3 endpoint.
import { join, resolve } from "node:path";
import type { Bucket, Buckets } from "#data/storage/storage-buckets.ts";
import type { BucketSettings, StorageSettings } from "#data/storage/storage-settings.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { ObjectStore } from "#ports/object-store.ts";
import { resolveSecret } from "./settings.ts";

type Variables = Readonly<Record<string, string | undefined>>;

/** Opens every bucket; the main one stands in `objects/` unless the settings say otherwise. */
export async function openBuckets(
  settings: StorageSettings,
  data_dir: string,
  variables: Variables,
): Promise<Buckets> {
  const buckets = new Map<string, Bucket>();
  const created_at = new Date().toISOString();
  const main = settings.main_bucket;
  if (settings.buckets[main] === undefined) {
    const store = await openDisk(join(data_dir, "objects"));
    buckets.set(main, { store, backend: "disk", created_at });
  }
  for (const [name, bucket] of Object.entries(settings.buckets)) {
    const store =
      bucket.backend === "disk"
        ? await openDisk(resolve(data_dir, "buckets", bucket.path === "" ? name : bucket.path))
        : await openS3(name, bucket, data_dir, variables);
    buckets.set(name, { store, backend: bucket.backend, created_at });
  }
  return { buckets, main };
}

async function openDisk(root: string): Promise<ObjectStore> {
  const { createDiskObjectStore } = await import("#adapters/object-store/disk-object-store.ts");
  return createDiskObjectStore({ root });
}
