// Reads the pieces in which tool calls are told, and joins them to whole calls.
import { newSpanId } from "#kernel/ids.ts";

type Loose = Readonly<Record<string, unknown>>;

interface Piece extends Loose {
  readonly index?: number;
  readonly id?: string;
  readonly type?: string | null;
  readonly function?: { readonly name?: string; readonly arguments?: unknown };
  /** A tool whose input is plain text, as OpenAI has them. */
  readonly custom?: { readonly name?: string; readonly input?: unknown };
}

/** A call with every member that its provider said of it. */
interface Whole extends Loose {
  readonly id: string;
  readonly type: string;
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
  /** It began without an id and has one of ours, which a later one of the provider leaves. */
  own_id: string | undefined;
  name: string | undefined;
  /** Of the arguments told so far; followed only where calls cannot be told apart by their ids. */
  readonly told: ToldObject;
}

/** How far the text of an object has come. */
interface ToldObject {
  empty: boolean;
  depth: number;
  in_text: boolean;
  escaped: boolean;
}

/**
 * Reads pieces in the order in which they come. Providers differ: some say one index for all calls
 * and tell them apart by id, some say none, some give the arguments as an object. A call without an
 * id gets one, since whoever answers it names it, and one without a type gets that too.
 */
export function createToolCallReader(): (pieces: readonly unknown[]) => ReadPiece[] {
  const taken = new Set<number>();
  const latest_of = new Map<number | undefined, OpenCall>();
  const by_id = new Map<string, OpenCall>();
  let highest = -1;

  function begin(said: number | undefined, id: string): OpenCall {
    const index = said !== undefined && !taken.has(said) ? said : highest + 1;
    const told = { empty: true, depth: 0, in_text: false, escaped: false };
    const call: OpenCall = { id, said, index, own_id: undefined, name: undefined, told };
    taken.add(index);
    highest = Math.max(highest, index);
    latest_of.set(said, call);
    if (id !== "") by_id.set(`${said} ${id}`, call);
    return call;
  }

  /** A new id begins a call; so does a name where no index is said, or all calls have one. */
  function callOf(piece: Piece): OpenCall {
    const { index, id } = piece;
    const said = typeof index === "number" ? index : undefined;
    const latest = latest_of.get(said);
    if (!id) {
      const may_begin = said === undefined ? nameOf(piece) !== undefined : isNext(piece, latest);
      return latest === undefined || may_begin ? begin(said, "") : latest;
    }
    const same = by_id.get(`${said} ${id}`);
    if (same !== undefined) return same;
    if (latest?.id !== "" || said === undefined) return begin(said, id);
    latest.id = id;
    by_id.set(`${said} ${id}`, latest);
    return latest;
  }

  function read(piece: Piece): ReadPiece {
    const known = taken.size;
    const call = callOf(piece);
    const { index } = call;
    const begins = taken.size > known;
    if (begins && call.id === "") call.own_id = `call_${newSpanId()}`;
    const is_typed = begins ? typeof piece.type === "string" : piece.type !== null;
    const told: { -readonly [K in keyof ReadPiece]: ReadPiece[K] } =
      piece.index === index && call.own_id === undefined && is_typed
        ? (piece as ReadPiece)
        : ({ ...piece, index } as ReadPiece);
    if (!is_typed) delete told.type;
    if (!is_typed && begins) told.type = piece.custom === undefined ? "function" : "custom";
    if (call.own_id !== undefined) {
      delete told.id;
      if (begins) told.id = call.own_id;
    }
    call.name = nameOf(piece) ?? call.name;
    const given = piece.function?.arguments;
    if (given === undefined || given === null) return told;
    const text = typeof given === "string" ? given : JSON.stringify(given);
    if (call.own_id !== undefined) follow(call.told, text);
    if (typeof given === "string") return told;
    return { ...told, function: { ...piece.function, arguments: text } };
  }

  return (pieces) =>
    pieces.flatMap((value) => {
      if (typeof value !== "object" || value === null) return [];
      return [read(value as Piece)];
    });
}

function nameOf({ function: wanted, custom }: Piece): string | undefined {
  return wanted?.name || custom?.name || undefined;
}

/** Whether a piece without an id is of another call than the latest, which has none either. */
function isNext(piece: Piece, latest: OpenCall | undefined): boolean {
  const name = nameOf(piece);
  if (name === undefined || latest?.own_id === undefined) return false;
  const { empty, depth, in_text } = latest.told;
  const complete = !empty && depth === 0 && !in_text;
  if (name !== latest.name) return complete || empty;
  // Some say the name again in each piece, also in a last one that says nothing else.
  const given = piece.function?.arguments ?? "";
  return complete && (typeof given !== "string" || given.trim() !== "");
}

/** Each letter is looked at once, however many pieces there are. */
function follow(told: ToldObject, text: string): void {
  for (const letter of text) {
    if (told.in_text) {
      if (letter === '"' && !told.escaped) told.in_text = false;
      told.escaped = letter === "\\" && !told.escaped;
    } else if (letter === '"') told.in_text = true;
    else if (letter === "{" || letter === "[") told.depth++;
    else if (letter === "}" || letter === "]") told.depth--;
    if (letter.trim() !== "") told.empty = false;
  }
}

/** Members whose text comes bit by bit; of all others the last one said counts. */
const IN_BITS: ReadonlySet<string> = new Set(["arguments", "input"]);

/** Pieces of one call are one call: its name comes first, its arguments bit by bit. */
export function joinToolCalls(pieces: readonly unknown[]): Whole[] {
  const calls = new Map<number, Record<string, unknown>>();
  for (const { index, ...said } of createToolCallReader()(pieces)) {
    const call = calls.get(index) ?? { id: "", type: "function" };
    calls.set(index, call);
    for (const [name, value] of Object.entries(said)) {
      if (value === undefined || value === null || value === "") continue;
      call[name] = name === "function" || name === "custom" ? joined(call[name], value) : value;
    }
  }
  return [...calls.entries()].toSorted(([a], [b]) => a - b).map(([, call]) => completed(call));
}

function joined(told: unknown, piece: unknown): Record<string, unknown> {
  const whole: Record<string, unknown> = { ...(told as Loose | undefined) };
  for (const [name, value] of Object.entries((piece ?? {}) as Loose)) {
    const before = whole[name];
    if (value === undefined || value === null || (value === "" && name in whole)) continue;
    const goes_on = IN_BITS.has(name) && typeof before === "string" && typeof value === "string";
    whole[name] = goes_on ? before + value : value;
  }
  return whole;
}

/** Clients read name and arguments of a function however little was said of them. */
function completed(call: Readonly<Record<string, unknown>>): Whole {
  if (call["type"] !== "function" && call["function"] === undefined) return call as Whole;
  const wanted = { name: "", arguments: "", ...(call["function"] as Loose | undefined) };
  return { ...call, function: wanted } as unknown as Whole;
}
