// Lines of a byte stream, each within a bound; of a longer one its beginning and its end are kept.

export interface LongLine {
  readonly bytes: number;
  /** Its first and its last characters, `KEPT_BYTES` of each. */
  readonly head: string;
  readonly tail: string;
}

const KEPT_BYTES = 4_096;
const NEWLINE = 10;

export interface LineReader {
  take(piece: Buffer): void;
  /** Nothing comes any more: what is there of a last line is one. */
  end(): void;
}

export function createLineReader(
  bytes_max: number,
  onLine: (line: string) => void,
  onLong: (line: LongLine) => void,
): LineReader {
  let parts: Buffer[] = [];
  let bytes = 0;
  let head: Buffer | undefined;

  function add(part: Buffer): void {
    bytes += part.length;
    parts.push(part);
    if (bytes <= bytes_max) return;
    const held = Buffer.concat(parts);
    // Copied: a view would hold all of it.
    head ??= Buffer.from(held.subarray(0, KEPT_BYTES));
    parts = [Buffer.from(held.subarray(-KEPT_BYTES))];
  }

  function end(): void {
    const line = Buffer.concat(parts).toString("utf8");
    const long =
      head === undefined ? undefined : { bytes, head: head.toString("utf8"), tail: line };
    parts = [];
    bytes = 0;
    head = undefined;
    if (long === undefined) onLine(line);
    else onLong(long);
  }

  function take(piece: Buffer): void {
    let from = 0;
    for (let to = piece.indexOf(NEWLINE); to >= 0; to = piece.indexOf(NEWLINE, from)) {
      add(piece.subarray(from, to));
      end();
      from = to + 1;
    }
    if (from < piece.length) add(piece.subarray(from));
  }

  return { take, end: () => (parts.length > 0 ? end() : undefined) };
}
