// What the door remembers of uploads in parts: whose key they are, checksums that came late.
import type { UploadInfo } from "#contracts/storage.ts";
import type { Checksum } from "./incoming-body.ts";

export interface UploadMemory {
  /** An upload's key and attributes never change, so that looking once is enough. */
  upload(upload_id: string): UploadInfo | undefined;
  keepUpload(upload: UploadInfo): void;
  /** A checksum that came after the part's bytes, when its attributes had been given already. */
  checksum(upload_id: string, etag: string): Checksum | undefined;
  keepChecksum(upload_id: string, etag: string, checksum: Checksum): void;
  forget(upload_id: string): void;
}

const UPLOADS_MAX = 1_000;
const CHECKSUMS_MAX = 200_000;

/** Bounded: what was kept first goes first. Clients repeat checksums when they complete. */
export function createUploadMemory(): UploadMemory {
  const uploads = new Map<string, UploadInfo>();
  const checksums = new Map<string, Checksum>();
  const nameOf = (upload_id: string, etag: string) => `${upload_id}/${etag}`;
  return {
    upload: (upload_id) => uploads.get(upload_id),
    keepUpload: (upload) => keep(uploads, upload.upload_id, upload, UPLOADS_MAX),
    checksum: (upload_id, etag) => checksums.get(nameOf(upload_id, etag)),
    keepChecksum: (upload_id, etag, checksum) =>
      keep(checksums, nameOf(upload_id, etag), checksum, CHECKSUMS_MAX),
    forget(upload_id) {
      uploads.delete(upload_id);
      for (const name of checksums.keys()) {
        if (name.startsWith(`${upload_id}/`)) checksums.delete(name);
      }
    },
  };
}

function keep<T>(map: Map<string, T>, name: string, value: T, entries_max: number): void {
  map.delete(name);
  map.set(name, value);
  if (map.size > entries_max) map.delete(map.keys().next().value!);
}
