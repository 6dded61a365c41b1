// A provider on loopback whose answers a test writes onto the socket itself, byte by byte.
import { createServer, type Socket } from "node:net";
import { listening } from "./listening.ts";
import type { HasAfter } from "./temp-dir.ts";

/** Called with each whole request, counted from 1. */
export type RawAnswer = (socket: Socket, nr: number) => void;

export interface RawProvider {
  /** Ends in /v1. */
  readonly url: string;
  /** How many requests came. */
  asked(): number;
  /** Resolves with the first request. */
  readonly first: Promise<void>;
}

export async function startRawProvider(t: HasAfter, answer: RawAnswer): Promise<RawProvider> {
  let asked = 0;
  const first = Promise.withResolvers<void>();
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on("error", () => undefined);
    let text = "";
    socket.on("data", (piece) => {
      text += piece.toString();
      const end = text.indexOf("\r\n\r\n");
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
      if (end < 0 || Buffer.byteLength(text.slice(end + 4)) < length) return;
      text = "";
      answer(socket, ++asked);
      first.resolve();
    });
  });
  const port = await listening(t, server);
  return { url: `http://127.0.0.1:${port}/v1`, asked: () => asked, first: first.promise };
}

/** A whole answer with its length; `headers` are lines that end in CRLF. */
export function sayJson(socket: Socket, status: number, body: object = {}, headers = ""): void {
  const text = JSON.stringify(body);
  const length = Buffer.byteLength(text);
  const head = `content-type: application/json\r\ncontent-length: ${length}\r\n${headers}`;
  socket.write(`HTTP/1.1 ${status} X\r\n${head}\r\n${text}`);
}
