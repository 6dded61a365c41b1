// What a disk store knows of an object beside its bytes: its etag, content type and attributes.
import type { BigIntStats } from "node:fs";
import { open, readFile, rename, unlink, writeFile, type FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeDurableDir, syncDir } from "#kernel/durable-dir.ts";
import type { StoredObject } from "#ports/object-store.ts";
import { contentTypeOf } from "./content-types.ts";

/**
 * Strong, and free to compute: every write makes a new file (inode) and gives it a modification
 * time that grows by at least a microsecond, so equal etags mean the same write.
 */
export function etagOf(info: BigIntStats): string {
  const part = (value: bigint) => value.toString(36);
  return `"${part(info.mtimeNs)}-${part(info.ino)}-${part(info.size)}"`;
}

export interface ObjectMeta {
  readonly content_type: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface MetaGiven {
  readonly content_type?: string | undefined;
  readonly attributes?: Readonly<Record<string, string>> | undefined;
}

export interface ObjectNotes {
  /** Undefined: there is no note, so what the key tells is all, if the file is still there. */
  of(path: string, etag: string): Promise<ObjectMeta | undefined>;
  /** Before the file gets its name: notes what the key does not tell. Durable. */
  note(key: string, path: string, etag: string, given: MetaGiven): Promise<void>;
  /** After a file was replaced or removed. */
  forget(path: string, etag: string): Promise<void>;
}

/**
 * Notes lie in `dir` under `<path>%<etag>`: one left by a crash belongs to no file. A note is the
 * bare content type, as version 0.1 wrote it, or, when there are attributes, a line feed and JSON
 * `{"content_type": …, "attributes": {…}}`: no content type begins with a line feed.
 */
export function createObjectNotes(dir: string, freshPath: () => string): ObjectNotes {
  const noteOf = (path: string, etag: string) => join(dir, `${path}%${etag.slice(1, -1)}`);
  return {
    async of(path, etag) {
      try {
        return decodeNote(await readFile(noteOf(path, etag), "utf8"));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
        return undefined;
      }
    },
    async note(key, path, etag, given) {
      const { content_type, attributes } = plainMeta(key, given);
      const bare = Object.keys(attributes).length === 0;
      if (bare && content_type === contentTypeOf(key)) return;
      const target = noteOf(path, etag);
      const text = bare ? content_type : `\n${JSON.stringify({ content_type, attributes })}`;
      const staged = freshPath();
      await makeDurableDir(dirname(target));
      await writeFile(staged, text, { flag: "wx", flush: true });
      await rename(staged, target);
      await syncDir(dirname(target));
    },
    async forget(path, etag) {
      await unlink(noteOf(path, etag)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "ENOENT") throw error;
      });
    },
  };
}

/** What is known of an object of this key when only this was given; nothing: it has no note. */
export function plainMeta(key: string, given: MetaGiven = {}): ObjectMeta {
  const { content_type = contentTypeOf(key), attributes = {} } = given;
  return { content_type, attributes };
}

function decodeNote(text: string): ObjectMeta {
  if (!text.startsWith("\n")) return { content_type: text, attributes: {} };
  return JSON.parse(text) as ObjectMeta;
}

/** Gives out modification times in seconds, each later than the one before. */
export function createFileTimes(): () => number {
  let last_us = 0;
  return () => {
    last_us = Math.max(last_us + 1, Date.now() * 1000);
    // Half a microsecond more, so that rounding down never yields the one before.
    return (last_us + 0.5) / 1e6;
  };
}

/** Stamps a staged file with its time and makes its bytes durable. */
export async function sealFile(path: string, time_s: number): Promise<BigIntStats> {
  const file = await open(path, "r+");
  try {
    return await sealOpened(file, time_s);
  } finally {
    await file.close();
  }
}

/** The same of a file that is open for writing. */
export async function sealOpened(file: FileHandle, time_s: number): Promise<BigIntStats> {
  await file.utimes(time_s, time_s);
  await file.sync();
  return file.stat({ bigint: true });
}

export function describe(key: string, info: BigIntStats, meta: ObjectMeta): StoredObject {
  return {
    key,
    size_bytes: Number(info.size),
    etag: etagOf(info),
    modified_at: new Date(Number(info.mtimeMs)).toISOString(),
    content_type: meta.content_type,
    attributes: meta.attributes,
  };
}
