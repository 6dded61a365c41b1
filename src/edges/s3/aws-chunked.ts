// Bodies in chunks of AWS's own form: taken apart, signatures of chunks and trailer verified.
// Source: "Signature Calculations … Transferring Payload in Multiple Chunks" and "… for trailing
// headers (chunked uploads)" of the Amazon S3 API Reference.
import { createHash } from "node:crypto";
import type { ByteStream } from "#kernel/contract.ts";
import { S3Error } from "./s3-error.ts";
import { ALGORITHM, EMPTY_SHA256, sameSignature, scopeText, signatureOf } from "./sigv4.ts";
import type { SigningScope } from "./sigv4.ts";

/** What signs the chunks; absent: they are not signed. */
export interface ChunkSigner {
  readonly key: Buffer;
  readonly scope: SigningScope;
  readonly time: string;
  /** The signature of the headers. */
  readonly seed: string;
}

export interface ChunkedForm {
  readonly signer: ChunkSigner | undefined;
  readonly has_trailer: boolean;
  /** Told of the trailing headers, names in lower case, after they were verified. */
  onTrailer(headers: ReadonlyMap<string, string>): void;
}

const LINE_BYTES_MAX = 4096;
const TRAILER_BYTES_MAX = 16 * 1024;

/** The bytes inside the chunks; throws before it ends when anything does not fit. */
export async function* decodeChunked(body: ByteStream, form: ChunkedForm): ByteStream {
  const reader = createByteReader(body);
  const { signer } = form;
  let previous = signer?.seed ?? "";
  try {
    for (;;) {
      const { size, signature } = readChunkHead(await reader.line(LINE_BYTES_MAX));
      const hash = signer === undefined ? undefined : createHash("sha256");
      for (let left = size; left > 0;) {
        const bytes = await reader.some(left);
        left -= bytes.length;
        hash?.update(bytes);
        yield bytes;
      }
      if (signer !== undefined) {
        const digest = hash!.digest("hex");
        const right = chunkSignature(signer, previous, digest);
        if (!sameSignature(signature ?? "", right)) throw chunkDiffers();
        previous = right;
      }
      if (size === 0) break;
      if ((await reader.line(2)) !== "") throw malformed("a chunk is longer than it says");
    }
    const trailer = form.has_trailer ? await readTrailer(reader) : new Map<string, string>();
    if (!form.has_trailer) await reader.optionalLine();
    if (form.has_trailer && signer !== undefined) {
      const given = trailer.get("x-amz-trailer-signature") ?? "";
      if (!sameSignature(given, trailerSignature(signer, previous, trailer))) throw chunkDiffers();
    }
    if (!(await reader.atEnd())) throw malformed("there is more after the last chunk");
    form.onTrailer(trailer);
  } finally {
    await reader.close();
  }
}

function readChunkHead(line: string): { size: number; signature: string | undefined } {
  const match = /^([0-9a-fA-F]{1,10})(?:;chunk-signature=([0-9a-f]{64}))?$/.exec(line);
  if (match === null) throw malformed("a chunk does not begin with its size");
  return { size: Number.parseInt(match[1]!, 16), signature: match[2] };
}

export function chunkSignature(signer: ChunkSigner, previous: string, digest: string): string {
  const { key, time, scope } = signer;
  const kind = `${ALGORITHM}-PAYLOAD`;
  const text = [kind, time, scopeText(scope), previous, EMPTY_SHA256, digest].join("\n");
  return signatureOf(key, text);
}

export function trailerSignature(
  signer: ChunkSigner,
  previous: string,
  trailer: ReadonlyMap<string, string>,
): string {
  const lines = [...trailer]
    .filter(([name]) => name !== "x-amz-trailer-signature")
    .map(([name, value]) => `${name}:${value}\n`);
  const hash = createHash("sha256").update(lines.join("")).digest("hex");
  const kind = `${ALGORITHM}-TRAILER`;
  const text = [kind, signer.time, scopeText(signer.scope), previous, hash].join("\n");
  return signatureOf(signer.key, text);
}

async function readTrailer(reader: ByteReader): Promise<Map<string, string>> {
  const trailer = new Map<string, string>();
  for (let read = 0; ;) {
    const line = await reader.optionalLine();
    if (line === undefined || line === "") {
      // Some signers set an empty line before the signature of the trailer.
      if (line === undefined || (await reader.atEnd())) return trailer;
      continue;
    }
    read += line.length;
    const at = line.indexOf(":");
    if (at < 1 || read > TRAILER_BYTES_MAX) throw malformed("a trailing header is not one");
    const name = line.slice(0, at).trim().toLowerCase();
    if (trailer.has(name)) throw malformed(`the trailing header ${name} comes twice`);
    trailer.set(name, line.slice(at + 1).trim());
  }
}

interface ByteReader {
  /** A line without its end; throws when it is longer than `bytes_max` or has no end. */
  line(bytes_max: number): Promise<string>;
  /** The same; undefined when there is nothing more. */
  optionalLine(): Promise<string | undefined>;
  /** At least one byte, at most `count`. */
  some(count: number): Promise<Uint8Array>;
  atEnd(): Promise<boolean>;
  close(): Promise<void>;
}

function createByteReader(body: ByteStream): ByteReader {
  const source = body[Symbol.asyncIterator]();
  let held: Uint8Array = new Uint8Array(0);

  /** Whether there are bytes held now. */
  async function fill(): Promise<boolean> {
    while (held.length === 0) {
      const next = await source.next();
      if (next.done === true) return false;
      held = next.value;
    }
    return true;
  }

  async function line(bytes_max: number): Promise<string> {
    let text = "";
    while (await fill()) {
      const end = held.indexOf(0x0a);
      const taken = held.subarray(0, end < 0 ? held.length : end);
      if (text.length + taken.length > bytes_max) throw malformed("a line is too long");
      text += Buffer.from(taken).toString("latin1");
      held = held.subarray(end < 0 ? held.length : end + 1);
      if (end >= 0) return text.endsWith("\r") ? text.slice(0, -1) : text;
    }
    throw new S3Error("IncompleteBody", "The request body ended before its last chunk.");
  }

  return {
    line,
    async optionalLine() {
      return (await fill()) ? line(LINE_BYTES_MAX) : undefined;
    },
    async some(count) {
      if (!(await fill())) {
        throw new S3Error("IncompleteBody", "The request body ended before its last chunk.");
      }
      const bytes = held.subarray(0, count);
      held = held.subarray(bytes.length);
      return bytes;
    },
    atEnd: async () => !(await fill()),
    async close() {
      await source.return?.();
    },
  };
}

function malformed(what: string): S3Error {
  return new S3Error("InvalidRequest", `The body is not aws-chunked: ${what}.`);
}

function chunkDiffers(): S3Error {
  return new S3Error(
    "SignatureDoesNotMatch",
    "The signature of a chunk or of the trailer does not match what was sent.",
  );
}
