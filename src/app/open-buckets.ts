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

async function openS3(
  name: string,
  settings: BucketSettings,
  data_dir: string,
  variables: Variables,
): Promise<ObjectStore> {
  const secretOf = async (reference: string) => resolveSecret(reference, variables);
  const access_key = await secretOf(settings.access_key);
  const secret_key = await secretOf(settings.secret_key);
  if (access_key === "" || secret_key === "") {
    throw new LakehouseError("invalid", `the bucket ${name} has no keys`, {
      reason: "bad_settings",
      hint: `set access_key and secret_key of [storage.buckets.${name}] to env:NAME or file:/path`,
    });
  }
  const session_token = await secretOf(settings.session_token);
  const { createS3ObjectStore } = await import("#adapters/object-store/s3-object-store.ts");
  return createS3ObjectStore({
    endpoint: settings.endpoint,
    region: settings.region,
    bucket: settings.bucket === "" ? name : settings.bucket,
    prefix: settings.prefix,
    path_style: settings.path_style,
    timeout_ms: settings.timeout_ms,
    access_key,
    secret_key,
    ...(session_token === "" ? {} : { session_token }),
    cache_dir: join(data_dir, "storage", name),
    cache_bytes_max: settings.cache_mb * 1024 * 1024,
  });
}
