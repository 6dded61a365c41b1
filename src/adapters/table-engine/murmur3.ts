// Murmur3 (x86, 32 bits, seed 0), as Iceberg's bucket transform needs it: table spec, appendix B.
// Method: Austin Appleby's MurmurHash3_x86_32.

const C1 = 0xcc_9e_2d_51;
const C2 = 0x1b_87_35_93;

/** Hash of bytes as a signed 32-bit number. */
export function murmur3(bytes: Uint8Array): number {
  let hash = 0;
  const whole = bytes.length & ~3;
  for (let at = 0; at < whole; at += 4) {
    const block =
      bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    hash ^= mixed(block);
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6_54_6b_64) | 0;
  }
  let tail = 0;
  for (let at = bytes.length - 1; at >= whole; at--) tail = (tail << 8) | bytes[at]!;
  if (whole < bytes.length) hash ^= mixed(tail);
  hash ^= bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85_eb_ca_6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2_b2_ae_35);
  return (hash ^ (hash >>> 16)) | 0;
}

function mixed(block: number): number {
  const k = Math.imul(block, C1);
  return Math.imul((k << 15) | (k >>> 17), C2);
}

/** Of a whole number, as 8 bytes, little end first: int, long, date, time, timestamps. */
export function murmur3OfLong(value: bigint): number {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(value);
  return murmur3(bytes);
}

/** Of a decimal, as the fewest bytes of its unscaled value in two's complement, big end first. */
export function murmur3OfDecimal(text: string): number {
  const unscaled = BigInt(text.replace(".", ""));
  const bytes: number[] = [];
  let left = unscaled;
  for (;;) {
    const byte = Number(BigInt.asUintN(8, left));
    bytes.unshift(byte);
    left >>= 8n;
    if ((left === 0n && byte < 128) || (left === -1n && byte >= 128)) break;
  }
  return murmur3(Uint8Array.from(bytes));
}

/** Of a UUID, as its 16 bytes. */
export function murmur3OfUuid(text: string): number {
  return murmur3(Buffer.from(text.replaceAll("-", ""), "hex"));
}
