// A provider on loopback in OpenAI's shape, in a process of its own: what gateways are put before.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

const WORDS = 24;

interface Asked {
  readonly stream?: boolean;
  readonly seed?: number;
  /** Milliseconds between pieces of a stream; 0: all at once; -1: whole, whatever was asked. */
  readonly top_k?: number;
}

const usage = { prompt_tokens: 12, completion_tokens: WORDS, total_tokens: 12 + WORDS };
const head = { id: "chatcmpl-bench", created: 1_700_000_000, model: "bench" };

/** The text of a seed: what arrives through a gateway is compared with it. */
const words = (seed: number) => Array.from({ length: WORDS }, (_, at) => `w${seed}.${at} `);

/** When the last stream was left by its reader, and how many were. */
const left = { at_ms: 0, count: 0 };

const server = createServer((request, response) => void answer(request, response));

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method === "GET") {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(request.url === "/left" ? left : { object: "list", data: [] }));
    return;
  }
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const asked = JSON.parse(Buffer.concat(parts).toString("utf8")) as Asked;
  const pieces = words(asked.seed ?? 0);
  if (asked.stream === true && asked.top_k !== -1) await stream(response, pieces, asked.top_k ?? 0);
  else whole(response, pieces.join(""));
}

function whole(response: ServerResponse, content: string): void {
  const choice = { index: 0, message: { role: "assistant", content }, finish_reason: "stop" };
  const body = { ...head, object: "chat.completion", choices: [choice], usage };
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(body));
}

async function stream(response: ServerResponse, pieces: string[], gap_ms: number): Promise<void> {
  response.once("close", () => {
    if (response.writableFinished) return;
    left.at_ms = Date.now();
    left.count++;
  });
  response.setHeader("content-type", "text/event-stream");
  const event = (fields: object) =>
    `data: ${JSON.stringify({ ...head, object: "chat.completion.chunk", ...fields })}\n\n`;
  const lines = pieces.map((content) =>
    event({ choices: [{ index: 0, delta: { content }, finish_reason: null }] }),
  );
  const end =
    event({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }) +
    event({ choices: [], usage }) +
    "data: [DONE]\n\n";
  if (gap_ms === 0) {
    response.end(lines.join("") + end);
    return;
  }
  for (const line of lines) {
    if (response.destroyed) return;
    response.write(line);
    await new Promise((resolve) => setTimeout(resolve, gap_ms));
  }
  response.end(end);
}

server.listen(0, "127.0.0.1", () => {
  console.log(JSON.stringify({ port: (server.address() as AddressInfo).port }));
});
process.stdin.resume().once("end", () => process.exit(0));
