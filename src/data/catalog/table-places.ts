// Where the objects of tables stand: s3://bucket/key, and what storage calls the same place.
import type { storage } from "#contracts/storage.ts";
import type { Call } from "#kernel/call.ts";
import type { Client } from "#kernel/contract.ts";
import { LakehouseError } from "#kernel/problem.ts";

/** An object as storage is asked for it: no bucket is the main one. */
export interface Address {
  readonly key: string;
  readonly bucket?: string;
}

export interface Place {
  readonly bucket: string;
  readonly key: string;
}

export interface Buckets {
  readonly main: string;
  /** Whether paths of its objects stay as they are; copies of other buckets may leave the disk. */
  isOnDisk(bucket: string): boolean;
  has(bucket: string): boolean;
  /** Undefined when the location is in no bucket of this lake. */
  addressOf(location: string): Address | undefined;
}

/** The buckets of storage, asked for once. */
export function createBuckets(client: Client<typeof storage>): (call: Call) => Promise<Buckets> {
  let asked: Promise<Buckets> | undefined;
  return (call) => {
    asked ??= askBuckets(client, call).catch((error: unknown) => {
      asked = undefined;
      throw error;
    });
    return asked;
  };
}

async function askBuckets(client: Client<typeof storage>, call: Call): Promise<Buckets> {
  const { buckets } = await client.buckets({}, call);
  const main = (buckets.find((one) => one.main) ?? buckets[0]!).name;
  const backends = new Map(buckets.map((one) => [one.name, one.backend]));
  const has = (bucket: string) => backends.has(bucket);
  return {
    main,
    has,
    isOnDisk: (bucket) => backends.get(bucket) === "disk",
    addressOf(location) {
      const place = splitLocation(location);
      if (place === undefined || !has(place.bucket)) return undefined;
      return place.bucket === main ? { key: place.key } : place;
    },
  };
}

/** Bucket and key of `s3://bucket/key`; undefined for what is something else. */
export function splitLocation(location: string): Place | undefined {
  const match = /^s3[an]?:\/\/([^/]+)\/(.*)$/s.exec(location);
  return match === null ? undefined : { bucket: match[1]!, key: match[2]! };
}

export function joinLocation({ bucket, key }: Place): string {
  return `s3://${bucket}/${key}`;
}

/** One spelling for one place: some engines write s3a:// or s3n://. */
export function sameSpelling(location: string): string {
  return location.startsWith("s3://") ? location : location.replace(/^s3[an]:\/\//, "s3://");
}

/** The location of a file that a table names by key; one in another bucket by location. */
export function locationOfKey(table_location: string, key: string, bucket?: string): string {
  if (/^s3[an]?:\/\//.test(key)) return sameSpelling(key);
  return `s3://${bucket ?? splitLocation(table_location)?.bucket}/${key}`;
}

/** Where a new dataset is to stand. */
export function newLocation(bucket: string, name: string, dataset_id: string): string {
  return joinLocation({ bucket, key: `datasets/${name}-${dataset_id.slice(-12, -4)}` });
}

/** A place of ours, or an error (`invalid`) that says what would be right. */
export function requireOurs(buckets: Buckets, location: string, reason: string): Address {
  const address = buckets.addressOf(location);
  if (address !== undefined && address.key !== "") return address;
  throw new LakehouseError("invalid", `${location} is in no bucket of this lake`, {
    reason,
    hint: `a location is s3://${buckets.main}/…, or another bucket of [storage.buckets]`,
  });
}
