// Long texts cut into passages where their authors paused: headings, paragraphs, lines, sentences.

/** Places to cut at, the better first; what matches stays with the passage before it. */
const PAUSES = [/\n(?=#{1,6}\s)/gu, /\n\s*\n/gu, /\n/gu, /(?<=[.!?])\s+/gu, /\s+/gu];

/**
 * Passages of at most `characters_max` that together are the whole text but for blanks between
 * them; none for a blank text. Each is as long as its pauses allow.
 */
export function splitPassages(text: string, characters_max: number): string[] {
  return split(text.replaceAll("\r\n", "\n"), characters_max, 0)
    .map((passage) => passage.trim())
    .filter((passage) => passage !== "");
}

function split(text: string, characters_max: number, level: number): string[] {
  if (text.length <= characters_max) return [text];
  const pause = PAUSES[level];
  if (pause === undefined) return cutHard(text, characters_max);
  const pieces = piecesAt(text, pause).flatMap((piece) => split(piece, characters_max, level + 1));
  return joined(pieces, characters_max);
}

function piecesAt(text: string, pause: RegExp): string[] {
  const pieces: string[] = [];
  let from = 0;
  for (const match of text.matchAll(pause)) {
    const to = match.index + match[0].length;
    pieces.push(text.slice(from, to));
    from = to;
  }
  return [...pieces, text.slice(from)];
}

/** Neighbours put together again as far as they fit. */
function joined(pieces: readonly string[], characters_max: number): string[] {
  const passages: string[] = [];
  for (const piece of pieces) {
    const last = passages.at(-1);
    if (last !== undefined && last.length + piece.length <= characters_max) {
      passages[passages.length - 1] = last + piece;
    } else passages.push(piece);
  }
  return passages;
}

/** Never within a character that takes two units. */
function cutHard(text: string, characters_max: number): string[] {
  const parts: string[] = [];
  for (let from = 0; from < text.length;) {
    let to = Math.min(text.length, from + characters_max);
    if (to < text.length && /[\uD800-\uDBFF]/u.test(text[to - 1]!)) to--;
    parts.push(text.slice(from, to));
    from = to;
  }
  return parts;
}
