// A source as a plain file: packed ones are unpacked beside it, which also proves they are whole.
import { randomUUID } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { LIMITS } from "#kernel/limits.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { ConvertRequest } from "#ports/table-engine.ts";

export interface PlainSource {
  readonly path: string;
  /** Removes what was unpacked. */
  remove(): Promise<void>;
}

/**
 * DuckDB takes a .gz or .zst that was cut off for a shorter file, so we unpack by ourselves: a
 * stream that is not whole or fails its checksum is `invalid` (`unreadable_source`).
 */
export async function openSource(request: ConvertRequest, temp_dir: string): Promise<PlainSource> {
  if (request.compression === "none") {
    return { path: request.source_path, remove: async () => undefined };
  }
  const path = join(temp_dir, `source-${randomUUID()}`);
  const unpack = request.compression === "gzip" ? createGunzip() : createZstdDecompress();
  try {
    await pipeline(
      createReadStream(request.source_path),
      unpack,
      boundedTo(LIMITS.raw_body_bytes_max),
      createWriteStream(path, { flags: "wx" }),
      { signal: request.signal },
    );
  } catch (error) {
    await rm(path, { force: true });
    throw sourceError(error, request.compression);
  }
  return { path, remove: () => rm(path, { force: true }) };
}

function boundedTo(bytes_max: number): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes <= bytes_max) return done(null, chunk);
      done(new LakehouseError("too_large", `the unpacked file is over ${bytes_max} bytes`));
    },
  });
}

function sourceError(error: unknown, compression: string): unknown {
  const code = (error as { code?: string }).code ?? "";
  if (!/^(Z_|ZSTD_|ERR_ZLIB|ERR_ZSTD)/.test(code)) return error;
  return unreadable(`the ${compression} stream is damaged or cut off (${code})`, error);
}

/** `invalid` with reason `unreadable_source`. */
export function unreadable(message: string, cause?: unknown): LakehouseError {
  return new LakehouseError("invalid", message, { reason: "unreadable_source", cause });
}
