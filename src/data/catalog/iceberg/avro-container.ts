// Avro object container files in memory: header, blocks, and the codecs that Iceberg allows.
import { randomBytes } from "node:crypto";
import { constants, deflateRawSync, inflateRawSync, zstdDecompressSync } from "node:zlib";
import { LakehouseError } from "#kernel/problem.ts";
import { avroCodec, type AvroCodecs, type AvroSchema } from "./avro-types.ts";

const MAGIC = Buffer.from("Obj\u0001", "latin1");
const SYNC_LENGTH = 16;
/** What one block may unfold to. */
const BLOCK_BYTES_MAX = 1024 * 1024 * 1024;
/** A block is closed when it is over this. */
const BLOCK_BYTES = 4 * 1024 * 1024;

export interface AvroFile {
  readonly metadata: ReadonlyMap<string, Buffer>;
  /** The schema the records were written with. */
  readonly schema: AvroSchema;
  readonly records: readonly unknown[];
}

/**
 * Reads a container file; `what` names it in errors. Codecs: null, deflate, zstandard. A damaged
 * file, or one with another codec, is `invalid` with reason `bad_table`.
 */
export function readContainer(
  bytes: Uint8Array,
  what: string,
  codecs: AvroCodecs = avroCodec,
): AvroFile {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  try {
    return readBlocks(file, codecs);
  } catch (cause) {
    if (cause instanceof LakehouseError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new LakehouseError("invalid", `${what} is damaged: ${why}`, {
      reason: "bad_table",
      cause,
    });
  }
}

function readBlocks(file: Buffer, codecs: AvroCodecs): AvroFile {
  if (!file.subarray(0, 4).equals(MAGIC)) throw new RangeError("it is not an Avro file");
  const place = { file, at: 4 };
  const metadata = readMetadata(place);
  const sync = take(place, SYNC_LENGTH);
  const schema = JSON.parse(metadata.get("avro.schema")?.toString("utf8") ?? "") as AvroSchema;
  const codec = codecs(schema);
  const unfold = unfolder(metadata.get("avro.codec")?.toString("utf8") ?? "null");
  const blocks: unknown[][] = [];
  while (place.at < file.length) {
    const count = readLong(place);
    const block = unfold(take(place, readLong(place)));
    blocks.push(codec.decodeAll(block, count));
    if (!take(place, SYNC_LENGTH).equals(sync)) throw new RangeError("a block has a wrong mark");
  }
  return { metadata, schema, records: blocks.length === 1 ? blocks[0]! : blocks.flat() };
}

interface Place {
  readonly file: Buffer;
  at: number;
}

function take(place: Place, length: number): Buffer {
  const end = place.at + length;
  if (length < 0 || end > place.file.length) throw new RangeError("it ends too early");
  const part = place.file.subarray(place.at, end);
  place.at = end;
  return part;
}

function readLong(place: Place): number {
  let value = 0;
  let weight = 1;
  for (;;) {
    const byte = take(place, 1)[0]!;
    value += (byte & 0x7f) * weight;
    weight *= 128;
    if (byte < 0x80) break;
    if (weight > 2 ** 56) throw new RangeError("a length in it is too long");
  }
  return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
}

function readMetadata(place: Place): Map<string, Buffer> {
  const metadata = new Map<string, Buffer>();
  for (let count = readLong(place); count !== 0; count = readLong(place)) {
    if (count < 0) readLong(place);
    for (let left = Math.abs(count); left > 0; left--) {
      const key = take(place, readLong(place)).toString("utf8");
      metadata.set(key, take(place, readLong(place)));
    }
  }
  return metadata;
}

function unfolder(codec: string): (block: Buffer) => Buffer {
  const bound = { maxOutputLength: BLOCK_BYTES_MAX };
  if (codec === "null") return (block) => block;
  if (codec === "deflate") return (block) => inflateRawSync(block, bound);
  if (codec === "zstandard") return (block) => zstdDecompressSync(block, bound);
  throw new RangeError(`its codec is ${codec}; null, deflate and zstandard can be read`);
}

/**
 * Writes records into a container file. Deflate at its quickest level: every reader has it (others
 * have zstandard or snappy only by extra libraries).
 */
export function writeContainer(
  schema: AvroSchema,
  metadata: Readonly<Record<string, string>>,
  records: Iterable<unknown>,
  codecs: AvroCodecs = avroCodec,
): Buffer {
  const codec = codecs(schema);
  const sync = randomBytes(SYNC_LENGTH);
  const header = { ...metadata, "avro.schema": JSON.stringify(schema), "avro.codec": "deflate" };
  const parts: Uint8Array[] = [MAGIC, writeMetadata(header), sync];
  let block: Buffer[] = [];
  let size = 0;
  const close = () => {
    if (block.length === 0) return;
    const folded = deflateRawSync(Buffer.concat(block, size), { level: constants.Z_BEST_SPEED });
    parts.push(writeLong(block.length), writeLong(folded.length), folded, sync);
    block = [];
    size = 0;
  };
  for (const record of records) {
    const bytes = codec.encode(record);
    block.push(bytes);
    size += bytes.length;
    if (size >= BLOCK_BYTES) close();
  }
  close();
  return Buffer.concat(parts);
}

function writeMetadata(metadata: Readonly<Record<string, string>>): Buffer {
  const entries = Object.entries(metadata);
  const parts = entries.flatMap(([key, value]) => {
    const [key_bytes, bytes] = [Buffer.from(key, "utf8"), Buffer.from(value, "utf8")];
    return [writeLong(key_bytes.length), key_bytes, writeLong(bytes.length), bytes];
  });
  return Buffer.concat([writeLong(entries.length), ...parts, writeLong(0)]);
}

function writeLong(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value * 2;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return Buffer.from([...bytes, rest]);
}
