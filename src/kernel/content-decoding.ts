// Bodies whose sender compressed them though nobody asked for it, decoded piece by piece.
import { Readable, pipeline } from "node:stream";
import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createZstdDecompress,
  type BrotliDecompress,
  type Gunzip,
  type Inflate,
  type ZstdDecompress,
} from "node:zlib";
import type { ByteStream } from "./contract.ts";

type Decoder = BrotliDecompress | Gunzip | Inflate | ZstdDecompress;

/** By content-encoding (RFC 9110, section 8.4.1; zstd: RFC 8878). */
const DECODERS: Readonly<Record<string, () => Decoder>> = {
  gzip: createGunzip,
  "x-gzip": createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
};

/** The bytes are not what their content-encoding says. */
export class BadCodingError extends Error {
  override readonly name = "BadCodingError";
}

/** Codings that are known and that nobody here decodes. */
const UNREAD: ReadonlySet<string> = new Set(["compress", "x-compress"]);

/** What of the header really encodes: `none`, `utf-8` and the like are said by mistake. */
export function codingsOf(header: string): string[] {
  const names = header.split(",").map((name) => name.trim().toLowerCase());
  return names.filter((name) => Object.hasOwn(DECODERS, name) || UNREAD.has(name));
}

/** What senders say of a body that they left as it is. */
const NO_CODINGS: ReadonlySet<string> = new Set(["", "identity", "none", "utf-8", "utf8"]);

/** Whether a body that cannot be read may be in a coding of the header, known here or not. */
export function mayEncode(header: string): boolean {
  return header.split(",").some((name) => !NO_CODINGS.has(name.trim().toLowerCase()));
}

/**
 * The body's own bytes; undefined where nobody here decodes it, or it has more than one coding
 * (each makes a bomb a thousand times larger). Whoever reads bounds them as any body's: nothing is
 * decoded far ahead. One that ends too early fails (of zstd on Bun it only ends), one that is not
 * in its coding fails with `BadCodingError`.
 */
export function decodedBody(body: ByteStream, coding: string): ByteStream | undefined {
  const [name, ...more] = codingsOf(coding);
  if (name === undefined) return body;
  if (more.length > 0 || UNREAD.has(name)) return undefined;
  return decoded(body, DECODERS[name]!());
}

async function* decoded(body: ByteStream, decoder: Decoder): AsyncGenerator<Uint8Array> {
  const source = body[Symbol.asyncIterator]();
  const once = { [Symbol.asyncIterator]: () => source };
  // Its reader hears of a failure by the decoder, which fails with it.
  pipeline(Readable.from(once, { objectMode: false, highWaterMark: 0 }), decoder, () => undefined);
  try {
    yield* decoder as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw codingError(error as NodeJS.ErrnoException);
  } finally {
    decoder.destroy();
    // Frees the connection also while its next piece is awaited.
    await source.return?.();
  }
}

function codingError(error: NodeJS.ErrnoException): Error {
  const { code, message } = error;
  // Of zlib's own codes this one says that there was no end.
  if (code === "Z_BUF_ERROR") return error;
  const is_of_decoder =
    code !== undefined && /^(Z_|ZSTD_|ERR__?ERROR_|ERR_BROTLI|ERR_ZSTD)/.test(code);
  return is_of_decoder ? new BadCodingError(message, { cause: error }) : error;
}
