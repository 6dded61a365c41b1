// Remembers the embeddings of recorded queries on disk, so that a restart embeds nothing again.
import { mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { sha256Hex } from "#kernel/ids.ts";

const KEY_BYTES = 32;

/** A cache, not a record: losing the file costs time only. */
export interface VectorCache {
  get(text: string): Float32Array | undefined;
  put(texts: readonly string[], vectors: readonly Float32Array[]): Promise<void>;
  close(): Promise<void>;
}

/** One file for each model and dimension: fixed-size rows of sha256(text) and float32 values. */
export async function openVectorCache(
  dir: string,
  model: string,
  dimension: number,
): Promise<VectorCache> {
  await mkdir(dir, { recursive: true });
  const path = join(dir, `vectors-${sha256Hex(model).slice(0, 12)}-${dimension}.f32`);
  const row_bytes = KEY_BYTES + dimension * 4;
  const file = await open(path, "a+");
  const bytes = await file.readFile();
  const known = new Map<string, Float32Array>();
  const whole = bytes.length - (bytes.length % row_bytes);
  if (whole < bytes.length) await file.truncate(whole);
  for (let at = 0; at < whole; at += row_bytes) {
    const copy = new Uint8Array(bytes.subarray(at + KEY_BYTES, at + row_bytes));
    const vector = new Float32Array(copy.buffer);
    if (isUnit(vector)) known.set(bytes.toString("hex", at, at + KEY_BYTES), vector);
  }
  return {
    get: (text) => known.get(sha256Hex(text)),
    async put(texts, vectors) {
      const rows: Uint8Array[] = [];
      for (const [index, text] of texts.entries()) {
        const key = sha256Hex(text);
        const vector = vectors[index]!;
        if (known.has(key)) continue;
        known.set(key, vector);
        rows.push(Buffer.from(key, "hex"));
        rows.push(new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength));
      }
      if (rows.length > 0) await file.appendFile(Buffer.concat(rows));
    },
    close: () => file.close(),
  };
}

/** A row damaged on disk is not of length 1 and is embedded anew. */
function isUnit(vector: Float32Array): boolean {
  let sum = 0;
  for (const value of vector) sum += value * value;
  return Math.abs(sum - 1) < 0.05;
}
