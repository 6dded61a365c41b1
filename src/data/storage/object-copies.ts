// Copies of objects: inside a store by the store itself, between stores as a stream.
import type { Call } from "#kernel/call.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { CopyOptions, ObjectStore, StoredObject } from "#ports/object-store.ts";
import { noSuchObject } from "./object-reads.ts";
import { guardBody } from "./put-body.ts";

/** Where a copy comes from and goes to. */
export interface CopyRoute {
  readonly from: ObjectStore;
  readonly from_key: string;
  readonly to: ObjectStore;
  readonly key: string;
}

/** Copies with type and attributes of the source, unless others are said. */
export async function copyObject(
  { from, from_key, to, key }: CopyRoute,
  options: CopyOptions,
  call: Call,
): Promise<StoredObject> {
  if (from === to) return (await to.copy(from_key, key, options)) ?? noSuchObject(from_key);
  const found = (await from.get(from_key)) ?? noSuchObject(from_key);
  const { object, body } = found;
  const { if_source_match, ...put_options } = options;
  try {
    if (if_source_match !== undefined && if_source_match !== object.etag) {
      const message = `${from_key} is not ${if_source_match}: its etag is ${object.etag}`;
      throw new LakehouseError("precondition_failed", message, {
        reason: "etag_differs",
        extra: { etag: object.etag },
      });
    }
    return await to.put(key, guardBody(body, object.size_bytes, call), {
      content_type: object.content_type,
      attributes: object.attributes,
      ...put_options,
    });
  } finally {
    // A body that was not read to its end holds a file or a connection.
    await body[Symbol.asyncIterator]().return?.();
  }
}
