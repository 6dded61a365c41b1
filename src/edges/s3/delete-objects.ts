// DeleteObject and DeleteObjects.
import { LakehouseError } from "#kernel/problem.ts";
import { readBody } from "./incoming-body.ts";
import { allows } from "./s3-caller.ts";
import { checkKey, noSuchVersion, writeScopeOf } from "./s3-address.ts";
import { quotedEtag } from "./s3-conditions.ts";
import { bodyOf, xmlResponse, type BucketContext, type ObjectContext } from "./s3-context.ts";
import { S3Error, toS3Error } from "./s3-error.ts";
import { listOf, malformed, readXml, textOf, XML_BYTES_MAX, type XmlNode } from "./xml-reader.ts";
import { element, optional, s3Document, type Xml } from "./xml-writer.ts";

const KEYS_MAX = 1000;
const AT_ONCE = 16;

export async function deleteObject(context: ObjectContext): Promise<Response> {
  const { key, params, headers } = context;
  if ((params.get("versionId") ?? "null") !== "null") throw noSuchVersion();
  await remove(context, key, headers.get("if-match") ?? undefined);
  return new Response(null, { status: 204 });
}

/** What is not there is deleted; a key that no store takes names nothing. */
async function remove(
  { storage, call, at }: BucketContext,
  key: string,
  if_match: string | undefined,
): Promise<void> {
  const condition = if_match === undefined ? {} : { if_match: quotedEtag(if_match) };
  await storage.remove({ ...at, key, ...condition }, call);
}

interface Doomed {
  readonly key: string;
  readonly version: string | undefined;
  readonly etag: string | undefined;
}

export async function deleteObjects(context: BucketContext): Promise<Response> {
  const root = readXml(await readBody(bodyOf(context), XML_BYTES_MAX), "Delete");
  const quiet = textOf(root, "Quiet") === "true";
  const doomed = listOf(root, "Object").map(doomedOf);
  if (doomed.length === 0 || doomed.length > KEYS_MAX) throw malformed();
  const results: Xml[][] = [];
  for (let at = 0; at < doomed.length; at += AT_ONCE) {
    const some = doomed.slice(at, at + AT_ONCE);
    results.push(...(await Promise.all(some.map((one) => deleteOne(context, one, quiet)))));
  }
  return xmlResponse(s3Document("DeleteResult", results.flat()));
}

function doomedOf(node: XmlNode): Doomed {
  const key = textOf(node, "Key");
  if (key === undefined || key === "") throw malformed();
  return { key, version: textOf(node, "VersionId"), etag: textOf(node, "ETag") };
}

async function deleteOne(context: BucketContext, one: Doomed, quiet: boolean): Promise<Xml[]> {
  try {
    checkKey(one.key);
    if (!allows(context.principal, writeScopeOf(one.key))) {
      throw new S3Error("AccessDenied", "Access Denied: this key needs the scope admin");
    }
    if ((one.version ?? "null") !== "null") throw noSuchVersion();
    await remove(context, one.key, one.etag);
    return quiet ? [] : [element("Deleted", [element("Key", one.key)])];
  } catch (thrown) {
    // A call that is over is over for all keys.
    if (thrown instanceof LakehouseError && thrown.code === "cancelled") throw thrown;
    const error = toS3Error(thrown);
    return [
      element("Error", [
        element("Key", one.key),
        ...optional("VersionId", one.version),
        element("Code", error.code),
        element("Message", error.message),
      ]),
    ];
  }
}
