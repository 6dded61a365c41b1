// Cyclic redundancy checks in reflected form: CRC-32C and CRC-64/NVME over bytes, and the check of
// two pieces joined worked out from the checks of each.
// Source: R. Williams, "A painless guide to CRC error detection algorithms"; parameters from the
// catalogue of parametrised CRC algorithms; joining as in zlib's crc32_combine.

const POLY_32 = 0xedb88320;
const POLY_32C = 0x82f63b78;
const POLY_64 = 0x9a6c9329ac4bc9b5n;

const SLICES = 8;

const table32c = makeTable32(POLY_32C);
const table64 = makeTable64();

/** CRC-32C (Castagnoli) of `bytes` after what gave `before`; unsigned. */
export function crc32c(bytes: Uint8Array, before = 0): number {
  const table = table32c;
  let crc = ~before;
  let at = 0;
  const whole = bytes.length - (bytes.length % SLICES);
  for (; at < whole; at += SLICES) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    crc =
      table[1792 + (crc & 255)]! ^
      table[1536 + ((crc >>> 8) & 255)]! ^
      table[1280 + ((crc >>> 16) & 255)]! ^
      table[1024 + (crc >>> 24)]! ^
      table[768 + bytes[at + 4]!]! ^
      table[512 + bytes[at + 5]!]! ^
      table[256 + bytes[at + 6]!]! ^
      table[bytes[at + 7]!]!;
  }
  for (; at < bytes.length; at++) crc = (crc >>> 8) ^ table[(crc ^ bytes[at]!) & 255]!;
  return ~crc >>> 0;
}

/** A 64-bit check in two halves: numbers are much quicker than big integers. */
export interface Halves {
  readonly high: number;
  readonly low: number;
}

/** CRC-64/NVME of `bytes` after what gave `before`. */
export function crc64nvme(bytes: Uint8Array, before: Halves = { high: 0, low: 0 }): Halves {
  const { high: th, low: tl } = table64;
  let [high, low] = [~before.high, ~before.low];
  let at = 0;
  const whole = bytes.length - (bytes.length % SLICES);
  for (; at < whole; at += SLICES) {
    low ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    high ^=
      bytes[at + 4]! | (bytes[at + 5]! << 8) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 24);
    const a = 1792 + (low & 255);
    const b = 1536 + ((low >>> 8) & 255);
    const c = 1280 + ((low >>> 16) & 255);
    const d = 1024 + (low >>> 24);
    const e = 768 + (high & 255);
    const f = 512 + ((high >>> 8) & 255);
    const g = 256 + ((high >>> 16) & 255);
    const h = high >>> 24;
    low = tl[a]! ^ tl[b]! ^ tl[c]! ^ tl[d]! ^ tl[e]! ^ tl[f]! ^ tl[g]! ^ tl[h]!;
    high = th[a]! ^ th[b]! ^ th[c]! ^ th[d]! ^ th[e]! ^ th[f]! ^ th[g]! ^ th[h]!;
  }
  for (; at < bytes.length; at++) {
    const index = (low ^ bytes[at]!) & 255;
    low = ((low >>> 8) | (high << 24)) ^ tl[index]!;
    high = (high >>> 8) ^ th[index]!;
  }
  return { high: ~high >>> 0, low: ~low >>> 0 };
}

function makeTable32(poly: number): Int32Array {
  const table = new Int32Array(256 * SLICES);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? poly : 0);
    table[byte] = crc;
  }
  for (let at = 256; at < table.length; at++) {
    const before = table[at - 256]!;
    table[at] = (before >>> 8) ^ table[before & 255]!;
  }
  return table;
}

function makeTable64(): { high: Int32Array; low: Int32Array } {
  const high = new Int32Array(256 * SLICES);
  const low = new Int32Array(256 * SLICES);
  const values: bigint[] = [];
  for (let at = 0; at < high.length; at++) {
    let crc = BigInt(at);
    if (at < 256) for (let bit = 0; bit < 8; bit++) crc = (crc >> 1n) ^ (crc & 1n ? POLY_64 : 0n);
    else crc = (values[at - 256]! >> 8n) ^ values[Number(values[at - 256]! & 255n)]!;
    values.push(crc);
    high[at] = Number(BigInt.asIntN(32, crc >> 32n));
    low[at] = Number(BigInt.asIntN(32, crc));
  }
  return { high, low };
}

export type CrcKind = "crc32" | "crc32c" | "crc64nvme";

const FIELD: Readonly<Record<CrcKind, { bits: bigint; poly: bigint }>> = {
  crc32: { bits: 32n, poly: BigInt(POLY_32) },
  crc32c: { bits: 32n, poly: BigInt(POLY_32C) },
  crc64nvme: { bits: 64n, poly: POLY_64 },
};

/** Works out the check of pieces joined; remembers shifts, since most pieces are equally long. */
export function createCrcJoiner(kind: CrcKind): (a: bigint, b: bigint, b_bytes: number) => bigint {
  const { bits, poly } = FIELD[kind];
  const shifts = new Map<number, bigint>();
  const top = 1n << (bits - 1n);

  /** Product of two polynomials modulo the field's; reflected, so `top` is one. */
  function multiply(a: bigint, b: bigint): bigint {
    let product = 0n;
    let factor = b;
    for (let bit = top; bit > 0n; bit >>= 1n) {
      if ((a & bit) !== 0n) product ^= factor;
      factor = factor & 1n ? (factor >> 1n) ^ poly : factor >> 1n;
    }
    return product;
  }

  /** x to the power of eight times `bytes`. */
  function shiftOf(bytes: number): bigint {
    const known = shifts.get(bytes);
    if (known !== undefined) return known;
    let power = top;
    let square = top >> 8n;
    for (let left = bytes; left > 0; left = Math.floor(left / 2)) {
      if (left % 2 === 1) power = multiply(power, square);
      square = multiply(square, square);
    }
    shifts.set(bytes, power);
    return power;
  }

  return (a, b, b_bytes) => multiply(shiftOf(b_bytes), a) ^ b;
}
