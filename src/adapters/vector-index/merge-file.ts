// A new file of a large index: the old one with its changes. Runs in a thread of its own.
/// <reference lib="esnext.float16" />
import { closeSync, openSync } from "node:fs";
import { rm } from "node:fs/promises";
import type { VectorIndexConfig } from "#ports/vector-index.ts";
import { newIndex, toNative, type GraphHost, type StoredRows } from "./usearch-graph.ts";
import type { MergeRequest } from "./usearch-messages.ts";
import { readExactly, sealFile, writeAll, type SavedFile } from "./vector-file.ts";
import { rowBytes } from "./vector-rows.ts";

/** Keys removed in one call, rows copied in one piece. */
const STEP = 1024;

/** Holds the graph in memory while it works; the rows of the old file are only passed through. */
export async function mergeFile(host: GraphHost, request: MergeRequest): Promise<void> {
  const { config, saved, gone, fresh, path } = request;
  const index = newIndex(host, config);
  index.load(`/dev/fd/${saved.file}`);
  for (let at = 0; at < gone.length; at += STEP) index.remove(toNative(gone.slice(at, at + STEP)));
  for (const { keys, pieces } of fresh) {
    let from = 0;
    for (const piece of pieces) {
      const count = piece.byteLength / rowBytes(config);
      index.add(toNative(keys.slice(from, from + count)), floatsOf(piece, config), host.threads);
      from += count;
    }
  }
  await rm(path, { force: true });
  if (index.size() > 0) index.save(path);
  await sealFile(path, config, appendMerged(path, config, saved, new Set(gone), fresh));
}

function floatsOf(bytes: Uint8Array, { quantization }: VectorIndexConfig): Float32Array {
  if (quantization === "f32") return new Float32Array(bytes.buffer, bytes.byteOffset);
  return Float32Array.from(new Float16Array(bytes.buffer, bytes.byteOffset));
}

function appendMerged(
  path: string,
  config: VectorIndexConfig,
  saved: SavedFile,
  gone: ReadonlySet<number>,
  fresh: readonly StoredRows[],
): { keys: number; rows: number } {
  const width = rowBytes(config);
  const keys = new Float64Array(saved.count);
  readExactly(saved.file, new Uint8Array(keys.buffer), saved.keys_offset);
  const kept = keys.filter((key) => !gone.has(key));
  const file = openSync(path, "a");
  try {
    let count = 0;
    for (const some of [kept, ...fresh.map((one) => one.keys)]) {
      writeAll(file, new Uint8Array(some.buffer, some.byteOffset, some.byteLength));
      count += some.length;
    }
    const piece = new Uint8Array(STEP * width);
    for (let row = 0; row < keys.length; row += STEP) {
      const some = keys.subarray(row, row + STEP);
      readExactly(
        saved.file,
        piece.subarray(0, some.length * width),
        saved.rows_offset + row * width,
      );
      let to = 0;
      for (let at = 0; at < some.length; at++) {
        if (gone.has(some[at]!)) continue;
        piece.copyWithin(to, at * width, (at + 1) * width);
        to += width;
      }
      writeAll(file, piece.subarray(0, to));
    }
    for (const { pieces } of fresh) for (const one of pieces) writeAll(file, one);
    return { keys: count * 8, rows: count * width };
  } finally {
    closeSync(file);
  }
}
