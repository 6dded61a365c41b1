// Lines of a byte stream, one at a time, none longer than a bound.

export interface Line {
  /** The line; of one with a fault, its beginning. */
  readonly text: string;
  /** Why the line is not taken: too long, or no UTF-8. */
  readonly fault: string | undefined;
}

const NEWLINE = 10;
/** Of a line that is too long, this much is kept to show. */
const SHOWN_BYTES = 10_000;

/**
 * Ends at line feeds only: other marks that editors break lines at may stand within JSON text. Of a
 * line longer than `bytes_max` no more than that is ever held.
 */
export async function* readLines(
  source: AsyncIterable<Uint8Array>,
  bytes_max: number,
): AsyncGenerator<Line> {
  let parts: Uint8Array[] = [];
  let size = 0;
  const add = (part: Uint8Array) => {
    const before = size;
    size += part.length;
    if (size <= bytes_max) parts.push(part);
    else if (before <= bytes_max) {
      parts = [Buffer.concat([...parts, part.subarray(0, SHOWN_BYTES)]).subarray(0, SHOWN_BYTES)];
    }
  };
  const take = (): Line => {
    const line = toLine(Buffer.concat(parts), size > bytes_max ? bytes_max : undefined);
    parts = [];
    size = 0;
    return line;
  };
  for await (const chunk of source) {
    let from = 0;
    for (;;) {
      const end = chunk.indexOf(NEWLINE, from);
      if (end < 0) break;
      add(chunk.subarray(from, end));
      yield take();
      from = end + 1;
    }
    if (from < chunk.length) add(chunk.subarray(from));
  }
  if (size > 0) yield take();
}

function toLine(bytes: Uint8Array, over_max: number | undefined): Line {
  if (over_max !== undefined) {
    const text = Buffer.from(bytes).toString("utf8");
    return { text, fault: `the line is longer than ${over_max} bytes` };
  }
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes), fault: undefined };
  } catch {
    return { text: Buffer.from(bytes).toString("utf8"), fault: "the line is not UTF-8" };
  }
}
