// Joins the pieces in which tool calls are streamed to whole calls.

interface Piece {
  readonly index?: number;
  readonly id?: string;
  readonly type?: string;
  readonly function?: { readonly name?: string; readonly arguments?: string };
}

interface Whole {
  id: string;
  type: string;
  function: { name: string; arguments: string };
}

/** Pieces with one index are one call: its name comes first, its arguments bit by bit. */
export function joinToolCalls(pieces: readonly unknown[]): Whole[] {
  const calls = new Map<number, Whole>();
  for (const value of pieces) {
    if (typeof value !== "object" || value === null) continue;
    const piece = value as Piece;
    const index = piece.index ?? calls.size;
    const call = calls.get(index) ?? {
      id: "",
      type: "function",
      function: { name: "", arguments: "" },
    };
    calls.set(index, call);
    if (piece.id) call.id = piece.id;
    if (piece.type) call.type = piece.type;
    if (piece.function?.name) call.function.name = piece.function.name;
    call.function.arguments += piece.function?.arguments ?? "";
  }
  return [...calls.entries()].toSorted(([a], [b]) => a - b).map(([, call]) => call);
}
