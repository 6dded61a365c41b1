// storage: the object contract over an object store, with caps by prefix, ranges and conditions.
import type { Clock } from "#kernel/clock.ts";
import type { ByteStream, Handlers } from "#kernel/contract.ts";
import type { Service } from "#kernel/lifecycle.ts";
import type { Log } from "#kernel/log.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { storage } from "#contracts/storage.ts";
import type { ObjectStore, StoredObject } from "#ports/object-store.ts";
import { namesEtag, parseRange } from "./http-conditions.ts";
import { guardBody } from "./put-body.ts";
import { adoptStaged } from "./staged-files.ts";
import type { StorageSettings } from "./storage-settings.ts";

export interface StorageNeeds {
  readonly objects: ObjectStore;
  readonly log: Log;
  readonly clock: Clock;
}

export async function createStorage(
  needs: StorageNeeds,
  settings: StorageSettings,
): Promise<Service<typeof storage>> {
  const { objects } = needs;
  const figures = { puts: 0, gets: 0, removes: 0, bytes_in: 0 };

  const handlers: Handlers<typeof storage> = {
    get(input) {
      figures.gets++;
      return readObject(objects, input);
    },
    head: async ({ key }) => (await objects.head(key)) ?? noSuchObject(key),
    async put(input, call) {
      const { key, content_length } = input;
      const bytes_max = capOf(settings, key);
      if (content_length !== undefined && content_length > bytes_max) throw overCap(key, bytes_max);
      const body = guardBody(input.body, content_length, call);
      const object = await objects
        .put(key, body, {
          bytes_max,
          ...(input.content_type === undefined ? {} : { content_type: input.content_type }),
          ...(input.if_none_match === undefined ? {} : { if_absent: true }),
          ...(input.if_match === undefined ? {} : { if_match: input.if_match }),
        })
        .catch((error: unknown) => {
          if (!(error instanceof LakehouseError) || error.code !== "too_large") throw error;
          throw overCap(key, bytes_max);
        });
      figures.puts++;
      figures.bytes_in += object.size_bytes;
      return object;
    },
    async remove({ key }) {
      figures.removes++;
      return { removed: await objects.remove(key) };
    },
    async list(input) {
      const page = await objects.list({
        prefix: input.prefix,
        limit: input.limit,
        ...(input.after === undefined ? {} : { after: input.after }),
        ...(input.delimiter === undefined ? {} : { delimiter: input.delimiter }),
      });
      return {
        objects: [...page.objects],
        prefixes: [...page.prefixes],
        next_after: page.next_after ?? null,
      };
    },
    async locate({ key }) {
      const { size_bytes } = (await objects.head(key)) ?? noSuchObject(key);
      return { uri: objects.locate(key), size_bytes };
    },
    stage: async () => ({ path: await objects.stage() }),
    adopt: ({ key, path }) => adoptStaged(objects, key, path),
  };

  return {
    handlers,
    health: async () => ({ status: "ok", figures: { ...figures } }),
    stop: async () => undefined,
  };
}

/** Largest size in bytes of an object of this key: the cap of the longest prefix that fits. */
export function capOf(settings: StorageSettings, key: string): number {
  let cap = settings.object_bytes_max;
  let longest = -1;
  for (const [prefix, bytes] of Object.entries(settings.caps)) {
    if (!key.startsWith(prefix) || prefix.length <= longest) continue;
    longest = prefix.length;
    cap = bytes;
  }
  return cap;
}

interface GetInput {
  readonly key: string;
  readonly range?: string | undefined;
  readonly if_none_match?: string | undefined;
}

const ATTEMPTS_MAX = 5;

async function readObject(objects: ObjectStore, input: GetInput) {
  for (let attempt = 1; ; attempt++) {
    const object = (await objects.head(input.key)) ?? noSuchObject(input.key);
    if (namesEtag(input.if_none_match, object.etag)) return answer(304, object, empty());
    const asked = parseRange(input.range, object.size_bytes);
    if (asked.kind === "unsatisfiable") throw notSatisfiable(object);
    const found = await objects.get(input.key, asked.kind === "part" ? asked.range : undefined);
    if (found === undefined) return noSuchObject(input.key);
    if (asked.kind === "whole") return answer(200, found.object, found.body);
    // The range was worked out for `object`; if it was replaced meanwhile, look again.
    if (found.object.etag === object.etag) {
      const { start, end } = asked.range;
      const content_range = `bytes ${start}-${end - 1}/${object.size_bytes}`;
      return { ...answer(206, object, found.body), content_range };
    }
    await found.body[Symbol.asyncIterator]().return?.();
    if (attempt === ATTEMPTS_MAX) {
      throw new LakehouseError("unavailable", `${input.key} keeps being replaced while it is read`);
    }
  }
}

function answer<S extends 200 | 206 | 304>(status: S, object: StoredObject, body: ByteStream) {
  const { etag, content_type, size_bytes, modified_at } = object;
  return { status, etag, content_type, size_bytes, modified_at, body };
}

async function* empty(): AsyncGenerator<Uint8Array> {}

function noSuchObject(key: string): never {
  throw new LakehouseError("not_found", `there is no object ${key}`, { reason: "no_such_object" });
}

function notSatisfiable(object: StoredObject): LakehouseError {
  return new LakehouseError(
    "invalid",
    `the range lies outside of ${object.key}, which has ${object.size_bytes} bytes`,
    { reason: "range_not_satisfiable", extra: { size_bytes: object.size_bytes } },
  );
}

function overCap(key: string, bytes_max: number): LakehouseError {
  return new LakehouseError("too_large", `${key} may have at most ${bytes_max} bytes`, {
    reason: "over_prefix_cap",
    hint: "raise storage.caps for this prefix, or store it in parts",
    extra: { bytes_max },
  });
}
