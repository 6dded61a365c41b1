// Splits a long text's tokens into windows that a model can read.

/**
 * Ranges [from, to) of about equal length that cover `length` tokens, each at most `size` long.
 * A range starts at a word when one begins within the last eighth of the window before it.
 */
export function tokenWindows(
  length: number,
  size: number,
  startsWord: (position: number) => boolean,
): [from: number, to: number][] {
  if (length <= size) return [[0, length]];
  const windows: [number, number][] = [];
  const slack = Math.floor(size / 8);
  let from = 0;
  while (from < length) {
    const left = length - from;
    const even = Math.ceil(left / Math.ceil(left / size));
    let to = from + even;
    if (to < length) {
      for (let back = 0; back < slack; back++) {
        if (!startsWord(to - back)) continue;
        to -= back;
        break;
      }
    }
    windows.push([from, to]);
    from = to;
  }
  return windows;
}
