// JSON numbers with more digits than a double gives back: found, and set into quotes as text.
import { createReadStream, createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";

/** Fractions of no more bytes come back from a double: 15 digits, a point and a sign. */
const RUN_BYTES = 16;
/** Longer ones are looked at in part only: no number that means anything is as long. */
const NUMBER_BYTES_MAX = 4_096;

/**
 * `double`: the digits are those of a double, also when more are written than it needs (17, as
 * many programs print). `written`: each one counts, since the number goes to a decimal or a text.
 */
export type KeptDigits = "double" | "written";

/**
 * Whether a file may hold numbers that the reader, which takes each fraction for a double, would
 * round. Cheap: of each stretch that is shorter than such a number one byte is looked at.
 */
export async function mayRoundNumbers(
  path: string,
  keep: KeptDigits,
  signal: AbortSignal,
): Promise<boolean> {
  let carried: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(path, { signal })) {
    const data = Buffer.concat([carried, chunk as Buffer]);
    for (let at = RUN_BYTES - 1; at < data.length; at += RUN_BYTES) {
      if (!isDigit(data[at]!) && data[at] !== POINT) continue;
      let [from, to] = [at, at + 1];
      while (from > 0 && isOfNumber(data[from - 1]!)) from--;
      while (to < data.length && isOfNumber(data[to]!)) to++;
      const quoted = data[from - 1] === QUOTE;
      const text = () => data.toString("latin1", from, to);
      if (!quoted && to - from > RUN_BYTES && isRounded(text(), keep)) return true;
      at = Math.max(at, to - RUN_BYTES);
    }
    let from = data.length;
    while (from > 0 && data.length - from < NUMBER_BYTES_MAX && isOfNumber(data[from - 1]!)) from--;
    carried = data.subarray(Math.max(0, from - 1));
  }
  return false;
}

/** Copies a file with each such number as a string of the same digits; lines stay lines. */
export async function quoteRoundedNumbers(
  path: string,
  target_path: string,
  keep: KeptDigits,
  signal: AbortSignal,
): Promise<void> {
  const quoting = { keep, in_string: false, escaped: false };
  async function* quoted(source: AsyncIterable<Buffer>) {
    let carried: Buffer = Buffer.alloc(0);
    for await (const chunk of source) {
      const data = Buffer.concat([carried, chunk]);
      const { parts, rest } = quoteIn(data, quoting);
      carried = rest;
      yield Buffer.concat(parts);
    }
    yield quotedNumber(carried, keep);
  }
  await pipeline(createReadStream(path), quoted, createWriteStream(target_path), { signal });
}

interface Quoting {
  readonly keep: KeptDigits;
  in_string: boolean;
  escaped: boolean;
}

/** `rest`: a number at the end, which may go on in the next chunk. */
function quoteIn(data: Buffer, state: Quoting): { parts: Buffer[]; rest: Buffer } {
  const parts: Buffer[] = [];
  let kept_from = 0;
  for (let at = 0; at < data.length; at++) {
    const byte = data[at]!;
    if (byte === NEWLINE) {
      // No string goes over a line's end: a broken line breaks no other one.
      state.in_string = state.escaped = false;
    } else if (state.in_string) {
      if (state.escaped) state.escaped = false;
      else if (byte === BACKSLASH) state.escaped = true;
      else if (byte === QUOTE) state.in_string = false;
    } else if (byte === QUOTE) state.in_string = true;
    else if (isDigit(byte) || byte === MINUS) {
      let to = at + 1;
      while (to < data.length && isOfNumber(data[to]!)) to++;
      if (to === data.length && to - at < NUMBER_BYTES_MAX) {
        parts.push(data.subarray(kept_from, at));
        return { parts, rest: data.subarray(at) };
      }
      parts.push(data.subarray(kept_from, at), quotedNumber(data.subarray(at, to), state.keep));
      kept_from = to;
      at = to - 1;
    }
  }
  parts.push(data.subarray(kept_from));
  return { parts, rest: Buffer.alloc(0) };
}

function quotedNumber(bytes: Buffer, keep: KeptDigits): Buffer {
  if (bytes.length <= RUN_BYTES) return bytes;
  const text = bytes.toString("latin1");
  return isRounded(text, keep) ? Buffer.from(`"${text}"`) : bytes;
}

/** Whole numbers are read as they stand; of others, a double must give the digits back. */
function isRounded(text: string, keep: KeptDigits): boolean {
  if (!/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text) || /^-?\d+$/.test(text)) return false;
  const value = Number(text);
  if (!Number.isFinite(value)) return false;
  const digits = digitsOf(text);
  if (digits === digitsOf(String(value))) return false;
  return keep === "written" || digits !== digitsOf(value.toExponential(16));
}

/** The digits that count: no sign, point or exponent, and no zeros at either end. */
function digitsOf(text: string): string {
  return text
    .replace(/[eE].*/, "")
    .replaceAll(/[-.]/g, "")
    .replaceAll(/^0+|0+$/g, "");
}

const [NEWLINE, QUOTE, BACKSLASH] = [10, 34, 92];
const [PLUS, MINUS, POINT, ZERO, NINE] = [43, 45, 46, 48, 57];
const EXPONENTS = [69, 101];

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}

function isOfNumber(byte: number): boolean {
  const other = byte === POINT || byte === MINUS || byte === PLUS;
  return isDigit(byte) || other || EXPONENTS.includes(byte);
}
