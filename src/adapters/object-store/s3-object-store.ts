// Objects in a bucket at any S3 endpoint, with local copies for engines that read files.
import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { createKeyedLock, type KeyedLock } from "#kernel/keyed-lock.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { ObjectStore, StoredObject } from "#ports/object-store.ts";
import { mapSome } from "./bounded-map.ts";
import { blocksOf, fileBlocks } from "./byte-blocks.ts";
import { openStaging, type Staging } from "./disk-staging.ts";
import { createObjectCache, type ObjectCache } from "./object-cache.ts";
import { checkConditions, etagDiffers } from "./object-conditions.ts";
import { checkKey } from "./object-key.ts";
import { copyS3 } from "./s3-copy.ts";
import { createS3Endpoint, type S3Endpoint, type S3EndpointOptions } from "./s3-endpoint.ts";
import { listS3 } from "./s3-list.ts";
import { absentOr, getS3, headS3 } from "./s3-reads.ts";
import { createS3Uploads, OWN_PREFIX } from "./s3-uploads.ts";
import { BLOCK_BYTES, putBlocks, putWhole, type S3WriteOptions } from "./s3-writes.ts";

export interface S3ObjectStoreOptions extends S3EndpointOptions {
  /** Put before every key: "" (default) or ends in a slash. */
  readonly prefix?: string;
  /** Local folder for staged files and copies; made when it is not there. One process each. */
  readonly cache_dir: string;
  /** Size of all local copies together. */
  readonly cache_bytes_max: number;
  /** A local copy may be in use for so long after it was located. Default: five minutes. */
  readonly cache_idle_ms?: number;
  /** Staged files untouched for so long are removed on opening. Default: one day. */
  readonly staging_age_max_ms?: number;
}

const DAY_MS = 86_400_000;
const LOCATES_AT_ONCE = 8;
const PARTS_MAX = 9_000;
const KNOWN_MAX = 100_000;

/**
 * Opens a store; the endpoint is not asked for anything yet. Conditions hold among the writers of
 * this process, and against all others where the endpoint holds `If-Match` and `If-None-Match`.
 * An object's etag is the endpoint's: it may be the same for two writes of the same bytes.
 */
export async function createS3ObjectStore(options: S3ObjectStoreOptions): Promise<ObjectStore> {
  const { prefix = "", cache_dir } = options;
  const staging = await openStaging({
    dir: join(cache_dir, "staging"),
    age_max_ms: options.staging_age_max_ms ?? DAY_MS,
    now_ms: Date.now(),
  });
  const cache = await createObjectCache({
    dir: join(cache_dir, "copies"),
    bytes_max: options.cache_bytes_max,
    ...(options.cache_idle_ms === undefined ? {} : { idle_ms: options.cache_idle_ms }),
  });
  const endpoint = createS3Endpoint(options);
  const locks = createKeyedLock();
  return assemble({ endpoint, prefix, staging, cache, locks, known: new Map() });
}

interface Parts {
  readonly endpoint: S3Endpoint;
  readonly prefix: string;
  readonly staging: Staging;
  readonly cache: ObjectCache;
  readonly locks: KeyedLock;
  /** Objects located before, which are immutable: they need no second look. */
  readonly known: Map<string, StoredObject>;
}

function assemble(parts: Parts): ObjectStore {
  const { endpoint, prefix, staging, cache, locks, known } = parts;

  function remoteKey(key: string): string {
    checkOwnKey(key, prefix);
    return `${prefix}${key}`;
  }
  const target = (key: string) => ({ endpoint, key, remote_key: remoteKey(key) });
  const uploads = createS3Uploads({ endpoint, prefix, staging, locks });

  return {
    head: async (key) => headS3(endpoint, key, remoteKey(key)),
    get: async (key, range) => getS3(endpoint, key, remoteKey(key), range),
    async put(key, body, { bytes_max, ...write }) {
      const to = target(key);
      if (hasConditions(write)) {
        // Checked again with the write; here it saves sending a body in vain.
        checkConditions(key, write, (await headS3(endpoint, key, to.remote_key))?.etag);
      }
      known.delete(key);
      const blocks = blocksOf(key, body, BLOCK_BYTES, bytes_max);
      const first = await blocks.next();
      const begun = first.done === true ? Buffer.alloc(0) : first.value;
      if (begun.length < BLOCK_BYTES) return putWhole(to, begun, write, locks);
      return putBlocks(to, withFirst(begun, blocks), write, locks);
    },
    remove: (key, conditions = {}) =>
      locks.run(key, async () => {
        const remote_key = remoteKey(key);
        const present = await headS3(endpoint, key, remote_key);
        const { if_match } = conditions;
        if (if_match !== undefined && present === undefined) {
          throw etagDiffers(key, if_match, undefined);
        }
        checkConditions(key, conditions, present?.etag);
        if (present === undefined) return false;
        known.delete(key);
        const headers: Record<string, string> =
          if_match === undefined ? {} : { "if-match": present.etag };
        const removing = endpoint.sendForText({ method: "DELETE", key: remote_key, headers });
        return (await absentOr(removing)) !== undefined;
      }),
    async copy(from_key, key, copy_options) {
      const from = { key: from_key, remote_key: remoteKey(from_key) };
      const to = target(key);
      known.delete(key);
      return copyS3(to, from, copy_options, locks);
    },
    uploads: {
      ...uploads,
      async start(key, start_options) {
        checkOwnKey(key, prefix);
        return uploads.start(key, start_options);
      },
    },
    list: (list_options) => listS3({ endpoint, prefix, hidden: OWN_PREFIX }, list_options),
    stage: async () => staging.fresh(),
    async adopt(key, staged_path, conditions = {}) {
      const to = target(key);
      const staged = await staging.check(staged_path);
      known.delete(key);
      const object = await putFile(to, staged, conditions, locks);
      // The next to read it is often an engine of this machine: its copy is here already.
      await cache.keep(versionOf(parts, object), staged).catch(() => rm(staged, { force: true }));
      remember(known, object);
      return object;
    },
    async locate(keys, signal) {
      const uris = await mapSome(keys, LOCATES_AT_ONCE, async (key) => {
        if (signal?.aborted === true) throw new LakehouseError("cancelled", "nobody waits for it");
        return locateOne(parts, key, remoteKey(key));
      });
      return { uris, missing_keys: keys.filter((_, at) => uris[at] === "") };
    },
  };
}

function checkOwnKey(key: string, prefix: string): void {
  checkKey(key);
  // Also too long together with the prefix.
  if (prefix !== "") checkKey(`${prefix}${key}`);
  if (!key.startsWith(OWN_PREFIX)) return;
  throw new LakehouseError("invalid", `keys below ${OWN_PREFIX} are the store's own`, {
    reason: "bad_key",
  });
}

const hasConditions = ({ if_absent, if_match }: S3WriteOptions) =>
  if_absent === true || if_match !== undefined;

async function* withFirst(first: Buffer, rest: AsyncIterable<Buffer>) {
  yield first;
  yield* rest;
}

async function putFile(
  to: Parameters<typeof putBlocks>[0],
  path: string,
  write: S3WriteOptions,
  locks: KeyedLock,
): Promise<StoredObject> {
  const { size } = await stat(path);
  const block_bytes = Math.max(BLOCK_BYTES, Math.ceil(size / PARTS_MAX));
  const blocks = fileBlocks(path, block_bytes);
  if (size >= BLOCK_BYTES) return putBlocks(to, blocks, write, locks);
  const first = await blocks.next();
  await blocks.return(undefined);
  return putWhole(to, first.done === true ? Buffer.alloc(0) : first.value, write, locks);
}

function versionOf({ endpoint, prefix }: Parts, { key, etag, size_bytes }: StoredObject) {
  return { place: `${endpoint.name}/${prefix}${key}`, etag, size_bytes };
}

/** Path of a local copy; "" when there is no such object. */
async function locateOne(parts: Parts, key: string, remote_key: string): Promise<string> {
  const { endpoint, cache, known } = parts;
  const object = known.get(key) ?? (await headS3(endpoint, key, remote_key));
  if (object === undefined) return "";
  const path = await cache.path(versionOf(parts, object), async () => {
    const found = await getS3(endpoint, key, remote_key);
    if (found === undefined || found.object.etag === object.etag) return found?.body;
    await found.body[Symbol.asyncIterator]().return?.();
    throw new LakehouseError("unavailable", `${key} was replaced while it was fetched`);
  });
  if (path === "") known.delete(key);
  else remember(known, object);
  return path;
}

function remember(known: Map<string, StoredObject>, object: StoredObject): void {
  known.delete(object.key);
  known.set(object.key, object);
  if (known.size > KNOWN_MAX) known.delete(known.keys().next().value!);
}
