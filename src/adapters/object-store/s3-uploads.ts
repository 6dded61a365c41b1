// Uploads in parts at an S3 endpoint, which are its own; what it cannot keep lies beside them.
//
// `.lakehouse/uploads/<upload_id>.json` names the endpoint's own upload with type and attributes;
// `.lakehouse/parts/<upload_id>/<number>-<etag>-<attributes>` (empty) tells a part's attributes.
// So any process of the house can go on with an upload that another one began.
import { rm, stat } from "node:fs/promises";
import type { ByteStream } from "#kernel/contract.ts";
import { newId } from "#kernel/ids.ts";
import type { KeyedLock } from "#kernel/keyed-lock.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { MultipartStore, StoredObject, Upload, UploadPart } from "#ports/object-store.ts";
import { mapSome } from "./bounded-map.ts";
import { blocksOf, fileBlocks } from "./byte-blocks.ts";
import type { Staging } from "./disk-staging.ts";
import { inOrder } from "./disk-uploads.ts";
import { checkPart, noSuchUpload, tooLarge } from "./object-conditions.ts";
import { checkKey } from "./object-key.ts";
import { copyS3 } from "./s3-copy.ts";
import type { S3Endpoint, S3Request } from "./s3-endpoint.ts";
import { isFault } from "./s3-faults.ts";
import { listS3 } from "./s3-list.ts";
import { absentOr } from "./s3-reads.ts";
import { abortUpload, BLOCK_BYTES, completeUpload, startUpload } from "./s3-writes.ts";
import { isoTime, quoted, readPartsPage, type S3Part } from "./s3-xml.ts";

export interface S3UploadParts {
  readonly endpoint: S3Endpoint;
  readonly prefix: string;
  readonly staging: Staging;
  readonly locks: KeyedLock;
}

export const OWN_PREFIX = ".lakehouse/";
const UPLOADS = `${OWN_PREFIX}uploads/`;
const PARTS = `${OWN_PREFIX}parts/`;
const UPLOAD_ID = /^[0-9a-f-]{36}$/;
const NOTE_BYTES_MAX = 600;
const AT_ONCE = 8;
const NOTHING_HIDDEN = "\0";

interface Begun {
  readonly upload: Upload;
  /** Id of the upload at the endpoint. */
  readonly remote_id: string;
}

export function createS3Uploads(parts: S3UploadParts): MultipartStore {
  const { endpoint, prefix } = parts;
  const targetOf = (key: string) => ({ endpoint, key, remote_key: `${prefix}${key}` });
  const find = async (upload_id: string) => {
    const begun = await readBegun(parts, upload_id);
    if (begun === undefined) throw noSuchUpload(upload_id);
    return begun;
  };

  return {
    async start(key, { content_type, attributes = {} }) {
      checkKey(key);
      const remote_id = await startUpload(targetOf(key), { content_type, attributes });
      const started_at = new Date().toISOString();
      const upload: Upload = { upload_id: newId(), key, started_at, content_type, attributes };
      const body = JSON.stringify({ upload, remote_id });
      await endpoint.sendForText({ method: "PUT", key: noteOf(parts, upload.upload_id), body });
      return upload;
    },
    async find(upload_id, page) {
      const begun = await readBegun(parts, upload_id);
      const found = begun && (await readParts(parts, begun, page));
      return found && { upload: begun.upload, parts: found };
    },
    async putPart(upload_id, part_number, body, { bytes_max, attributes = {} }) {
      const { upload, remote_id } = await find(upload_id);
      const note = encodeAttributes(attributes);
      const query = { partNumber: String(part_number), uploadId: remote_id };
      const request = { method: "PUT", key: `${prefix}${upload.key}`, query } as const;
      const sent = await sendBody(parts, request, upload.key, body, bytes_max).catch((error) => {
        throw isFault(error, "no_such_upload") ? noSuchUpload(upload_id) : error;
      });
      const etag = quoted(sent.headers["etag"] ?? "");
      if (note !== "") {
        const name = `${String(part_number).padStart(5, "0")}-${bare(etag)}-${note}`;
        const key = `${prefix}${PARTS}${upload_id}/${name}`;
        await endpoint.sendForText({ method: "PUT", key, body: "" });
      }
      const modified_at = isoTime(sent.headers["date"]);
      return { part_number, etag, size_bytes: sent.size_bytes, modified_at, attributes };
    },
    async complete(upload_id, named, options) {
      const object = await completeNamed(parts, await find(upload_id), named, options);
      await forget(parts, upload_id);
      return object;
    },
    async abort(upload_id) {
      const begun = await readBegun(parts, upload_id);
      if (begun === undefined) return false;
      const aborting = abortUpload(targetOf(begun.upload.key), begun.remote_id);
      await aborting.catch((error: unknown) => {
        if (!isFault(error, "no_such_upload")) throw error;
      });
      await forget(parts, upload_id);
      return true;
    },
    async list(wanted) {
      const ids: string[] = [];
      for await (const key of ownKeys(parts, UPLOADS)) {
        ids.push(key.slice(UPLOADS.length).replace(/\.json$/, ""));
      }
      const found = await mapSome(ids, AT_ONCE, (id) => readBegun(parts, id));
      const uploads = found.flatMap((begun) => (begun === undefined ? [] : [begun.upload]));
      return uploads.filter((upload) => upload.key.startsWith(wanted)).toSorted(inOrder);
    },
  };
}

const noteOf = ({ prefix }: S3UploadParts, upload_id: string) =>
  `${prefix}${UPLOADS}${upload_id}.json`;

const bare = (etag: string) => etag.replaceAll('"', "");

async function readBegun(parts: S3UploadParts, upload_id: string): Promise<Begun | undefined> {
  if (!UPLOAD_ID.test(upload_id)) return undefined;
  const key = noteOf(parts, upload_id);
  const found = await absentOr(parts.endpoint.sendForText({ method: "GET", key }));
  if (found === undefined) return undefined;
  const { upload, remote_id } = JSON.parse(found.text) as Begun;
  return { upload: { ...upload, content_type: upload.content_type }, remote_id };
}

async function* ownKeys({ endpoint, prefix }: S3UploadParts, below: string) {
  let after: string | undefined;
  do {
    const place = { endpoint, prefix, hidden: NOTHING_HIDDEN };
    const more = after === undefined ? {} : { after };
    const page = await listS3(place, { prefix: below, limit: 1000, ...more });
    for (const { key } of page.objects) yield key;
    after = page.next_after;
  } while (after !== undefined);
}

type Page = { readonly after_part?: number; readonly limit?: number };

/** undefined: the endpoint has forgotten the upload. */
async function readParts(
  parts: S3UploadParts,
  begun: Begun,
  { after_part = 0, limit = Infinity }: Page = {},
): Promise<UploadPart[] | undefined> {
  const found: S3Part[] = [];
  for (let after = after_part; found.length < limit;) {
    const answer = parts.endpoint.sendForText({
      method: "GET",
      key: `${parts.prefix}${begun.upload.key}`,
      query: {
        uploadId: begun.remote_id,
        "part-number-marker": String(after),
        "max-parts": String(Math.min(1000, limit - found.length)),
      },
    });
    const page = await absentOr(answer.catch(uploadGone));
    if (page === undefined) return undefined;
    const read = readPartsPage(page.text);
    found.push(...read.parts);
    after = read.parts.at(-1)?.part_number ?? after;
    if (!read.truncated || read.parts.length === 0) break;
  }
  if (found.length === 0) return [];
  const notes = await readNotes(parts, begun.upload.upload_id);
  return found.map((part) => ({
    ...part,
    attributes: notes.get(`${part.part_number}-${bare(part.etag)}`) ?? {},
  }));
}

function uploadGone(error: unknown): never {
  if (!isFault(error, "no_such_upload")) throw error;
  throw new LakehouseError("not_found", "gone", { reason: "no_such_object", cause: error });
}

async function readNotes(parts: S3UploadParts, upload_id: string) {
  const notes = new Map<string, Record<string, string>>();
  const folder = `${PARTS}${upload_id}/`;
  for await (const key of ownKeys(parts, folder)) {
    const name = /^(\d{5})-(.+)-([^-]+)$/.exec(key.slice(folder.length));
    if (name !== null) notes.set(`${Number(name[1])}-${name[2]}`, decodeAttributes(name[3]!));
  }
  return notes;
}

/** Attributes as one word of a key; "" for none. */
function encodeAttributes(attributes: Readonly<Record<string, string>>): string {
  if (Object.keys(attributes).length === 0) return "";
  const text = Buffer.from(JSON.stringify(attributes)).toString("hex");
  if (text.length <= NOTE_BYTES_MAX) return text;
  const message = `a part of an upload to S3 keeps at most ${NOTE_BYTES_MAX / 2} bytes of attributes`;
  throw new LakehouseError("invalid", message, { hint: "set them when the upload is completed" });
}

function decodeAttributes(text: string): Record<string, string> {
  return JSON.parse(Buffer.from(text, "hex").toString("utf8")) as Record<string, string>;
}

/** From memory when it is small, else from a staged file: both can be sent once more. */
async function sendBody(
  { endpoint, staging }: S3UploadParts,
  request: Pick<S3Request, "method" | "key" | "query">,
  key: string,
  body: ByteStream,
  bytes_max: number,
) {
  const blocks = blocksOf(key, body, BLOCK_BYTES, bytes_max);
  const first = await blocks.next();
  const bytes = first.done === true ? Buffer.alloc(0) : first.value;
  if (bytes.length < BLOCK_BYTES) {
    const { headers } = await endpoint.sendForText({ ...request, body: bytes });
    return { headers, size_bytes: bytes.length };
  }
  const whole = async function* () {
    yield bytes;
    yield* blocks;
  };
  const staged = await staging.write(key, whole(), bytes_max);
  try {
    const { size: size_bytes } = await stat(staged);
    const stream = { size_bytes, open: () => fileBlocks(staged, 1 << 20) };
    const { headers } = await endpoint.sendForText({ ...request, stream, timeout_ms: 900_000 });
    return { headers, size_bytes };
  } finally {
    await rm(staged, { force: true });
  }
}

type Complete = MultipartStore["complete"];

async function completeNamed(
  parts: S3UploadParts,
  begun: Begun,
  named: Parameters<Complete>[1],
  options: Parameters<Complete>[2],
): Promise<StoredObject> {
  const { endpoint, prefix, locks } = parts;
  const { upload, remote_id } = begun;
  const found = await readParts(parts, begun);
  if (found === undefined) throw noSuchUpload(upload.upload_id);
  const present = new Map(found.map((part) => [part.part_number, part]));
  let size_bytes = 0;
  for (const one of named) {
    checkPart(one, present.get(one.part_number)?.etag);
    size_bytes += present.get(one.part_number)!.size_bytes;
  }
  const { bytes_max, attributes = {}, ...conditions } = options;
  if (size_bytes > bytes_max) throw tooLarge(upload.key, bytes_max);
  const target = { endpoint, key: upload.key, remote_key: `${prefix}${upload.key}` };
  const told = { content_type: upload.content_type, attributes: upload.attributes };
  const write = { ...told, ...conditions };
  const object = await completeUpload(target, { remote_id, size_bytes }, named, write, locks);
  const late = Object.entries(attributes).some(([name, text]) => upload.attributes[name] !== text);
  if (!late) return object;
  // S3 takes attributes at the start of an upload only, so later ones need a copy onto itself.
  const all = { ...upload.attributes, ...attributes };
  const again = { if_source_match: object.etag, attributes: all, bytes_max };
  return (await copyS3(target, target, again, locks)) ?? object;
}

async function forget(parts: S3UploadParts, upload_id: string): Promise<void> {
  const { endpoint, prefix } = parts;
  await endpoint.sendForText({ method: "DELETE", key: noteOf(parts, upload_id) });
  const keys: string[] = [];
  for await (const key of ownKeys(parts, `${PARTS}${upload_id}/`)) keys.push(key);
  await mapSome(keys, AT_ONCE, (key) =>
    endpoint.sendForText({ method: "DELETE", key: `${prefix}${key}` }),
  );
}
