// Reads the pieces in which tool calls are told, and joins them to whole calls.

interface Piece {
  readonly index?: number;
  readonly id?: string;
  readonly type?: string;
  readonly function?: { readonly name?: string; readonly arguments?: unknown };
}

interface Whole {
  id: string;
  type: string;
  function: { name: string; arguments: string };
}

/** A piece whose index is that of its call alone, and whose arguments are text. */
interface ReadPiece extends Piece {
  readonly index: number;
  readonly function?: { readonly name?: string; readonly arguments?: string | null };
}

interface OpenCall {
  /** "": not told yet. */
  id: string;
  /** As the provider counts; undefined: it does not. */
  readonly said: number | undefined;
  readonly index: number;
}

/**
 * Reads pieces in the order in which they come. Providers differ: some say one index for all calls
 * and tell them apart by id, some say none, some give the arguments as an object.
 */
export function createToolCallReader(): (pieces: readonly unknown[]) => ReadPiece[] {
  const calls: OpenCall[] = [];

  function begin(said: number | undefined, id: string): OpenCall {
    const taken = calls.map(({ index }) => index);
    const is_free = said !== undefined && !taken.includes(said);
    const call = { id, said, index: is_free ? said : Math.max(-1, ...taken) + 1 };
    calls.push(call);
    return call;
  }

  /** A new id begins a call; where no index is said, so does a name. */
  function callOf({ index, id, function: wanted }: Piece): OpenCall {
    const said = typeof index === "number" ? index : undefined;
    const latest = calls.findLast((one) => one.said === said);
    if (!id) {
      const goes_on = latest !== undefined && (said !== undefined || !wanted?.name);
      return goes_on ? latest : begin(said, "");
    }
    const same = calls.find((one) => one.said === said && one.id === id);
    if (same !== undefined) return same;
    if (latest?.id !== "" || said === undefined) return begin(said, id);
    latest.id = id;
    return latest;
  }

  return (pieces) =>
    pieces.flatMap((value) => {
      if (typeof value !== "object" || value === null) return [];
      const piece = value as Piece;
      const { index } = callOf(piece);
      const given = piece.function?.arguments;
      const is_text = given === undefined || given === null || typeof given === "string";
      if (is_text) return [(piece.index === index ? piece : { ...piece, index }) as ReadPiece];
      const wanted = { ...piece.function, arguments: JSON.stringify(given) };
      return [{ ...piece, index, function: wanted } as ReadPiece];
    });
}

/** Pieces of one call are one call: its name comes first, its arguments bit by bit. */
export function joinToolCalls(pieces: readonly unknown[]): Whole[] {
  const calls = new Map<number, Whole>();
  for (const piece of createToolCallReader()(pieces)) {
    const call = calls.get(piece.index) ?? {
      id: "",
      type: "function",
      function: { name: "", arguments: "" },
    };
    calls.set(piece.index, call);
    if (piece.id) call.id = piece.id;
    if (piece.type) call.type = piece.type;
    if (piece.function?.name) call.function.name = piece.function.name;
    call.function.arguments += piece.function?.arguments ?? "";
  }
  return [...calls.entries()].toSorted(([a], [b]) => a - b).map(([, call]) => call);
}
