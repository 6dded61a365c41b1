// Embeds what was added, behind everybody's back: writing never waits for it, nothing is skipped.
import { setImmediate as nextTurn, setTimeout as wait } from "node:timers/promises";
import { startCall, type Call } from "#kernel/call.ts";
import type { Client } from "#kernel/contract.ts";
import type { Log } from "#kernel/log.ts";
import type { embed } from "#contracts/embed.ts";
import { medianCosine, UNRELATED_TEXTS } from "#ports/unrelated-texts.ts";
import type { Key } from "./key-table.ts";
import { openVectorRows, type VectorRows } from "./vector-rows.ts";

export interface EmbeddingNeeds {
  readonly client: Client<typeof embed>;
  readonly dir: string;
  readonly log: Log;
  /** Hash and text of a doc; undefined: it need not be embedded any more. */
  readonly textOf: (doc: number) => Promise<{ hash: Key; text: string } | undefined>;
  /** Told of each doc that has a vector now. */
  readonly embedded: (doc: number, row: number) => void;
  readonly hashOf: (doc: number) => Key;
}

export interface BackgroundEmbedding {
  /** Queues a doc; at once its vector when its content is known. */
  add(doc: number): void;
  /** The query's vector; throws what embed throws. */
  query(text: string, call: Call): Promise<Float32Array>;
  /** The cosine between unrelated texts to the model; worked out once. */
  background(call: Call): Promise<number>;
  rows(): VectorRows | undefined;
  figures(): { model: string | null; backlog: number; last_error: string | null };
  /** Resolves when nothing is left, or at the first failure. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

interface Options {
  readonly batch_items: number;
  readonly retry_ms: number;
  readonly resident_bytes: number;
  /** A short life still embeds what it added, if that takes no longer. */
  readonly stop_ms: number;
}

const BATCH_CHARACTERS_MAX = 200_000;
/** Docs whose vector is known that are noted before others have their turn. */
const KNOWN_AT_ONCE = 1000;
const COMPACT_AT = 100_000;
/** A longer queue would not be done in the time that an end may take. */
const EMBEDDED_AT_END = 2_000;
const BATCH_TIMEOUT_MS = 120_000;

export function createBackgroundEmbedding(
  needs: EmbeddingNeeds,
  options: Options,
): BackgroundEmbedding {
  const queue: number[] = [];
  const ending = new AbortController();
  let rows: VectorRows | undefined;
  let opening: Promise<VectorRows> | undefined;
  let running: Promise<void> | undefined;
  let retry: NodeJS.Timeout | undefined;
  let last_error: string | null = null;
  let stopped = false;
  let unrelated: number | undefined;
  /** Where the queue begins: taking from the front of a long list costs its length. */
  let head = 0;

  function openRows(model: string, dimension: number): Promise<VectorRows> {
    opening ??= openVectorRows(needs.dir, model, dimension, options.resident_bytes).then(
      (opened) => (rows = opened),
    );
    return opening;
  }

  async function vectorsOf(texts: readonly string[], call: Call) {
    const answer = await needs.client.pack({ texts: [...texts] }, call);
    const { model, dimension } = answer;
    const vectors = await readVectors(answer.body, texts.length, dimension);
    const known = await openRows(model, dimension);
    if (known.model !== model || known.dimension !== dimension) {
      throw new Error(`the vectors are of ${known.model}, not of ${model}: restart to embed anew`);
    }
    return vectors;
  }

  /** The vectors of an earlier life, where the model that made them is still the default. */
  async function openKnown(): Promise<void> {
    if (rows !== undefined) return;
    const { models } = await needs.client.models({}, startCall({ signal: ending.signal }));
    const [first] = models;
    const dimension = first?.dimension ?? null;
    if (dimension !== null) await openRows(first!.model, dimension);
  }

  /** The front of the queue, as much as one request takes; what is known is done on the way. */
  async function nextBatch() {
    const batch: { doc: number; hash: Key; text: string }[] = [];
    let characters = 0;
    let end = head;
    for (; end < queue.length && batch.length < options.batch_items; end++) {
      const doc = queue[end]!;
      const row = rows?.rowOf(needs.hashOf(doc));
      if (row !== undefined) needs.embedded(doc, row);
      const found = row === undefined ? await needs.textOf(doc) : undefined;
      if ((end - head) % KNOWN_AT_ONCE === KNOWN_AT_ONCE - 1) await nextTurn();
      if (found === undefined) continue;
      characters += found.text.length;
      if (batch.length > 0 && characters > BATCH_CHARACTERS_MAX) break;
      batch.push({ doc, ...found });
    }
    return { batch, end };
  }

  async function embedBatch(): Promise<void> {
    const { batch, end } = await nextBatch();
    if (batch.length > 0) {
      const texts = batch.map(({ text }) => text || " ");
      const call = startCall({ timeout_ms: BATCH_TIMEOUT_MS, signal: ending.signal });
      const vectors = await vectorsOf(texts, call);
      // What an earlier life embedded is not written twice.
      const fresh = batch.flatMap(({ hash }, at) => (rows!.rowOf(hash) === undefined ? [at] : []));
      const hashes = fresh.map((at) => batch[at]!.hash);
      await rows!.put(
        hashes,
        fresh.map((at) => vectors[at]!),
      );
      for (const { doc, hash } of batch) needs.embedded(doc, rows!.rowOf(hash)!);
    }
    head = end;
    if (head < queue.length && head < COMPACT_AT) return;
    queue.splice(0, head);
    head = 0;
  }

  async function work(): Promise<void> {
    try {
      await openKnown();
      while (head < queue.length && !stopped) await embedBatch();
      last_error = null;
    } catch (error) {
      if (stopped) return;
      last_error = String((error as Error).message);
      needs.log.warn({ err: error, backlog: queue.length - head }, "traces wait to be embedded");
      retry = setTimeout(begin, options.retry_ms);
      retry.unref();
    } finally {
      running = undefined;
    }
  }

  function begin(): void {
    if (stopped || running !== undefined || head === queue.length) return;
    clearTimeout(retry);
    running = Promise.resolve().then(work);
  }

  return {
    add(doc) {
      const row = rows?.rowOf(needs.hashOf(doc));
      if (row !== undefined) needs.embedded(doc, row);
      else {
        queue.push(doc);
        if (last_error === null) begin();
      }
    },
    async background(call) {
      if (unrelated === undefined) {
        const vectors = await vectorsOf(UNRELATED_TEXTS, call);
        const [{ length: dimension } = new Float32Array(1)] = vectors;
        const flat = new Float32Array(vectors.length * dimension);
        for (const [at, vector] of vectors.entries()) flat.set(vector, at * dimension);
        unrelated = medianCosine(flat, dimension);
      }
      return unrelated;
    },
    query: async (text, call) => (await vectorsOf([text], call))[0]!,
    rows: () => rows,
    figures: () => ({ model: rows?.model ?? null, backlog: queue.length - head, last_error }),
    async settled() {
      while (running !== undefined) await running;
    },
    async stop() {
      const few = queue.length - head <= EMBEDDED_AT_END;
      if (running !== undefined && last_error === null && few) {
        await soonDone(running, options.stop_ms);
      }
      stopped = true;
      clearTimeout(retry);
      ending.abort();
      await running;
      await rows?.close();
    },
  };
}

/** Resolves when the work ends or the time is up. */
async function soonDone(work: Promise<void>, limit_ms: number): Promise<void> {
  const late = new AbortController();
  await Promise.race([work, wait(limit_ms, undefined, late).catch(() => undefined)]);
  late.abort();
}

async function readVectors(
  body: AsyncIterable<Uint8Array>,
  count: number,
  dimension: number,
): Promise<Float32Array[]> {
  const row_bytes = dimension * 4;
  const bytes = new Uint8Array(count * row_bytes);
  let at = 0;
  for await (const piece of body) {
    if (at + piece.length <= bytes.length) bytes.set(piece, at);
    at += piece.length;
  }
  if (at !== bytes.length) throw new Error(`embed gave ${at} bytes, not ${bytes.length}`);
  return Array.from(
    { length: count },
    (_, row) => new Float32Array(bytes.slice(row * row_bytes, (row + 1) * row_bytes).buffer),
  );
}
