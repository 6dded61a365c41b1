// Listing a bucket at an S3 endpoint (ListObjectsV2) as the port wants it.
import type { ListOptions, ListPage, StoredObject } from "#ports/object-store.ts";
import { contentTypeOf } from "./content-types.ts";
import { compareKeys } from "./object-key.ts";
import type { S3Endpoint } from "./s3-endpoint.ts";
import { readListPage, type S3ListPage } from "./s3-xml.ts";

const PAGE_MAX = 1000;
/** No key of the last possible character is left behind it. */
const LAST = "\u{10ffff}";

export interface S3Place {
  readonly endpoint: S3Endpoint;
  /** Before every key at the endpoint; "" or ends in a slash. */
  readonly prefix: string;
  /** Keys that start so are the store's own and are not told. */
  readonly hidden: string;
}

/**
 * One page. The endpoint's list holds neither types nor attributes: the type is the one of the
 * key's ending, attributes are empty; `head` tells both.
 */
export async function listS3(place: S3Place, options: ListOptions): Promise<ListPage> {
  const { limit } = options;
  const objects: StoredObject[] = [];
  const prefixes: string[] = [];
  let after = options.after ?? "";
  for (;;) {
    const wanted = limit - objects.length - prefixes.length;
    const page = await fetchPage(place, { ...options, after, limit: Math.min(wanted, PAGE_MAX) });
    const told = toldPrefix({ ...options, after });
    for (const one of page.objects) {
      const key = one.key.slice(place.prefix.length);
      if (key.startsWith(place.hidden) || compareKeys(key, after) <= 0) continue;
      objects.push({ ...one, key, content_type: contentTypeOf(key), attributes: {} });
    }
    for (const one of page.prefixes) {
      const key = one.slice(place.prefix.length);
      if (key !== place.hidden && key !== told) prefixes.push(key);
    }
    const last = lastOf(place, page);
    if (!page.truncated || last === undefined) return { objects, prefixes, next_after: undefined };
    if (objects.length + prefixes.length >= limit) return { objects, prefixes, next_after: last };
    after = last;
  }
}

async function fetchPage(
  { endpoint, prefix, hidden }: S3Place,
  options: ListOptions,
): Promise<S3ListPage> {
  const { after = "", delimiter } = options;
  // What is below a prefix told before, or below what is hidden, is jumped over.
  const jump = after.startsWith(hidden) ? hidden : toldPrefix(options);
  const start = jump === undefined ? after : `${jump}${LAST}`;
  const { text } = await endpoint.sendForText({
    method: "GET",
    query: {
      "list-type": "2",
      "encoding-type": "url",
      "max-keys": String(options.limit),
      prefix: `${prefix}${options.prefix ?? ""}`,
      ...(start === "" ? {} : { "start-after": `${prefix}${start}` }),
      ...(delimiter === undefined ? {} : { delimiter }),
    },
  });
  return readListPage(text);
}

/** `after`, when it is a common prefix that a page has told. */
function toldPrefix({ after = "", prefix = "", delimiter }: ListOptions): string | undefined {
  const below = after.length > prefix.length && after.startsWith(prefix);
  return delimiter !== undefined && below && after.endsWith(delimiter) ? after : undefined;
}

function lastOf({ prefix }: S3Place, page: S3ListPage): string | undefined {
  const key = page.objects.at(-1)?.key;
  const common = page.prefixes.at(-1);
  if (key === undefined || common === undefined) return (key ?? common)?.slice(prefix.length);
  return (compareKeys(key, common) > 0 ? key : common).slice(prefix.length);
}
