// WebAssembly that counts differing bits of rows against a query, 128 bits at a time.

/** Parameters of the one function, all 32-bit numbers; addresses are bytes of its memory. */
export interface ScanExports {
  readonly memory: WebAssembly.Memory;
  /**
   * For each of `count` row numbers at `rows` that is not negative: the bits in which row and
   * query differ. Where they are at most `bound`, its place in `rows` and the bits are written as
   * a pair at `out`. Answers the number of pairs. `row_bytes` is a multiple of 16.
   */
  readonly scan: (
    rows: number,
    count: number,
    table: number,
    row_bytes: number,
    query: number,
    bound: number,
    out: number,
  ) => number;
}

/**
 * The module, as bytes: opcodes by the WebAssembly 2.0 specification, "Binary Format"
 * (https://www.w3.org/TR/wasm-core-2/), for there is no compiler in this house. Undefined where
 * the runtime has no 128-bit instructions.
 */
export function signScanModule(): WebAssembly.Module | undefined {
  const bytes = Uint8Array.from([
    ...MAGIC,
    ...section(1, [1, 0x60, 7, I32, I32, I32, I32, I32, I32, I32, 1, I32]),
    ...section(3, [1, 0]),
    // At least one page of 64 KiB, at most 4 GiB.
    ...section(5, [1, 0x01, 1, ...unsigned(65_536)]),
    ...section(7, [2, ...name("memory"), 2, 0, ...name("scan"), 0, 0]),
    ...section(10, [1, ...sized([...LOCALS, ...BODY])]),
  ]);
  return WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : undefined;
}

/** A zero byte, "asm", version 1. */
const MAGIC = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const I32 = 0x7f;
const V128 = 0x7b;
const VOID = 0x40;

const [ROWS, COUNT, TABLE, ROW_BYTES, QUERY, BOUND, OUT] = [0, 1, 2, 3, 4, 5, 6];
const [AT, ADDRESS, STEP, DIFFERING, FOUND, SUMS] = [7, 8, 9, 10, 11, 12];
const LOCALS = [2, 5, I32, 1, V128];

const get = (local: number) => [0x20, local];
const set = (local: number) => [0x21, local];
const i32 = (value: number) => [0x41, value];
const ADD = [0x6a];
const MULTIPLY = [0x6c];
const LESS = [0x48];
const MORE = [0x4a];
const NOT = [0x45];
const LOAD = [0x28, 2, 0];
const END = [0x0b];
const LOOP = [0x03, VOID];
const IF = [0x04, VOID];
const AGAIN_IF = [0x0d, 0];
const AGAIN_OUTER = [0x0c, 1];
const ZEROS = [0xfd, 0x0c, ...Array.from({ length: 16 }, () => 0)];
const LOAD_128 = [0xfd, 0x00, 0, 0];
const XOR_128 = [0xfd, 0x51];
const ONES_OF_BYTES = [0xfd, 0x62];
const PAIRS_OF_BYTES = [0xfd, 0x7d];
const PAIRS_OF_16 = [0xfd, 0x7f];
const ADD_16 = [0xfd, 0x8e, 0x01];
const lane = (number: number) => [...get(SUMS), 0xfd, 0x1b, number];
const store = (offset: number) => [0x36, 2, offset];
const up = (local: number, by: number) => [...get(local), ...i32(by), ...ADD, ...set(local)];

/** `sums` holds eight 16-bit counts: enough for rows of a million bits. */
const COUNT_ROW = code(
  code(ZEROS, set(SUMS), i32(0), set(STEP)),
  LOOP,
  code(get(ADDRESS), get(STEP), ADD, LOAD_128),
  code(get(QUERY), get(STEP), ADD, LOAD_128),
  code(XOR_128, ONES_OF_BYTES, PAIRS_OF_BYTES, get(SUMS), ADD_16, set(SUMS)),
  up(STEP, 16),
  code(get(STEP), get(ROW_BYTES), LESS, AGAIN_IF),
  END,
  code(get(SUMS), PAIRS_OF_16, set(SUMS)),
  code(lane(0), lane(1), ADD, lane(2), ADD, lane(3), ADD, set(DIFFERING)),
);

const KEEP = code(
  code(get(DIFFERING), get(BOUND), MORE, NOT, IF),
  code(get(OUT), get(AT), store(0), get(OUT), get(DIFFERING), store(4)),
  code(up(OUT, 8), up(FOUND, 1)),
  END,
);

const BODY = code(
  LOOP,
  code(get(AT), get(COUNT), LESS, IF),
  code(get(ROWS), get(AT), i32(4), MULTIPLY, ADD, LOAD, set(ADDRESS)),
  code(get(ADDRESS), i32(0), LESS, NOT, IF),
  code(get(ADDRESS), get(ROW_BYTES), MULTIPLY, get(TABLE), ADD, set(ADDRESS)),
  code(COUNT_ROW, KEEP),
  END,
  code(up(AT, 1), AGAIN_OUTER),
  END,
  END,
  get(FOUND),
  END,
);

function code(...parts: readonly (readonly number[])[]): number[] {
  return parts.flat();
}

function unsigned(value: number): number[] {
  const low = value % 128;
  return value < 128 ? [low] : [low + 128, ...unsigned(Math.floor(value / 128))];
}

function sized(bytes: readonly number[]): number[] {
  return [...unsigned(bytes.length), ...bytes];
}

function section(id: number, bytes: readonly number[]): number[] {
  return [id, ...sized(bytes)];
}

function name(text: string): number[] {
  return sized([...Buffer.from(text)]);
}
