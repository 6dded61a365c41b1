// A file of named byte sections with an index at its end; written as a stream, read by section.
import { createHash } from "node:crypto";
import { closeSync, createReadStream, openSync, readSync } from "node:fs";
import { open } from "node:fs/promises";
import { LakehouseError } from "#kernel/problem.ts";

type Pieces = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
type Places = Record<string, readonly [offset: number, length: number]>;

const TAIL_BYTES = 16;

/** Writes the sections in order and makes the file durable; its sha256. */
export async function writeSections(
  path: string,
  sections: Iterable<readonly [string, Pieces]>,
): Promise<string> {
  const file = await open(path, "w");
  const hash = createHash("sha256");
  let end = 0;
  const write = async (piece: Uint8Array) => {
    hash.update(piece);
    await file.writeFile(piece);
    end += piece.length;
  };
  try {
    const places: Record<string, [number, number]> = {};
    for (const [name, pieces] of sections) {
      const start = end;
      for await (const piece of pieces) await write(piece);
      places[name] = [start, end - start];
    }
    const index = Buffer.from(JSON.stringify(places));
    await write(index);
    await write(Buffer.from(String(index.length).padStart(TAIL_BYTES)));
    await file.sync();
    return hash.digest("hex");
  } finally {
    await file.close();
  }
}

/** A section that is read in parts; the file may be moved or removed meanwhile. */
export interface HeldSection {
  readonly size_bytes: number;
  /** Blocks until `into` is full. */
  read(from: number, into: Uint8Array): void;
  close(): void;
}

function holdSection(path: string, [offset, size_bytes]: Places[string]): HeldSection {
  const file = openSync(path, "r");
  let open = true;
  return {
    size_bytes,
    read(from, into) {
      // Its number may stand for another file by now.
      if (!open) throw new LakehouseError("unavailable", `${path} is closed`);
      for (let done = 0; done < into.length;) {
        const bytes = readSync(file, into, done, into.length - done, offset + from + done);
        if (bytes === 0) throw damaged(path, "it ends too early");
        done += bytes;
      }
    },
    close() {
      if (open) closeSync(file);
      open = false;
    },
  };
}

/** Checks the whole file against its hash, then hands out sections: read whole, or held open. */
export async function readSections<T>(
  path: string,
  sha256: string,
  use: (read: (name: string) => Promise<Buffer>, hold: (name: string) => HeldSection) => Promise<T>,
): Promise<T> {
  if ((await hashFile(path)) !== sha256) throw damaged(path, "its hash is another");
  const file = await open(path, "r");
  const readAt = async (offset: number, length: number) => {
    const bytes = Buffer.allocUnsafeSlow(length);
    let done = 0;
    while (done < length) {
      const { bytesRead } = await file.read(bytes, done, length - done, offset + done);
      if (bytesRead === 0) throw damaged(path, "it ends too early");
      done += bytesRead;
    }
    return bytes;
  };
  try {
    const { size } = await file.stat();
    const tail = await readAt(size - TAIL_BYTES, TAIL_BYTES);
    const length = Number(tail.toString("latin1"));
    const index = await readAt(size - TAIL_BYTES - length, length);
    const places = JSON.parse(index.toString("utf8")) as Places;
    const placeOf = (name: string) => {
      const place = places[name];
      if (place === undefined) throw damaged(path, `it has no section ${name}`);
      return place;
    };
    return await use(
      async (name) => readAt(...placeOf(name)),
      (name) => holdSection(path, placeOf(name)),
    );
  } finally {
    await file.close();
  }
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    const source = createReadStream(path, { highWaterMark: 1 << 20 });
    for await (const piece of source as AsyncIterable<Buffer>) hash.update(piece);
  } catch (cause) {
    throw damaged(path, `it cannot be read: ${(cause as Error).message}`, cause);
  }
  return hash.digest("hex");
}

function damaged(path: string, why: string, cause?: unknown): LakehouseError {
  return new LakehouseError("unavailable", `${path} cannot be used: ${why}`, {
    reason: "damaged_index",
    cause,
  });
}
