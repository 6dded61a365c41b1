// One connection of the gateway bench's load, on a raw socket: asking must cost next to nothing.
import { connect, type Socket } from "node:net";
import type { LoadJob } from "./gateway-load.ts";

export interface LoadAnswer {
  readonly status: number;
  readonly body: string;
  /** To the first byte of the body. */
  readonly first_ms: number | undefined;
  readonly whole_ms: number;
  /** It was left after its first piece. */
  readonly left: boolean;
}

export interface LoadConnection {
  /** One at a time. */
  ask(bytes: Buffer): Promise<LoadAnswer>;
  end(): void;
}

/** A request as it goes over the wire. */
export function askedBytes(job: LoadJob, seed: number): Buffer {
  const { host, pathname } = new URL(job.url);
  const message = { role: "user", content: `Say the words of ${seed}, please.` };
  const options = { stream: job.stream, seed, top_k: job.gap_ms };
  const body = JSON.stringify({ model: job.model, messages: [message], ...options });
  const headers = { ...job.headers, "content-type": "application/json", host };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const length = `content-length: ${Buffer.byteLength(body)}\r\n`;
  return Buffer.from(`POST ${pathname} HTTP/1.1\r\n${lines.join("")}${length}\r\n${body}`);
}

interface Waiting {
  readonly began: number;
  resolve(answer: LoadAnswer): void;
  reject(error: Error): void;
}

export function createLoadConnection(job: LoadJob): LoadConnection {
  const { hostname, port } = new URL(job.url);
  let socket: Socket | undefined;
  let waiting: Waiting | undefined;
  let text = "";
  let first_ms: number | undefined;

  function open(): Socket {
    const made = connect({ host: hostname, port: Number(port), noDelay: true });
    made.setEncoding("latin1");
    made.on("data", take);
    made.on("error", (error) => lost(made, error));
    made.on("close", () => lost(made, new Error("the connection was closed")));
    return made;
  }

  function lost(which: Socket, error: Error): void {
    if (which !== socket) return;
    socket = undefined;
    waiting?.reject(error);
    waiting = undefined;
  }

  function take(piece: string): void {
    if (waiting === undefined) return;
    text += piece;
    const end = text.indexOf("\r\n\r\n");
    if (end < 0) return;
    const top = text.slice(0, end);
    if (text.length > end + 4) first_ms ??= performance.now() - waiting.began;
    const body = wholeBody(top, text, end + 4);
    const left = job.leave && first_ms !== undefined;
    if (body === undefined && !left) return;
    const { began, resolve } = waiting;
    waiting = undefined;
    if (left) drop();
    const status = Number(text.slice(9, 12));
    resolve({ status, body: body ?? "", first_ms, whole_ms: performance.now() - began, left });
    if (!left && /\r\nconnection: *close/i.test(top)) drop();
  }

  function drop(): void {
    const dropped = socket;
    socket = undefined;
    dropped?.destroy();
  }

  return {
    ask(bytes) {
      text = "";
      first_ms = undefined;
      socket ??= open();
      const writing = socket;
      return new Promise((resolve, reject) => {
        waiting = { began: performance.now(), resolve, reject };
        writing.write(bytes);
      });
    },
    end: drop,
  };
}

/** Undefined: it has not all come. */
function wholeBody(top: string, text: string, from: number): string | undefined {
  const length = /\r\ncontent-length: *(\d+)/i.exec(top)?.[1];
  if (length !== undefined) {
    const to = from + Number(length);
    return text.length < to ? undefined : text.slice(from, to);
  }
  if (!text.endsWith("0\r\n\r\n")) return undefined;
  let body = "";
  for (let at = from; ;) {
    const line_end = text.indexOf("\r\n", at);
    if (line_end < 0) return undefined;
    const size = Number.parseInt(text.slice(at, line_end), 16);
    if (size === 0) return body;
    const start = line_end + 2;
    if (start + size > text.length) return undefined;
    body += text.slice(start, start + size);
    at = start + size + 2;
  }
}
