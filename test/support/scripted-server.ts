// A provider on loopback whose answers a test writes out to the letter.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { HasAfter } from "./temp-dir.ts";
import { listening } from "./listening.ts";

export interface ScriptedAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A document, or the text itself. */
  readonly body?: object | string;
  /** Instead of a body: events of a stream, after which it says [DONE]. */
  readonly events?: readonly object[];
  /** Before each event. */
  readonly gap_ms?: number;
}

/** Its base URL ends in /v1; every POST gets the answer that `answer` makes of its body. */
export async function startScriptedServer(
  t: HasAfter,
  answer: (body: Record<string, unknown>) => ScriptedAnswer,
): Promise<string> {
  const server = createServer((request, response) => void respond(request, response));

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const asked = Buffer.concat(chunks).toString();
    const made = answer(asked === "" ? {} : (JSON.parse(asked) as Record<string, unknown>));
    const { status = 200, headers = {}, body, events, gap_ms = 0 } = made;
    const type = events === undefined ? "application/json" : "text/event-stream";
    response.writeHead(status, { "content-type": type, ...headers });
    for (const event of events ?? []) {
      if (gap_ms > 0) await new Promise((resolve) => setTimeout(resolve, gap_ms));
      response.write(`data: ${JSON.stringify(event)}\n\n`);
    }
    if (events !== undefined) response.end("data: [DONE]\n\n");
    else response.end(typeof body === "string" ? body : JSON.stringify(body));
  }

  const port = await listening(t, server);
  return `http://127.0.0.1:${port}/v1`;
}

/** A completion with this message. */
export function completionOf(message: object, more: object = {}, finish_reason = "stop") {
  return { id: "1", choices: [{ index: 0, message, finish_reason }], ...more };
}

/** Chunks with these deltas, then one with the reason, and one with the usage if there is any. */
export function chunksOf(deltas: readonly object[], usage?: object, finish_reason = "stop") {
  const choice = (delta: object, reason: string | null) => ({
    choices: [{ index: 0, delta, finish_reason: reason }],
  });
  const rest = usage === undefined ? [] : [{ choices: [], usage }];
  return [...deltas.map((delta) => choice(delta, null)), choice({}, finish_reason), ...rest];
}
