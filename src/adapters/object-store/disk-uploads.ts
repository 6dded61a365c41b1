// Uploads in parts on disk: a folder for each below `.uploads/`, gone in one step when it ends.
//
// `.uploads/<upload_id>/upload.json` is the upload, `00001.part` a part, `00001%<etag>.json` the
// attributes of a part, `done.json` the etag of the object that it is about to become. Everything
// is staged, synced and renamed; what a crash leaves is an upload that can go on or be aborted.
import { lstat, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeDurableDir, syncDir } from "#kernel/durable-dir.ts";
import { newId } from "#kernel/ids.ts";
import { createKeyedLock } from "#kernel/keyed-lock.ts";
import type { MultipartStore, StoredObject, Upload, UploadPart } from "#ports/object-store.ts";
import { absentOr, type DiskFiles } from "./disk-files.ts";
import { etagOf } from "./disk-meta.ts";
import { fullOr, type StagedFile, type Staging } from "./disk-staging.ts";
import { joinFiles } from "./file-join.ts";
import { checkPart, noSuchUpload, tooLarge } from "./object-conditions.ts";
import { checkKey, compareKeys } from "./object-key.ts";

export interface DiskUploadParts {
  /** Folder of the uploads; made when it is not there. */
  readonly dir: string;
  readonly staging: Staging;
  readonly files: DiskFiles;
  head(key: string): Promise<StoredObject | undefined>;
  /** Modification times, no two alike, shared with the files of the store. */
  nextTime(): number;
}

const UPLOAD_ID = /^[0-9a-f-]{36}$/;
const PART_NAME = /^(\d{5})\.part$/;
const STATS_AT_ONCE = 32;

export async function createDiskUploads(parts: DiskUploadParts): Promise<MultipartStore> {
  const { dir, staging } = parts;
  await makeDurableDir(dir);
  const locks = createKeyedLock();

  return {
    async start(key, options) {
      checkKey(key);
      const upload: Upload = {
        upload_id: newId(),
        key,
        started_at: new Date().toISOString(),
        content_type: options.content_type,
        attributes: options.attributes ?? {},
      };
      const staged = staging.fresh();
      await mkdir(staged);
      await writeDurable(join(staged, "upload.json"), JSON.stringify(upload));
      await syncDir(staged);
      await rename(staged, join(dir, upload.upload_id));
      await syncDir(dir);
      return upload;
    },
    async find(upload_id, page) {
      const upload = await readUpload(dir, upload_id);
      if (upload === undefined) return undefined;
      return { upload, parts: await readParts(join(dir, upload_id), page) };
    },
    async putPart(upload_id, part_number, body, options) {
      const upload = await readUpload(dir, upload_id);
      if (upload === undefined) throw noSuchUpload(upload_id);
      const { bytes_max } = options;
      const staged = await staging.writeSealed(upload.key, body, bytes_max, parts.nextTime);
      try {
        const at = { dir: join(dir, upload_id), part_number, ...staged };
        return await installPart(parts, at, options.attributes ?? {});
      } catch (error) {
        const gone = (error as NodeJS.ErrnoException).code === "ENOENT";
        await rm(staged.path, { force: true });
        throw gone ? noSuchUpload(upload_id) : fullOr(error);
      }
    },
    complete: (upload_id, named, options) =>
      locks.run(upload_id, async () => {
        const upload = await readUpload(dir, upload_id);
        if (upload === undefined) throw noSuchUpload(upload_id);
        const done = await finished(parts, upload);
        const object = done ?? (await assemble(parts, upload, named, options));
        await discard(parts, upload_id);
        return object;
      }),
    abort: (upload_id) => locks.run(upload_id, () => discard(parts, upload_id)),
    async list(prefix) {
      const uploads: Upload[] = [];
      for (const name of await readdir(dir)) {
        const upload = await readUpload(dir, name);
        if (upload?.key.startsWith(prefix) === true) uploads.push(upload);
      }
      return uploads.toSorted(inOrder);
    },
  };
}

/** By key, then by start. */
export function inOrder(a: Upload, b: Upload): number {
  return compareKeys(a.key, b.key) || (a.upload_id < b.upload_id ? -1 : 1);
}

async function readUpload(dir: string, upload_id: string): Promise<Upload | undefined> {
  if (!UPLOAD_ID.test(upload_id)) return undefined;
  const text = await absentOr(readFile(join(dir, upload_id, "upload.json"), "utf8"));
  if (text === undefined) return undefined;
  const upload = JSON.parse(text) as Upload;
  return { ...upload, content_type: upload.content_type };
}

type Page = { readonly after_part?: number; readonly limit?: number };

async function readParts(dir: string, page: Page = {}): Promise<UploadPart[]> {
  const { after_part = 0, limit = Infinity } = page;
  if (limit === 0) return [];
  const numbers = ((await absentOr(readdir(dir))) ?? [])
    .map((name) => Number(PART_NAME.exec(name)?.[1] ?? 0))
    .filter((number) => number > after_part)
    .toSorted((a, b) => a - b)
    .slice(0, limit);
  const parts: UploadPart[] = [];
  for (let at = 0; at < numbers.length; at += STATS_AT_ONCE) {
    const some = numbers.slice(at, at + STATS_AT_ONCE);
    const found = await Promise.all(some.map((number) => readPart(dir, number)));
    parts.push(...found.filter((part) => part !== undefined));
  }
  return parts;
}

async function readPart(dir: string, part_number: number): Promise<UploadPart | undefined> {
  const info = await absentOr(lstat(join(dir, partName(part_number)), { bigint: true }));
  if (info === undefined) return undefined;
  const etag = etagOf(info);
  const note = await absentOr(readFile(join(dir, noteName(part_number, etag)), "utf8"));
  return {
    part_number,
    etag,
    size_bytes: Number(info.size),
    modified_at: new Date(Number(info.mtimeMs)).toISOString(),
    attributes: note === undefined ? {} : (JSON.parse(note) as Record<string, string>),
  };
}

async function installPart(
  { staging }: DiskUploadParts,
  at: StagedFile & { readonly dir: string; readonly part_number: number },
  attributes: Readonly<Record<string, string>>,
): Promise<UploadPart> {
  const { sealed } = at;
  const etag = etagOf(sealed);
  const before = await readPart(at.dir, at.part_number);
  if (Object.keys(attributes).length > 0) {
    const note = staging.fresh();
    await writeDurable(note, JSON.stringify(attributes));
    try {
      await rename(note, join(at.dir, noteName(at.part_number, etag)));
    } finally {
      await rm(note, { force: true });
    }
  }
  await rename(at.path, join(at.dir, partName(at.part_number)));
  await syncDir(at.dir);
  if (before !== undefined) {
    await rm(join(at.dir, noteName(at.part_number, before.etag)), { force: true });
  }
  return {
    part_number: at.part_number,
    etag,
    size_bytes: Number(sealed.size),
    modified_at: new Date(Number(sealed.mtimeMs)).toISOString(),
    attributes,
  };
}

/** The object that this upload became just before a crash, so that completing again is no fault. */
async function finished(
  { dir, head }: DiskUploadParts,
  upload: Upload,
): Promise<StoredObject | undefined> {
  const note = await absentOr(readFile(join(dir, upload.upload_id, "done.json"), "utf8"));
  if (note === undefined) return undefined;
  const object = await head(upload.key);
  return object?.etag === (JSON.parse(note) as { etag: string }).etag ? object : undefined;
}

type Complete = MultipartStore["complete"];

async function assemble(
  { dir, staging, files }: DiskUploadParts,
  upload: Upload,
  named: Parameters<Complete>[1],
  options: Parameters<Complete>[2],
): Promise<StoredObject> {
  const folder = join(dir, upload.upload_id);
  const present = new Map((await readParts(folder)).map((part) => [part.part_number, part]));
  let size = 0;
  for (const one of named) {
    checkPart(one, present.get(one.part_number)?.etag);
    size += present.get(one.part_number)!.size_bytes;
  }
  if (size > options.bytes_max) throw tooLarge(upload.key, options.bytes_max);
  const staged = staging.fresh();
  try {
    const sources = named.map((one) => ({ ...one, path: join(folder, partName(one.part_number)) }));
    await joinFiles(staged, sources);
    const { bytes_max: _, attributes, ...conditions } = options;
    return await files.install(upload.key, staged, {
      ...conditions,
      content_type: upload.content_type,
      attributes: { ...upload.attributes, ...attributes },
      announce: async (etag) => {
        const note = staging.fresh();
        await writeDurable(note, JSON.stringify({ etag }));
        await rename(note, join(folder, "done.json"));
        await syncDir(folder);
      },
    });
  } catch (error) {
    throw fullOr(error);
  } finally {
    await rm(staged, { force: true });
  }
}

/** Out of sight in one step, then removed; true when there was such an upload. */
async function discard({ dir, staging }: DiskUploadParts, upload_id: string): Promise<boolean> {
  if (!UPLOAD_ID.test(upload_id)) return false;
  const away = staging.fresh();
  const moved = await absentOr(rename(join(dir, upload_id), away).then(() => true));
  if (moved === undefined) return false;
  await syncDir(dir);
  await rm(away, { recursive: true, force: true });
  return true;
}

const partName = (part_number: number) => `${String(part_number).padStart(5, "0")}.part`;

const noteName = (part_number: number, etag: string) =>
  `${String(part_number).padStart(5, "0")}%${etag.slice(1, -1)}.json`;

async function writeDurable(path: string, text: string): Promise<void> {
  await writeFile(path, text, { flag: "wx", flush: true });
}
