// JSON-RPC messages as lines on two streams: what is none is answered too, and what is too long.
import type { Readable, Writable } from "node:stream";
import {
  INVALID_REQUEST,
  parseJSONRPCMessage,
  PARSE_ERROR,
  serializeMessage,
  type JSONRPCMessage,
  type RequestId,
  type Transport,
} from "@modelcontextprotocol/server";
import { checkJsonDepth } from "#kernel/json-depth.ts";
import { createLineReader, type LongLine } from "./line-reader.ts";

export interface StdioStreams {
  readonly stdin: Readable;
  readonly stdout: Writable;
  /** Told of each line that was refused, and why. */
  readonly onRefused: (why: string) => void;
}

export interface StdioTransport extends Transport {
  /** Resolves when nothing is read or written any more; with a text when something broke. */
  readonly closed: Promise<string | undefined>;
}

/** They last until the client leaves. */
const NEVER_ANSWERED: ReadonlySet<string> = new Set(["subscriptions/listen"]);
/** As when the requests are in a file. A client that has gone must not hold the data locked. */
const BREATH_MS = 1_000;
const LAST_ANSWERS_MS = 30_000;

export function createStdioTransport(
  streams: StdioStreams,
  line_bytes_max: number,
): StdioTransport {
  const { stdin, stdout, onRefused } = streams;
  let over = false;
  let waiting: NodeJS.Timeout | undefined;
  /** When each request came whose answer is still to be sent. */
  const asked = new Map<RequestId, number>();
  let tellClosed: (why: string | undefined) => void;
  const closed = new Promise<string | undefined>((resolve) => (tellClosed = resolve));

  function refuse(id: RequestId | null, code: number, message: string): void {
    onRefused(message);
    if (!over)
      stdout.write(`${JSON.stringify({ jsonrpc: "2.0", id, error: { code, message } })}\n`);
  }

  function take(line: string): void {
    if (line.trim() === "") return;
    const message = readMessage(line);
    if (!("why" in message)) hand(message.message);
    else if (message.id === undefined) onRefused(message.why);
    else refuse(message.id, message.code, message.why);
  }

  function hand(message: JSONRPCMessage): void {
    if ("method" in message) {
      const { method, params } = message;
      if ("id" in message && !NEVER_ANSWERED.has(method)) asked.set(message.id, performance.now());
      // Nobody is told how a call ended that was cancelled.
      if (method === "notifications/cancelled") asked.delete(params?.["requestId"] as RequestId);
    }
    transport.onmessage?.(message);
  }

  /** What was asked in one breath with the end of the input is answered; else the client left. */
  function onEnd(): void {
    reader.end();
    const from_ms = performance.now() - BREATH_MS;
    for (const [id, at_ms] of asked) if (at_ms < from_ms) asked.delete(id);
    if (asked.size === 0) return end(undefined);
    waiting = setTimeout(end, LAST_ANSWERS_MS, undefined);
  }

  function answered(message: JSONRPCMessage): void {
    if ("method" in message || message.id === undefined) return;
    asked.delete(message.id);
    if (waiting !== undefined && asked.size === 0) end(undefined);
  }

  function refuseLong(line: LongLine): void {
    const why = `a message of ${line.bytes} bytes is longer than ${line_bytes_max}`;
    refuse(idOfLong(line), INVALID_REQUEST, why);
  }

  const reader = createLineReader(line_bytes_max, take, refuseLong);
  const onData = reader.take;
  const onClose = () => (stdin.readableEnded ? undefined : end(undefined));
  const onInError = (error: Error) => end(`stdin broke: ${error.message}`);
  const onOutError = (error: Error) => end(`stdout broke: ${error.message}`);

  function end(why: string | undefined): void {
    if (over) return;
    over = true;
    clearTimeout(waiting);
    stdin.off("data", onData).off("end", onEnd).off("close", onClose).pause();
    tellClosed(why);
    transport.onclose?.();
  }

  const transport: StdioTransport = {
    closed,
    async start() {
      // Those of errors stay: what breaks later is nobody's affair.
      stdin.on("error", onInError);
      stdout.on("error", onOutError);
      stdin.on("data", onData).on("end", onEnd).on("close", onClose);
      if (stdin.readableEnded || stdin.destroyed) setImmediate(end, undefined);
    },
    async send(message) {
      if (over) throw new Error("the streams are closed");
      const is_taken = stdout.write(serializeMessage(message));
      answered(message);
      if (is_taken) return;
      // Whoever sends much waits until it is read, or nobody reads any more.
      await new Promise<void>((resolve) => {
        const go = () => {
          stdout.off("drain", go).off("error", go).off("close", go);
          resolve();
        };
        stdout.on("drain", go).on("error", go).on("close", go);
      });
    },
    async close() {
      end(undefined);
    },
  };
  return transport;
}

/** `id` undefined: an answer, and nobody answers those. */
type Refused = { readonly id: RequestId | null | undefined; code: number; why: string };

function readMessage(line: string): { readonly message: JSONRPCMessage } | Refused {
  let value: unknown;
  try {
    checkJsonDepth(line);
    value = JSON.parse(line);
  } catch (error) {
    const { message } = error as Error;
    if (!(error instanceof SyntaxError)) return { id: null, code: INVALID_REQUEST, why: message };
    return {
      id: null,
      code: PARSE_ERROR,
      why: `a line that is not JSON: ${message.slice(0, 200)}`,
    };
  }
  try {
    return { message: parseJSONRPCMessage(value) };
  } catch {
    const why = Array.isArray(value)
      ? "a batch: send each message in a line of its own"
      : "no request, notification or response of JSON-RPC 2.0";
    return { id: idOf(value), code: INVALID_REQUEST, why };
  }
}

function idOf(value: unknown): RequestId | null | undefined {
  if (typeof value !== "object" || value === null) return null;
  const { id, method } = value as { id?: unknown; method?: unknown };
  if (method === undefined && ("result" in value || "error" in value)) return undefined;
  return typeof id === "string" || Number.isSafeInteger(id) ? (id as RequestId) : null;
}

const ID = String.raw`"id"\s*:\s*(-?\d{1,15}|"(?:[^"\\]|\\.){0,200}")`;
const TEXT_MEMBER = String.raw`"(?:jsonrpc|method)"\s*:\s*"[^"\\]*"`;
const ID_FIRST = new RegExp(String.raw`^\s*\{\s*(?:${TEXT_MEMBER}\s*,\s*)*${ID}\s*,`);
const ID_LAST = new RegExp(
  String.raw`[}\]]\s*(?:,\s*${TEXT_MEMBER}\s*)*,\s*${ID}\s*(?:,\s*${TEXT_MEMBER}\s*)*\}\s*$`,
);

/** Where it stands before or behind what is long, as clients write it. */
function idOfLong({ head, tail }: LongLine): RequestId | null {
  const text = ID_FIRST.exec(head)?.[1] ?? ID_LAST.exec(tail)?.[1];
  return text === undefined ? null : (JSON.parse(text) as RequestId);
}
