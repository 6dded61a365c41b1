// Vectors of many texts by the built-in embedder, kept in a folder from one run to the next.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createMiniLmEmbedder } from "#adapters/embedder/minilm-embedder.ts";
import { sha256Hex } from "#kernel/ids.ts";

const BATCH = 256;

/** One row of length 1 for each text. `cache`: a folder; undefined keeps nothing. */
export async function embedCached(
  texts: readonly string[],
  cache: string | undefined,
): Promise<Float32Array[]> {
  const embedder = createMiniLmEmbedder({ threads: 1, workers: 2 });
  const { model, dimension } = embedder;
  try {
    const name = `${sha256Hex(`${model}\n${texts.join("\n")}`)}.f32`;
    const path = cache === undefined ? undefined : join(cache, name);
    const kept = path === undefined ? undefined : await readFile(path).catch(() => undefined);
    const all = new Float32Array(texts.length * dimension);
    if (kept?.byteLength === all.byteLength) all.set(new Float32Array(kept.buffer.slice(0)));
    else {
      for (let at = 0; at < texts.length; at += BATCH) {
        const part = texts.slice(at, at + BATCH);
        const { vectors } = await embedder.embed(part, new AbortController().signal);
        all.set(vectors, at * dimension);
      }
      if (cache !== undefined) await mkdir(cache, { recursive: true });
      if (path !== undefined) await writeFile(path, Buffer.from(all.buffer));
    }
    return texts.map((_, at) => all.subarray(at * dimension, (at + 1) * dimension));
  } finally {
    await embedder.close();
  }
}
