// The buckets of the house: named stores, one of them the main one.
import { LakehouseError } from "#kernel/problem.ts";
import type { ObjectStore } from "#ports/object-store.ts";

export interface Bucket {
  readonly store: ObjectStore;
  readonly backend: "disk" | "s3";
  /** ISO time. */
  readonly created_at: string;
}

export interface Buckets {
  readonly buckets: ReadonlyMap<string, Bucket>;
  /** Name of the bucket that is meant when none is said. */
  readonly main: string;
}

/** One store as the only and main bucket. */
export function oneBucket(store: ObjectStore, name = "lakehouse"): Buckets {
  const created_at = new Date().toISOString();
  return { buckets: new Map([[name, { store, backend: "disk", created_at }]]), main: name };
}

/** The store of a bucket; `not_found` (`no_such_bucket`) for a name that is none. */
export function storeOf({ buckets, main }: Buckets, name: string | undefined): ObjectStore {
  const found = buckets.get(name ?? main);
  if (found !== undefined) return found.store;
  throw new LakehouseError("not_found", `there is no bucket ${name ?? main}`, {
    reason: "no_such_bucket",
    hint: `the buckets are: ${[...buckets.keys()].join(", ")}`,
  });
}

/** All buckets, the main one first, the others by name. */
export function describeBuckets({ buckets, main }: Buckets) {
  const rank = (name: string) => (name === main ? `0${name}` : `1${name}`);
  return [...buckets]
    .map(([name, { backend, created_at }]) => ({ name, main: name === main, backend, created_at }))
    .toSorted((a, b) => (rank(a.name) < rank(b.name) ? -1 : 1));
}
