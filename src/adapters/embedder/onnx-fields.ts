// The little of protobuf that an ONNX file needs: fields read, and written as they were read.

/** One field of a message: a number, or bytes (text, a message, packed numbers, fixed widths). */
export interface Field {
  readonly number: number;
  /** 0 varint, 1 eight bytes, 2 length-delimited, 5 four bytes. */
  readonly wire: 0 | 1 | 2 | 5;
  readonly value: number;
  /** Of wire 1, 2 and 5; a view into what was read. */
  readonly bytes: Uint8Array;
}

const NOTHING = new Uint8Array();

/** The fields of a message in order. Throws RangeError where the bytes are no message. */
export function readFields(message: Uint8Array): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const take = (length: number): Uint8Array => {
    if (at + length > message.length) throw new RangeError("an ONNX message ends too early");
    at += length;
    return message.subarray(at - length, at);
  };
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = take(1)[0]!;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
      if (factor > 2 ** 63) throw new RangeError("a number in an ONNX message does not end");
    }
  };
  while (at < message.length) {
    const key = varint();
    const [number, wire] = [Math.floor(key / 8), key % 8];
    if (wire === 0) {
      const from = at;
      const value = varint();
      // Kept as bytes too: negative numbers fill 64 bits, more than a number holds exactly.
      fields.push({ number, wire, value, bytes: message.subarray(from, at) });
    } else if (wire === 2) fields.push({ number, wire, value: 0, bytes: take(varint()) });
    else if (wire === 1 || wire === 5) {
      fields.push({ number, wire, value: 0, bytes: take(wire === 1 ? 8 : 4) });
    } else throw new RangeError(`an ONNX message has a field of unknown form ${wire}`);
  }
  return fields;
}

/** A length-delimited field: text, bytes or a message. */
export function field(number: number, content: string | Uint8Array): Field {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return { number, wire: 2, value: 0, bytes };
}

/** A field with a number from 0 to 2^53. */
export function numberField(number: number, value: number): Field {
  return { number, wire: 0, value, bytes: varintBytes(value) };
}

export function writeFields(fields: readonly Field[]): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (const { number, wire, bytes } of fields) {
    pieces.push(varintBytes(number * 8 + wire));
    if (wire === 2) pieces.push(varintBytes(bytes.length));
    pieces.push(bytes);
  }
  return Buffer.concat(pieces);
}

/** The texts of a repeated field. */
export function textsOf(fields: readonly Field[], number: number): string[] {
  const decoder = new TextDecoder();
  return fields.filter((one) => one.number === number).map((one) => decoder.decode(one.bytes));
}

export function firstOf(fields: readonly Field[], number: number): Field | undefined {
  return fields.find((one) => one.number === number);
}

function varintBytes(value: number): Uint8Array {
  if (value === 0) return Uint8Array.of(0);
  const bytes: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 128)) {
    bytes.push((rest % 128) + (rest >= 128 ? 128 : 0));
  }
  return bytes.length === 0 ? NOTHING : Uint8Array.from(bytes);
}
