// Files one after another into a new one, through one buffer.
import { open, type FileHandle } from "node:fs/promises";
import { etagOf } from "./disk-meta.ts";
import { checkPart } from "./object-conditions.ts";

const BUFFER_BYTES = 8 * 1024 * 1024;

export interface JoinSource {
  readonly path: string;
  readonly part_number: number;
  /** Of the file; `invalid` (`bad_part`) when another stands there by now. */
  readonly etag: string;
}

/** Writes the sources to a fresh path, in order. Not yet synced. */
export async function joinFiles(target: string, sources: readonly JoinSource[]): Promise<void> {
  const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  const to = await open(target, "wx");
  try {
    for (const source of sources) {
      const from = await open(source.path, "r");
      try {
        // Looked at through the handle: a part put again meanwhile is another file.
        checkPart(source, etagOf(await from.stat({ bigint: true })));
        await append(to, from, buffer);
      } finally {
        await from.close();
      }
    }
  } finally {
    await to.close();
  }
}

async function append(to: FileHandle, from: FileHandle, buffer: Buffer): Promise<void> {
  for (;;) {
    const { bytesRead } = await from.read(buffer, 0, buffer.length, null);
    if (bytesRead === 0) return;
    for (let at = 0; at < bytesRead;) {
      at += (await to.write(buffer, at, bytesRead - at, null)).bytesWritten;
    }
  }
}
