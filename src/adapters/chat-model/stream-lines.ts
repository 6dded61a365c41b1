// Bytes of a streamed answer to lines and server-sent events, however the network cut them.
import type { ByteStream } from "#kernel/contract.ts";
import { badAnswer } from "#ports/provider-http.ts";

/** Longest line or event of a stream: one delta, or a tool call with its arguments. */
const LINE_LENGTH_MAX = 8 * 1024 * 1024;

export interface StreamLine {
  readonly text: string;
  /** false: the stream ended within this line. */
  readonly complete: boolean;
}

/** Lines without their ends (LF or CRLF). Errors: `unavailable` (bad_provider_answer: too long). */
export function textLines(body: ByteStream): AsyncGenerator<StreamLine> {
  return linesOf(body, false);
}

/** `by_cr`: a CR alone ends a line too, at once; an LF that comes after it is of the same end. */
async function* linesOf(body: ByteStream, by_cr: boolean): AsyncGenerator<StreamLine> {
  const decoder = new TextDecoder();
  let after_cr = false;
  // Pieces of an unfinished line are joined once its end has come: joining each time is quadratic.
  let pieces: string[] = [];
  let length = 0;
  for await (const chunk of body) {
    let text = decoder.decode(chunk, { stream: true });
    if (after_cr && text !== "") {
      after_cr = false;
      if (text.startsWith("\n")) text = text.slice(1);
    }
    let ends: string | RegExp = "\n";
    if (by_cr && text.includes("\r")) {
      after_cr = text.endsWith("\r");
      ends = ANY_END;
    }
    const parts = text.split(ends);
    for (const [at, part] of parts.entries()) {
      pieces.push(part);
      length += part.length;
      if (length > LINE_LENGTH_MAX) throw badAnswer(`a line is longer than ${LINE_LENGTH_MAX}`);
      if (at === parts.length - 1) continue;
      yield { text: pieces.join("").replace(/\r$/, ""), complete: true };
      pieces = [];
      length = 0;
    }
  }
  const rest = pieces.join("") + decoder.decode();
  if (rest !== "") yield { text: rest, complete: false };
}

/** As event streams have them. */
const ANY_END = /\r\n?|\n/;

export interface ServerSentEvent {
  readonly event: string;
  readonly data: string;
  /** false: the stream ended before the empty line that closes an event. */
  readonly complete: boolean;
}

/** Stands for a comment, as servers send them to say that they are at work; by its identity. */
export const COMMENT: ServerSentEvent = { event: "", data: "", complete: true };

/**
 * Events of an event stream (HTML standard §9.2.6); fields that no event has are passed over.
 * Errors: `unavailable` (bad_provider_answer: a line or an event is too long).
 */
export async function* serverSentEvents(body: ByteStream): AsyncGenerator<ServerSentEvent> {
  let event = "message";
  let data: string[] = [];
  let length = 0;
  for await (const { text } of linesOf(body, true)) {
    if (text === "") {
      if (data.length > 0) yield { event, data: data.join("\n"), complete: true };
      event = "message";
      data = [];
      length = 0;
      continue;
    }
    const colon = text.indexOf(":");
    if (colon === 0) {
      yield COMMENT;
      continue;
    }
    const field = colon < 0 ? text : text.slice(0, colon);
    const value = colon < 0 ? "" : text.slice(colon + 1).replace(/^ /, "");
    if (field === "event") event = value;
    if (field !== "data") continue;
    data.push(value);
    length += value.length + 1;
    if (length > LINE_LENGTH_MAX) throw badAnswer(`an event is longer than ${LINE_LENGTH_MAX}`);
  }
  if (data.length > 0) yield { event, data: data.join("\n"), complete: false };
}
