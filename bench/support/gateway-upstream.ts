// A provider on loopback in OpenAI's shape, in a process of its own: what gateways are put before.
// On raw sockets, so that it never is what a gateway waits for. Argument: milliseconds it thinks.
import { createServer, type AddressInfo, type Socket } from "node:net";
import { words } from "./gateway-words.ts";

interface Asked {
  readonly stream?: boolean;
  readonly seed?: number;
  /** Milliseconds between pieces of a stream; 0: all at once; -1: whole, whatever was asked. */
  readonly top_k?: number;
}

const delay_ms = Number(process.argv[2] ?? 0);
const head = { id: "chatcmpl-bench", created: 1_700_000_000, model: "bench" };

/** When the last stream was left by its reader, and how many were. */
const left = { at_ms: 0, count: 0 };

const server = createServer({ noDelay: true }, (socket) => {
  let text = "";
  socket.setEncoding("latin1");
  socket.on("error", () => socket.destroy());
  socket.on("data", (piece: string) => {
    text += piece;
    const request = takeRequest(text);
    if (request === undefined) return;
    text = text.slice(request.length);
    if (delay_ms === 0 || request.path !== "/v1/chat/completions") answer(socket, request);
    else setTimeout(() => answer(socket, request), delay_ms);
  });
});

interface Taken {
  readonly path: string;
  readonly body: string;
  readonly length: number;
}

/** The first whole request; undefined: it has not all come. */
function takeRequest(text: string): Taken | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const top = text.slice(0, end);
  const path = top.split(" ", 2)[1] ?? "/";
  const from = end + 4;
  const length = /\r\ncontent-length: *(\d+)/i.exec(top)?.[1];
  if (length !== undefined) {
    const to = from + Number(length);
    return text.length < to ? undefined : { path, body: text.slice(from, to), length: to };
  }
  if (!/\r\ntransfer-encoding: *chunked/i.test(top)) return { path, body: "", length: from };
  const last = text.indexOf("\r\n0\r\n\r\n", from);
  if (last < 0) return undefined;
  const body = text.slice(from, last).replaceAll(/(?:^|\r\n)[0-9a-f]+\r\n/gi, "");
  return { path, body, length: last + 7 };
}

function answer(socket: Socket, { path, body }: Taken): void {
  if (path !== "/v1/chat/completions") {
    sendJson(socket, path === "/left" ? left : { object: "list", data: [] });
    return;
  }
  const { seed = 0, stream: wanted, top_k = 0 } = JSON.parse(body) as Asked;
  if (wanted === true && top_k !== -1) void stream(socket, words(seed), top_k);
  else whole(socket, words(seed).join(""));
}

function sendJson(socket: Socket, document: object): void {
  const text = JSON.stringify(document);
  const lines = `content-type: application/json\r\ncontent-length: ${text.length}`;
  socket.write(`HTTP/1.1 200 OK\r\n${lines}\r\n\r\n${text}`, "latin1");
}

function usageOf(count: number) {
  return { prompt_tokens: 12, completion_tokens: count, total_tokens: 12 + count };
}

function whole(socket: Socket, content: string): void {
  const choice = { index: 0, message: { role: "assistant", content }, finish_reason: "stop" };
  const usage = usageOf(content.split(" ").length - 1);
  sendJson(socket, { ...head, object: "chat.completion", choices: [choice], usage });
}

async function stream(socket: Socket, pieces: readonly string[], gap_ms: number): Promise<void> {
  let over = false;
  const leave = () => {
    if (over) return;
    left.at_ms = Date.now();
    left.count++;
  };
  socket.once("close", leave);
  const event = (fields: object) =>
    `data: ${JSON.stringify({ ...head, object: "chat.completion.chunk", ...fields })}\n\n`;
  const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
  const lines = pieces.map((content) =>
    event({ choices: [{ index: 0, delta: { content }, finish_reason: null }] }),
  );
  const end =
    event({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }) +
    event({ choices: [], usage: usageOf(pieces.length) }) +
    "data: [DONE]\n\n";
  const lines_of_head = "content-type: text/event-stream\r\ntransfer-encoding: chunked";
  let out = `HTTP/1.1 200 OK\r\n${lines_of_head}\r\n\r\n`;
  for (const line of lines) {
    if (socket.destroyed) return;
    out += chunk(line);
    if (gap_ms === 0) continue;
    socket.write(out, "latin1");
    out = "";
    await new Promise((resolve) => setTimeout(resolve, gap_ms));
  }
  over = true;
  socket.off("close", leave);
  socket.write(`${out}${chunk(end)}0\r\n\r\n`, "latin1");
}

server.listen(0, "127.0.0.1", () => {
  console.log(JSON.stringify({ port: (server.address() as AddressInfo).port }));
});
process.stdin.resume().once("end", () => process.exit(0));
