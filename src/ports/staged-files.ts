// From files that an engine wrote to a staged place to data files of a table, or back to nothing.
import { rm } from "node:fs/promises";
import type { Call } from "#kernel/call.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { TableFile, WriteTarget, WrittenFile } from "./table-engine.ts";

/** What is asked of storage (contracts/storage.ts). */
export interface StagingStorage {
  stage(input: { bucket?: string }, call: Call): Promise<{ path: string }>;
  adopt(
    input: { key: string; bucket?: string; path: string },
    call: Call,
  ): Promise<{ existed: boolean }>;
  remove(input: { key: string; bucket?: string }, call: Call): Promise<unknown>;
}

/** Where the objects of a table stand. */
export interface TablePlace {
  readonly bucket: string;
  /** Without a slash at the end. */
  readonly prefix: string;
}

/** `s3://bucket/prefix`, as a dataset names its location. */
export function tablePlace(location: string): TablePlace {
  const match = /^s3[an]?:\/\/([^/]+)\/(.+?)\/*$/s.exec(location);
  if (match !== null) return { bucket: match[1]!, prefix: match[2]! };
  throw new LakehouseError("unimplemented", `files cannot be written to ${location}`, {
    hint: "the location of a dataset that is written to is s3://bucket/prefix",
  });
}

/** A file of a snapshot as the engine reads it. */
export function toTableFile(file: {
  readonly uri: string;
  readonly location: string;
  readonly deletes: readonly { readonly uri: string }[];
}): TableFile {
  const { uri, location, deletes } = file;
  return { uri, location, delete_uris: deletes.map((one) => one.uri) };
}

/** As a commit takes it (contracts/table-nouns.ts, `dataFile`). */
export interface AdoptedFile {
  key: string;
  rows: number;
  size_bytes: number;
  partition: Record<string, WrittenFile["partition"][string]>;
  stats: { -readonly [K in keyof WrittenFile["stats"][number]]: WrittenFile["stats"][number][K] }[];
  split_offsets: number[];
}

export interface StagedFiles {
  readonly nextPath: WriteTarget["nextPath"];
  /**
   * Makes written files objects `<prefix>/data/<name>-<n>.parquet` of a table, in order. The name
   * must be nobody else's: an object that two commits share would go with the one that is refused,
   * or with a clean-up that sees an old one of that name.
   */
  adopt(place: TablePlace, name: string, written: readonly WrittenFile[]): Promise<AdoptedFile[]>;
  /** Removes the objects again that `adopt` made. */
  undo(): Promise<void>;
  /** Removes what was written and not adopted. */
  discard(): Promise<void>;
}

const UNDO_TIMEOUT_MS = 30_000;

/** Files on their way into one bucket (absent: the main one). */
export function createStagedFiles(
  storage: StagingStorage,
  bucket: string | undefined,
  call: Call,
): StagedFiles {
  const staged = new Set<string>();
  const made: { key: string; bucket: string }[] = [];

  return {
    async nextPath() {
      const { path } = await storage.stage(bucket === undefined ? {} : { bucket }, call);
      staged.add(path);
      return path;
    },
    async adopt(place, name, written) {
      const files: AdoptedFile[] = [];
      for (const [at, { path, ...file }] of written.entries()) {
        const key = `${place.prefix}/data/${name}-${at}.parquet`;
        const object = { key, bucket: place.bucket };
        const { existed } = await storage.adopt({ ...object, path }, call);
        staged.delete(path);
        if (!existed) made.push(object);
        const { partition, stats, split_offsets } = file;
        files.push({
          key,
          rows: file.rows,
          size_bytes: file.size_bytes,
          partition: { ...partition },
          stats: stats.map((one) => ({ ...one })),
          split_offsets: [...split_offsets],
        });
      }
      return files;
    },
    async undo() {
      // The caller may have left by now; what it leaves behind is removed all the same.
      const deadline_ms = Date.now() + UNDO_TIMEOUT_MS;
      const signal = AbortSignal.timeout(UNDO_TIMEOUT_MS);
      const own = { ...call, deadline_ms, signal };
      for (const object of made.splice(0)) await storage.remove(object, own);
    },
    async discard() {
      for (const path of staged) await rm(path, { force: true });
      staged.clear();
    },
  };
}

/** Codes of errors after which a commit surely was not made. */
const CLEAR_NO = new Set(["invalid", "not_found", "conflict", "precondition_failed", "rejected"]);

/** An answer that got lost may have been a yes: objects go only after a clear no. */
export function surelyRefused(error: unknown): boolean {
  return error instanceof LakehouseError && CLEAR_NO.has(error.code);
}
