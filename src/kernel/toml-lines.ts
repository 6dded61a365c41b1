// Where the tables and keys of a TOML text stand; the parser itself keeps no lines.

const PIECE = `(?:[A-Za-z0-9_-]+|"(?:\\\\.|[^"\\\\])*"|'[^']*')`;
const NAME = `${PIECE}(?:\\s*\\.\\s*${PIECE})*`;
const HEADER = new RegExp(`^\\s*(\\[\\[?)\\s*(${NAME})\\s*\\]`);
const KEY = new RegExp(`^\\s*(${NAME})\\s*=`);
const STRING_OR_COMMENT = /"(?:\\.|[^"\\])*"|'[^']*'|#.*/g;

/**
 * Dotted path → 1-based line of each key and table. Elements of an array of tables go by their
 * index; what stands within a value has the line of its key alone.
 */
export function tomlLines(text: string): ReadonlyMap<string, number> {
  const lines = new Map<string, number>();
  /** Array of tables → index of its newest element. */
  const arrays = new Map<string, number>();
  let table: string[] = [];
  let open_brackets = 0;
  const note = (path: readonly string[], line: number) => {
    for (let length = 1; length <= path.length; length++) {
      const part = path.slice(0, length).join(".");
      if (!lines.has(part)) lines.set(part, line);
    }
  };
  for (const [index, line] of text.split("\n").entries()) {
    if (open_brackets > 0) {
      open_brackets += openBrackets(line);
      continue;
    }
    const header = HEADER.exec(line);
    if (header !== null) {
      table = tablePath(header[2]!, header[1] === "[[", arrays);
      note(table, index + 1);
      continue;
    }
    const key = KEY.exec(line);
    if (key === null) continue;
    note([...table, ...piecesOf(key[1]!)], index + 1);
    open_brackets = openBrackets(line.slice(key[0].length));
  }
  return lines;
}

/** The path of a header, with the index of every array of tables on the way. */
function tablePath(name: string, is_element: boolean, arrays: Map<string, number>): string[] {
  const path: string[] = [];
  const pieces = piecesOf(name);
  for (const [at, piece] of pieces.entries()) {
    path.push(piece);
    const array = path.join(".");
    if (is_element && at === pieces.length - 1) arrays.set(array, (arrays.get(array) ?? -1) + 1);
    const element = arrays.get(array);
    if (element !== undefined) path.push(String(element));
  }
  return path;
}

function piecesOf(name: string): string[] {
  const pieces = name.match(new RegExp(PIECE, "g")) ?? [];
  return pieces.map((piece) => (/^["']/.test(piece) ? piece.slice(1, -1) : piece));
}

/** How many brackets a line leaves open; below 0 where it closes those of lines before. */
function openBrackets(line: string): number {
  const bare = line.replaceAll(STRING_OR_COMMENT, "");
  return (bare.match(/[[{]/g)?.length ?? 0) - (bare.match(/[\]}]/g)?.length ?? 0);
}
