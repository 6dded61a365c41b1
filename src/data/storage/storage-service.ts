// storage: the object contract over named buckets, with caps by prefix, ranges and conditions.
//
// Needs `{ buckets, main }`: stores by bucket name and the name of the main one. With one store:
// `createStorage({ ...oneBucket(store), log, clock }, settings)`.
import type { Clock } from "#kernel/clock.ts";
import type { Handlers } from "#kernel/contract.ts";
import type { Service } from "#kernel/lifecycle.ts";
import type { Log } from "#kernel/log.ts";
import type { storage } from "#contracts/storage.ts";
import type { PutConditions, StoredObject } from "#ports/object-store.ts";
import { copyObject } from "./object-copies.ts";
import { noSuchObject, readObject } from "./object-reads.ts";
import { guardBody } from "./put-body.ts";
import { capOf, overCap, underCap } from "./size-caps.ts";
import { adoptStaged } from "./staged-files.ts";
import { describeBuckets, storeOf, type Buckets } from "./storage-buckets.ts";
import type { StorageSettings } from "./storage-settings.ts";
import { uploadHandlers } from "./upload-service.ts";

export { oneBucket, type Bucket, type Buckets } from "./storage-buckets.ts";

export interface StorageNeeds extends Buckets {
  readonly log: Log;
  readonly clock: Clock;
}

export async function createStorage(
  needs: StorageNeeds,
  settings: StorageSettings,
): Promise<Service<typeof storage>> {
  // A main bucket that is not there is found out now, not by the first call.
  storeOf(needs, needs.main);
  const figures = { puts: 0, gets: 0, removes: 0, copies: 0, bytes_in: 0 };

  const reads: Pick<Handlers<typeof storage>, "get" | "head" | "list" | "buckets"> = {
    async get(input) {
      figures.gets++;
      return readObject(storeOf(needs, input.bucket), input);
    },
    async head({ key, bucket }) {
      return toInfo((await storeOf(needs, bucket).head(key)) ?? noSuchObject(key));
    },
    async list({ bucket, prefix, limit, after, delimiter }) {
      const page = await storeOf(needs, bucket).list({
        prefix,
        limit,
        ...(after === undefined ? {} : { after }),
        ...(delimiter === undefined ? {} : { delimiter }),
      });
      return {
        objects: page.objects.map(toInfo),
        prefixes: [...page.prefixes],
        next_after: page.next_after ?? null,
      };
    },
    buckets: async () => ({ buckets: describeBuckets(needs) }),
  };

  const writes: Pick<Handlers<typeof storage>, "put" | "copy" | "remove"> = {
    async put(input, call) {
      const { key, content_length, attributes } = input;
      const store = storeOf(needs, input.bucket);
      const bytes_max = capOf(settings, key);
      if (content_length !== undefined && content_length > bytes_max) throw overCap(key, bytes_max);
      const body = guardBody(input.body, content_length, call);
      const type = input.content_type === undefined ? {} : { content_type: input.content_type };
      const options = { bytes_max, attributes, ...type, ...conditionsOf(input) };
      const object = await underCap(key, bytes_max, store.put(key, body, options));
      figures.puts++;
      figures.bytes_in += object.size_bytes;
      return toInfo(object);
    },
    async copy(input, call) {
      const { from_key, key, if_source_match, content_type, attributes } = input;
      const route = {
        from: storeOf(needs, input.from_bucket),
        from_key,
        to: storeOf(needs, input.bucket),
        key,
      };
      const bytes_max = capOf(settings, key);
      const options = {
        bytes_max,
        ...(if_source_match === undefined ? {} : { if_source_match }),
        ...(content_type === undefined ? {} : { content_type }),
        ...(attributes === undefined ? {} : { attributes }),
        ...conditionsOf(input),
      };
      const object = await underCap(key, bytes_max, copyObject(route, options, call));
      figures.copies++;
      return toInfo(object);
    },
    async remove({ key, bucket, if_match }) {
      figures.removes++;
      const conditions = if_match === undefined ? {} : { if_match };
      return { removed: await storeOf(needs, bucket).remove(key, conditions) };
    },
  };

  return {
    handlers: { ...reads, ...writes, ...placeHandlers(needs), ...uploadHandlers(needs, settings) },
    health: async () => ({ status: "ok", figures: { ...figures } }),
    stop: async () => undefined,
  };
}

type PlaceOperation = "locate" | "locate_many" | "stage" | "adopt";

/** Where engines of this machine read and write by themselves. */
function placeHandlers(needs: StorageNeeds): Pick<Handlers<typeof storage>, PlaceOperation> {
  return {
    async locate({ key, bucket }, call) {
      const store = storeOf(needs, bucket);
      const { size_bytes } = (await store.head(key)) ?? noSuchObject(key);
      const { uris, missing_keys } = await store.locate([key], call.signal);
      if (missing_keys.length > 0) return noSuchObject(key);
      return { uri: uris[0]!, size_bytes };
    },
    async locate_many({ keys, bucket }, call) {
      const { uris, missing_keys } = await storeOf(needs, bucket).locate(keys, call.signal);
      return { uris: [...uris], missing_keys: [...missing_keys] };
    },
    stage: async ({ bucket }) => ({ path: await storeOf(needs, bucket).stage() }),
    async adopt({ key, bucket, path }) {
      const { object, existed } = await adoptStaged(storeOf(needs, bucket), key, path);
      return { object: toInfo(object), existed };
    },
  };
}

function conditionsOf(input: {
  if_none_match?: "*" | undefined;
  if_match?: string | undefined;
}): PutConditions {
  return {
    ...(input.if_none_match === undefined ? {} : { if_absent: true }),
    ...(input.if_match === undefined ? {} : { if_match: input.if_match }),
  };
}

const toInfo = (object: StoredObject) => ({ ...object, attributes: { ...object.attributes } });
