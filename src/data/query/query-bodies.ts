// The body of an answer: who holds the turn while it is sent, and what is kept of it.
import type { ByteStream } from "#kernel/contract.ts";
import { endingIterator } from "#kernel/ending-iterator.ts";
import type { RowStream } from "#ports/table-engine.ts";
import { arrowBody } from "./arrow-body.ts";
import { csvBody, jsonBody, ndjsonBody, type Sent } from "./result-formats.ts";

export const CONTENT_TYPE = {
  json: "application/json",
  ndjson: "application/x-ndjson",
  csv: "text/csv; charset=utf-8",
  arrow: "application/vnd.apache.arrow.stream",
  parquet: "application/vnd.apache.parquet",
} as const;

export type StreamFormat = Exclude<keyof typeof CONTENT_TYPE, "parquet">;

/** The pieces of a body but for the tail of JSON. */
export function encodedRows(
  format: StreamFormat,
  stream: RowStream,
  sent: Sent,
  rows_max: number,
): AsyncGenerator<Uint8Array> {
  if (format === "json") return jsonBody(stream, sent, rows_max);
  if (format === "csv") return csvBody(stream, sent);
  return format === "arrow" ? arrowBody(stream, sent) : ndjsonBody(stream, sent);
}

/** Bytes made before the answer begins, so that what fails early is still an error answer. */
const PRIMED_BYTES = 256 * 1024;

/** Waits for the first pieces; what fails after them cuts the body. */
export async function primed(pieces: AsyncIterable<Uint8Array>): Promise<ByteStream> {
  const source = pieces[Symbol.asyncIterator]();
  const first: Uint8Array[] = [];
  let bytes = 0;
  let over = false;
  while (bytes < PRIMED_BYTES && !over) {
    const next = await source.next();
    over = next.done === true;
    if (next.done) break;
    first.push(next.value);
    bytes += next.value.byteLength;
  }
  const all = (async function* () {
    yield* first;
    if (!over) yield* { [Symbol.asyncIterator]: () => source };
  })();
  // A reader who leaves before the first piece would not run the generator's own ending.
  return endingIterator(all, async () => void (await source.return?.()));
}

export interface BodyOwner {
  /** Body that nobody begins to read in this time is given up. */
  readonly timeout_ms: number;
  onEnd(): void | Promise<void>;
  /** The error as the reader should have it. */
  failed(thrown: unknown): Promise<Error>;
}

/** The turn is held until the last byte is sent or the reader leaves. */
export function ownedBody(owner: BodyOwner, pieces: ByteStream): ByteStream {
  const source = pieces[Symbol.asyncIterator]();
  // A body that nobody begins to read must not hold a turn for ever.
  const forgotten = setTimeout(() => {
    void source.return?.();
    void owner.onEnd();
  }, owner.timeout_ms).unref();
  const bytes = (async function* () {
    clearTimeout(forgotten);
    try {
      yield* { [Symbol.asyncIterator]: () => source };
    } catch (thrown) {
      throw await owner.failed(thrown);
    }
  })();
  return endingIterator(bytes, async () => {
    clearTimeout(forgotten);
    await source.return?.();
    await owner.onEnd();
  });
}

export async function* heldBody(
  pieces: readonly Uint8Array[],
  tail?: Uint8Array,
): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield piece;
  if (tail !== undefined) yield tail;
}
