// Answers of HTTP/1.1 from the bytes of one connection (RFC 9112), strictly: what could be read in
// two ways is an error, since the next answer on the connection would be somebody else's.

/** Told of one answer; what it throws goes to whoever gave the bytes. */
export interface AnswerSink {
  /** Names in lower case; values of equal names are joined by ", ". Not called for 1xx. */
  onHead(head: AnswerHead): void;
  /** Never empty; belongs to the sink. */
  onPiece(piece: Uint8Array): void;
  onEnd(): void;
}

export interface AnswerHead {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Whether another request may follow on the connection. */
  readonly keeps: boolean;
}

/** What came is not an answer of HTTP/1.1. */
export class BadAnswerError extends Error {
  override readonly name = "BadAnswerError";
  readonly code = "HTTP1_BAD_ANSWER";
}

/** Status line and headers, and lines within a chunked body, may be as long as this. */
const HEAD_BYTES_MAX = 16 * 1024;
const LINE_BYTES_MAX = 4 * 1024;

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/;
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const HEAD_BEGIN = "HTTP/1.";
const CHUNK_LINE = /^([0-9a-fA-F]{1,13})[\t ]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/;
const HEAD_END = Buffer.from("\r\n\r\n");
const LF = 0x0a;
const CR = 0x0d;

/** How a body ends, or which part of it comes next. */
type Stage = "head" | "sized" | "until_close" | "chunk_line" | "chunk" | "chunk_end" | "trailer";

export interface AnswerReader {
  /** The bytes that come from here on are those of the next answer; `of_head`: to a HEAD. */
  begin(of_head: boolean): void;
  /** Throws `BadAnswerError`; the connection is of no more use then. */
  read(came: Buffer): void;
  /** The connection has no more bytes; throws when the answer is not whole. */
  end(): void;
}

/** Reads the answers of one connection, one after the other. */
export function createAnswerReader(sink: AnswerSink): AnswerReader {
  let stage: Stage | "over" = "over";
  let is_of_head = false;
  /** What came of a head or a line that is not whole yet. */
  let part: Buffer | undefined;
  /** Bytes that the body, or its chunk, still has. */
  let left = 0;

  function finish(): void {
    stage = "over";
    sink.onEnd();
  }

  function takeHead(bytes: Buffer, from: number): number | undefined {
    const at = bytes.indexOf(HEAD_END, from);
    const length = (at < 0 ? bytes.length : at) - from;
    if (length > HEAD_BYTES_MAX) throw new BadAnswerError("the headers are too long");
    if (at < 0) {
      checkHeadSoFar(bytes, from);
      return undefined;
    }
    const head = parseHead(bytes.toString("latin1", from, at), is_of_head);
    // An early hint and the like: the answer itself is still to come.
    if (head.status < 200) return at + HEAD_END.length;
    left = head.length;
    stage = head.stage;
    sink.onHead(head);
    if (head.stage === "sized" && head.length === 0) finish();
    return at + HEAD_END.length;
  }

  function takeBody(bytes: Buffer, from: number): number {
    const to = stage === "until_close" ? bytes.length : Math.min(bytes.length, from + left);
    if (stage !== "until_close") left -= to - from;
    sink.onPiece(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to));
    if (left === 0 && stage === "sized") finish();
    if (left === 0 && stage === "chunk") stage = "chunk_end";
    return to;
  }

  function takeLine(line: string): void {
    if (stage === "chunk_end") {
      if (line !== "") throw new BadAnswerError("a chunk is longer than it said");
      stage = "chunk_line";
    } else if (stage === "trailer") {
      if (line === "") finish();
    } else {
      const size = CHUNK_LINE.exec(line)?.[1];
      if (size === undefined) throw new BadAnswerError("the size of a chunk is no number");
      left = Number.parseInt(size, 16);
      stage = left === 0 ? "trailer" : "chunk";
    }
  }

  /** Where the next part begins; undefined: the rest of this one has not come. */
  function step(bytes: Buffer, from: number): number | undefined {
    if (stage === "head") return takeHead(bytes, from);
    if (stage === "sized" || stage === "chunk" || stage === "until_close") {
      return takeBody(bytes, from);
    }
    if (stage === "over") throw new BadAnswerError("more came than the answer says it has");
    const end = lineEnd(bytes, from);
    if (end === undefined) return undefined;
    takeLine(bytes.toString("latin1", from, end - 1));
    return end + 1;
  }

  return {
    begin(of_head) {
      stage = "head";
      is_of_head = of_head;
      part = undefined;
      left = 0;
    },
    read(came) {
      const bytes = part === undefined ? came : Buffer.concat([part, came]);
      part = undefined;
      let at = 0;
      while (at < bytes.length) {
        const next = step(bytes, at);
        if (next === undefined) {
          part = bytes.subarray(at);
          return;
        }
        at = next;
      }
    },
    end() {
      if (stage === "over") return;
      if (stage !== "until_close") throw closedEarly();
      finish();
    },
  };
}

/** Where the LF of a line of a chunked body stands, behind its CR. */
function lineEnd(bytes: Buffer, from: number): number | undefined {
  const at = bytes.indexOf(LF, from);
  const length = (at < 0 ? bytes.length : at) - from;
  if (length > LINE_BYTES_MAX) throw new BadAnswerError("a line of a chunked body is too long");
  if (at < 0) return undefined;
  if (at > from && bytes[at - 1] === CR) return at;
  throw new BadAnswerError("a line of a chunked body ends without CR");
}

/** As Node names a connection that its other side ended. */
export function closedEarly(): Error {
  const error = new Error("the other side closed the connection before its answer was whole");
  return Object.assign(error, { code: "ECONNRESET" });
}

/** Whoever does not speak HTTP/1 may never send the end of a head. */
function checkHeadSoFar(bytes: Buffer, from: number): void {
  const begin = bytes.toString("latin1", from, from + HEAD_BEGIN.length);
  if (!HEAD_BEGIN.startsWith(begin)) throw new BadAnswerError("this is no answer of HTTP/1.1");
  for (let at = bytes.indexOf(LF, from); at >= 0; at = bytes.indexOf(LF, at + 1)) {
    if (bytes[at - 1] !== CR) throw new BadAnswerError("a line of the headers ends without CR");
  }
}

interface Framing {
  readonly stage: "sized" | "until_close" | "chunk_line";
  /** Bytes, of a body that says so. */
  readonly length: number;
}

function parseHead(text: string, of_head: boolean): AnswerHead & Framing {
  const lines = text.split("\r\n");
  const [, minor, code] = STATUS_LINE.exec(lines[0]!) ?? [];
  if (code === undefined) throw new BadAnswerError("this is no answer of HTTP/1.1");
  const status = Number(code);
  if (status === 101) throw new BadAnswerError("nobody asked for another protocol");
  const headers: Record<string, string> = {};
  for (let at = 1; at < lines.length; at++) addHeader(headers, lines[at]!);
  const bodiless = of_head || status === 204 || status === 304 || status < 200;
  const { stage, length } = bodiless ? NO_BODY : framingOf(headers);
  const connection = headers["connection"]?.toLowerCase() ?? "";
  const said = minor === "1" ? !/\bclose\b/.test(connection) : /\bkeep-alive\b/.test(connection);
  const keeps = said && stage !== "until_close" && !mayBeFollowed(headers, of_head, status, minor);
  return { status, headers, keeps, stage, length };
}

function addHeader(headers: Record<string, string>, line: string): void {
  const colon = line.indexOf(":");
  const key = headerKey(line.slice(0, Math.max(0, colon)));
  const value = withoutSpaceAround(line, colon + 1);
  if (key === undefined || !HEADER_VALUE.test(value)) {
    throw new BadAnswerError("a header is not well formed");
  }
  const before = Object.hasOwn(headers, key) ? headers[key] : undefined;
  // Equal lengths may be said twice.
  if (before === undefined) headers[key] = value;
  else if (key !== "content-length" || before !== value) headers[key] = `${before}, ${value}`;
}

/** Servers send the same few names again and again. */
const known_keys = new Map<string, string>();
const KEYS_KEPT_MAX = 256;
const KEPT_LENGTH_MAX = 64;

/** The name in lower case; undefined: it is none. */
function headerKey(name: string): string | undefined {
  const known = known_keys.get(name);
  if (known !== undefined) return known;
  if (!HEADER_NAME.test(name)) return undefined;
  const key = name.toLowerCase();
  if (known_keys.size < KEYS_KEPT_MAX && name.length <= KEPT_LENGTH_MAX) known_keys.set(name, key);
  return key;
}

const TAB = 0x09;
const SPACE = 0x20;

/** A loop: a regular expression would look at the rest of a run of blanks from each of them. */
function withoutSpaceAround(text: string, start: number): string {
  let from = start;
  let to = text.length;
  while (from < to && isSpace(text.charCodeAt(from))) from++;
  while (to > from && isSpace(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}

function isSpace(code: number): boolean {
  return code === SPACE || code === TAB;
}

const NO_BODY: Framing = { stage: "sized", length: 0 };

/** Whether its server may yet send a body that must not be there, or end it in a way of its own. */
function mayBeFollowed(
  headers: Readonly<Record<string, string>>,
  of_head: boolean,
  status: number,
  minor: string | undefined,
): boolean {
  const coded = headers["transfer-encoding"] !== undefined;
  const names_body = coded || (headers["content-length"] ?? "0") !== "0";
  return of_head || (status === 204 && names_body) || (coded && minor !== "1");
}

/** RFC 9112, section 6.3. */
function framingOf(headers: Readonly<Record<string, string>>): Framing {
  const coding = headers["transfer-encoding"];
  const length = headers["content-length"];
  if (coding !== undefined) {
    if (length !== undefined || coding.toLowerCase() !== "chunked") {
      throw new BadAnswerError(`the body's length can be read in two ways (${coding})`);
    }
    return { stage: "chunk_line", length: 0 };
  }
  if (length === undefined) return { stage: "until_close", length: 0 };
  if (!/^\d{1,15}$/.test(length)) throw new BadAnswerError("content-length is no number");
  return { stage: "sized", length: Number(length) };
}
