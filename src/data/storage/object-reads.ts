// Reading an object as HTTP asks for it: whole, a range of it, or not modified.
import type { ByteStream } from "#kernel/contract.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { ObjectStore, StoredObject } from "#ports/object-store.ts";
import { namesEtag, parseRange } from "./http-conditions.ts";

export interface GetInput {
  readonly key: string;
  readonly range?: string | undefined;
  readonly if_none_match?: string | undefined;
}

const ATTEMPTS_MAX = 5;

/** Head and bytes of one write of the object, also while it is being replaced. */
export async function readObject(objects: ObjectStore, input: GetInput) {
  // Nothing to work out beforehand: one look is enough.
  if (input.range === undefined && input.if_none_match === undefined) {
    const found = (await objects.get(input.key)) ?? noSuchObject(input.key);
    return answer(200, found.object, found.body);
  }
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
  const attributes = { ...object.attributes };
  return { status, etag, content_type, size_bytes, modified_at, attributes, body };
}

async function* empty(): AsyncGenerator<Uint8Array> {}

export function noSuchObject(key: string): never {
  throw new LakehouseError("not_found", `there is no object ${key}`, { reason: "no_such_object" });
}

function notSatisfiable(object: StoredObject): LakehouseError {
  return new LakehouseError(
    "invalid",
    `the range lies outside of ${object.key}, which has ${object.size_bytes} bytes`,
    { reason: "range_not_satisfiable", extra: { size_bytes: object.size_bytes } },
  );
}
